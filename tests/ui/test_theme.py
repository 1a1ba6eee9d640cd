"""The contrast table and the ramps of the look, computed from the colours that are really used."""

import numpy as np
import pytest
from PySide6.QtGui import QColor

from llmstudio.ui.ramps import contrast, luminance, oklab
from llmstudio.ui.theme import COLORS, RAMPS, RUNS, SURPRISE_BITS, theme

GROUNDS = ("window", "panel", "raised", "hover")
INKS = ("text", "muted", "faint", "accent", "negative", "positive", "warning", "error", "success")
PAIRS = [
    ("on_accent", "accent"),
    ("accent", "accent_soft"),
    ("warning", "warning_ground"),
    ("error", "error_ground"),
    ("success", "success_ground"),
    ("muted", "tip"),
    ("text", "tip"),
    ("text", "well"),
    ("text", "accent_soft"),
    ("muted", "accent_soft"),
]


@pytest.fixture(params=["dark", "light"])
def mode(request, qapp):
    theme.apply(request.param)
    return request.param


@pytest.mark.parametrize("ink", INKS)
def test_text_reads_on_every_ground(mode, ink):
    for ground in GROUNDS:
        assert contrast(theme.color(ink), theme.color(ground)) >= 4.5, (mode, ink, ground)


def test_text_reads_on_its_own_ground(mode):
    for ink, ground in PAIRS:
        assert contrast(theme.color(ink), theme.color(ground)) >= 4.5, (mode, ink, ground)


def test_contrast_is_that_of_wcag():
    assert contrast(QColor("#000000"), QColor("#FFFFFF")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("#FFFFFF")) == pytest.approx(4.48, abs=0.005)  # the well-known failure


def test_controls_and_runs_can_be_seen(mode):
    assert contrast(theme.color("control"), theme.color("panel")) >= 3
    for n in range(1, 9):
        assert contrast(theme.run(n), theme.color("panel")) >= 3, n


def test_runs_keep_their_colours(mode):
    assert theme.run(9) == theme.run(1)
    assert len({theme.run(n).name() for n in range(1, 9)}) == len(RUNS[0])


@pytest.mark.parametrize("ramp", list(RAMPS))
def test_ramp_goes_through_its_stops(mode, ramp):
    stops = RAMPS[ramp][mode == "light"].split()
    for n, stop in enumerate(stops):
        assert theme.on_ramp(ramp, n / (len(stops) - 1)).name().upper() == stop
    table = theme.ramp(ramp)
    assert table.shape == (256, 4) and table.dtype == np.uint8
    assert QColor(*map(int, table[0])).name().upper() == stops[0]
    assert QColor(*map(int, table[255])).name().upper() == stops[-1]


def test_ink_reads_on_every_value(mode):
    for ramp in RAMPS:
        for rgba in theme.ramp(ramp):
            ground = QColor(*map(int, rgba))
            assert contrast(theme.ink(ground), ground) >= 4.5


def test_probability_rises_in_lightness_one_way(mode):
    light = [oklab(QColor(*map(int, rgba)))[0] for rgba in theme.ramp("probability")]
    steps = np.diff(light) * (1 if mode == "dark" else -1)
    assert (steps > -1e-3).all()


def test_signed_is_calm_in_the_middle(mode):
    table = [luminance(QColor(*map(int, rgba))) for rgba in theme.ramp("signed")]
    extreme = np.argmin(table) if mode == "dark" else np.argmax(table)
    assert 120 <= extreme <= 135


def test_text_reads_on_any_surprise(mode):
    for bits in np.linspace(0, SURPRISE_BITS * 2, 33):
        assert contrast(theme.color("text"), theme.surprise(bits)) >= 4.5
    assert theme.surprise(0).name() == theme.color("panel").name()


def test_every_token_is_there_in_both():
    assert all(len(pair) == 2 and all(QColor(each).isValid() for each in pair) for pair in COLORS.values())


def test_palette_and_listeners_follow(qapp, qtbot):
    theme.apply("dark")
    with qtbot.waitSignal(theme.changed, timeout=500):
        theme.apply("light")
    assert qapp.palette().window().color() == theme.color("window") == QColor(COLORS["window"][1])
    assert qapp.palette().placeholderText().color() == theme.color("faint")


def test_faces_have_pixel_sizes_and_even_digits(qapp):
    font = theme.font(11, 600)
    assert font.pixelSize() == 11 and font.weight() == 600
    font.setPixelSize(20)  # a copy: the theme's own is untouched
    assert theme.font(11, 600).pixelSize() == 11
