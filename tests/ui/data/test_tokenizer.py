"""The tokenizer under real hands: its kind, its tokens with the right ids, the tokens made, stopped, made again."""

import math
import random
from time import perf_counter

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest

from llmstudio.core.data.tokens import Tokens
from llmstudio.ui.panels.data.tokenizer import TokenizerPanel
from tests.material import WORDS, sample_text


@pytest.fixture
def panel(show, session, tmp_path):
    (tmp_path / "text.txt").write_text(sample_text(300), "utf-8")
    session.wait(session.data.add([tmp_path / "text.txt"]))
    return show(TokenizerPanel)


def pick(panel: TokenizerPanel, word: str) -> None:
    rect = panel.kinds.rects()[panel.kinds.words.index(word)]
    QTest.mouseClick(panel.kinds, Qt.MouseButton.LeftButton, pos=rect.center())


def use(panel, session, settle) -> None:
    QTest.mouseClick(panel.deeds.use, Qt.MouseButton.LeftButton)
    settle(lambda: session.data.ready and not session.data.busy, panel)


def write(panel: TokenizerPanel, text: str) -> None:
    panel.sample.text.selectAll()
    QTest.keyClick(panel.sample.text, Qt.Key.Key_Delete)
    QTest.keyClicks(panel.sample.text, text)


def test_before_there_are_tokens_it_says_so(panel, settle) -> None:
    assert panel.sample.cut.isHidden() and "once you use this text" in panel.sample.pointed.text()
    assert panel.deeds.sentence.text() == "Makes the tokens that a model learns from"
    assert panel.deeds.use.isEnabled() and not panel.deeds.next.isEnabled()
    settle(lambda: bool(panel.sample.text.toPlainText()), panel)
    assert sample_text().startswith(panel.sample.text.toPlainText())


def test_the_button_makes_tokens_and_says_how_many(panel, session, settle) -> None:
    use(panel, session, settle)
    manifest = session.data.manifest
    said = panel.deeds.sentence.text().replace("\u2009", "")
    assert said == f"Ready: {manifest.train_tokens} tokens to learn from, {manifest.validation_tokens} to test on"
    assert panel.deeds.next.isEnabled()


@pytest.mark.parametrize("kind", ["character", "byte", "BPE"])
def test_the_sample_has_the_tokenizers_own_tokens_and_ids(panel, session, settle, kind) -> None:
    pick(panel, kind)
    use(panel, session, settle)
    text = "the snail waits under 5 leaves"
    write(panel, text)
    tokenizer = session.data.tokenizer
    known = [piece for piece in tokenizer.pieces(text) if piece.known]
    settle(lambda: "".join(p.text for p in panel.sample.pieces) == text, panel)
    assert [p.id for p in panel.sample.pieces if p.known] == tokenizer.encode(text).tolist()
    assert list(panel.sample.strip._ids) == [str(p.id) if p.known else "–" for p in panel.sample.pieces]
    assert panel.sample.facts.text().startswith(f"{len(known)} tokens")
    missing = len(tokenizer.unknown(text))
    assert (f"{missing} character" in panel.sample.pointed.text()) == bool(missing) == (kind == "character")


def test_pointing_at_a_token_tells_its_id_and_how_often_it_comes(panel, session, settle) -> None:
    use(panel, session, settle)
    write(panel, "snail")
    settle(lambda: len(panel.sample.pieces) == 5 and panel.sample.frequencies is not None, panel)
    strip = panel.sample.strip
    QTest.mouseMove(strip, strip.rect_of(2).center())
    learned = Tokens(session.data._hall.folder.tokens).train
    id = session.data.tokenizer.encode("a")[0]
    times = int((learned == id).sum())
    assert panel.sample.pointed.text().replace("\u2009", "") == f"a  id {id}, {times} times in the training text"
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.rect_of(2).center())
    QTest.mouseMove(strip, QPoint(strip.width() - 2, strip.height() - 2))
    assert strip.selected == 2 and panel.sample.pointed.text().startswith("a  id")


def test_tokens_are_painted_on_two_grounds(panel, session, settle) -> None:
    use(panel, session, settle)
    write(panel, "snail")
    settle(lambda: len(panel.sample.pieces) == 5, panel)
    image = panel.sample.strip.grab().toImage()
    grounds = [image.pixelColor(panel.sample.strip.rect_of(n).topLeft() + QPoint(3, 3)) for n in range(3)]
    assert grounds[0] == grounds[2] != grounds[1]
    assert panel.palette().color(QPalette.ColorRole.Window) not in grounds


