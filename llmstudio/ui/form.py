"""A form made from a value's type hints: a new option in a struct appears in the window by itself, with its help."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, get_type_hints

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from .fields import Editor, Option, editor, option, said
from .widgets.elide import ElidedLabel
from .widgets.label import label

LABEL, ROW, GAP = 104, 28, 4


Make = Callable[[Option, Any, Callable[[Any], None]], QWidget]
"""Makes an editor of one's own for a field, as `fields.editor` does: of the option, its value, and who takes edits."""


def _always(name: str, value: Struct) -> bool:
    return True


def _as_it_is(found: Option) -> Option:
    return found


class Dress(NamedTuple):
    """What a form says otherwise than its type: options with other words, fields with editors of their own, and which
    rows count beside the others, (name, value) -> bool."""

    option: Callable[[Option], Option] = _as_it_is
    own: Mapping[str, Make] = {}
    counts: Callable[[str, Any], bool] = _always


PLAIN = Dress()


class Form(QWidget):
    """Rows for the fields of `value`. `edited` gets the whole new value; fields without an editor are left alone.

    A nested struct is a group of its own rows. A path names a field, "peak", or one inside, "attention.heads".
    Rows of fields that do not count beside the others are not shown. `titled`: the groups have their names. `only`
    these fields; under titles, in that order, where it is a mapping.
    """

    def __init__(
        self,
        value: Struct,
        edited: Callable[[Any], None],
        only: Iterable[str] | Mapping[str, Iterable[str]] = (),
        titled: bool = True,
        dress: Dress = PLAIN,
    ) -> None:
        super().__init__()
        self.value = value
        self._edited, self._dress = edited, dress
        self._rows: dict[str, Row] = {}
        self._nested: dict[str, _Nested] = {}
        self._titles: list[tuple[QWidget, list[str]]] = []  # and whose they are
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP)
        for title, found in _sections(type(value), only):
            if titled and title:
                self._section(title, [each.name for each in found])
            for each in found:
                self._add(dress.option(each))
        self._show_what_counts()

    def set(self, value: Struct) -> None:
        """Show another value of the same type, silently; what is being typed stays."""
        assert type(value) is type(self.value)
        if value == self.value:
            return
        old, self.value = self.value, value
        for name, row in self._rows.items():
            if getattr(old, name) != getattr(value, name):
                row.editor.set(getattr(value, name))
        for name, nested in self._nested.items():
            nested.set(getattr(value, name))
        self._show_what_counts()

    def error(self, path: str, text: str) -> None:
        """Say what is wrong under a field; "" clears it. A path that is not here is ignored."""
        name, _, rest = path.partition(".")
        if rest and name in self._nested:
            self._nested[name].error(rest, text)
        elif name in self._rows:
            self._rows[name].error(text)

    def lock(self, names: Iterable[str], reason: str) -> None:
        """Fix these fields, with the reason as their tooltip; all others are free."""
        locked = set(names)
        for name, row in self._rows.items():
            row.lock(reason if name in locked else "")

    @property
    def names(self) -> list[str]:
        """Of the fields that have a row, shown or not."""
        return [*self._rows]

    def row(self, name: str) -> "Row":
        return self._rows[name]

    def _section(self, title: str, names: list[str]) -> None:
        head = label(title, "section")
        if self._column.count():
            head.setContentsMargins(0, 8, 0, 0)
        self._titles.append((head, names))
        self._column.addWidget(head)

    def _add(self, found: Option) -> None:
        value = getattr(self.value, found.name)
        if isinstance(found.kind, type) and issubclass(found.kind, Struct):
            self._nested[found.name] = _Nested(found, value, lambda new: self._change(found.name, new))
            self._column.addWidget(self._nested[found.name])
            return
        default = _default(type(self.value), found.name, value)
        make = self._dress.own.get(found.name)
        self._rows[found.name] = Row(found, value, default, lambda new: self._change(found.name, new), make)
        self._column.addWidget(self._rows[found.name])

    def _change(self, name: str, value: Any) -> None:
        new = replace(self.value, **{name: value})
        if new != self.value:
            self.value = new
            self._show_what_counts()
            self._edited(new)

    def _show_what_counts(self) -> None:
        shown = {name for name, row in self._rows.items() if row.found.counts(self.value)}
        shown = {name for name in shown if self._dress.counts(name, self.value)}
        for name, row in self._rows.items():
            row.setVisible(name in shown)
        for head, names in self._titles:
            head.setVisible(not shown.isdisjoint(names) or not self._nested.keys().isdisjoint(names))


