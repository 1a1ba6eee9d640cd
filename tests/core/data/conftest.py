"""What the tests of the data share: running a generator to its end, a full disk, and text of their own."""

import errno
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from llmstudio.core.data.corpus import Corpus


@pytest.fixture
def finish() -> Callable[[Generator[Any, None, Any]], Any]:
    def run(steps: Generator[Any, None, Any]) -> Any:
        try:
            while True:
                next(steps)
        except StopIteration as end:
            return end.value

    return run


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """full_disk(n): from the n-th flush to the disk on, there is no room left."""

    def fill(after: int) -> None:
        calls, real = iter(range(1_000_000)), os.fsync

        def fsync(handle: int) -> None:
            if next(calls) >= after:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(handle)

        monkeypatch.setattr(os, "fsync", fsync)

    return fill


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path / "corpus")
