import pytest

from llmstudio.ui import numbers


@pytest.mark.parametrize(
    "value, text",
    [(0, "0"), (999, "999"), (9830, "9\u2009830"), (-1234567, "\u22121\u2009234\u2009567")],
)
def test_count(value, text):
    assert numbers.count(value) == text


@pytest.mark.parametrize(
    "value, text",
    [(940, "940"), (800_000, "0.80\u2009M"), (15e6, "15\u2009M"), (124e6, "124\u2009M"), (1.5e9, "1.50\u2009G")],
)
def test_short(value, text):
    assert numbers.short(value) == text


@pytest.mark.parametrize("value", [0, 0.001, 1e-5, 0.95, 0.1, 3.0, 1024.0, 12345678.0, -0.25, 1e-4])
def test_real_reads_back(value):
    assert numbers.parsed(numbers.real(value)) == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize(
    "text, value", [("1 000", 1000), ("1\u2009000", 1000), ("0,5", 0.5), ("\u22122", -2), ("1e-3", 0.001)]
)
def test_parsed_takes_what_people_type(text, value):
    assert numbers.parsed(text) == value


@pytest.mark.parametrize("text", ["", "abc", "1..2"])
def test_parsed_refuses_words(text):
    with pytest.raises(ValueError):
        numbers.parsed(text)


@pytest.mark.parametrize("seconds, text", [(0, "0:00"), (124, "2:04"), (3725, "1:02:05"), (59.6, "1:00")])
def test_clock(seconds, text):
    assert numbers.clock(seconds) == text


@pytest.mark.parametrize("value, text", [(12, "12 bytes"), (3.2e6, "3.2 MB"), (612e6, "612 MB"), (40_000, "40 kB")])
def test_size(value, text):
    assert numbers.size(value) == text


def test_percent_and_signed():
    assert numbers.percent(0.4412) == "44.1\u2009%"
    assert numbers.signed(-14.1, 1) == "\u221214.1" and numbers.signed(3.8, 1) == "+3.8"
