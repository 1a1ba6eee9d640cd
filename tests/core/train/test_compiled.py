"""What makes the compiled steps: one at a time for each device, from any thread; and what is kept of them."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmstudio.core.train import compiled
from llmstudio.core.train.compiled import Compiler, Wish
from llmstudio.core.train.engine import Goal
from llmstudio.core.train.events import Note
from llmstudio.core.train.learner import Learner
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.translation import Translation
from llmstudio.core.train.way import Way
from tests.soak import small

WISH = Wish(model=small.MODEL, way=Way(fused=(False, False)), goal=Goal(), rows=2, device="cpu", threads=1)


class Works:
    """Compilers that never come to an end, in place of the real one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[subprocess.Popen[bytes]] = []
        self.compiler = Compiler(folder)
        real = subprocess.Popen

        def begin(words: list[str], **more: object) -> "subprocess.Popen[bytes]":
            process: subprocess.Popen[bytes] = real([sys.executable, "-S", "-c", "input(); input()"], **more)  # type: ignore[call-overload]
            self.made.append(process)
            return process

        monkeypatch.setattr(compiled.subprocess, "Popen", begin)

    @property
    def alive(self) -> int:
        return sum(process.poll() is None for process in self.made)


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Works]:
    made = Works(tmp_path, monkeypatch)
    yield made
    made.compiler.close()
    assert made.alive == 0


def test_a_device_does_not_end_what_is_made_for_another(works: Works) -> None:
    here, there, other = WISH, replace(WISH, device="cuda:1"), replace(WISH, rows=4)
    for wish in (here, there):
        works.compiler.start(wish)
    assert works.compiler.working(here) and works.compiler.working(there) and works.alive == 2
    works.compiler.start(other)
    assert works.compiler.working(there) and works.compiler.working(other) and works.alive == 2
    assert works.compiler.gave_way(here) and not works.compiler.working(here)
    works.compiler.start(here)
    assert not works.compiler.gave_way(here) and works.compiler.gave_way(other)


def test_what_gave_way_is_not_called_impossible(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmstudio.core.train.translation.PAYS", 0.0)
    monkeypatch.setattr("llmstudio.core.train.compiled.why_not", lambda: None)
    learner = Learner(small.MODEL, Recipe(batch=2), small.TOKENS, "cpu", WISH.way)
    translation = Translation(works.compiler, planned=False)
    told = [news for step in range(12) for news in translation.turn(learner, step, 1000)]
    assert learner.wish and works.compiler.working(learner.wish) and told == []
    works.compiler.start(replace(learner.wish, rows=4))
    told = [news for step in range(12, 40) for news in translation.turn(learner, step, 1000)]
    assert told == [] and works.compiler.working(learner.wish)  # it began again
    works.made[-1].kill()
    works.made[-1].wait()
    (note,) = [news for step in range(40, 80) for news in translation.turn(learner, step, 1000)]
    assert isinstance(note, Note) and "could not be translated" in note.text


def test_threads_that_ask_at_once_leave_no_process_behind(works: Works) -> None:
    def ask(first: int) -> None:
        for n in range(first, first + 12):
            works.compiler.start(replace(WISH, rows=n))

    threads = [threading.Thread(target=ask, args=(first,)) for first in (1, 101, 201)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert works.alive == 1 and len(works.made) == 36
