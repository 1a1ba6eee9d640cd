"""Widgets, driven by mouse and keyboard as a person would."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from llmstudio.core.progress import Progress
from llmstudio.ui.theme import theme
from llmstudio.ui.widgets.bars import ProbabilityBars, Row
from llmstudio.ui.widgets.button import button, tool
from llmstudio.ui.widgets.chip import Chip
from llmstudio.ui.widgets.combo import Combo
from llmstudio.ui.widgets.elide import ElidedLabel
from llmstudio.ui.widgets.heatmap import Heatmap, picture
from llmstudio.ui.widgets.number import NumberField
from llmstudio.ui.widgets.progress import ProgressRow, said
from llmstudio.ui.widgets.readout import Readout
from llmstudio.ui.widgets.segments import Segments
from llmstudio.ui.widgets.slider import SliderField
from llmstudio.ui.widgets.toast import Toasts
from llmstudio.ui.widgets.token_strip import TokenStrip

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def dark(qapp):
    theme.apply("dark")


def shown(qtbot, widget, width=320, height=0):
    qtbot.addWidget(widget)
    widget.resize(width, height or max(widget.sizeHint().height(), 1))
    widget.show()
    widget.activateWindow()
    return widget


def focus(qtbot, widget):
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)


def heard(signal):
    log = []
    signal.connect(lambda *values: log.append(values[0] if len(values) == 1 else values))
    return log


def test_segments_are_chosen_by_click_and_arrow(qtbot):
    segments = shown(qtbot, Segments(["nats", "bits", "perplexity"]))
    log = heard(segments.changed)
    qtbot.mouseClick(segments, LEFT, pos=segments.rects()[1].center())
    qtbot.mouseClick(segments, LEFT, pos=segments.rects()[1].center())
    qtbot.keyClick(segments, Qt.Key.Key_Right)
    qtbot.keyClick(segments, Qt.Key.Key_Right)
    assert log == ["bits", "perplexity"]
    segments.choose("nats")
    assert segments.chosen == "nats" and log == ["bits", "perplexity"]


def test_number_field_takes_what_is_typed(qtbot):
    field = shown(qtbot, NumberField(2000, limits=(1, 5000)))
    log = heard(field.edited)
    focus(qtbot, field)
    field.selectAll()
    qtbot.keyClicks(field, "1 500")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert log == [1500] and isinstance(field.value, int) and field.text() == "1\u2009500"
    field.selectAll()
    qtbot.keyClicks(field, "99999")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.value == 5000
    field.selectAll()
    qtbot.keyClicks(field, "lots")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.value == 5000 and field.text() == "5\u2009000"


def test_number_field_steps_by_decades(qtbot):
    field = shown(qtbot, NumberField(1e-3, limits=(1e-9, 10), whole=False, log=True))
    for _ in range(10):
        qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.value == pytest.approx(1e-2, rel=0.1)


def test_wheel_needs_the_focus(qtbot):
    home = QWidget()
    field = NumberField(10, limits=(0, 100))
    field.setParent(home)
    shown(qtbot, home, 200, 60)
    for focused, value in ((False, 10), (True, 11)):
        focus(qtbot, field) if focused else field.clearFocus()
        at = QPointF(5, 5)
        up = QWheelEvent(
            at,
            at,
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(field, up)
        assert field.value == value


def test_dragging_the_label_changes_the_number(qtbot):
    label = shown(qtbot, QLabel("Heads"))
    field = shown(qtbot, NumberField(4, limits=(1, 64)))
    field.dragged_by(label)
    qtbot.mousePress(label, LEFT, pos=QPoint(10, 5))
    qtbot.mouseMove(label, QPoint(34, 5))
    qtbot.mouseRelease(label, LEFT, pos=QPoint(34, 5))
    assert field.value == 8


def test_typing_is_not_overwritten_from_outside(qtbot):
    field = shown(qtbot, NumberField(5, limits=(0, 100)))
    focus(qtbot, field)
    field.selectAll()
    qtbot.keyClicks(field, "7")
    field.set_value(6)
    assert field.text() == "7"


def test_locked_field_says_why(qtbot):
    field = shown(qtbot, NumberField(12, unit="texts"))
    field.lock("Fixed while a run goes on")
    assert not field.isEnabled()
    field.lock("")
    assert field.isEnabled()


def test_slider_and_field_keep_step(qtbot):
    both = shown(qtbot, SliderField(0.8, (0, 2), default=0.8))
    log = heard(both.edited)
    slider = both.slider
    qtbot.mousePress(slider, LEFT, pos=QPoint(slider.width() - 2, 14))
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(slider.width() - 2, 14))
    assert both.value == pytest.approx(2.0, abs=0.03) and log[-1] == both.value
    qtbot.mouseDClick(slider, LEFT, pos=QPoint(slider.width() // 2, 14))
    assert both.value == 0.8
    before = len(log)
    both.set_value(0.3)
    assert both.value == 0.3 and len(log) == before
    focus(qtbot, both.field)
    both.field.selectAll()
    qtbot.keyClicks(both.field, "1.234")
    qtbot.keyClick(both.field, Qt.Key.Key_Return)
    assert both.value == 1.234 and slider.exact == 1.234 and log[-1] == 1.234


def test_combo_tells_only_what_the_person_picks(qtbot):
    combo = shown(qtbot, Combo(["gelu", "relu", "silu"], "relu"))
    log = heard(combo.picked)
    combo.choose("silu")
    assert log == []
    qtbot.keyClick(combo, Qt.Key.Key_Up)
    assert log == ["relu"]


def test_tokens_are_found_by_place(qtbot):
    strip = shown(qtbot, TokenStrip(), 200, 400)
    strip.set([f"t{n}" for n in range(60)])
    hovered, clicked = heard(strip.hovered), heard(strip.clicked)
    assert strip.heightForWidth(200) > strip.heightForWidth(2000)
    for n in (0, 17, 59):
        at = strip.rect_of(n).center()
        assert strip.index_at(at) == n
        qtbot.mouseMove(strip, at)
        qtbot.mouseClick(strip, LEFT, pos=at)
    assert clicked == [0, 17, 59] and set(clicked) <= set(hovered)
    assert strip.index_at(QPoint(195, 399)) == -1


def test_arrow_keys_walk_over_tokens(qtbot):
    strip = shown(qtbot, TokenStrip())
    strip.set(list("abc"))
    clicked = heard(strip.clicked)
    strip.clicked.connect(strip.select)
    for _ in range(4):
        qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert clicked == [0, 1, 2, 2]


def test_many_tokens_are_laid_out_and_painted_quickly(qtbot, benchmark_seconds):
    strip = shown(qtbot, TokenStrip(), 800, 600)
    strip.set(["token"] * 20_000)
    assert benchmark_seconds(strip.grab) < 0.25


@pytest.fixture
def benchmark_seconds():
    from time import perf_counter

    def measure(work):
        work()
        start = perf_counter()
        work()
        return perf_counter() - start

    return measure


def test_token_grounds_carry_the_values(qtbot):
    strip = shown(qtbot, TokenStrip())
    strip.set(["a", "b"], values=[0.0, 1.0])
    image = strip.grab().toImage()
    for n, value in enumerate((0.0, 1.0)):
        corner = strip.rect_of(n).topLeft() + QPoint(3, 3)
        assert image.pixelColor(corner).name() == theme.on_ramp("probability", value).name()


def test_bars_are_as_long_as_their_probability(qtbot):
    bars = shown(qtbot, ProbabilityBars(), 400)
    bars.set([Row("a", 0.5), Row("b", 0.25)], other=("other 3 characters", 0.25))
    bars.resize(400, bars.sizeHint().height())
    image = bars.grab().toImage()
    bar = theme.probability_bar.name()

    def length(y):
        return sum(image.pixelColor(x, y).name() == bar for x in range(image.width()))

    assert length(13) == pytest.approx(2 * length(13 + 27), abs=3) and length(13) > 50
    clicked = heard(bars.clicked)
    qtbot.mouseClick(bars, LEFT, pos=QPoint(100, 40))
    assert clicked == [1]


def test_picture_has_fixed_limits_and_flat_masks(qapp):
    matrix = np.array([[0.0, 0.25], [0.5, 2.0]])
    masked = np.array([[False, True], [False, False]])
    image = picture(matrix, "probability", (0, 1), masked)
    assert image.pixelColor(0, 0).name() == theme.on_ramp("probability", 0).name()
    assert image.pixelColor(1, 0).name() == theme.color("raised").name()
    assert image.pixelColor(1, 1).name() == theme.on_ramp("probability", 1).name()
    middle = theme.ramp("probability")[128]
    assert image.pixelColor(0, 1) == QColor(*map(int, middle))


def test_heat_map_tells_the_cell(qtbot):
    heat = shown(qtbot, Heatmap(), 300, 300)
    heat.set(np.eye(4), list("abcd"), list("abcd"))
    clicked, hovered = heard(heat.clicked), heard(heat.hovered)
    area = heat.area()
    at = QPoint(area.left() + int(2.5 * area.width() / 4), area.top() + int(1.5 * area.height() / 4))
    qtbot.mouseMove(heat, at)
    qtbot.mouseClick(heat, LEFT, pos=at)
    assert clicked == [(1, 2)] and (1, 2) in hovered
    assert heat.cell_at(QPoint(0, 0)) == (-1, -1)
    qtbot.keyClick(heat, Qt.Key.Key_Down)
    assert hovered[-1] == (2, 2)
    QApplication.sendEvent(heat, QEvent(QEvent.Type.Leave))
    assert hovered[-1] == (-1, -1)


def test_long_label_is_shortened_and_told_whole(qtbot):
    label = shown(qtbot, ElidedLabel("a very long name of a text that nobody can read in this room"), 80)
    assert label.shortened and label.minimumSizeHint().width() < 80
    label.set_text("short")
    assert not label.shortened


def test_chip_hides_when_it_has_nothing_to_say(qtbot):
    chip = shown(qtbot, Chip("step 600", "warning", "clock"))
    wide = chip.sizeHint().width()
    chip.set("")
    assert not chip.isVisible()
    chip.set("step 1 000")
    assert chip.isVisible() and chip.sizeHint().width() > wide


def test_buttons_have_names(qtbot):
    pressed = []
    deed = shown(qtbot, button("Train", "play", "primary", lambda: pressed.append("train")))
    small = shown(qtbot, tool("undo", "Undo", lambda: pressed.append("undo")))
    qtbot.mouseClick(deed, LEFT)
    qtbot.mouseClick(small, LEFT)
    assert pressed == ["train", "undo"]
    assert deed.accessibleName() == "Train" and small.accessibleName() == small.toolTip() == "Undo"


def test_readout_and_progress_say_their_numbers(qtbot):
    readout = shown(qtbot, Readout("2.11", "train loss"))
    assert readout.accessibleName() == "train loss: 2.11"
    stopped = []
    row = shown(qtbot, ProgressRow("", lambda: stopped.append(True)))
    row.set(Progress(text="Reading sonnets", done=62, total=154, unit="files"))
    assert row.name.text() == "Reading sonnets" and row.facts.text() == "62 of 154 files"
    assert said(Progress(text="", done=62, total=154, unit="files"), 2.0) == "62 of 154 files, 31 a second, 3 s left"


def test_toast_undoes_and_goes(qtbot):
    home = shown(qtbot, QWidget(), 800, 600)
    toasts = Toasts(home, above=52)
    undone = []
    toast = toasts.say("notes.txt removed", action=("Undo", lambda: undone.append(True)))
    assert toast.geometry().right() <= 800 and toast.geometry().bottom() <= 600 - 52
    undo = next(each for each in toast.findChildren(QWidget) if each.accessibleName() == "Undo")
    with qtbot.waitSignal(toast.gone):
        qtbot.mouseClick(undo, LEFT)
    assert undone == [True]
    for n in range(5):
        toasts.say(f"error {n}", error=True)
    qtbot.waitUntil(lambda: len(toasts._shown) == 3)
