"""Running short of memory is told from other errors, as torch really raises it; the batch is split a few times."""

import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from llmstudio.core.train import shortage

CHILD = """
import resource, sys
import torch
from llmstudio.core.train import shortage
x = torch.randn(256, 256, requires_grad=True)
(x @ x).sum().backward()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), used + (64 << 20)))
for way in (lambda: torch.zeros(1 << 27), lambda: [x @ x for _ in range(1000)], lambda: bytearray(1 << 29)):
    try:
        way()
        print("fits")
    except (RuntimeError, MemoryError) as error:
        print(shortage.of_memory(error), type(error).__name__, str(error)[:80].replace(chr(10), " "))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_what_torch_raises_at_a_limit_is_known() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3 and all(line.startswith("True") for line in lines), done.stdout


def test_an_impossible_size_is_no_memory() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.zeros(1 << 55)
    assert shortage.of_memory(caught.value)
    assert shortage.of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"))


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"),
        RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"),
        ValueError("not enough memory of the past"),
        OSError(28, "No space left on device"),
        KeyboardInterrupt(),
    ],
)
def test_other_errors_are_not(error: BaseException) -> None:
    assert not shortage.of_memory(error)


def test_the_batch_is_split_at_most_four_times() -> None:
    portions, tried = 1, []
    while portions < 16:
        tried.append(portions := shortage.finer(64, portions, begun=1))
    assert tried == [2, 4, 8, 16]
    assert [shortage.finer(3, n, 1) for n in (1, 2)] == [2, 3] and shortage.finer(64, 4, begun=4) == 8
    for batch, portions, begun in ((64, 16, 1), (3, 3, 1), (64, 64, 4), (1, 1, 1)):
        with pytest.raises(ValueError, match="not enough memory"):
            shortage.finer(batch, portions, begun)


def test_giving_back_is_harmless() -> None:
    kept = torch.ones(1000)
    shortage.release()
    assert kept.sum() == 1000


Usage = namedtuple("Usage", "total used free")


def test_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shortage.of_disk(tmp_path, 1000) is None
    assert shortage.of_disk(tmp_path / "not there", 1000) is None
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**12, 0, 118_000_000))
    assert shortage.of_disk(tmp_path, 40_000_000) is None
    text = shortage.of_disk(tmp_path, 50_000_000)
    assert text and "118 MB are free, and saving takes 134 MB" in text
    text = shortage.of_disk(tmp_path, 1_500_000_000)
    assert text and "3.0 GB" in text
