"""Editors for options that have more to say than a number: heads, keys and values, what is seen, ends of a wire."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QBoxLayout, QCheckBox, QGridLayout, QWidget

from .....core.model.spec import PARTS, Block
from ....canvas.words import NAMES
from ....fields import Editor, Option
from ....widgets.combo import Combo
from ....widgets.number import NumberField
from ....widgets.segments import Segments
from ....widgets.slider import Slider

MOST_HEADS = 256
SHORT = 7  # letters: "all 512"
TIGHT = 8  # pixels that each word of a switch can stand closer in a narrow window
Edited = Callable[[Any], None]


class Heads(Editor):
    """How many heads: a slider that rests where they share the width evenly, and a field for any number."""

    def __init__(self, found: Option, value: int, edited: Edited, width: int) -> None:
        super().__init__()
        most = max(2, min(width, MOST_HEADS))
        self.stops = [h for h in range(1, most + 1) if width % h == 0] or [1]
        self.slider = Slider(value, (1, most), value, log=True, whole=True, stops=self.stops, name=found.title)
        self.number = NumberField(value, "", (found.low, found.high), name=found.title)
        self.number.setFixedWidth(62)
        self.row.setSpacing(12)
        self.row.addWidget(self.slider, 1)
        self.row.addWidget(self.number)
        self._value, self._edited = value, edited
        self.slider.moved.connect(self._slid)
        self.number.edited.connect(lambda n: self._take(int(n)))
        self.setFocusProxy(self.number)

    def set(self, value: int) -> None:
        self._value = value
        self.slider.set_exact(value)
        self.number.set_value(value)

    def _slid(self, value: float) -> None:
        self._take(min(self.stops, key=lambda stop: abs(stop - value)))

    def _take(self, value: int) -> None:
        before = self._value
        self.set(value)
        if value != before:
            self._edited(value)


class Cases(Editor):
    """A number or None in words: each of `fixed` stands for one value, the `other` for any number, which is typed.

    Its field stands beside two words, and under three, or under long ones.
    """

    def __init__(
        self,
        found: Option,
        value: int | None,
        edited: Edited,
        fixed: dict[str, int | None],
        other: str,
        start: int,
        unit: str = "",
    ) -> None:
        super().__init__()
        self._fixed, self._other, self._edited = fixed, other, edited
        first, *rest = fixed
        self.switch = Segments([first, other, *rest], name=found.title)
        self.number = NumberField(start if value is None else value, unit, (found.low, found.high))
        self.number.setAccessibleName(f"{found.title}: {other}")
        self.switch.setMinimumWidth(self.switch.sizeHint().width() - TIGHT * len(self.switch.words))
        self.number.setMaximumWidth(self.number.sizeHint().width())
        under = bool(rest) or len(first) > SHORT
        lines = QBoxLayout(QBoxLayout.Direction.TopToBottom if under else QBoxLayout.Direction.LeftToRight)
        lines.setSpacing(4 if under else 8)
        lines.addWidget(self.switch)
        lines.addWidget(self.number)
        self.row.addLayout(lines)
        self.row.addStretch()
        self.switch.changed.connect(self._picked)
        self.number.edited.connect(lambda n: edited(int(n)))
        self._start = start
        self.set(value)
        self.setFocusProxy(self.switch)

    def set(self, value: int | None) -> None:
        word = next((word for word, each in self._fixed.items() if each == value), self._other)
        self.switch.choose(word)
        self.number.setVisible(word == self._other)
        if value is not None:
            self.number.set_value(value)

    def _picked(self, word: str) -> None:
        value = self._fixed.get(word, self._start)
        self.set(value)
        self._edited(value)


class Place(Editor):
    """A place of the stream, in words."""

    def __init__(self, found: Option, value: int, edited: Edited, words: dict[int, str]) -> None:
        super().__init__()
        self._words = words if value in words else {value: f"place {value}", **words}
        values = {word: place for place, word in self._words.items()}
        self.part = Combo(list(values), self._words[value], found.title)
        self.part.picked.connect(lambda word: edited(values[word]))
        self.row.addWidget(self.part, 1)
        self.setFocusProxy(self.part)

    def set(self, value: int) -> None:
        self.part.choose(self._words.get(value, ""))


class Parts(QWidget):
    """Which parts a block has: a check for each. `turned` gets the field, and whether the block is to have it."""

    def __init__(self, turned: Callable[[str, bool], None]) -> None:
        super().__init__()
        self.checks: dict[str, QCheckBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 8)
        grid.setSpacing(4)
        for n, (name, field) in enumerate(PARTS.items()):
            check = self.checks[name] = QCheckBox(NAMES[name])
            check.clicked.connect(lambda on, field=field: turned(field, bool(on)))
            grid.addWidget(check, n // 3, n % 3)

    def show_block(self, block: Block) -> None:
        for name, field in PARTS.items():
            self.checks[name].setChecked(getattr(block, field) is not None)
