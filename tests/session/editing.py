"""Random edits of a design, as a person makes them, beside a naive model of what they should do.

The naive model keeps the stream as a row of places, each a set of labels, with a name for each block between. A wire is
tied to two labels. A block put in makes a new place; one taken out lets two places fall together.
"""

from itertools import count
from typing import Any

import torch
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from llmstudio.core.model import cost, edits, spec
from llmstudio.core.model.check import problems
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Block, Model, Skip
from llmstudio.session.build import BuildRoom
from llmstudio.session.signal import Signal
from tests.core.model.specs import blocks, models, parts

MOST = 10  # blocks
TRAINED = 15  # of so many designs without problems one is trained, and the last of each sequence


class Hall:
    """As much of a hall as the room needs while no project is open."""

    opened = None

    def __init__(self) -> None:
        self.told: list[str] = []

    def say(self, text: str, kind: str = "info") -> None:
        self.told.append(text)


class Data:
    manifest = None

    def __init__(self) -> None:
        self.changed = Signal()


class Stream:
    """The naive model of places, block names and wires."""

    fresh = count()

    def __init__(self, model: Model) -> None:
        self.places = [{next(self.fresh)} for _ in range(len(model.blocks) + 1)]
        labels = [min(place) for place in self.places]
        self.wires = [(labels[s.source], labels[s.target], s.gated) for s in model.skips]
        self.first_new = next(self.fresh)

    def insert(self, i: int) -> None:
        self.places.insert(i, {next(self.fresh)})

    def remove(self, i: int) -> None:
        self.places[i : i + 2] = [self.places[i] | self.places[i + 1]]
        self.wires = [w for w in self.wires if self.at(w[0]) < self.at(w[1])]

    def connect(self, source: int, target: int, gated: bool) -> None:
        self.wires.append((min(self.places[source]), min(self.places[target]), gated))

    def keep(self, chosen: list[int]) -> None:
        """Wires among these blocks that end after the last of them end there still, after something was put there."""
        end = chosen[-1] + 1
        ends = {*chosen, *(i + 1 for i in chosen)}
        was = [i for i, place in enumerate(self.places) if min(place) < self.first_new]  # places there were before
        for k, (a, b, gated) in enumerate(self.wires):
            source, target = was.index(self.at(a)), was.index(self.at(b))
            if target == end and source in ends:
                self.wires[k] = (a, min(self.places[end]), gated)

    def at(self, label: int) -> int:
        return next(i for i, place in enumerate(self.places) if label in place)

    @property
    def skips(self) -> tuple[Skip, ...]:
        return tuple(Skip(source=self.at(a), target=self.at(b), gated=gated) for a, b, gated in self.wires)


class Undoing(RuleBasedStateMachine):
    """Undo and redo are exact, wires stay right, and what has no problems builds, trains and has the counted size."""

    def __init__(self) -> None:
        super().__init__()
        self.room = BuildRoom(Hall(), Data())  # type: ignore[arg-type]
        self.past: list[Model] = []
        self.future: list[Model] = []
        self.now = self.room.model
        self.drags = count()
        self.built: set[Model] = set()

    @initialize(model=models())
    def begin(self, model: Model) -> None:
        self.take(model)

    # the two sides

    def take(self, model: Model, what: str = "", select: Any = None) -> None:
        """Edit the room, and remember what undo should bring back."""
        self.room.edit(model, what, select)
        if model != self.now:
            self.past.append(self.now)
            self.future.clear()
            self.now = model

    def check_wires(self, stream: Stream) -> None:
        assert self.room.model.skips == stream.skips

    @property
    def depth(self) -> int:
        return len(self.now.blocks)

    def some(self, data: Any) -> list[int]:
        return sorted(data.draw(st.sets(st.integers(0, self.depth - 1), min_size=1, max_size=3)))

    def roomy(self) -> bool:
        return 0 < self.depth < MOST

    # undo and redo

    @rule(widths=st.lists(st.sampled_from([16, 24, 48]), min_size=1, max_size=4))
    def drag(self, widths: list[int]) -> None:
        """Many quick edits of one thing undo as one; one that ends where it began is none."""
        before, what = self.now, f"width {next(self.drags)}"
        for width in widths:
            self.room.edit(replace(self.now, width=width), what)
        if any(width != before.width for width in widths):
            self.future.clear()
        self.now = replace(before, width=widths[-1])
        if self.now != before:
            self.past.append(before)

    @rule(times=st.integers(1, 5))
    def undo(self, times: int) -> None:
        for _ in range(times):
            self.room.undo()
            if self.past:
                self.future.append(self.now)
                self.now = self.past.pop()

    @rule(times=st.integers(1, 5))
    def redo(self, times: int) -> None:
        for _ in range(times):
            self.room.redo()
            if self.future:
                self.past.append(self.now)
                self.now = self.future.pop()

    # what always holds

    @invariant()
    def the_room_has_what_was_made(self) -> None:
        assert self.room.model == self.now
        assert (self.room.can_undo, self.room.can_redo) == (bool(self.past), bool(self.future))
        assert spec.from_json(spec.to_json(self.now)) == self.now
        assert all(spec.part(self.now, path) is not None for path in self.room.selection)

    @invariant()
    def wires_and_groups_stay_within(self) -> None:
        assert not [p for p in self.room.problems if p.where.startswith(("skips", "groups"))]

    @invariant()
    def what_has_no_problems_builds_as_counted(self) -> None:
        if not self.room.problems and self.now not in self.built:
            self.built.add(self.now)
            gpt = GPT(self.now, seed=1)
            assert sum(p.numel() for p in gpt.parameters()) == self.room.cost.parameters == cost.total(self.now)
            if len(self.built) % TRAINED == 0:
                train_a_step(gpt)

    def teardown(self) -> None:
        if not problems(self.now):
            train_a_step(GPT(self.now, seed=1))


