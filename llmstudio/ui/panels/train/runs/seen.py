"""What a page of the panel shows, for saving."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from PySide6.QtWidgets import QWidget


class Seen(NamedTuple):
    name: str  # of the file
    picture: QWidget
    table: Callable[[], Sequence[Sequence[Any]]]  # the first row names the columns
