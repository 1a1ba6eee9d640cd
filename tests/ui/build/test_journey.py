"""From an empty canvas to a trained design with the mouse alone, as somebody does who knows nothing of the code."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication, QPushButton

from llmstudio.core.model.spec import Skip
from llmstudio.session.session import Session
from llmstudio.ui.canvas.search import Search
from llmstudio.ui.style import dress
from llmstudio.ui.window import Window
from tests.material import make_small, sample_text
from tests.ui.build.person import Person

TWO_MINUTES = 120.0


@pytest.fixture
def window(request, qtbot, qapp, tmp_path: Path) -> Iterator[Window]:
    """A project with a little text that is ready, three steps to train, and the Build workspace."""
    dress(qapp, "dark")
    session = Session()
    session.wait(session.new(tmp_path / "Journey", preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.paste(sample_text(), "Snail"))
    make_small(session, steps=3)
    session.build.edit(replace(session.build.model, width=128, context=64))
    session.wait(session.data.prepare())
    made = Window(session)
    qtbot.addWidget(made)
    made.resize(*getattr(request, "param", (1440, 900)))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.choose("build")
    qtbot.waitUntil(lambda: all(dock.panel for dock in made.workspace.docks.values()), timeout=20_000)
    qtbot.wait(100)  # the docks settle
    yield made
    made.close()


def test_a_llama_with_windows_and_a_gated_skip_in_two_minutes(qtbot, window: Window) -> None:
    person, build = Person(window, qtbot), window.session.build
    viewport = person.view.viewport()
    person.choose("Empty")
    assert build.model.blocks == ()

    person.pick("Positions", "RoPE")
    person.pick("Final norm", "RMS")
    person.click(viewport, person.place(150, 130))
    search = QApplication.activePopupWidget()
    assert isinstance(search, Search)
    person.row(search.list, lambda text: text == "Block")
    person.select("blocks.0.mlp")
    person.pick("Activation", "SwiGLU")
    person.select("blocks.0.attn")
    person.pick("Keys, values", "grouped")

    person.menu(person.on("blocks.0"), "Duplicate")
    person.select("blocks.1.attn")
    person.pick("Sees", "a window")
    person.menu(person.on("embed"), "Select", "Select all blocks")
    person.menu(person.on("blocks.0"), "Repeat", "3 times, 6 blocks")

    person.click(person.canvas.fit)
    plan = person.canvas.scene.plan
    person.drag(person.place(0, plan.leave(1)), person.place(-60, plan.enter(5)))
    person.menu(person.on("skips.0"), "Gated")

    model = build.model
    assert model.position == "rope" and model.norm == "rms"
    assert [block.norm for block in model.blocks] == ["rms"] * 6
    assert {block.mlp.activation for block in model.blocks} == {"swiglu"}
    assert all(block.attention.kv_heads < block.attention.heads for block in model.blocks)
    assert [bool(block.attention.window) for block in model.blocks] == [False, True] * 3
    assert model.skips == (Skip(source=1, target=5, gated=True),)
    assert build.problems == [] and person.seconds <= TWO_MINUTES

    train = next(b for b in window.findChildren(QPushButton) if b.text() == "Train this design" and b.isVisible())
    person.click(train)
    runs = window.session.train.runs
    qtbot.waitUntil(lambda: bool(runs) and runs[-1].state == "finished", timeout=60_000)
    assert runs[-1].step == 3 and runs[-1].model.blocks == model.blocks and runs[-1].model.skips == model.skips
    assert person.seconds <= TWO_MINUTES


@pytest.mark.parametrize("window", [(1100, 700)], indirect=True)
def test_the_same_by_menus_in_a_small_window(qtbot, window: Window) -> None:
    person, build = Person(window, qtbot), window.session.build
    person.menu(person.ground(), "Remove all blocks")
    person.menu(person.on("embed"), "Positions", "RoPE")
    person.menu(person.on("head"), "Final norm", "RMSNorm")
    person.menu(person.ground(), "Add block")
    person.menu(person.on("blocks.0.mlp"), "Activation", "SwiGLU")
    person.menu(person.on("blocks.0.attn"), "Key/value heads", "2, shared in groups")
    person.menu(person.on("blocks.0"), "Repeat", "6 times")
    person.menu(person.ground(), "Select", "Blocks 2, 4, 6 and so on")
    person.menu(person.on("blocks.5"), "Select", "Attention of the selected blocks")
    person.menu(person.on("blocks.5.attn"), "Window", "16 tokens")
    person.click(person.canvas.fit)
    person.menu(person.on("blocks.0"), "Wire from here to", "block 6, gated")

    model = build.model
    assert model.position == "rope" and model.norm == "rms" and [block.norm for block in model.blocks] == ["rms"] * 6
    assert {block.mlp.activation for block in model.blocks} == {"swiglu"}
    assert [(block.attention.kv_heads, block.attention.window) for block in model.blocks] == [(2, None), (2, 16)] * 3
    assert model.skips == (Skip(source=1, target=5, gated=True),)
    assert build.problems == [] and person.seconds <= TWO_MINUTES