class Row(QWidget):
    """Label, editor, and under them what is wrong."""

    def __init__(
        self, found: Option, value: Any, default: Any, edited: Callable[[Any], None], make: Make | None = None
    ) -> None:
        super().__init__()
        self.found = found
        self.label = ElidedLabel(found.title, "muted")
        self.label.setFixedWidth(LABEL)
        self.label.setFixedHeight(ROW)
        self._hint = " ".join(part for part in (found.hint, f"Default: {said(default)}.") if part)
        self._more = self._reason = ""
        self.editor: Any = make(found, value, edited) if make else editor(found, value, default, edited)
        if not isinstance(self.editor, Editor):  # those have lines of their own, which such a limit would squeeze
            self.editor.setMinimumHeight(ROW)
        self._wrong = label("", "error", wrap=True)
        self._wrong.hide()
        self._line = QHBoxLayout()
        self._line.setSpacing(8)
        self._line.addWidget(self.label)
        self._line.addWidget(self.editor, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addLayout(self._line)
        self._column.addWidget(self._wrong)
        self._explain("")
        if (number := getattr(self.editor, "number", None)) is not None:
            number.dragged_by(self.label)

    def put_beside(self, widget: QWidget) -> None:
        """At the right of the editor: a button that belongs to the field."""
        self._line.addWidget(widget)

    def put_below(self, widget: QWidget) -> None:
        """Under the editor: what explains the value."""
        self._column.addWidget(widget)

    def set_help(self, text: str) -> None:
        """More to say in the tooltip: a formula, a paper."""
        self._more = text
        self._explain(self._reason)

    def error(self, text: str) -> None:
        self._wrong.setText(text)
        self._wrong.setVisible(bool(text))
        self._wrong.setContentsMargins(LABEL + 8, 0, 0, 2)
        self.editor.set_wrong(bool(text))

    def lock(self, reason: str) -> None:
        self._reason = reason
        self.editor.lock(reason)
        self._explain(reason)

    def _explain(self, reason: str) -> None:
        tip = reason or "\n\n".join(part for part in (self._hint, self._more) if part)
        self.label.set_hint(tip)
        self.editor.setToolTip(tip)


class _Nested(QWidget):
    """A struct inside: its rows under its name, with a check where it may be absent."""

    def __init__(self, found: Option, value: Struct | None, edited: Callable[[Any], None]) -> None:
        super().__init__()
        self._kind, self._edited = found.kind, edited
        self._last = value if value is not None else found.kind()
        self._form = Form(self._last, self._inner)
        self._check = QCheckBox(found.title) if found.optional else None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(GAP)
        if self._check is not None:
            self._check.setToolTip(found.hint)
            self._check.clicked.connect(self._turned)
            column.addWidget(self._check)
        else:
            column.addWidget(label(found.title, "section"))
        column.addWidget(self._form)
        self._show(value is not None)

    def set(self, value: Struct | None) -> None:
        self._show(value is not None)
        if value is not None:
            self._last = value
            self._form.set(value)

    def error(self, path: str, text: str) -> None:
        self._form.error(path, text)

    def _inner(self, value: Struct) -> None:
        self._last = value
        self._edited(value)

    def _turned(self, on: bool) -> None:
        self._show(on)
        self._edited(self._last if on else None)

    def _show(self, on: bool) -> None:
        if self._check is not None:
            self._check.setChecked(on)
        self._form.setVisible(on)


def options(kind: type[Struct]) -> list[Option]:
    """The fields of a struct that have an editor, those of one group together."""
    hints = get_type_hints(kind, include_extras=True)
    found = [made for name in kind.__struct_fields__ if (made := option(name, hints[name])) is not None]
    order = list(dict.fromkeys(each.group for each in found))
    return sorted(found, key=lambda each: order.index(each.group))


def _sections(kind: type[Struct], only: Iterable[str] | Mapping[str, Iterable[str]]) -> list[tuple[str, list[Option]]]:
    """The title of each group, "" where it has none, and its options."""
    found = options(kind)
    if isinstance(only, Mapping):
        known = {each.name: each for each in found}
        return [(title, [known[name] for name in names]) for title, names in only.items()]
    wanted = set(only)
    chosen = [each for each in found if not wanted or each.name in wanted]
    titles = dict.fromkeys(each.group for each in chosen)
    return [(title, [each for each in chosen if each.group == title]) for title in titles]


def _default(kind: type[Struct], name: str, value: Any) -> Any:
    """What the field is when nobody chose; `value` where the struct has no default."""
    for each in msgspec.structs.fields(kind):
        if each.name == name and each.default is not msgspec.NODEFAULT:
            return each.default
    return value
