"""Any line of a text file of any size, without loading it."""

from pathlib import Path
from typing import BinaryIO

import numpy as np

STRIDE = 256  # lines between two remembered places: 8 bytes of memory for each
BLOCK = 1 << 20
LONGEST = 4096  # bytes of a line that are shown; a longer one ends in " …"


class Lines:
    """The lines of a UTF-8 file that does not change. What has been looked through once is not looked through again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._starts = [0]  # where lines 0, STRIDE, 2 * STRIDE, ... begin
        self._passed = 0  # bytes looked through
        self._newlines = 0  # in them

    def read(self, first: int, count: int) -> list[str]:
        """Lines `first` (0-based) to `first + count`, without their newlines; fewer at the end of the file. OSError."""
        with open(self._path, "rb") as file:
            self._look_through(file, first // STRIDE)
            mark = min(first // STRIDE, len(self._starts) - 1)
            file.seek(self._starts[mark])
            for _ in range(first - mark * STRIDE):
                if _line(file) is None:
                    return []
            found: list[str] = []
            while len(found) < count and (line := _line(file)) is not None:
                found.append(line)
            return found

    def _look_through(self, file: BinaryIO, mark: int) -> None:
        """Read on until the place of line `mark * STRIDE` is known, or to the end."""
        file.seek(self._passed)
        while len(self._starts) <= mark and (block := file.read(BLOCK)):
            ends = np.flatnonzero(np.frombuffer(block, np.uint8) == 10)
            wanted = ends[STRIDE - 1 - self._newlines % STRIDE :: STRIDE]
            self._starts.extend(int(end) + 1 + self._passed for end in wanted)
            self._passed += len(block)
            self._newlines += len(ends)


def _line(file: BinaryIO) -> str | None:
    data = file.readline(LONGEST)
    if not data:
        return None
    if data.endswith(b"\n") or len(data) < LONGEST:
        return data.decode("utf-8", "replace").removesuffix("\n")
    rest = file.readline(BLOCK)
    if rest in (b"", b"\n"):
        return data.decode("utf-8", "replace")
    while rest and not rest.endswith(b"\n"):
        rest = file.readline(BLOCK)
    return data.decode("utf-8", "ignore") + " …"
