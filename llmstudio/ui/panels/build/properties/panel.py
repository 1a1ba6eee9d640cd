"""The options of the selected part, in a form made from its type."""

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from .....core.model import explained, spec
from .....core.model.explained import said
from ....canvas import blocks, everywhere, words
from ....form import Form
from ....panel import Panel
from ....widgets.explanation import Explanation
from ....widgets.label import label
from ....words.changes import titles
from .editors import Parts
from .forms import dress, kind, off, rows, surroundings
from .header import Formula, Header

VOCAB_REASON = "Set by the tokenizer of the project: change it in Data"
WHOLE = "Options of the whole model. Select a part on the canvas for its own."
ENDS = ("embed", "head")  # show options of the whole model


class PropertiesPanel(Panel):
    title = "Properties"
    name = "build.properties"
    hint = "The options of what is selected on the canvas; with nothing selected, of the whole model."

    def build(self) -> None:
        self.header, self.formula = Header(), Formula()
        self.parts = Parts(self._turn_part)
        self.about = label("", "caption", wrap=True)
        self.explanation = Explanation()
        self.form: Form | None = None
        self._shown: object = None  # what the form is of
        self._errors: set[str] = set()
        inner = QWidget()
        self.holder = QVBoxLayout(inner)
        self.holder.setContentsMargins(0, 0, 0, 0)
        self.holder.setSpacing(8)
        for widget in (self.parts, self.about, self.explanation):
            self.holder.addWidget(widget)
        self.holder.addStretch()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setWidget(inner)
        self.area.verticalScrollBar().rangeChanged.connect(self._scrolls)
        inner.setAutoFillBackground(False)  # the panel's ground shows through
        self.body.addWidget(self.header)
        self.body.addWidget(self.formula)
        self.body.addWidget(self.area, 1)
        self.header.reach.switch.changed.connect(self._say_about)
        self.session.build.changed.connect(self._refresh)
        self.session.build.selected_changed.connect(self._refresh)
        self.session.data.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        build = self.session.build
        path, model = build.selected, build.model
        value = spec.part(model, "" if path in ENDS else path)
        if value is None:
            return  # between an edit and the selection that follows it
        wrong = any(problem.where == path for problem in build.problems)
        self.header.show_part(words.title(model, path), path, words.icon(path), wrong)
        self.header.offer(everywhere.chosen(model, build.selection), everywhere.alike(model, path))
        self.formula.show_text(words.formula(model, path))
        shown = (kind(path), type(value), surroundings(model, path, value))
        if self._shown != shown or self.form is None:
            self._shown = shown
            self._make_form(value, path)
        else:
            self.form.set(value)
        self.parts.setVisible(isinstance(value, spec.Block))
        if isinstance(value, spec.Block):
            self.parts.show_block(value)
        self._explain(value, path)
        self._say_about()
        self._show_errors(value)

    def _make_form(self, value: Struct, path: str) -> None:
        if self.form:
            self.form.hide()
            self.form.deleteLater()
        self._errors = set()
        self.form = Form(value, self._edited, rows(path, value), dress=dress(self.session.build.model, value))
        if "vocab" in self.form.names:
            self.form.lock({"vocab"}, VOCAB_REASON)
        self.holder.insertWidget(1, self.form)

    def _scrolls(self, low: int, high: int) -> None:
        """Keep off the scroll bar while there is one."""
        self.holder.setContentsMargins(0, 0, 8 if high > low else 0, 0)

    # edits

    def _edited(self, value: Struct) -> None:
        build = self.session.build
        path = "" if build.selected in ENDS else build.selected
        old = spec.part(build.model, path)
        assert old is not None
        fields = {
            name: getattr(value, name) for name in value.__struct_fields__ if getattr(value, name) != getattr(old, name)
        }
        paths = self._paths(path)
        build.edit(everywhere.edited(build.model, paths, fields), f"{path} {' '.join(fields)} {len(paths)}")

    def _turn_part(self, field: str, on: bool) -> None:
        """Put a part into the blocks, or take it out of them."""
        build, model = self.session.build, self.session.build.model
        for path in self._paths(build.selected):
            i = int(path.split(".")[1])
            block = model.blocks[i]
            if (getattr(block, field) is not None) != on:
                part = blocks.part(model, field, i) if on else None  # type: ignore[arg-type]
                model = spec.change(model, path, replace(block, **{field: part}))
        build.edit(model)

    def _paths(self, path: str) -> list[str]:
        return self.header.reach.paths if path else [""]

    # words

    def _explain(self, value: Struct, path: str) -> None:
        """What each option comes to, and what the part is, with formula and paper."""
        assert self.form
        model = self.session.build.model
        for name in self.form.names:
            row = self.form.row(name)
            if hasattr(row.editor, "say_off"):
                row.editor.say_off(*off(model, value, name))
            told = explained.option(value, name)
            row.set_help("" if told is None else "\n".join(t for t in (told.formula, told.source) if t))
            if hasattr(row.editor, "say_hint"):
                for choice, each in explained.choices(name).items():
                    row.editor.say_hint(choice, said(each))
        about = explained.part(path)
        self.explanation.say(about, f"{about.title}: {about.source.split(',')[0]}" if about.source else about.title)

    def _say_about(self, _: str = "") -> None:
        """Of the whole, what it is; of several parts, in what they differ."""
        model, path = self.session.build.model, self.session.build.selected
        text = "" if path else WHOLE
        paths = self.header.reach.paths
        if path and len(paths) > 1:
            names = titles(type(spec.part(model, path)))  # type: ignore[arg-type]
            found = [names[name] for name in everywhere.differing(model, paths) if name != "note"]
            text = f"They differ in {_listed(found)}. An edit changes one option in all of them." if found else ""
        self.about.setText(text)
        self.about.setVisible(bool(text))

    def _show_errors(self, value: Struct) -> None:
        """Each problem of this part under the field that it names."""
        assert self.form
        path = self.session.build.selected
        where = "" if path in ENDS else path
        found: dict[str, str] = {}
        for problem in self.session.build.problems:
            if problem.where == where and (field := everywhere.field(value, problem.text)):
                found.setdefault(field, problem.text)
        for field in self._errors | found.keys():
            self.form.error(field, found.get(field, ""))
        self._errors = set(found)


def _listed(found: list[str]) -> str:
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
