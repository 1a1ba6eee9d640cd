"""What the room of the design shows of a run: which parts are the same, scales, readings live and past."""

import time
from math import log

import pytest
from msgspec.structs import replace

from llmstudio.core.model.spec import MLP, Attention, Block, Experts, Model, duplicate, insert, move, remove
from llmstudio.session.aligned import aligned
from llmstudio.session.alive import REMEMBERED, SPARK, spread, thin
from llmstudio.session.looking_back import MOST, chosen, following
from llmstudio.session.session import Session
from llmstudio.session.vitals import SCALES, evenness, number, reading, strongest

FOUR = Model(width=64, blocks=tuple(Block(mlp=MLP(hidden=h)) for h in (64, 128, 256, 512)))


def test_the_same_design_is_the_same_all_over() -> None:
    found = aligned(FOUR, FOUR)
    assert all(here == there for here, there in found.items())
    assert {"embed", "head", "blocks.0", "blocks.3.attn", "blocks.3.mlp"} <= set(found)
    assert aligned(replace(FOUR, width=32), FOUR) == {}


def test_blocks_are_found_where_they_went() -> None:
    longer = insert(FOUR, 1, Block(mlp=MLP(hidden=7)))
    assert aligned(longer, FOUR)["blocks.2.mlp"] == "blocks.1.mlp"
    assert "blocks.1.mlp" not in aligned(longer, FOUR)
    assert aligned(remove(FOUR, 0), FOUR)["blocks.0"] == "blocks.1"
    assert aligned(move(FOUR, 3, 0), FOUR)["blocks.1.mlp"] == "blocks.0.mlp"
    assert aligned(duplicate(FOUR, 0), FOUR)["blocks.2.mlp"] == "blocks.1.mlp"
    many = duplicate(duplicate(FOUR, 0), 0)
    assert aligned(many, FOUR)["blocks.0"] == "blocks.0", "the first of the copies, as a comparison of the two says"
    assert "blocks.1" not in aligned(many, FOUR) and "blocks.2" not in aligned(many, FOUR)


def test_of_a_changed_block_what_did_not_change_stays() -> None:
    block = replace(FOUR.blocks[1], attention=Attention(heads=2), note="mine")
    edited = replace(FOUR, blocks=(FOUR.blocks[0], block, *FOUR.blocks[2:]))
    found = aligned(edited, FOUR)
    assert found["blocks.1.mlp"] == "blocks.1.mlp"
    assert "blocks.1.attn" not in found and "blocks.1" not in found
    noted = replace(FOUR, blocks=(replace(FOUR.blocks[0], note="mine"), *FOUR.blocks[1:]))
    assert aligned(noted, FOUR)["blocks.0"] == "blocks.0", "a note changes nothing"


def test_a_changed_copy_leaves_the_others_where_they_are() -> None:
    four = replace(FOUR, blocks=(FOUR.blocks[0],) * 4)
    changed = replace(four.blocks[0], attention=Attention(heads=2))
    found = aligned(replace(four, blocks=(changed, four.blocks[1], changed, four.blocks[3])), four)
    assert all(here == there for here, there in found.items())
    assert "blocks.0.attn" not in found and {"blocks.0.mlp", "blocks.1", "blocks.3"} <= set(found)


@pytest.mark.parametrize("mode", SCALES)
def test_scales_run_from_end_to_end(mode: str) -> None:
    scale = SCALES[mode]
    middle = (scale.low * scale.high) ** 0.5 if scale.powers else (scale.low + scale.high) / 2
    shares = [scale.share(x) for x in (scale.low, middle, scale.high, 1e9, float("nan"), float("inf"))]
    assert shares == pytest.approx([0, 0.5, 1, 1, 1, 1])
    assert scale.share(0) == 0


def test_numbers_stand_alike() -> None:
    told = [number(x) for x in (0.0312, 1.0, 12.34, 250.4, 1.3e-5, -0.5, 0.0, float("nan"))]
    assert told == ["0.031", "1.0", "12", "250", "1.3e\u22125", "\u22120.50", "0", "not a number"]
    made = reading("attention", "blocks.0.attn", 0.421, 1200)
    assert (made.text, made.share) == ("42\u2009%", 0.421)
    assert made.said == "Attention entropy 42\u2009% at step 1\u2009200"
    assert reading("attention", "blocks.0.attn", float("nan"), 3).text == "not a number"
    assert reading("attention", "blocks.0.attn", 0.5, 60, (), "; heads 2.0, 2.1 bits").said.endswith("2.0, 2.1 bits")
    assert strongest([None, made, reading("attention", "x", 0.1, 3)]) is made
    assert strongest([None]) is None


def test_evenness_of_experts() -> None:
    assert evenness([0.25] * 4) == pytest.approx(1)
    assert evenness([1.0, 0, 0, 0]) == pytest.approx(0.25)
    uneven = [0.5, 0.3, 0.2]
    assert evenness(uneven) == pytest.approx(2.718281828459045 ** -sum(p * log(p) for p in uneven) / 3)


def test_looks_are_drawn_evenly_over_the_steps() -> None:
    record = {0: 1.0, 10: 2.0, 98: 3.0, 99: 4.0, 100: 5.0}
    found = spread(record, 100)
    assert len(found) == 10
    assert found == [1.0] + [2.0] * 8 + [5.0]
    assert spread(record, 10) == [1.0, 2.0]


