"""A form made from type hints, driven by mouse and keyboard."""

from dataclasses import replace as replace_option
from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel

from llmstudio.core.model.spec import Attention, Block, Model
from llmstudio.core.train.recipe import Recipe
from llmstudio.ui.fields import editor
from llmstudio.ui.form import Dress, Form, options
from llmstudio.ui.theme import theme
from llmstudio.ui.widgets.combo import Combo
from llmstudio.ui.widgets.segments import Segments

LEFT = Qt.MouseButton.LeftButton


class Inner(Struct, frozen=True, kw_only=True):
    depth: Annotated[int, Meta(ge=1, le=9, title="Depth")] = 2


class Sample(Struct, frozen=True, kw_only=True):
    steps: Annotated[
        int, Meta(ge=1, le=5000, title="Steps", description="How long.", extra_json_schema={"group": "Length"})
    ] = 2000
    rate: Annotated[float, Meta(gt=0, le=10, title="Peak", extra_json_schema={"group": "Rate"})] = 1e-3
    share: Annotated[float, Meta(ge=0, lt=1, title="Dropout")] = 0.0
    window: Annotated[int | None, Meta(ge=1, le=64, extra_json_schema={"unit": "tokens"})] = None
    few: Literal["cosine", "constant"] = "cosine"
    many: Literal["gelu", "gelu_tanh", "relu", "relu2", "silu", "swiglu"] = "gelu"
    on: bool = False
    prompt: str = "ROMEO:\n"
    inner: Inner | None = Inner()
    left_out: tuple[int, ...] = ()


@pytest.fixture
def form(qtbot):
    theme.apply("dark")
    edits = []
    made = Form(Sample(), edits.append)
    made.edits = edits
    qtbot.addWidget(made)
    made.resize(320, made.sizeHint().height())
    made.show()
    made.activateWindow()
    return made


def type_into(qtbot, field, text):
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_every_kind_of_field_has_its_editor(form):
    names = [found.name for found in options(Sample)]
    assert names == ["steps", "rate", "share", "window", "few", "many", "on", "prompt", "inner"]
    assert isinstance(form.row("few").editor.part, Segments)
    assert isinstance(form.row("many").editor.part, Combo)
    groups = [label.text() for label in form.findChildren(QLabel) if label.property("role") == "section"]
    assert groups == ["Length", "Rate"]


def test_an_edit_makes_a_new_value(qtbot, form):
    type_into(qtbot, form.row("steps").editor.number, "100")
    type_into(qtbot, form.row("rate").editor.number, "0.01")
    assert form.edits == [replace(Sample(), steps=100), replace(Sample(), steps=100, rate=0.01)]
    assert isinstance(form.edits[0].steps, int)


def test_limits_hold(qtbot, form):
    type_into(qtbot, form.row("steps").editor.number, "0")
    assert form.value.steps == 1
    slider = form.row("share").editor.part.slider
    qtbot.mousePress(slider, LEFT, pos=QPoint(slider.width(), 14))
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(slider.width(), 14))
    assert 0.9 < form.value.share < 1


