"""The Cost panel says what the design is, what changed since the last run, and where its time comes from."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from llmstudio.core.model.cost import cost
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import MLP, Attention, Experts, Model, Skip, change
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.speed import Speed
from llmstudio.session.run import Run
from llmstudio.session.session import Session
from llmstudio.ui.numbers import size
from llmstudio.ui.panels.build.cost import CostPanel, words
from llmstudio.ui.panels.build.cost.words import Reading

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bill(qtbot, session: Session) -> CostPanel:
    made = CostPanel(session)
    qtbot.addWidget(made)
    made.resize(360, 700)
    made.show()
    return made


def know(session: Session, step: float = 0.1) -> None:
    """As if the design had been measured."""
    estimate = session.build.estimate
    estimate._speed = Speed(step=step, read=0.01, exact=0.02, token=0.001, took=1.4)
    estimate._of, estimate._on = (session.build.model, session.train.recipe), "cpu"
    estimate.changed.emit()


def test_the_time_is_a_forecast_and_says_where_it_is_from(session, bill) -> None:
    assert bill.time.text() == "\N{EN DASH}" and bill.state.text() == "not measured"
    session.train.edit(Recipe(steps=2000, sample_tokens=1))
    know(session)
    assert bill.time.text() == "3:20"  # 2000 steps of 0.1 s, and a few letters
    assert bill.state.text() == "measured here in 1.4\N{THIN SPACE}s"
    session.build.edit(replace(session.build.model, blocks=session.build.model.blocks * 2))
    assert bill.state.text() == "estimated from the last probe"
    assert session.build.estimate.seconds > 200


def test_the_numbers_are_those_of_the_design(session, bill) -> None:
    assert bill.parameters.text().replace("\N{THIN SPACE}", "") == str(cost(session.build.model).parameters)
    details = dict(bill.details.rows)
    assert details["cache for each token, writing"] == "2.0 kB"  # 4 blocks of 2 x 64 numbers of 4 bytes
    assert "weights that a token goes through" not in details
    mixed = change(session.build.model, "blocks.0.moe", Experts(experts=4, top_k=1))
    session.build.edit(mixed)
    assert dict(bill.details.rows)["weights that a token goes through"]


def test_memory_follows_the_batch(session, bill) -> None:
    before = session.build.estimate.memory
    session.train.edit(replace(session.train.recipe, batch=4 * session.train.recipe.batch))
    after = session.build.estimate.memory
    assert bill.memory.text() == size(after.total)
    assert after.activations == 4 * before.activations and after.weights == before.weights


def test_what_changed_since_a_run_is_shown_and_taken_back(session, bill) -> None:
    before = session.build.model
    run = Run(name="run 1", number=1, model=before, recipe=session.train.recipe)
    session.train.run = run
    session.build.edit(replace(before, name="Another name"))
    assert not bill.changed.isVisible()
    heads = replace(before.blocks[1].attention, heads=8)
    session.build.edit(replace(change(before, "blocks.1.attn", heads), skips=(Skip(source=0, target=3, gated=True),)))
    assert bill.changed.isVisible() and bill.since.text() == "Changed since run 1"
    assert ("blocks.1.attn.heads", "4", "8") in bill.changes.rows
    assert ("skips.0", "none", "start to 4, gated") in bill.changes.rows
    assert bill.deltas[0].text() == "+ 1"  # the gate
    QTest.mouseClick(bill.back, LEFT)
    assert session.build.model.blocks == before.blocks and not bill.changed.isVisible()
    session.notices[-1].deed[1]()
    assert session.build.model.skips


def test_a_card_that_is_chosen_is_told_of(session, bill) -> None:
    QTest.mouseClick(bill.elsewhere.head, LEFT)
    assert "fits its 24 GB" in bill.card.text() and "data sheet" in bill.card.text()
    session.build.edit(PRESETS["gpt2-xl"].model)
    session.train.edit(PRESETS["gpt2-xl"].recipe)
    assert "too large" in bill.card.text()


def test_shares_add_up() -> None:
    for preset in PRESETS.values():
        assert sum(share.part for share in words.shares(cost(preset.model))) == pytest.approx(1, abs=0.02)


def test_the_text_is_held_against_the_size() -> None:
    bill = cost(Model())
    found = words.reading(bill, Recipe(steps=100, batch=10), 64, 32_000)
    assert found == Reading(32_000, 64_000, 20 * bill.parameters) and found.passes == 2
    assert found.sentence.startswith("Fine for learning.")
    much = found._replace(has=21 * bill.parameters)
    assert "21 tokens for each weight" in much.sentence and "enough" in much.sentence
    assert "read 40 times" in found._replace(read=40 * 32_000).sentence
    assert words.reading(bill, Recipe(), 64, 0) is None


def test_the_gauge_puts_each_ten_as_far_as_the_other(session, bill) -> None:
    gauge = bill.gauge
    gauge.resize(300, gauge.height())
    gauge.set(Reading(1_000_000, 2_000_000, 16_000_000))
    assert gauge.limits() == (5, 8)
    places = [gauge.place(10**n) for n in (5, 6, 7, 8)]
    assert places == pytest.approx([0, 100, 200, 300])


def test_durations() -> None:
    said = [words.duration(seconds) for seconds in (7, 208, 3725, 12 * 86_400, 3 * 365.25 * 86_400)]
    assert said == ["0:07", "3:28", "1:02:05", "12 days", "3 years"]


def test_differences_in_several_blocks_are_one_line() -> None:
    before = PRESETS["nano"].model
    after = replace(before, blocks=tuple(replace(b, mlp=MLP(activation="silu")) for b in before.blocks))
    assert words.changes(before, after) == [("2 blocks.mlp.activation", "relu2", "silu")]
    assert words.changes(before, change(before, "blocks.1.attn", None))[0][1:] == ("there", "none")
    assert words.changes(before, change(before, "blocks.0.attn", Attention(heads=8, qk_norm=True)))