def test_of_very_many_looks_a_few_hundred_stay() -> None:
    record: dict[int, float] = {}
    for step in range(5000):
        record[step] = float(step)
        thin(record)
        assert len(record) <= REMEMBERED
    assert min(record) == 0 and max(record) == 4999 and len(spread(record, 4999)) == SPARK


def test_a_design_of_experts_alone_has_dead_units(done: Session) -> None:
    alive, block = done.build.alive, Block(mlp=None, experts=Experts())
    assert alive.applies("dead") and not alive.applies("experts")
    done.train.show(None)
    done.build.edit(replace(done.build.model, blocks=(block,)))
    assert alive.applies("dead") and alive.applies("experts")


def test_snapshots_to_look_at() -> None:
    assert chosen([3, 1, 2]) == [1, 2, 3]
    many = chosen([*range(0, 1000, 5)])
    assert len(many) == MOST and many[0] == 0 and many[-1] == 995 and many == sorted({*many})
    order, found = [], {}
    while (step := following([0, 10, 20, 30, 40], found)) is not None:
        order.append(step)
        found[step] = None
    assert order == [40, 0, 20, 30, 10]


@pytest.fixture
def done(project: Session) -> Session:
    """A finished run of the design that is drawn."""
    session = project
    session.train.edit(replace(session.train.recipe, watch_every=3, steps=12))
    session.wait(session.train.start())
    session.wait(session.train.run.job)
    session.inside.set_probe("the snail carries")
    return session


def keep(session: Session, met: object, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "waited too long"
        session.build.alive.keep()
        session.poll()
        time.sleep(0.005)


def test_readings_of_a_run(done: Session) -> None:
    alive, run = done.build.alive, done.train.run
    alive.switch("gradient")
    found = alive.reading("blocks.1.mlp")
    assert found.value == run.health["blocks.1.mlp"].gradient.last
    assert found.spark == tuple(run.health["blocks.1.mlp"].gradient.values)
    assert alive.reading("blocks.1").value == max(alive.reading(f"blocks.1.{part}").value for part in ("attn", "mlp"))
    assert alive.looking.value is None, "the run told this itself"
    done.inside.go(6)
    assert alive.reading("embed").value == run.health["embed"].gradient.at(6)
    assert len(alive.reading("embed").spark) == 2
    alive.switch("off")
    assert alive.reading("embed") is None and alive.scale() is None and alive.why_empty == ""


def test_a_look_tells_entropy_and_maps(done: Session) -> None:
    alive, run = done.build.alive, done.train.run
    assert alive.mode == "attention"
    assert alive.reading("blocks.0.attn") is None, "nobody has looked yet"
    keep(done, lambda: alive.glance)
    maps = alive.maps("blocks.0.attn")
    assert maps.shape == (2, 16, 16)
    spread = alive.glance.seen.spread["blocks.0.attn"]
    found = alive.reading("blocks.0.attn")
    assert found.value == pytest.approx(float(spread.mean()))
    assert "; 100\u2009% would look at all alike; " in found.said
    assert alive.reading("blocks.0.mlp") is None
    done.inside.go(run.snapshots[0])
    keep(done, lambda: alive.glance and alive.glance.step == run.snapshots[0])
    assert len(alive.reading("blocks.0.attn").spark) == 1, "what came later is not known then"
    done.inside.go(None)
    keep(done, lambda: alive.glance and alive.glance.step == run.step)
    keep(done, lambda: alive.back.progress[0] == len(run.snapshots))
    assert len(alive.reading("blocks.0.attn").spark) > 2, "from the snapshots, one after the other"
    alive.switch("activity")
    assert alive.stream(0) == alive.glance.seen.stream[0] and alive.stream(9) is None
    assert [text for text, _ in alive.glance.following] and sum(p for _, p in alive.glance.following) <= 1


def test_an_edited_design_keeps_the_readings_of_what_is_the_same(done: Session) -> None:
    alive, model = done.build.alive, done.build.model
    alive.switch("gradient")
    first = alive.reading("blocks.0.mlp").value
    done.build.edit(insert(model, 0, Block(attention=None, mlp=MLP(hidden=5))))
    assert alive.reading("blocks.1.mlp").value == first
    assert alive.reading("blocks.0.mlp") is None
    done.build.edit(replace(model, width=32))
    assert alive.why_empty == f"No part of this design is as it was in {done.train.run.name}."


def test_looking_changes_nothing_of_a_run(done: Session) -> None:
    before = [*done.train.run.loss.values]
    done.wait(done.train.start())
    run, alive = done.train.run, done.build.alive
    keep(done, lambda: not run.live)
    keep(done, lambda: alive.glance and alive.glance.step == run.step)
    assert alive.glance.run == run.name
    assert [*run.loss.values] == before


def test_the_past_of_a_part(done: Session) -> None:
    back, run = done.build.alive.back, done.train.run
    end = time.monotonic() + 20
    while back.progress[0] < back.progress[1] or not back.progress[1]:
        assert time.monotonic() < end
        back.keep()
        done.poll()
        time.sleep(0.002)
    assert [step for step, _ in back.histograms("blocks.0.mlp", "outputs")] == sorted(run.snapshots)
    assert back.histograms("embed", "inputs") == []
    told = back.histograms("blocks.0.attn", "weights")
    assert [step for step, _ in told] == [each.step for each in run.histograms]
    assert all(sum(made.counts) for _, made in told)
