"""What a verb answered, and what a project's folder holds."""

from collections.abc import Callable
from pathlib import Path

Say = Callable[..., tuple[int, str, str]]  # run a verb: exit code, stdout, stderr


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the history, whose bytes change by being opened."""
    there = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("history.db"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in there}


def refused(answer: tuple[int, str, str], *words: str) -> None:
    """It ended as it should: code 1, and one sentence with these words in it."""
    code, out, err = answer
    assert code == 1 and not out
    lines = [line for line in err.splitlines() if not line.startswith("[")]
    assert len(lines) == 1 and lines[0].endswith("."), err
    assert all(word in lines[0] for word in words), err
