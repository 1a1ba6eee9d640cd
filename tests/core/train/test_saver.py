"""Saving beside the training: what was copied is what is written, a refusing disk is a sentence, nothing waits."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import load_file

from llmstudio.core import files
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Block, Model
from llmstudio.core.train import checkpoint
from llmstudio.core.train.checkpoint import Header
from llmstudio.core.train.events import Note, Saved, Snapshot
from llmstudio.core.train.saver import Saver
from tests.core.train.states import Moments

MODEL = Model(name="Small", vocab=20, context=8, width=16, blocks=(Block(),))


class Run:
    """A network, its optimiser, and what saves them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gpt = GPT(MODEL, seed=1)
        self.adamw = torch.optim.AdamW(self.gpt.parameters(), lr=0.01)
        self.moments = Moments(self.gpt, self.adamw)
        self.saver = Saver(folder)
        self.step = 0

    def learn(self, steps: int = 1) -> None:
        for _ in range(steps):
            self.gpt(torch.arange(8)[None]).logsumexp(-1).sum().backward()
            self.adamw.step()
            self.adamw.zero_grad()
            self.step += 1

    @property
    def header(self) -> Header:
        return Header(step=self.step, spec=MODEL)

    def save(self) -> None:
        self.saver.save(self.gpt, self.moments, self.header)

    def copy(self) -> dict[str, torch.Tensor]:
        return {name: t.clone() for name, t in checkpoint.whole(self.gpt, self.moments).items()}


@pytest.fixture
def run(tmp_path: Path):
    one = Run(tmp_path / "run 1")
    yield one
    one.saver.close()


