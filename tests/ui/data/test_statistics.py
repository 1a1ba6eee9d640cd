"""The counts are those of the training tokens, and the sentences are made from them."""

from collections import Counter
from time import perf_counter

import pytest
from msgspec.structs import replace
from PySide6.QtTest import QTest

from llmstudio.core.data.tokens import Tokens
from llmstudio.ui.panels.data.statistics import StatisticsPanel
from llmstudio.ui.widgets.columns import axis
from llmstudio.ui.words.numbers import fixed
from tests.material import sample_text


@pytest.fixture
def panel(show, session, tmp_path, settle):
    (tmp_path / "text.txt").write_text(sample_text(300), "utf-8")
    session.wait(session.data.add([tmp_path / "text.txt"]))
    return show(StatisticsPanel)


@pytest.fixture
def full(panel, session, settle):
    session.wait(session.data.prepare())
    settle(lambda: bool(panel.columns._columns), panel)
    return panel


def test_before_the_tokens_it_offers_to_make_them(panel, session, settle) -> None:
    assert panel.stack.currentWidget() is panel.empty and panel.use.isVisible()
    panel.use.click()
    settle(lambda: bool(panel.columns._columns), panel)
    assert session.data.ready


def test_the_columns_are_the_commonest_training_tokens(full, session) -> None:
    counted = Counter(Tokens(session.data._hall.folder.tokens).train.tolist())
    tokenizer = session.data.tokenizer
    wanted = [(tokenizer.token(id), n) for id, n in counted.most_common()]
    found = [(column.text, column.count) for column in full.columns._columns]
    assert Counter(found) == Counter(wanted[: len(found)]) and [n for _, n in found] == [n for _, n in wanted]
    n = full.columns.fits
    assert full.spread.text().startswith(f"{n} of {len(counted)} different tokens")


def test_a_column_says_what_it_stands_for(full, session) -> None:
    first = full.columns._columns[0]
    assert first.hint.splitlines()[0].replace("\u2009", "") == f"·, {first.count} times"
    QTest.mouseMove(full.columns, full.columns.rect_of(0).center().toPoint())
    assert full.columns._hovered == 0


def test_counting_models_are_those_of_the_manifest(full, session) -> None:
    ngrams = session.data.manifest.ngrams
    shown = {row.name: row.value for row in full.models._rows}
    assert shown == {
        "guessing": ngrams.uniform,
        "unigram": ngrams.unigram,
        "bigram": ngrams.bigram,
        "trigram": ngrams.trigram,
    }
    best = min(("unigram", "bigram", "trigram"), key=lambda name: shown[name])
    assert f"more than {best} counts once its loss is below {fixed(shown[best])}" in full.counted.text()


def test_a_known_floor_is_a_row(full, session, settle) -> None:
    session.edit_project(floor=0.321)
    session.data.edit(replace(session.data.settings, validation=0.2))
    session.wait(session.data.prepare())
    settle(lambda: len(full.models._rows) == 5, full)
    assert full.models._rows[-1].name == "floor" and full.models._rows[-1].value == 0.321
    assert "No model can get below 0.32" in full.counted.text()


def test_the_split_is_in_words_and_an_old_one_is_marked(full, session) -> None:
    manifest = session.data.manifest
    words = [part.replace("\u2009", "") for part in full.parts.words()]
    assert words == [f"{manifest.train_tokens} tokens to learn from", f"{manifest.validation_tokens} to test on"]
    assert full.old.isHidden()
    session.data.edit(replace(session.data.settings, validation=0.3))
    full.tick()
    assert full.old.isVisible() and full.old.text() == "before the last change"


def test_too_little_text_is_said(panel, session, settle) -> None:
    session.data.remove(session.data.sources[0].id)
    session.wait(session.data.paste("abcdefgh", "few"))
    session.wait(session.data.prepare())
    panel.tick()
    assert session.data.manifest.ngrams is None
    assert panel.models.isHidden() and "Too little text" in panel.counted.text()


def test_a_tick_is_short(full) -> None:
    start = perf_counter()
    for _ in range(10):
        full.tick()
    assert (perf_counter() - start) / 10 < 0.008


@pytest.mark.parametrize(
    ("high", "words"),
    [(170_000, "0|50 k|100 k|150 k"), (3_400_000, "0|1 M|2 M|3 M"), (7, "0|2|4|6"), (1, "0|1")],
)
def test_the_axis_keeps_one_unit(high, words) -> None:
    assert "|".join(said.replace("\u2009", " ") for _, said in axis(high)) == words
