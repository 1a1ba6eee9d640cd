"""Bad input that is big, slow, or needs a machine of one's own: 2 GB, a full disk, no permission, Ctrl+C."""

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmstudio.core.train.events import Note
from llmstudio.session.session import Session
from tests.material import make_small, sample_text

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform != "linux", reason="limits and mounts of Linux")]
root = pytest.mark.skipif(sys.platform == "linux" and os.geteuid() != 0, reason="only root may mount and change users")
NOBODY = 65534
LIMIT = 1 << 30  # bytes of address space: half of the file
AS_NOBODY = f"""
import codecs, encodings.ascii, encodings.utf_32_le, importlib.metadata, os, sys, traceback
import numpy, torch, tokenizers
import llmstudio.cli, llmstudio.tour, llmstudio.core.train.trainer, llmstudio.core.train.evaluate
import llmstudio.session.opened, llmstudio.core.chat.generate
os.setgid({NOBODY}); os.setuid({NOBODY})
sys.exit(llmstudio.cli.main(sys.argv[1:]))
"""


def start(*words: object, code: str = "", limit: int = 0) -> "subprocess.Popen[str]":
    run = ["-c", code] if code else ["-m", "llmstudio"]

    def limited() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    return subprocess.Popen(
        [sys.executable, *run, *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        start_new_session=True, preexec_fn=limited, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def ended(child: "subprocess.Popen[str]", timeout: float = 300) -> tuple[int, str, str]:
    out, err = child.communicate(timeout=timeout)
    assert "Traceback" not in err and "Something went wrong" not in err, err
    return child.returncode, out, err


def made(folder: Path, train: bool = True) -> Path:
    text = folder / "text.txt"
    text.write_text(sample_text(), "utf-8")
    session = Session()
    session.wait(session.new(folder / "P", preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.add([text]))
    make_small(session)
    if train:
        session.wait(session.train.start())
        assert session.train.run and session.train.run.job
        session.wait(session.train.run.job)
    session.close()
    return folder / "P"


def large(path: Path, size: int) -> Path:
    block = sample_text(2000).encode()
    with path.open("wb") as file:
        for i in range(size // len(block) + 1):
            file.write(block)
            file.write(f"{i}\n".encode())
    return path


def parts(folder: Path) -> list[str]:
    """What a half-done save would leave."""
    return [path.name for path in folder.rglob("*") if path.name.endswith((".part", ".old"))]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a disk of so many megabytes."""
    there: list[Path] = []

    def mount(megabytes: int) -> Path:
        place = tmp_path / f"disk{len(there)}"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", place], capture_output=True)
        if done.returncode:
            pytest.skip("this machine lets nobody mount")
        there.append(place)
        return place

    yield mount
    for place in there:
        subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Take all room but `leave` bytes."""
    path = disk / "filling"
    with path.open("ab") as file:
        while (free := shutil.disk_usage(disk).free) > leave:
            file.write(b"\0" * min(1 << 20, free - leave))
            file.flush()
    return path


def test_two_gigabytes_in_half_of_that_memory(tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free < 6 << 30:
        pytest.skip("takes 6 GB of disk")
    place, file = made(tmp_path, train=False), large(tmp_path / "large.txt", 2 << 30)
    code, out, err = ended(start("add", place, file, "--json", limit=LIMIT), 600)
    assert code == 0, err
    (added,) = json.loads(out)["added"]
    assert added["bytes"] == file.stat().st_size == (place / "corpus" / f"{_last(place)}.txt").stat().st_size


def _last(place: Path) -> str:
    return str(json.loads((place / "corpus" / "sources.json").read_bytes())["sources"][-1]["id"])


@root
def test_a_disk_too_small_for_the_copy(small_disk: Callable[[int], Path], tmp_path: Path) -> None:
    disk = small_disk(40)
    place, file = made(disk, train=False), large(tmp_path / "large.txt", 30 << 20)
    code, _, err = ended(start("add", place, file))
    assert code == 1 and "MB are free" in err and not parts(place)
    assert len(json.loads((place / "corpus" / "sources.json").read_bytes())["sources"]) == 1


@root
def test_a_disk_that_fills_keeps_the_old_tokens(small_disk: Callable[[int], Path], tmp_path: Path) -> None:
    disk = small_disk(80)
    place = made(disk)
    assert ended(start("add", place, large(tmp_path / "large.txt", 10 << 20)))[0] == 0
    before = {path.name: path.read_bytes() for path in (place / "tokens").iterdir()}
    filling = fill(disk, 1 << 20)
    code, _, err = ended(start("tokenize", place))
    assert code == 1 and "disk is full" in err and not parts(place)
    assert {path.name: path.read_bytes() for path in (place / "tokens").iterdir()} == before
    filling.unlink()
    assert ended(start("tokenize", place))[0] == 0


@root
def test_a_disk_that_fills_while_training_pauses_it_and_nothing_is_lost(small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(100)
    place = made(disk)
    session = Session()
    session.wait(session.open(place))
    session.train.edit(replace(session.train.recipe, steps=1_000_000, checkpoint_seconds=1, sample_every=10_000))
    session.wait(session.train.start())
    run = session.train.run
    assert run and run.job

    def until(what: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not what():
            assert time.monotonic() < end and run.live, run.error
            session.poll()
            time.sleep(0.01)

    until(lambda: run.step > 20)
    filling = fill(disk, 0)
    until(lambda: run.state == "paused")
    until(lambda: any("disk is nearly full" in notice.text and notice.kind == "error" for notice in session.notices))
    full = run.step
    filling.unlink()
    session.train.pause(False)
    until(lambda: run.step > full + 50)  # training goes on
    assert run.state == "training"
    session.train.stop()
    session.wait(run.job)
    step, losses = run.step, [*run.loss.values]
    session.close_project()
    session.wait(session.open(place))
    again = session.train.run
    assert again and (again.state, again.step) == ("stopped", step) and [*again.loss.values] == losses
    assert not parts(place) and [n for n in again.log if isinstance(n, Note)]
    session.close()


@root
def test_a_full_disk_under_the_settings(small_disk: Callable[[int], Path], tmp_path: Path) -> None:
    disk, place = small_disk(1), made(tmp_path)
    os.environ["LLMSTUDIO_HOME"] = str(disk)  # the fixture `home` puts it back
    assert ended(start("runs", place))[0] == 0
    before = (disk / "settings.json").read_bytes()
    fill(disk, 0)
    shutil.copytree(place, tmp_path / "Q")
    code, out, err = ended(start("runs", tmp_path / "Q"))
    assert code == 0 and "run 1" in out and "settings" in err and "disk is full" in err
    assert (disk / "settings.json").read_bytes() == before


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that anybody may look into; pytest keeps its own to itself."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@root
def test_without_permission(open_place: Path) -> None:
    tmp_path = open_place
    place = made(tmp_path)
    home = tmp_path / "home"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    os.environ["LLMSTUDIO_HOME"] = str(home)  # the fixture `home` puts it back
    secret, own = tmp_path / "secret.txt", Path(shutil.copytree(place, tmp_path / "own"))
    secret.write_text("secret")
    secret.chmod(0)
    for path in [own, *own.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    code, _, err = ended(start("add", own, secret, code=AS_NOBODY))
    assert code == 1 and "secret.txt: there is no permission" in err
    for path in [place, *place.rglob("*")]:  # may be read, not written
        path.chmod(0o755 if path.is_dir() else 0o644)
    for words in (["runs"], ["eval"], ["generate", "--tokens", "3"]):
        code, out, err = ended(start(words[0], place, *words[1:], code=AS_NOBODY))
        assert code == 0 and out, err
    for verb in ("train", "tokenize", "add"):
        words = [place, tmp_path / "text.txt"] if verb == "add" else [place]
        code, _, err = ended(start(verb, *words, code=AS_NOBODY))
        assert code == 1 and "cannot be written to" in err and len(err.splitlines()) == 1
    tmp_path.joinpath("locked").mkdir(mode=0o700)
    code, _, err = ended(start("new", tmp_path / "locked" / "P", code=AS_NOBODY))
    assert code == 1 and "no permission" in err


@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("verb", ["train", "bpe", "character", "add"])
def test_interrupted_by_hand(tmp_path: Path, verb: str, times: int) -> None:
    place, file = made(tmp_path), large(tmp_path / "large.txt", 60 << 20)
    if verb in ("bpe", "character"):
        assert ended(start("add", place, file))[0] == 0
    words = {
        "train": ["train", place, "--steps", 10_000_000],
        "bpe": ["tokenize", place, "--kind", "bpe", "--vocab", 20_000],
        "character": ["tokenize", place],
        "add": ["add", place, file],
    }[verb]
    before = {path.name: path.read_bytes() for path in (place / "tokens").iterdir()}
    child = start(*words)
    sign = {"train": lambda: (place / "runs" / "run 2" / "resume").is_dir(), "add": lambda: bool(parts(place))}
    end = time.monotonic() + 60
    while not sign.get(verb, lambda: bool(parts(place)) or verb == "bpe")():
        assert child.poll() is None and time.monotonic() < end
        time.sleep(0.005)
    time.sleep(1.5 if verb == "bpe" else 0)
    sent = time.monotonic()
    for _ in range(times):
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGINT)
            time.sleep(0.05)
    code, _, err = ended(child, 60)
    took = time.monotonic() - sent
    print(f"\n{verb}, pressed {times} times: ended after {took:.2f} s")
    assert took < 5 and "Stopped" in err and code == 1
    assert not parts(place) and not list((place / "corpus").glob(".*"))
    assert {path.name: path.read_bytes() for path in (place / "tokens").iterdir()} == before
    session = Session()
    session.wait(session.open(place))
    if verb == "train":
        run = session.train.named("run 2")
        assert run.state == "stopped" and run.step > 0
        session.wait(session.train.resume(run))
        assert run.job
        session.train.stop()
        session.wait(run.job)
    session.close()


def test_memory_that_runs_out_is_one_sentence(tmp_path: Path) -> None:
    place = made(tmp_path)
    child = start("train", place, "--steps", 1, "--set", "model.width=2048", "--set", "batch=64", limit=6 << 30)
    code, _, err = ended(child)
    assert code == 0 or (code == 1 and "memory" in err), err
    assert ended(start("runs", place))[0] == 0


def test_the_words_for_a_full_disk() -> None:
    from llmstudio.session.hall import sentence

    assert sentence(OSError(errno.ENOSPC, "No space left on device", "P/tokens")) == (
        "P/tokens: the disk is full. Free some space and try again; what was there before is unchanged."
    )
