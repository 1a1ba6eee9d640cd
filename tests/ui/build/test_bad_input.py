"""Designs that are wrong, empty or huge on a real canvas, and deeds in an odd order: no fault, and nothing is lost."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QFileDialog, QScrollArea

from llmstudio.core.model.spec import Attention, Block, Group, Skip
from llmstudio.ui.canvas import verbs
from llmstudio.ui.panels.build.cost import words
from llmstudio.ui.panels.build.parts.size import lasting
from llmstudio.ui.panels.build.properties.editors import Cases
from llmstudio.ui.panels.build.properties.panel import PropertiesPanel
from llmstudio.ui.style import dress
from llmstudio.ui.widgets.combo import Combo
from llmstudio.ui.widgets.count_bars import CountBar, CountBars
from llmstudio.ui.widgets.measures import Measure, Measures
from tests.ui.build.conftest import FOUR, HIDDEN


@pytest.mark.parametrize("chosen", [("groups.0",), ("blocks.1",), ("blocks.0", "groups.0", "blocks.3")])
def test_ungrouping_keeps_the_blocks(session, panel, hand, chosen) -> None:
    session.build.edit(replace(FOUR, groups=(Group(first=1, last=2), Group(first=3, last=3))), select=chosen)
    hand.key("Ctrl+Shift+G")
    assert hand.hidden() == [*HIDDEN]
    assert all(verbs.block_of(path) in range(4) for path in session.build.selection)
    assert len(session.build.model.groups) == (0 if "blocks.3" in chosen else 1)


@pytest.mark.parametrize(("chosen", "written"), [("Llama 3.2", "Llama 3.2.svg"), ("a.PNG", "a.PNG"), ("b", "b.svg")])
def test_a_picture_has_the_ending_of_its_format(panel, monkeypatch, tmp_path, chosen, written) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / chosen), ""))
    panel._save("SVG", False)
    assert [path.name for path in tmp_path.iterdir()] == [written]
    assert (tmp_path / written).read_bytes()[:5] == (b"\x89PNG\r" if written == "a.PNG" else b"<?xml")


@pytest.mark.parametrize("name", ["a/b\0\n", "..", "x" * 10_000, "", " / ", "文"])
def test_any_name_of_a_design_gives_a_name_of_a_file(session, panel, monkeypatch, name) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (asked.append(a[2]) or "", ""))
    session.build.edit(replace(FOUR, name=name))
    panel._save("PNG", False)
    (start,) = asked
    assert Path(start).parent == Path.home() and Path(start).suffix == ".png" and len(Path(start).name) < 90
    assert all(letter.isprintable() for letter in start)


def test_a_picture_that_cannot_be_written_is_told_by_its_name(session, panel, tmp_path) -> None:
    (tmp_path / "d.png").mkdir()
    for path in (tmp_path / "d.png", tmp_path / "nowhere" / "x.png", tmp_path / ("x" * 300 + ".png")):
        panel.save_picture(path)
        said = session.notices[-1]
        assert (
            said.kind == "error"
            and said.text.startswith(f"{path.name} cannot be written: ")
            and ".part" not in said.text
        )
    assert [path.name for path in tmp_path.iterdir()] == ["d.png"]


def test_very_many_passes_over_a_text_are_a_whole_number() -> None:
    told = words.Reading(has=8_004, read=8_004 * 62_883 + 1_000, wanted=1_000_000)
    assert told.heading.endswith(" 62\u2009883 passes")
    assert words.Reading(has=8_004, read=12_006, wanted=1_000_000).heading.endswith(" 1.5 passes")


@pytest.mark.parametrize("context", [16, 512, 1024, 131_072, 1_048_576])
def test_options_of_attention_are_seen_whole_in_a_low_panel(qtbot, qapp, session, context) -> None:
    dress(qapp, "dark")  # with the narrow scroll bars
    window = min(context, 65_536)
    block = Block(attention=Attention(heads=8, kv_heads=2, window=window))
    session.build.edit(replace(FOUR, context=context, blocks=(block,)), select=["blocks.0.attn"])
    panel = PropertiesPanel(session)
    qtbot.addWidget(panel)
    panel.resize(360, 300)
    panel.show()
    qtbot.waitExposed(panel)
    qtbot.wait(20)
    for editor in panel.form.findChildren(Cases):
        for widget in (editor.switch, editor.number):
            assert widget.height() >= widget.sizeHint().height() and widget.geometry().right() <= editor.width()
    (area,) = panel.findChildren(QScrollArea)
    assert area.horizontalScrollBar().maximum() == 0


def test_a_text_of_one_letter_without_any_surprise_can_be_painted(qtbot) -> None:
    bars, measures = CountBars(), Measures("Losses")
    qtbot.addWidget(bars)
    qtbot.addWidget(measures)
    bars.set([CountBar(name="letters", loss=0.0, text="0.00")])
    measures.set([Measure(name="letters", value=0.0)], 0.0)
    for widget in (bars, measures):
        widget.resize(300, 60)
        assert not widget.grab().isNull()  # a fault in paintEvent fails the test


def test_a_wire_to_nowhere_offers_only_places_that_are_there(qtbot, session) -> None:
    session.build.edit(replace(FOUR, skips=(Skip(source=0, target=65_536),)), select=["skips.0"])
    panel = PropertiesPanel(session)
    qtbot.addWidget(panel)
    source, target = panel.form.findChildren(Combo)
    assert [source.itemText(i) for i in range(source.count())][:2] == ["the start", "after block 1"]
    assert source.count() == 5 and target.currentText() == "place 65536" and target.count() == 5


def test_a_time_far_beyond_the_dial_is_told_in_days_and_years() -> None:
    told = [lasting(seconds) for seconds in (0.1, 90 * 60, 86_400, 9 * 86_400, 6.4e8)]
    assert told == ["1 min", "90 min", "1\u2009440 min", "9 days", "20 years"]