def test_switch_check_and_text(qtbot, form):
    segments = form.row("few").editor.part
    qtbot.mouseClick(segments, LEFT, pos=segments.rects()[1].center())
    check = form.row("on").editor.check
    qtbot.mouseClick(check, LEFT, pos=QPoint(8, check.height() // 2))
    QApplication.clipboard().setText("JULIET:\n")
    line = form.row("prompt").editor.line
    line.setFocus()
    qtbot.waitUntil(line.hasFocus)
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert (form.value.few, form.value.on, form.value.prompt) == ("constant", True, "JULIET:\n")


def test_a_number_that_may_be_off(qtbot, form):
    editor = form.row("window").editor
    qtbot.mouseClick(editor.check, LEFT, pos=QPoint(8, editor.check.height() // 2))
    assert form.value.window == 16 and editor.number.isVisible()
    type_into(qtbot, editor.number, "8")
    qtbot.mouseClick(editor.check, LEFT, pos=QPoint(8, editor.check.height() // 2))
    assert form.edits[-2].window == 8 and form.value.window is None


def test_set_is_silent_and_keeps_what_is_typed(qtbot, form):
    field = form.row("steps").editor.number
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    field.selectAll()
    qtbot.keyClicks(field, "12")
    form.set(replace(Sample(), steps=777, on=True, many="silu", prompt="x", window=3, inner=None))
    assert field.text() == "12" and form.row("on").editor.check.isChecked() and form.edits == []
    assert form.row("many").editor.part.currentText() == "silu"


def test_a_nested_struct_can_be_taken_out_and_edited(qtbot, form):
    nested = form._nested["inner"]
    type_into(qtbot, nested._form.row("depth").editor.number, "5")
    assert form.value.inner == Inner(depth=5)
    qtbot.mouseClick(nested._check, LEFT, pos=QPoint(8, nested._check.height() // 2))
    assert form.value.inner is None
    qtbot.mouseClick(nested._check, LEFT, pos=QPoint(8, nested._check.height() // 2))
    assert form.value.inner == Inner(depth=5)


def test_errors_and_locks_say_why(form):
    form.error("steps", "More than the text has.")
    wrong = [label for label in form.findChildren(QLabel) if label.property("role") == "error" and label.isVisible()]
    assert [label.text() for label in wrong] == ["More than the text has."]
    form.error("steps", "")
    form.error("inner.depth", "Too deep.")
    form.error("nowhere", "ignored")
    form.lock({"rate"}, "Fixed while a run goes on")
    assert not form.row("rate").editor.isEnabled() and form.row("steps").editor.isEnabled()
    assert form.row("rate").editor.toolTip() == "Fixed while a run goes on"
    form.lock((), "")
    assert form.row("rate").editor.isEnabled()
    assert "How long." in form.row("steps").editor.toolTip()


@pytest.mark.parametrize("value", [Model(), Block(), Attention(), Recipe()])
def test_the_studios_own_values_have_forms(qtbot, value):
    form = Form(value, lambda _: None)
    qtbot.addWidget(form)
    form.show()
    left_out = set(value.__struct_fields__) - {found.name for found in options(type(value))}
    assert left_out <= {"blocks", "skips", "groups"}


def test_a_field_that_does_not_count_is_not_shown(qtbot):
    theme.apply("dark")
    edits = []
    form = Form(Recipe(optimizer="sgd"), edits.append, ["optimizer", "momentum", "beta1", "clip"], titled=False)
    qtbot.addWidget(form)
    form.show()
    shown = lambda: [name for name in form.names if form.row(name).isVisible()]  # noqa: E731
    assert shown() == ["optimizer", "clip"]
    assert not [label for label in form.findChildren(QLabel) if label.property("role") == "section"]
    combo = form.row("optimizer").editor.part
    combo.setFocus()
    for _ in range(8):  # up to the first of the list
        qtbot.keyClick(combo, Qt.Key.Key_Up)
    assert form.value.optimizer == "muon"
    assert shown() == ["optimizer", "beta1", "momentum", "clip"]
    form.set(replace(form.value, optimizer="adamw"))
    assert shown() == ["optimizer", "beta1", "clip"]


def test_what_is_fixed_has_a_padlock(form):
    names = ["steps", "window", "few", "many", "on", "prompt"]
    form.lock(names, "Fixed while a run goes on")
    for name in ("few", "on", "prompt", "window"):
        assert form.row(name).editor.padlock.isVisible()
    assert form.row("many").editor.part._locked
    form.row("window").editor.set(3)
    form.lock(names, "Fixed while a run goes on")
    assert not form.row("window").editor.padlock.isVisible(), "its number field has one of its own"
    form.row("few").set_help("A formula")
    assert form.row("few").editor.toolTip() == "Fixed while a run goes on"
    form.lock((), "")
    assert not form.row("few").editor.padlock.isVisible()
    assert form.row("few").editor.toolTip().endswith("A formula")


class Dressed(Struct, frozen=True, kw_only=True):
    mode: Annotated[Literal["a", "b"], Meta(title="Mode", description="How.")] | None = None
    size: Annotated[int, Meta(ge=1, le=99, title="Size")] | None = None
    name: str = "x"


def test_a_choice_may_be_off(qtbot):
    told = []
    form = Form(Dressed(), told.append)
    qtbot.addWidget(form)
    switch = form.row("mode").editor.part
    assert switch.words == ["off", "a", "b"] and switch.chosen == "off"
    switch._pick(2)
    assert told == [Dressed(mode="b")]
    form.set(Dressed())
    assert switch.chosen == "off"


def test_what_is_off_says_what_it_comes_to_and_where_it_starts(qtbot):
    told = []
    form = Form(Dressed(), told.append)
    qtbot.addWidget(form)
    size = form.row("size").editor
    size.say_off("7, as elsewhere", 7)
    assert size.check.text() == "7, as elsewhere"
    size.check.click()
    assert told == [Dressed(size=7)] and size.check.text() == ""


def test_a_dressed_form_has_its_own_titles_order_editors_and_rows(qtbot):
    made = []

    def own(found, value, edited):
        made.append((found.title, value))
        return editor(found, value, value, edited)

    def option(found):
        return replace_option(found, title=found.title.upper())

    dress = Dress(option, {"name": own}, lambda name, value: name != "size" or value.mode == "a")
    form = Form(Dressed(), lambda _: None, {"First": ["name"], "Then": ["size", "mode"]}, dress=dress)
    qtbot.addWidget(form)
    assert form.names == ["name", "size", "mode"] and made == [("NAME", "x")]
    titles = [each.text() for each in form.findChildren(QLabel) if each.property("role") == "section"]
    assert titles == ["First", "Then"]
    assert form.row("size").isHidden()
    form.set(Dressed(mode="a"))
    assert not form.row("size").isHidden()
