"""One editor for each kind of option: what a form puts at the right of its label."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import floor, inf, nextafter
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Meta, Struct
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QWidget

from . import icons
from .numbers import real
from .widgets.combo import Combo
from .widgets.number import LOCK, NumberField
from .widgets.segments import Segments
from .widgets.slider import SliderField

SEGMENTS, LETTERS = 5, 20  # more words, or longer ones, become a list
SLIDER_SPAN = 2.0  # numbers from 0 to at most this get a slider
START, START_REAL = 16, 0.1  # of a number that was off


@dataclass(frozen=True)
class Option:
    """A field of a struct as its type hint describes it."""

    name: str
    kind: Any  # int, float, bool, str, a Literal or a Struct
    optional: bool = False
    title: str = ""
    hint: str = ""
    low: float = -inf
    high: float = inf
    open_low: bool = False  # the lower limit itself is not allowed
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        return str(self.extra.get("unit", ""))

    @property
    def group(self) -> str:
        return str(self.extra.get("group", ""))

    def counts(self, value: Struct) -> bool:
        """Whether the field matters beside the others: each one named by `when` has one of its values."""
        return all(getattr(value, name) in allowed for name, allowed in self.extra.get("when", {}).items())


def option(name: str, hint: Any) -> Option | None:
    """Read a type hint; None where no editor suits, say for a tuple of blocks."""
    metas: list[Meta] = []
    hint, optional = _unwrapped(hint, metas)
    literal = get_origin(hint) is Literal
    nested = isinstance(hint, type) and issubclass(hint, Struct)
    if not (literal or nested or hint in (int, float, bool, str)):
        return None
    said: dict[str, Any] = {}
    for meta in metas:
        for key in ("title", "description", "ge", "gt", "le", "lt", "extra_json_schema"):
            if getattr(meta, key) is not None:
                said[key] = getattr(meta, key)
    low, high = _limits(said, whole=hint is int)
    return Option(
        name=name,
        kind=hint,
        optional=optional,
        title=said.get("title", hint.__name__ if nested else name.replace("_", " ").capitalize()),
        hint=said.get("description", ""),
        low=low,
        high=high,
        open_low="gt" in said,
        extra=said.get("extra_json_schema", {}),
    )


def editor(found: Option, value: Any, default: Any, edited: Callable[[Any], None]) -> QWidget:
    """The widget for an option, with `set(value)`, `lock(reason)` and `set_wrong(on)`. Structs have none."""
    if found.kind is bool:
        return Check(found, value, edited)
    if get_origin(found.kind) is Literal:
        return Choice(found, value, edited)
    if found.kind is str:
        return Text(found, value, edited)
    if found.optional:
        return Perhaps(found, value, edited)
    return Number(found, value, default, edited)


class Editor(QWidget):
    """While it is fixed a padlock stands in its field, or after it where it has none."""

    def __init__(self) -> None:
        super().__init__()
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(8)
        self.padlock: Padlock | None = None

    def set_wrong(self, wrong: bool) -> None:
        for inner in self.findChildren(NumberField):
            inner.set_wrong(wrong)

    def lock(self, reason: str) -> None:
        self.setEnabled(not reason)
        self.setToolTip(reason)
        for inner in [*self.findChildren(NumberField), *self.findChildren(Combo)]:
            inner.lock(reason)
        if self.padlock is not None:
            self.padlock.setVisible(bool(reason))

    def _add_padlock(self) -> None:
        self.padlock = Padlock()
        self.padlock.hide()
        self.row.addWidget(self.padlock)


class Padlock(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(LOCK, LOCK)

    def paintEvent(self, event: QPaintEvent) -> None:
        icons.draw(QPainter(self), "lock", self.rect(), "faint")


class Number(Editor):
    """A number field, with a slider before it where the range is short."""

    def __init__(self, found: Option, value: float, default: float, edited: Callable[[Any], None]) -> None:
        super().__init__()
        whole = found.kind is int
        slides = found.extra.get("slider", not whole and found.low == 0 and found.high <= SLIDER_SPAN)
        limits = (found.low, found.high)
        log = found.open_low and found.low >= 0
        self.part: NumberField | SliderField
        if slides:
            top = found.high if whole else floor(found.high * 100) / 100
            self.part = SliderField(value, (found.low, top), default, found.unit, False, whole, name=found.title)
        else:
            self.part = NumberField(value, found.unit, limits, whole, log, found.title)
        self.number = self.part.field if isinstance(self.part, SliderField) else self.part
        self.row.addWidget(self.part)
        self.part.edited.connect(lambda n: edited(int(n) if whole else n))
        self.setFocusProxy(self.number)

    def set(self, value: float) -> None:
        self.part.set_value(value)


class Perhaps(Editor):
    """A number that may be off: a check and, while it is on, a field."""

    def __init__(self, found: Option, value: float | None, edited: Callable[[Any], None]) -> None:
        super().__init__()
        whole = found.kind is int
        start = min(max(found.extra.get("start", START if whole else START_REAL), found.low), found.high)
        first = start if value is None else value
        self.check = QCheckBox("off")
        self.check.setAccessibleName(f"{found.title} on")
        self.number = NumberField(first, found.unit, (found.low, found.high), whole, name=found.title)
        self.row.addWidget(self.check)
        self.row.addWidget(self.number, 1)
        self.row.addStretch()
        self._add_padlock()
        self._edited = edited
        self._off = "off"
        self.check.clicked.connect(self._turned)
        self.number.edited.connect(lambda n: edited(int(n) if whole else n))
        self._show(value is not None)

    def set(self, value: float | None) -> None:
        self._show(value is not None)
        if value is not None:
            self.number.set_value(value)

    def lock(self, reason: str) -> None:
        super().lock(reason)
        assert self.padlock is not None
        self.padlock.setVisible(bool(reason) and self.number.isHidden())  # the field has its own

    def say_off(self, text: str, start: float | None = None) -> None:
        """What being off means here, "512, four times the width", and what it starts from when turned on."""
        self._off = text
        on = self.check.isChecked()
        if start is not None and not on:
            self.number.set_value(start)
        self._show(on)

    def _turned(self, on: bool) -> None:
        self._show(on)
        self._edited(self.number.value if on else None)

    def _show(self, on: bool) -> None:
        self.check.setChecked(on)
        self.check.setText("" if on else self._off)
        self.number.setVisible(on)


class Check(Editor):
    def __init__(self, found: Option, value: bool, edited: Callable[[Any], None]) -> None:
        super().__init__()
        self.check = QCheckBox(_on(value))
        self.check.setChecked(value)
        self.check.setAccessibleName(found.title)
        self.check.clicked.connect(lambda on: (self.check.setText(_on(on)), edited(bool(on))))
        self.row.addWidget(self.check)
        self.row.addStretch()
        self._add_padlock()
        self.setFocusProxy(self.check)

    def set(self, value: bool) -> None:
        self.check.setChecked(value)
        self.check.setText(_on(value))


class Choice(Editor):
    """Words side by side, or a list where they are many. The word for None is "off", or that of "" in `words`."""

    def __init__(self, found: Option, value: str | None, edited: Callable[[Any], None]) -> None:
        super().__init__()
        names = found.extra.get("words", {})
        self._words = {each: names.get(each, str(each).replace("_", " ")) for each in get_args(found.kind)}
        if found.optional:
            self._words = {None: names.get("", "off"), **self._words}
        values = {word: each for each, word in self._words.items()}
        words = list(values)
        few = len(words) <= SEGMENTS and sum(map(len, words)) <= LETTERS
        self.part: Segments | Combo
        if few:
            self.part = Segments(words, self._words[value], found.title)
            self.part.changed.connect(lambda word: edited(values[word]))
            self.row.addWidget(self.part)
            self.row.addStretch()
            self._add_padlock()
        else:
            self.part = Combo(words, self._words[value], found.title)
            self.part.picked.connect(lambda word: edited(values[word]))
            self.row.addWidget(self.part, 1)
        self.setFocusProxy(self.part)

    def set(self, value: str | None) -> None:
        self.part.choose(self._words[value])

    def say_hint(self, value: str, hint: str) -> None:
        """The tooltip of one choice; a value that is none here is ignored."""
        if value not in self._words:
            return
        if isinstance(self.part, Segments):
            self.part.set_hint(self._words[value], hint)
        else:
            row = self.part.findText(self._words[value])
            self.part.setItemData(row, hint, Qt.ItemDataRole.ToolTipRole)


class Text(Editor):
    """A line of text; line ends are shown as arrows."""

    def __init__(self, found: Option, value: str, edited: Callable[[Any], None]) -> None:
        super().__init__()
        self.line = QLineEdit(_arrows(value))
        self.line.setAccessibleName(found.title)
        self.row.addWidget(self.line, 1)
        self._add_padlock()
        self._value = value
        self._edited = edited
        self.line.editingFinished.connect(self._take)
        self.setFocusProxy(self.line)

    def set(self, value: str) -> None:
        self._value = value
        if not (self.line.hasFocus() and self.line.isModified()) and self.line.text() != _arrows(value):
            self.line.setText(_arrows(value))

    def _take(self) -> None:
        text = self.line.text().replace("↵", "\n")
        self.line.setModified(False)
        if text != self._value:
            self._value = text
            self._edited(text)


def said(value: Any) -> str:
    """A value in a sentence: for tooltips that name the default."""
    if isinstance(value, bool):
        return _on(value)
    if isinstance(value, float):
        return real(value)
    return "off" if value is None else _arrows(str(value))


def _on(value: bool) -> str:
    return "on" if value else "off"


def _arrows(text: str) -> str:
    return text.replace("\n", "↵")


def _unwrapped(hint: Any, metas: list[Meta]) -> tuple[Any, bool]:
    """Without Annotated and None, their Meta collected; whether None was there."""
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        metas.extend(note for note in notes if isinstance(note, Meta))
        return _unwrapped(inner, metas)
    if get_origin(hint) in (Union, UnionType):
        kinds = [each for each in get_args(hint) if each is not NoneType]
        if len(kinds) == 1:
            return _unwrapped(kinds[0], metas)[0], True
    return hint, False


def _limits(said: dict[str, Any], whole: bool) -> tuple[float, float]:
    low, high = said.get("ge", -inf), said.get("le", inf)
    if "gt" in said:
        low = said["gt"] + 1 if whole else nextafter(said["gt"], inf)
    if "lt" in said:
        high = said["lt"] - 1 if whole else said["lt"] - 1e-9
    return low, high
