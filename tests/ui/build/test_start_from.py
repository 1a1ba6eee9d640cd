"""A design to start from brings the recipe that it is trained with."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from llmstudio.core.model.presets import PRESETS
from llmstudio.ui.panels.build.parts import PartsPanel

NANO, NANOGPT = PRESETS["nano"], PRESETS["nanogpt-shakespeare-cpu"]


@pytest.fixture
def parts(qtbot, session):
    made = PartsPanel(session)
    qtbot.addWidget(made)
    made.resize(208, 600)
    made.show()
    return made


def choose(parts, key):
    rows = parts.designs
    row = next(n for n, each in enumerate(rows.rows.rows) if each.key == key)
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualRect(rows.rows.index(row)).center())


def test_the_recipe_follows_the_design_and_can_be_had_back(session, parts):
    before = replace(NANO.recipe, prompt="Odo: ")
    session.train.edit(before)
    choose(parts, "nanogpt-shakespeare-cpu")
    assert session.build.model.name == NANOGPT.model.name
    assert session.train.recipe == replace(NANOGPT.recipe, prompt="Odo: ")
    assert "nanoGPT" in session.notices[-1].text
    session.notices[-1].deed[1]()
    assert session.train.recipe == before


def test_a_recipe_of_ones_own_stays(session, parts):
    mine = replace(NANO.recipe, batch=5)
    session.train.edit(mine)
    choose(parts, "nanogpt-shakespeare-cpu")
    assert session.train.recipe == mine and not session.notices
