"""The run doctor's card and the learning-rate finder, by mouse."""

from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtWidgets import QWidget

from llmstudio.core.train.finding import Cure, Finding
from llmstudio.ui.panels.train.doctor import DoctorPanel
from llmstudio.ui.panels.train.doctor.panel import SHOWN
from llmstudio.ui.panels.train.finder import FinderPanel
from llmstudio.ui.rate_finder import NOT_FOUND
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


class Tried(Struct):
    rate: float
    loss: float


class Search:
    """A finder at work, as the session holds it."""

    def __init__(self) -> None:
        self.running = True
        self.log: list[Tried] = []

    def stop(self) -> None:
        self.running = False


class Found(Struct):
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float | None
    highest: float


@pytest.fixture
def finder(desk: Any) -> FinderPanel:
    return desk.put(FinderPanel(desk.session), 480, 320)


def test_the_finder_is_watched_and_cancelled(desk: Any, finder: FinderPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    train, view = desk.session.train, finder.finder
    search = Search()
    monkeypatch.setattr(type(train), "find_rate", lambda room: setattr(room, "finder", search))
    desk.click(view.start)
    assert view.cancel.isVisible()
    assert not view.start.isVisible()
    search.log += [Tried(1e-5, 4.0), Tried(1e-4, 3.9)]
    desk.beat()
    assert view.said.text() == "2 rates tried"
    assert view.plot._rates == [1e-5, 1e-4]
    desk.click(view.cancel)
    assert not search.running
    assert view.start.isVisible()
    train.finder = None


def test_what_was_found_is_used_with_one_click(desk: Any, finder: FinderPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    train, view = desk.session.train, finder.finder
    train.edit(replace(train.recipe, learning_rate=1e-3, min_learning_rate=1e-4, matrix_rate=0.02))
    found = Found((1e-5, 1e-3, 1e-2, 0.1), (4.0, 3.0, 2.5, 8.0), 3e-3, 2e-2)
    monkeypatch.setattr(type(train), "found", property(lambda _: found))
    desk.beat()
    assert view.use.text() == "Use 3.0e−3"
    desk.click(view.use)
    recipe = train.recipe
    assert (recipe.learning_rate, recipe.min_learning_rate, recipe.matrix_rate) == (3e-3, 3e-4, 0.06)
    assert not view.use.isEnabled(), "it is used already"
    train.undo()
    assert train.recipe.learning_rate == 1e-3
    monkeypatch.setattr(type(train), "found", property(lambda _: replace(found, suggestion=None)))
    desk.beat()
    assert not view.use.isVisible()
    assert view.said.text() == NOT_FOUND


def test_the_finder_says_why_it_cannot_begin(desk: Any, finder: FinderPanel) -> None:
    build = desk.session.build
    build.edit(replace(build.model, width=15))
    desk.beat()
    assert not finder.finder.start.isEnabled()
    assert finder.finder.start.toolTip() == build.problems[0].text


def test_a_rate_is_really_looked_for(desk: Any, finder: FinderPanel) -> None:
    train, view = desk.session.train, finder.finder
    desk.click(view.start)
    desk.until(lambda: train.finder is not None and not train.finder.running)
    desk.until(lambda: train.found is not None)
    assert len(view.plot._rates) == len(train.found.rates) > 16
    assert view.use.isVisible() == (train.found.suggestion is not None)
    train.edit(replace(train.recipe, optimizer="lion"))
    desk.beat()
    assert train.found is None
    assert not view.use.isVisible(), "what was found for another optimiser is of no use"
    assert view.plot._rates == []
