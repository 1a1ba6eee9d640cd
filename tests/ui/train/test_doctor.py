"""The run doctor's card and the learning-rate finder, by mouse."""

from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QWidget

from llmstudio.core.train.finding import Cure, Finding
from llmstudio.ui.panels.train.doctor import DoctorPanel
from llmstudio.ui.panels.train.doctor.panel import SHOWN
from llmstudio.ui.theme import theme


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, desk: Any) -> list[Finding]:
    """What the doctor finds, to be filled by the test."""
    found: list[Finding] = []
    monkeypatch.setattr(type(desk.session.train), "findings", property(lambda _: tuple(found)))
    return found


def ground(widget: QWidget) -> int:
    return widget.grab().toImage().pixel(widget.width() // 2, 3)


def test_before_a_run_it_says_what_speaks_for_it(desk: Any) -> None:
    made = desk.put(DoctorPanel(desk.session), 388, 200)
    desk.until(lambda: made.cards)
    assert [card.finding.severity for card in made.cards].count("bad") == 0
    assert not made.empty.isVisible()


def test_each_finding_has_its_colour_sentence_and_step(desk: Any, told: list[Finding]) -> None:
    told += [
        Finding(kind="divergence", severity="bad", text="It rises.", step=1200, cure=Cure(label="Stop", action="stop")),
        Finding(kind="dead", severity="care", text="Some units are dead."),
        Finding(kind="learning", severity="good", text="Learning steadily.", step=800),
    ]
    made = desk.put(DoctorPanel(desk.session), 388, 300)
    assert [ground(card) for card in made.cards] == [
        theme.color(f"{role}_ground").rgb() for role in ("error", "warning", "success")
    ]
    assert [card.note.text() for card in made.cards] == ["at step 1\u2009200", "", "checked at step 800"]
    assert made.cards[0].accessibleName() == "Needs you: It rises."
    first = made.cards[0]
    told[0] = replace(told[0], text="It rises more.")
    desk.beat()
    assert made.cards[0] is first, "a card whose numbers change stays, with its button under the pointer"
    assert first.text.text() == "It rises more."
    told[:] = told * 5
    desk.beat()
    assert len(made.cards) == SHOWN


def test_the_button_does_the_cure(desk: Any, told: list[Finding]) -> None:
    cure = Cure(label="Use a dropout of 0.2", action="change", fields={"dropout": 0.2})
    told.append(Finding(kind="overfitting", severity="care", text="By heart.", cure=cure))
    made = desk.put(DoctorPanel(desk.session), 388, 120)
    desk.click(made.cards[0].cure)
    assert desk.session.train.recipe.dropout == 0.2


def test_a_cure_that_cannot_be_is_told(desk: Any, told: list[Finding], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any, __: Finding) -> None:
        raise ValueError("Not now.")

    monkeypatch.setattr(type(desk.session.train), "cure", refuse)
    told.append(Finding(kind="plateau", severity="care", text="Level.", cure=Cure(label="Stop here", action="stop")))
    made = desk.put(DoctorPanel(desk.session), 388, 120)
    desk.click(made.cards[0].cure)
    assert desk.session.notices[-1].text == "Not now."
