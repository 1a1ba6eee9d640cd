"""What makes the compiled steps: one at a time for each device, from any thread; and what is kept of them."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
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


def aged(path: Path, hours: float, size: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    os.truncate(path, size)
    os.utime(path, (time.time() - hours * 3600,) * 2)
    return path


def test_the_newest_are_kept_and_what_is_half_made_goes(tmp_path: Path) -> None:
    whole = [aged(tmp_path / f"{n:032x}.pt2", 100 - n) for n in range(30)]
    halves = [aged(tmp_path / name, 2) for name in ("a.part.pt2", ".a.pt2.x1.part", "inductor/ab/c.cpp")]
    os.utime(tmp_path / "inductor" / "ab", (time.time() - 7200,) * 2)
    under_way = [aged(tmp_path / name, 0.1) for name in ("b.part.pt2", ".b.pt2.x1.part", "inductor/cd/c.cpp")]
    compiled.prune(tmp_path)
    assert [path for path in whole if path.exists()] == whole[-compiled.KEPT :]
    assert not any(path.exists() for path in halves) and all(path.exists() for path in under_way)


def test_few_large_ones_are_kept(tmp_path: Path) -> None:
    whole = [aged(tmp_path / f"{n:032x}.pt2", 100 - n, 700_000_000) for n in range(5)]
    compiled.prune(tmp_path)
    assert [path for path in whole if path.exists()] == whole[-2:]


def test_making_one_prunes_also_where_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(program: object, package_path: str) -> None:
        Path(package_path).write_bytes(b"half")
        raise RuntimeError("no compiler")

    monkeypatch.setattr(torch._inductor, "aoti_compile_and_package", half)
    old = [aged(tmp_path / f"{n:032x}.pt2", 100 - n) for n in range(22)]
    wish = replace(WISH, model=replace(small.MODEL, blocks=small.MODEL.blocks[1:]), way=Way(fused=(False,)))
    with pytest.raises(RuntimeError, match="no compiler"):
        compiled.compile_step(wish, wish.file(tmp_path))
    assert sorted(path for path in tmp_path.iterdir()) == old[2:]
    assert Compiler(tmp_path).ready(wish) is None


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
