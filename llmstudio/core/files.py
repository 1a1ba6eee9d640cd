"""Saving so that a power cut leaves the old file or the new one, never half of either.

Temporary file in the same folder, flush, fsync, rename, fsync of the folder (Pillai et al., OSDI 2014).
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

PART = ".part"


def write_atomic(path: Path, content: bytes | Callable[[BinaryIO], object]) -> None:
    """Replace `path` by `content`. OSError (disk full, no permission) names it, and leaves the old file as it was."""
    try:
        _write(path, content)
    except OSError as error:
        if str(error.filename).endswith(PART):  # nobody knows of that file
            error.filename, error.filename2 = str(path), None
        raise


def _write(path: Path, content: bytes | Callable[[BinaryIO], object]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    try:
        with os.fdopen(handle, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
