"""The options of the selected part, in a form made from its type."""

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from ....core.model import spec
from ... import icons
from ...canvas import everywhere, words
from ...canvas.paint import card
from ...form import Form
from ...panel import Panel
from ...theme import theme
from ...widgets.elide import ElidedLabel
from ...widgets.label import label
from ...widgets.segments import Segments

VOCAB_REASON = "Set by the tokenizer of the project: change it in Data"
ONE = "This one"
ONLY = {  # of the model's options, those that a part of it shows
    "embed": ("vocab", "context", "width", "position", "rope_base"),
    "head": ("norm", "norm_bias", "norm_eps", "tied", "vocab"),
    "skips": ("gated",),
}
ABOUT = {
    "": "Options of the whole model. Select a part on the canvas for its own.",
    "skips": "To change its ends, remove it and draw another: drag from a sum on the stream to a later place.",
}


class PropertiesPanel(Panel):
    title = "Properties"
    name = "build.properties"
    hint = "The options of what is selected on the canvas; with nothing selected, of the whole model."

    def build(self) -> None:
        self.header, self.formula = Header(), Formula()
        self.about = label("", "caption", wrap=True)
        self.form: Form | None = None
        self._shown: tuple[str, type | None] | None = None  # what the form is of
        self._errors: set[str] = set()
        inner = QWidget()
        self.holder = QVBoxLayout(inner)
        self.holder.setContentsMargins(0, 0, 0, 0)
        self.holder.setSpacing(8)
        self.holder.addWidget(self.about)
        self.holder.addStretch()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setWidget(inner)
        self.area.verticalScrollBar().rangeChanged.connect(self._scrolls)
        inner.setAutoFillBackground(False)  # the panel's ground shows through
        self.body.addWidget(self.header)
        self.body.addWidget(self.formula)
        self.body.addWidget(self.area, 1)
        self.session.build.changed.connect(self._refresh)
        self.session.build.selected_changed.connect(self._refresh)
        self.session.data.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        build = self.session.build
        path = build.selected
        value = spec.part(build.model, path) if path not in ("embed", "head") else build.model
        if value is None:
            return  # between an edit and the selection that follows it
        wrong = any(problem.where == path for problem in build.problems)
        self.header.show_part(words.title(build.model, path), path, words.icon(path), wrong)
        self.header.reach.offer(everywhere.alike(build.model, path))
        self.formula.show_text(words.formula(build.model, path))
        if self._shown != (path, type(value)) or self.form is None:
            self._shown = (path, type(value))
            self._make_form(value, path)
        else:
            self.form.set(value)
        about = ABOUT.get(path.split(".")[0], "")
        self.about.setText(about)
        self.about.setVisible(bool(about))
        self._show_errors(value)

    def _make_form(self, value: Struct, path: str) -> None:
        if self.form:
            self.form.hide()
            self.form.deleteLater()
        self._errors = set()
        self.form = Form(value, self._edited, ONLY.get(path.split(".")[0], ()))
        if isinstance(value, spec.Model):
            self.form.lock({"vocab"}, VOCAB_REASON)
        self.holder.insertWidget(0, self.form)

    def _scrolls(self, low: int, high: int) -> None:
        """Keep off the scroll bar while there is one."""
        self.holder.setContentsMargins(0, 0, 8 if high > low else 0, 0)

    def _edited(self, value: Struct) -> None:
        build = self.session.build
        path = build.selected if build.selected not in ("embed", "head") else ""
        old = spec.part(build.model, path)
        assert old is not None
        fields = {
            name: getattr(value, name) for name in value.__struct_fields__ if getattr(value, name) != getattr(old, name)
        }
        paths = everywhere.alike(build.model, path) if self.header.reach.all else [path]
        model = build.model
        for each in paths:
            part = spec.part(model, each)
            assert part is not None
            model = spec.change(model, each, replace(part, **fields))
        build.edit(model, f"{path} {' '.join(fields)} {len(paths)}")

    def _show_errors(self, value: Struct) -> None:
        """Each problem of this part under the field that it names, or under the first."""
        assert self.form
        path = self._shown[0] if self._shown else ""
        where = "" if path in ("embed", "head") else path
        found: dict[str, str] = {}
        for problem in self.session.build.problems:
            if problem.where == where and (field := everywhere.field(value, problem.text)):
                found.setdefault(field, problem.text)
        for field in self._errors | found.keys():
            self.form.error(field, found.get(field, ""))
        self._errors = set(found)


class Header(QWidget):
    """What is selected: its icon, name and path, and whether edits go to all of its kind."""

    def __init__(self) -> None:
        super().__init__()
        self.tile = Tile()
        self.name = ElidedLabel("", "text", 13, 600)
        self.path = ElidedLabel("", "muted", 11, mono=True)
        self.reach = Reach()
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.name)
        names.addWidget(self.path)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(12)
        row.addWidget(self.tile)
        row.addLayout(names, 1)
        row.addWidget(self.reach)

    def show_part(self, name: str, path: str, icon: str, wrong: bool) -> None:
        self.name.set_text(name)
        self.path.set_text(path or "the whole model")
        self.tile.show_icon(icon, wrong)


class Reach(QWidget):
    """Whether an edit goes to this part alone or to all of its kind."""

    def __init__(self) -> None:
        super().__init__()
        self.all = False
        self.switch: Segments | None = None
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)

    def offer(self, paths: list[str]) -> None:
        """Show the switch where there is more than one; it keeps its choice while the selection moves."""
        words_ = [ONE, f"All {len(paths)}"]
        if self.switch and self.switch.words == words_:
            self.setVisible(len(paths) > 1)
            return
        if self.switch:
            self.switch.hide()
            self.switch.deleteLater()
        self.switch = Segments(words_, words_[self.all], name="Edits go to")
        self.switch.changed.connect(self._turned)
        self.row.addWidget(self.switch)
        self.setVisible(len(paths) > 1)

    def _turned(self, word: str) -> None:
        self.all = word != ONE


class Tile(QWidget):
    """The icon of the part on its soft ground."""

    def __init__(self) -> None:
        super().__init__()
        self.icon, self.wrong = "block", False
        self.setFixedSize(QSize(32, 32))
        theme.changed.connect(self.update)

    def show_icon(self, icon: str, wrong: bool) -> None:
        if (icon, wrong) != (self.icon, self.wrong):
            self.icon, self.wrong = icon, wrong
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "error_ground" if self.wrong else "accent_soft"
        card(p, QRectF(self.rect()), ground, ground)
        icons.draw(p, self.icon, QRectF(8, 8, 16, 16), "error" if self.wrong else "accent")


class Formula(QLabel):
    """What the part computes, as in the code of the network."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(12, 6, 12, 6)
        self._face()
        theme.changed.connect(self._face)

    def show_text(self, text: str) -> None:
        self.setText(text)
        self.setToolTip("What it computes, as in the code of the network")

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        card(p, QRectF(self.rect()), "canvas", "canvas")
        p.end()
        super().paintEvent(event)

    def _face(self) -> None:
        self.setFont(theme.mono(12))
        self.update()
