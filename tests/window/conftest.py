"""The screen of a test of the real window."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.window.hands import Studio, screen


@pytest.fixture
def open_studio(tmp_path: Path, home: Path) -> Iterator[Callable[[], Studio]]:
    """Starts the studio on a screen of its own; whatever still runs at the end of the test is ended."""
    opened: list[Studio] = []
    with screen(tmp_path) as environment:

        def start() -> Studio:
            opened.append(Studio(environment, home, tmp_path / "said"))
            return opened[-1]

        yield start
        for studio in opened:
            studio.give_up()
