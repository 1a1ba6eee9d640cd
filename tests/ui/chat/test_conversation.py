"""Talking as a person does: typing, sending, stopping, pointing at tokens."""

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from llmstudio.core.chat.sample import filtered
from llmstudio.session.session import Session
from llmstudio.ui.panels.chat.conversation.panel import ConversationPanel
from llmstudio.ui.panels.chat.sampler import SamplerPanel
from llmstudio.ui.panels.chat.scores import ScoresPanel
from llmstudio.ui.panels.chat.token import TokenPanel
from tests.material import make_small, sample_text

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def trained(qtbot, tmp_path):
    session = Session()
    session.wait(session.new(tmp_path / "P", preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.paste(sample_text()))
    make_small(session)
    session.wait(session.train.start())
    session.wait(session.train.run.job)
    session.chat.edit_sampler(replace(session.chat.sampler, max_tokens=12))
    yield session
    session.close()


def show(qtbot, session, *kinds):
    panels = [kind(session) for kind in kinds]
    for panel in panels:
        qtbot.addWidget(panel)
        panel.resize(600, 500)
        panel.show()
    return panels


def until(qtbot, session, panels, met):
    def check():
        session.poll()
        for panel in panels:
            panel.tick()
        return met()

    qtbot.waitUntil(check, timeout=20_000)


def say(qtbot, session, panels, words):
    panel = panels[0]
    QTest.keyClicks(panel.composer.field, words)
    QTest.keyClick(panel.composer.field, Qt.Key.Key_Return)
    until(qtbot, session, panels, lambda: not session.chat.writing and len(session.chat.messages) >= 2)


def test_enter_sends_and_the_answer_is_there(qtbot, trained):
    panels = show(qtbot, trained, ConversationPanel)
    say(qtbot, trained, panels, "the snail")
    assert [m.role for m in trained.chat.messages] == ["user", "model"]
    assert trained.chat.messages[0].text == "the snail"
    assert panels[0].composer.field.toPlainText() == ""
    assert "tokens" in panels[0].facts.text()


def test_shift_enter_breaks_the_line(qtbot, trained):
    (panel,) = show(qtbot, trained, ConversationPanel)
    QTest.keyClicks(panel.composer.field, "a")
    QTest.keyClick(panel.composer.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(panel.composer.field, "b")
    assert panel.composer.field.toPlainText() == "a\nb"
    assert not trained.chat.messages


def test_a_clicked_token_is_opened_with_its_own_numbers(qtbot, trained):
    panels = show(qtbot, trained, ConversationPanel, TokenPanel, ScoresPanel)
    conversation, opened, scores = panels
    say(qtbot, trained, panels, "the snail")
    said = trained.chat.messages[1].said
    at = conversation.transcript.point_of(1, 3)
    QTest.mouseClick(conversation.transcript.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)
    assert (trained.chat.picked.message, trained.chat.picked.token) == (1, 3)
    opened.tick()
    scores.tick()
    chances = np.exp(np.asarray(said[3].logits, np.float64) - said[3].log_sum)
    assert [row.probability for row in opened.bars._rows] == pytest.approx(chances[: len(opened.bars._rows)])
    assert opened.bars._rows[opened.bars._chosen].probability == pytest.approx(said[3].probability)
    QTest.mouseClick(conversation.transcript.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)
    assert trained.chat.picked is None


def test_the_table_follows_the_sampler_without_the_model(qtbot, trained):
    panels = show(qtbot, trained, ConversationPanel, ScoresPanel, SamplerPanel)
    say(qtbot, trained, panels, "the snail")
    asked = trained.models.ask
    trained.models.ask = None  # whoever runs the model now breaks
    trained.chat.edit_sampler(replace(trained.chat.sampler, temperature=0.5, top_k=3))
    panels[1].tick()
    trained.models.ask = asked
    said = trained.chat.messages[1].said[-1]
    full = np.zeros(trained.data.manifest.vocab)
    full[said.ids] = said.logits
    expected = np.sort(filtered(full, trained.chat.sampler))[::-1]
    shown = panels[1].table._way.chances
    assert shown == pytest.approx(expected)
    assert panels[1].table._way.kept == 3


def test_stop_keeps_what_is_written(qtbot, trained):
    panels = show(qtbot, trained, ConversationPanel)
    trained.chat.edit_sampler(replace(trained.chat.sampler, max_tokens=100_000))
    QTest.keyClicks(panels[0].composer.field, "the")
    QTest.keyClick(panels[0].composer.field, Qt.Key.Key_Return)
    until(qtbot, trained, panels, lambda: len(trained.chat.messages[-1].said) > 5)
    QTest.mouseClick(panels[0].composer.stop, LEFT)
    until(qtbot, trained, panels, lambda: not trained.chat.writing)
    assert len(trained.chat.messages[-1].said) > 5


def test_regenerate_writes_another_answer(qtbot, trained):
    panels = show(qtbot, trained, ConversationPanel)
    say(qtbot, trained, panels, "the snail")
    first = trained.chat.messages[1].text
    QTest.mouseClick(panels[0].again, LEFT)
    until(qtbot, trained, panels, lambda: not trained.chat.writing)
    assert len(trained.chat.messages) == 2 and trained.chat.messages[1].text != first


def test_without_a_model_it_says_what_to_do(qtbot, tmp_path):
    session = Session()
    session.wait(session.new(tmp_path / "P"))
    (panel,) = show(qtbot, session, ConversationPanel)
    assert panel.stack.currentWidget() is panel.empty and "Train" in panel.empty.text.text()
    assert not panel.composer.send.isEnabled()
    session.close()


def test_token_under_the_pointer_is_the_drawn_one(qtbot, trained):
    panels = show(qtbot, trained, ConversationPanel)
    say(qtbot, trained, panels, "the snail")
    transcript = panels[0].transcript
    for n, token in enumerate(trained.chat.messages[1].said):
        if token.text.strip():
            assert transcript.token_at(transcript.point_of(1, n)) == (1, n)
    assert transcript.token_at(QPoint(580, 2)) == (-1, -1)


def test_every_control_has_a_name(qtbot, trained):
    panels = show(qtbot, trained, ConversationPanel, TokenPanel, ScoresPanel, SamplerPanel)
    for panel in panels:
        for widget in panel.findChildren(QWidget):
            if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                assert widget.accessibleName(), f"{type(widget).__name__} in {panel.name} has no name"