def test_a_change_of_kind_waits_for_the_button(panel, session, settle) -> None:
    use(panel, session, settle)
    settle(lambda: panel.sample.kind.text() == "Character", panel)
    pick(panel, "byte")
    assert session.data.settings.tokenizer == "byte" and session.data.tokenizer.kind == "character"
    assert panel.deeds.sentence.text() == "The settings changed since the tokens were made"
    assert panel.sample.kind.text() == "Character"
    use(panel, session, settle)
    settle(lambda: panel.sample.kind.text() == "Byte", panel)


def test_a_bpe_vocabulary_is_chosen_and_learned(panel, session, settle) -> None:
    assert panel.vocabulary_row.isHidden()
    pick(panel, "BPE")
    assert panel.vocabulary_row.isVisible()
    field = panel.vocabulary.field
    field.selectAll()
    QTest.keyClicks(field, "300")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert session.data.settings.vocabulary == 300
    use(panel, session, settle)
    assert session.data.manifest.vocab == session.data.tokenizer.vocab_size == 300


def test_dragging_the_vocabulary_is_one_edit_when_let_go(panel, session) -> None:
    pick(panel, "BPE")
    slider, before = panel.vocabulary.slider, session.data.settings
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 3, 14))
    QTest.mouseMove(slider, QPoint(slider.width() // 2, 14))
    assert session.data.settings == before
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 14))
    middle = math.sqrt(257 * 65_536)
    assert abs(session.data.settings.vocabulary / middle - 1) < 0.1
    session.data.undo()
    assert session.data.settings == before


def test_learning_bpe_is_stopped_within_a_second(panel, session, tmp_path, settle) -> None:
    draw = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(draw.choices(letters, k=12)) for _ in range(60_000)]
    (tmp_path / "large.txt").write_text(" ".join([*WORDS, *words * 5]), "utf-8")
    session.wait(session.data.add([tmp_path / "large.txt"]))
    pick(panel, "BPE")
    session.data.edit(type(session.data.settings)(tokenizer="bpe", vocabulary=30_000))
    QTest.mouseClick(panel.deeds.use, Qt.MouseButton.LeftButton)
    settle(lambda: panel.deeds.progress.name.text() == "Learning merges", panel)
    assert panel.deeds.progress.isVisible() and not panel.deeds.use.isVisible()
    cancel = next(c for c in panel.deeds.progress.children() if getattr(c, "accessibleName", str)() == "Cancel")
    start = perf_counter()
    QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
    settle(lambda: not session.data.busy, panel)
    assert perf_counter() - start < 1
    assert session.data.manifest is None and session.data.tokenizer is None
    assert panel.deeds.use.isVisible() and panel.deeds.use.isEnabled()


def test_what_is_kept_back_is_said_and_used(panel, session, settle) -> None:
    field = panel.share
    field.selectAll()
    QTest.keyClicks(field, "25")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert session.data.settings.validation == 0.25
    assert panel.kept.text().replace("\u2009", " ") == "The last 25 % of the text is kept back to test on"
    use(panel, session, settle)
    learned, tested = session.data.manifest.train_tokens, session.data.manifest.validation_tokens
    assert tested == pytest.approx(0.25 * (learned + tested), abs=1)


def test_splitting_by_document_takes_two_texts(panel, session, settle) -> None:
    rect = panel.splits.rects()[1]
    QTest.mouseClick(panel.splits, Qt.MouseButton.LeftButton, pos=rect.center())
    assert session.data.settings.split == "document"
    assert not panel.deeds.use.isEnabled() and "at least two texts" in panel.deeds.sentence.text()
    session.wait(session.data.paste("another text, of a few words", "other"))
    assert panel.deeds.use.isEnabled()
    use(panel, session, settle)


def test_the_sentence_follows_the_text(panel, session, settle) -> None:
    use(panel, session, settle)
    session.data.remove(session.data.sources[0].id)
    settle(lambda: not session.data.corpus.sources, panel)
    assert panel.deeds.sentence.text() == "Waits for some text" and not panel.deeds.use.isEnabled()
    session.data.undo()
    settle(lambda: session.data.ready, panel)
    assert panel.deeds.sentence.text().startswith("Ready")
    session.wait(session.data.paste("another text, of a few words", "other"))
    assert panel.deeds.sentence.text() == "The text changed since the tokens were made"