class Gate:
    """Holds the writer before the rename, as a slow disk does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open, self.waiting = threading.Event(), threading.Event()
        real = os.replace

        def replace(a: str, b: str) -> None:
            self.waiting.set()
            assert self.open.wait(10)
            real(a, b)

        monkeypatch.setattr(files.os, "replace", replace)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_what_was_copied_is_written_though_training_went_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    run.learn(3)
    before = run.copy()
    run.save()
    assert gate.waiting.wait(10) and run.saver.busy and run.saver.news() == []
    run.learn(2)
    gate.open.set()
    assert run.saver.flush() == [Saved(step=3)] and not run.saver.busy
    assert run.saver.saved == Header(step=3, spec=MODEL)
    assert same(load_file(run.folder / "resume" / "000000003.safetensors"), before)
    assert not same(run.copy(), before)


def test_buffers_are_used_again(run: Run) -> None:
    places = set()
    for _ in range(6):
        run.learn()
        run.save()
        run.saver.hold(run.gpt, run.moments, run.header)
        run.saver.flush()
        slots = [run.saver._state, *(slot for slot in run.saver._held if slot.header)]
        places |= {slot.tensors["weights.embed.weight"].data_ptr() for slot in slots}
    assert len(places) == 3
    kept = sorted(path.name for path in (run.folder / "resume").iterdir())
    assert kept == ["000000005.safetensors", "000000006.safetensors"]


def test_everything_is_written_in_the_order_it_was_asked_for(run: Run) -> None:
    run.learn()
    for _ in range(3):
        run.saver.snapshot(checkpoint.parameters(run.gpt), run.header)
        run.learn()
    run.save()
    news = run.saver.flush()
    assert news == [Snapshot(step=1), Snapshot(step=2), Snapshot(step=3), Saved(step=4)]
    again = GPT(MODEL)
    assert checkpoint.load_snapshot(again, run.folder / "snapshots" / "2.safetensors") == 2


def test_the_best_is_on_the_disk_before_the_checkpoint_that_knows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    order, real = [], os.replace

    def replace(a: str, b: Path) -> None:
        order.append(b.name)
        real(a, b)

    monkeypatch.setattr(files.os, "replace", replace)
    for loss in (2.0, 1.5):
        run.learn()
        run.saver.best(checkpoint.parameters(run.gpt), run.header, loss)
    expected = run.gpt.embed.weight.detach().clone()
    assert checkpoint.best(run.folder) is None
    run.learn()
    run.save()
    run.saver.flush()
    assert order == ["best.safetensors", "000000003.safetensors"]
    assert checkpoint.best(run.folder) == checkpoint.Best(step=2, loss=1.5)
    assert checkpoint.load_snapshot(run.gpt, run.folder / checkpoint.BEST) == 2
    assert torch.equal(run.gpt.embed.weight, expected)
    run.save()
    run.saver.flush()
    assert order[2:] == ["000000003.safetensors"]  # the same best is not written twice


def test_the_best_of_steps_that_do_not_count_any_more_goes(run: Run) -> None:
    def better(loss: float) -> None:
        run.learn()
        run.saver.best(checkpoint.parameters(run.gpt), run.header, loss)

    def goes_back(step: int) -> checkpoint.Best | None:
        found = run.saver.best_before(step)
        run.saver.forget(step)
        run.saver.flush()
        assert checkpoint.best(run.folder) == found
        return found

    better(2.0)
    run.saver.flush()
    better(1.5)
    assert goes_back(1) == checkpoint.Best(step=1, loss=2.0)  # the newer one was not on the disk yet
    better(1.0)
    assert goes_back(3) == checkpoint.Best(step=3, loss=1.0)
    better(0.5)
    run.saver.flush()
    assert goes_back(3) is None
    (run.folder / checkpoint.BEST).write_bytes(b"damaged")
    assert goes_back(3) is None


def test_going_back_in_memory(run: Run) -> None:
    states = {}
    for _ in range(4):
        run.learn()
        states[run.step] = run.copy()
        run.saver.hold(run.gpt, run.moments, run.header)
    header, tensors = run.saver.back(100)
    assert header.step == 4 and same(tensors, states[4])
    header, tensors = run.saver.back(3)
    assert header.step == 3
    run.learn(5)
    checkpoint.restore(run.folder, header, tensors, run.gpt, run.moments)
    assert same(run.copy(), states[3])
    assert run.saver.back(2)[0].step == 3  # only two are held: the older is the nearest that there is
    run.saver.forget(3)
    run.saver.hold(run.gpt, run.moments, replace(run.header, step=3))  # what the run went back to, held again
    run.saver.hold(run.gpt, run.moments, replace(run.header, step=6))
    assert [run.saver.back(step)[0].step for step in (5, 6)] == [3, 6]
    assert not run.folder.exists()


def test_going_back_farther_than_memory_goes(run: Run) -> None:
    assert run.saver.back(100) is None
    for step in range(1, 9):
        run.learn()
        if step in (2, 4):
            run.save()
        if step in (6, 8):
            run.saver.hold(run.gpt, run.moments, run.header)
    assert [run.saver.back(step)[0].step for step in (9, 7, 5, 3)] == [8, 6, 4, 2]
    assert run.saver.back(1)[0].step == 6
    newest = next(slot for slot in run.saver._held if slot.header.step == 8)
    oldest = next(slot for slot in run.saver._held if slot is not newest)
    oldest.tensors["weights.embed.weight"][0, 0] = torch.nan
    assert [run.saver.back(step)[0].step for step in (9, 7, 1)] == [8, 4, 8]


def test_frequent_saves_do_not_drive_out_what_is_held(run: Run) -> None:
    run.saver.hold(run.gpt, run.moments, run.header)
    for _ in range(5):
        run.learn()
        run.save()
    run.saver.flush()
    assert run.saver.back(2)[0].step == 0


def test_going_back_forgets_what_came_after(run: Run) -> None:
    for _ in range(2):
        run.learn()
        run.saver.snapshot(checkpoint.parameters(run.gpt), run.header)
        run.saver.hold(run.gpt, run.moments, run.header)
        run.save()
    run.saver.forget(1)
    assert run.saver.back(100)[0].step == 1
    run.step = 1
    run.save()
    run.saver.flush()
    assert checkpoint.newest_step(run.folder / "resume") == 1
    assert [path.name for path in (run.folder / "snapshots").iterdir()] == ["1.safetensors"]


def test_newer_checkpoints_stay_until_where_it_went_back_to_is_written(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        run.learn()
        run.save()
    run.saver.flush()
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", refuse(errno.ENOSPC))
        run.saver.forget(2)
        run.step = 2
        run.save()
        (note,) = run.saver.flush()
    assert isinstance(note, Note) and "the disk is full" in note.text
    assert checkpoint.newest_step(run.folder / "resume") == 4  # else a crash now would lose the run
    run.step = 6
    run.save()
    assert run.saver.flush() == [Saved(step=6)]
    assert [path.name for path in (run.folder / "resume").iterdir()] == ["000000006.safetensors"]
    run.step = 7
    run.save()
    run.saver.flush()
    assert len([*(run.folder / "resume").iterdir()]) == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_never_written(run: Run, value: float) -> None:
    run.learn()
    run.save()
    run.learn()
    with torch.no_grad():
        run.gpt.norm.weight[3] = value
    run.saver.snapshot(checkpoint.parameters(run.gpt), run.header)
    run.saver.best(checkpoint.parameters(run.gpt), run.header, 1.0)
    run.save()
    saved, *notes = run.saver.flush()
    assert saved == Saved(step=1) and len(notes) == 3
    assert all(isinstance(note, Note) and note.failed and "no numbers any more" in note.text for note in notes)
    assert [path.name for path in run.folder.rglob("*.safetensors")] == ["000000001.safetensors"]
    assert run.saver.unsound
    run.saver.forget(1)
    assert not run.saver.unsound


def refuse(code: int) -> Callable[..., None]:
    def call(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    return call


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        ("fsync", errno.EIO, "the disk reported a fault"),
        ("fsync", errno.ENOSPC, "the disk is full"),
        ("replace", errno.EACCES, "there is no permission"),
    ],
)
def test_a_disk_that_refuses_is_told_and_the_old_file_stays(
    run: Run, monkeypatch: pytest.MonkeyPatch, call: str, code: int, words: str
) -> None:
    run.learn()
    run.save()
    assert run.saver.flush() == [Saved(step=1)]
    with monkeypatch.context() as patch:
        patch.setattr(files.os, call, refuse(code))
        run.learn()
        run.save()
        (note,) = run.saver.flush()
    assert isinstance(note, Note) and note.failed and words in note.text and "run 1 could not be saved" in note.text
    assert run.saver.saved.step == 1
    assert [path.name for path in (run.folder / "resume").iterdir()] == ["000000001.safetensors"]
    run.save()
    assert run.saver.flush() == [Saved(step=2)]  # from memory, once the disk can again


def test_a_mistake_of_ours_is_not_swallowed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "save_resume", lambda *_: 1 // 0)
    run.save()
    with pytest.raises(ZeroDivisionError):
        run.saver.flush()


def test_close_waits_and_leaves_no_thread(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    run.learn()
    run.saver.best(checkpoint.parameters(run.gpt), run.header, 1.0)
    run.save()
    threading.Timer(0.2, gate.open.set).start()
    assert run.saver.close() == [Saved(step=1)]
    assert not any("saver" in thread.name for thread in threading.enumerate())
    assert checkpoint.best(run.folder) == checkpoint.Best(step=1, loss=1.0)
