"""The first page: what it says of the real project, and what its keys do."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from llmstudio.core.model.spec import Block, Experts, Model
from llmstudio.core.train.recipe import Recipe
from llmstudio.session.session import Session
from llmstudio.ui import doors
from llmstudio.ui.panels.train.first_run import FirstRun
from llmstudio.ui.words.numbers import half_minutes


@pytest.fixture
def page(desk: Any) -> FirstRun:
    return desk.put(FirstRun(desk.session), 1432, 806)


def prepared(desk: Any) -> None:
    desk.session.data.prepare()
    desk.until(lambda: desk.session.data.ready)


def test_before_any_project_it_waits(qtbot: Any, qapp: Any) -> None:
    session = Session()
    try:
        page = FirstRun(session)
        qtbot.addWidget(page)
        assert not page.start.isEnabled()
        assert page.start.below() == "Getting the text ready"
    finally:
        session.close()


def test_the_cards_show_the_real_text_model_and_counts(desk: Any, page: FirstRun) -> None:
    text, model, counting, _ = page.cards
    assert "as soon as" in counting.about.text()
    prepared(desk)
    manifest = desk.session.data.manifest
    source = desk.session.data.sources[0]
    desk.until(lambda: text.lines._lines)
    assert text.lines._lines[0] == "".join(desk.session.wait(desk.session.data.preview(source.id, 0, 1))).rstrip("\n")
    assert f"{manifest.vocab} different ones" in text.counts.text()
    assert "90\u202f% of the text" in text.counts.text()
    assert text.tokens._pieces[:3] == list(text.lines.example()[:3])
    assert f"{manifest.ngrams.trigram:.2f}" in counting.bars.accessibleName()
    assert f"{desk.session.build.cost.parameters:,}".replace(",", "\u2009") in model.tower.accessibleName()
    assert "read one character at a time" in page.sentence.text()


def test_a_deep_model_says_how_many_blocks_are_not_drawn(desk: Any, page: FirstRun) -> None:
    tower = page.cards[1].tower
    build = desk.session.build
    build.edit(replace(build.model, blocks=build.model.blocks[:1] * 40))
    desk.beat()
    shown = tower.shown()
    assert -1 in shown
    assert shown[0] == 0
    assert shown[-1] == 39
    assert len(shown) < 12


def test_the_time_is_measured_before_it_is_said(desk: Any, page: FirstRun) -> None:
    prepared(desk)
    assert page.start.isEnabled()
    assert page.start.below() == ""
    assert page.tried.seconds is None
    import torch

    assert "torch" in sys.modules
    assert torch.get_num_threads() > 0
    desk.session.device = "CPU"
    desk.until(lambda: page.tried.seconds is not None)
    speed = page.tried.speed
    assert speed is not None
    assert page.tried.seconds >= 12 * speed.step
    assert page.start.below() == f"about {half_minutes(page.tried.seconds)} on this computer"
    assert page.cards[3].text._text
    assert page.cards[3].head.isVisible()
    recipe = desk.session.train.recipe
    desk.session.train.edit(replace(recipe, steps=recipe.steps * 1000))
    desk.beat()
    assert page.tried.seconds >= 12_000 * speed.step


def test_a_large_design_is_not_tried_out(desk: Any, page: FirstRun) -> None:
    prepared(desk)
    import torch  # noqa: F401

    desk.session.device = "CPU"
    build = desk.session.build
    build.edit(replace(build.model, width=4096))
    desk.beat(10)
    assert page.tried._job is None
    assert page.tried.seconds is None


def test_enter_begins(desk: Any, page: FirstRun) -> None:
    prepared(desk)
    assert page.start.isEnabled()
    desk.key(page.start, Qt.Key.Key_Return)
    desk.until(lambda: desk.session.train.run is not None)
    desk.until(lambda: not desk.session.train.busy)
    assert desk.session.train.run.state == "finished"


def test_without_text_it_says_why_it_is_off(qtbot: Any, qapp: Any, tmp_path: Path) -> None:
    session = Session()
    try:
        session.wait(session.new(tmp_path / "Empty"))
        page = FirstRun(session)
        qtbot.addWidget(page)
        assert not page.start.isEnabled()
        assert page.start.below() == "There is no text yet. Drop files on the window."
        assert "Give it a text" in page.sentence.text()
    finally:
        session.close()


class Window(QWidget):
    stage = "train"

    def choose(self, name: str) -> None:
        self.stage = name

    def bring(self, name: str) -> None:
        """This one has no panels."""


def test_its_doors_lead_to_other_stages(desk: Any, page: FirstRun) -> None:
    window = Window()
    desk.qtbot.addWidget(window)
    page.setParent(window)
    window.show()
    page.show()
    desk.beat()
    passed = []
    page.passed.connect(lambda: passed.append(True))
    desk.click(page.recipe)
    assert passed
    desk.click(page.own)
    assert window.stage == "data"
    desk.key(page.design, Qt.Key.Key_Return)
    assert window.stage == "build"
    desk.click(page.cards[3].door)
    assert window.stage == "chat"
    opened = []
    action = window.addAction("Open")
    action.setShortcut("Ctrl+O")
    action.triggered.connect(lambda: opened.append(True))
    desk.click(page.open)
    assert opened
    assert doors.house(page.open) is window
    page.setParent(None)


def test_a_mixture_of_experts_is_not_translated_ahead(monkeypatch) -> None:
    from llmstudio.core.train import compiled
    from llmstudio.session import launch
    from llmstudio.ui.panels.train.first_run.try_out import _translate

    wished = []
    monkeypatch.setattr(compiled, "why_not", lambda: None)
    monkeypatch.setattr(launch, "compiler", lambda: SimpleNamespace(start=wished.append))
    small = Model(width=32, context=16, vocab=20, blocks=(Block(),))
    recipe = Recipe(batch=2, compile=True)
    assert _translate(small, recipe) is not None and len(wished) == 1
    assert _translate(replace(small, blocks=(Block(mlp=None, experts=Experts()),)), recipe) is None and len(wished) == 1