class Editing(Undoing):
    """All edits of blocks, parts and wires."""

    # edits of blocks

    @precondition(lambda self: self.depth < MOST)
    @rule(data=st.data(), block=blocks())
    def insert(self, data: Any, block: Block) -> None:
        i = data.draw(st.integers(0, self.depth))
        stream = Stream(self.now)
        stream.insert(i)
        self.take(spec.insert(self.now, i, block), select=[f"blocks.{i}"])
        self.check_wires(stream)
        assert self.room.model.blocks[i] == block and self.room.selected == f"blocks.{i}"

    @precondition(lambda self: self.depth > 0)
    @rule(data=st.data())
    def remove(self, data: Any) -> None:
        chosen, before = self.some(data), self.now
        stream = Stream(before)
        for i in reversed(chosen):
            stream.remove(i)
        self.take(edits.remove_all(before, chosen))
        self.check_wires(stream)
        assert self.now.blocks == tuple(b for i, b in enumerate(before.blocks) if i not in chosen)

    @precondition(lambda self: self.depth > 0)
    @rule(data=st.data())
    def move(self, data: Any) -> None:
        chosen, before = self.some(data), self.now
        gap = data.draw(st.integers(0, self.depth))
        self.take(edits.move_all(before, chosen, gap))
        assert self.now.skips == before.skips
        landed = [self.now.blocks[i] for i in edits.landing(chosen, gap)]
        assert landed == [before.blocks[i] for i in chosen]
        rest = [b for i, b in enumerate(self.now.blocks) if i not in edits.landing(chosen, gap)]
        assert rest == [b for i, b in enumerate(before.blocks) if i not in chosen]

    @precondition(Undoing.roomy)
    @rule(data=st.data())
    def duplicate(self, data: Any) -> None:
        chosen, before = self.some(data), self.now
        stream = Stream(before)
        for k in range(len(chosen)):
            stream.insert(chosen[-1] + 1 + k)
        stream.keep(chosen)
        self.take(edits.duplicate_all(before, chosen))
        kept = Stream(replace(self.now, skips=self.now.skips[: len(before.skips)]))
        assert kept.skips == stream.skips
        after = chosen[-1] + 1
        assert self.now.blocks[after : after + len(chosen)] == tuple(before.blocks[i] for i in chosen)

    @precondition(Undoing.roomy)
    @rule(data=st.data(), times=st.integers(1, 3))
    def repeat(self, data: Any, times: int) -> None:
        first = data.draw(st.integers(0, self.depth - 1))
        last = data.draw(st.integers(first, min(first + 1, self.depth - 1)))
        before = self.now
        self.take(edits.repeat(before, first, last, times))
        piece = before.blocks[first : last + 1]
        assert self.now.blocks == before.blocks[:first] + piece * times + before.blocks[last + 1 :]

    @precondition(Undoing.roomy)
    @rule(data=st.data())
    def split(self, data: Any) -> None:
        able = [i for i, block in enumerate(self.now.blocks) if edits.can_split(block)]
        if able:
            i = data.draw(st.sampled_from(able))
            stream = Stream(self.now)
            stream.insert(i + 1)
            self.take(edits.split(self.now, i))
            self.check_wires(stream)

    @precondition(Undoing.roomy)
    @rule(data=st.data(), cut=st.booleans())
    def paste(self, data: Any, cut: bool) -> None:
        """Through the room and its clipboard; a cut is an edit of its own."""
        chosen, before = self.some(data), self.now
        self.room.select_all(f"blocks.{i}" for i in chosen)
        if cut:
            self.room.cut()
            self.past.append(before)
            self.future.clear()
            self.now = edits.remove_all(before, chosen)
            assert self.room.model == self.now
        else:
            self.room.copy()
        gap = data.draw(st.integers(0, self.depth))
        self.room.paste(gap)
        self.past.append(self.now)
        self.future.clear()
        self.now = self.room.model
        assert self.room.selected_blocks == [*range(gap, gap + len(chosen))]
        assert self.now.blocks[gap : gap + len(chosen)] == tuple(before.blocks[i] for i in chosen)

    @precondition(lambda self: self.depth > 0)
    @rule(data=st.data())
    def group(self, data: Any) -> None:
        first = data.draw(st.integers(0, self.depth - 1))
        last = data.draw(st.integers(first, self.depth - 1))
        self.take(edits.group(self.now, first, last, "Some"))

    @precondition(lambda self: bool(self.now.groups))
    @rule(data=st.data(), whole=st.booleans())
    def ungroup(self, data: Any, whole: bool) -> None:
        """Or remove the group with all its blocks."""
        k = data.draw(st.integers(0, len(self.now.groups) - 1))
        self.take(edits.remove_paths(self.now, [f"groups.{k}"]) if whole else edits.ungroup(self.now, k))

    # edits of parts and wires

    @precondition(lambda self: self.depth > 0)
    @rule(data=st.data(), name=st.sampled_from([*spec.PARTS]), there=st.booleans())
    def put_part(self, data: Any, name: str, there: bool) -> None:
        for i in self.some(data):
            self.take(spec.change(self.now, f"blocks.{i}.{name}", data.draw(parts(name)) if there else None))

    @precondition(lambda self: self.depth > 0)
    @rule(
        data=st.data(),
        fields=st.sampled_from(
            [{"heads": 5}, {"window": 99}, {"window": None}, {"sinks": 2}, {"position": "rope"}, {"head_width": 3}]
        ),
    )
    def break_attention(self, data: Any, fields: dict[str, Any]) -> None:
        chosen = [f"blocks.{i}.attn" for i in self.some(data) if self.now.blocks[i].attention]
        self.take(edits.change_all(self.now, chosen, fields))

    @rule(
        fields=st.sampled_from(
            [{"width": 16}, {"width": 24}, {"width": 7}, {"context": 4}, {"context": 12}, {"vocab": 9}]
            + [{"position": "rope"}, {"position": "sinusoidal"}, {"position": "alibi"}, {"tied": True}, {"norm": "rms"}]
            + [{"norm_gain": False}, {"dropout": 0.1}, {"softcap": 3.0}, {"embed_norm": True}, {"head_bias": True}]
        )
    )
    def change_whole(self, fields: dict[str, Any]) -> None:
        self.take(replace(self.now, **fields))

    @precondition(lambda self: self.depth > 0)
    @rule(data=st.data(), gated=st.booleans())
    def connect(self, data: Any, gated: bool) -> None:
        target = data.draw(st.integers(1, self.depth))
        source = data.draw(st.integers(0, target - 1))
        stream = Stream(self.now)
        stream.connect(source, target, gated)
        self.take(replace(self.now, skips=(*self.now.skips, Skip(source=source, target=target, gated=gated))))
        self.check_wires(stream)

    @precondition(lambda self: bool(self.now.skips))
    @rule(data=st.data())
    def disconnect(self, data: Any) -> None:
        k = data.draw(st.integers(0, len(self.now.skips) - 1))
        stream = Stream(self.now)
        del stream.wires[k]
        self.take(edits.remove_paths(self.now, [f"skips.{k}"]))
        self.check_wires(stream)

    @precondition(lambda self: bool(problems(self.now)))
    @rule(data=st.data())
    def mend(self, data: Any) -> None:
        fixes = [fix for problem in problems(self.now) for fix in problem.fixes]
        assert fixes
        self.take(data.draw(st.sampled_from(fixes)).model)


def train_a_step(gpt: GPT) -> None:
    """Plain gradient descent: a real optimiser brings in torch's compiler, which takes seconds."""
    model = gpt.train().spec
    before = [p.detach().clone() for p in gpt.parameters()]
    idx = torch.randint(model.vocab, (2, model.context + 1))
    loss = torch.nn.functional.cross_entropy(gpt(idx[:, :-1]).flatten(0, 1), idx[:, 1:].flatten())
    loss.backward()
    with torch.no_grad():
        for p in gpt.parameters():
            if p.grad is not None:
                p -= 0.1 * p.grad
    assert loss.isfinite()
    assert all(p.isfinite().all() for p in gpt.parameters())
    assert model.vocab == 1 or any(not torch.equal(old, new) for old, new in zip(before, gpt.parameters(), strict=True))
