"""What the canvas shows of a run: one number for every part, chosen by a switch, live or at a moment of the past.

Gradients, updates and activations are those that the run told; entropy, dead units, experts and attention maps come
from a look at the probe text, about once a second while somebody watches, and not at all while nobody does.
"""

import time
from bisect import bisect_right
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from ..core.model.spec import PARTS, Model
from . import vitals
from .aligned import aligned
from .hall import Hall
from .latest import Key, Latest
from .looking_back import SIGNS, LookingBack
from .run import Run
from .runs import Runs
from .series import Series
from .vitals import THIN, Mode, Reading, Scale, strongest
from .weights import Weights

if TYPE_CHECKING:
    import numpy as np

    from ..core.inside.alive import Seen

LOOK_EVERY = 1.0  # least seconds between two looks at a run that goes on
TELL_EVERY = 0.25  # least seconds between two pictures of it
LONGEST = 64  # tokens of the probe that are looked at
LIKELIEST = 5
LOOKED: tuple[Mode, ...] = ("activity", "attention", "dead", "experts")  # for these the probe text is read
SPARK = 40  # points of a small curve, about
REMEMBERED = 400  # looks that a small curve is drawn from; of more, every second one goes
NEEDED = {"attention": ("attention",), "dead": ("mlp", "experts"), "experts": ("experts",)}  # parts that have it
SERIES = {"gradient": "gradient", "update": "update", "activity": "activation", "dead": "dead"}  # of `PartSeries`


class Moments(Protocol):
    """The room that holds the probe text and the moment looked at."""

    probe: str
    moment: int | None


class Glance(Struct, frozen=True, kw_only=True):
    """One look at the probe text."""

    run: str
    step: int
    probe: str
    texts: tuple[str, ...]  # of the tokens read
    following: tuple[tuple[str, float], ...]  # the likeliest next tokens and their probabilities
    seen: "Seen"


class Alive:
    """`changed` tells that readings are other ones. Call `keep` while they are on the screen; nothing runs without."""

    def __init__(self, hall: Hall, model: "Drawn", runs: Runs, moments: Moments, weights: Weights) -> None:
        self._drawn, self._runs, self._moments, self._weights = model, runs, moments, weights
        self.mode: Mode = "attention"
        self.back = LookingBack(hall, runs, moments, weights)
        self.looking: Latest[Glance] = Latest(hall, self._key, self._ask)
        self._hall = hall
        self.changed = self.looking.changed
        self._far, self._far_at, self._told_at = 0, 0.0, 0.0
        self._told: object = None
        self._same: tuple[Model, Model, dict[str, str]] | None = None
        self._record: dict[tuple[object, ...], dict[int, float]] = {}  # what looks found, by step
        self.looking.changed.connect(self._took)

    # the switch

    def switch(self, mode: Mode) -> None:
        if mode != self.mode:
            self.mode = mode
            self._told = None
            self.changed.emit()

    def applies(self, mode: Mode) -> bool:
        """Whether any part of the run looked at can have such a reading."""
        run = self._runs.run
        blocks = run.model.blocks if run else self._drawn.model.blocks
        needed = NEEDED.get(mode, ())
        return not needed or any(getattr(block, field) is not None for block in blocks for field in needed)

    @property
    def run(self) -> Run | None:
        """The run that is shown, if anything is."""
        return None if self.mode == "off" else self._runs.run

    def scale(self) -> Scale | None:
        """What the colours mean; None while off."""
        return vitals.SCALES.get(self.mode)

    def keep(self) -> None:
        """Take in what is new and look again if it is time."""
        run = self.run
        if run is None or self._hall.opened is None:
            return
        now = time.monotonic()
        if now - self._far_at >= LOOK_EVERY and run.step != self._far:
            self._far, self._far_at = run.step, now
        if self.mode in LOOKED and self._weighty(run):
            self.looking.keep()
        if self.mode in SIGNS and run.snapshots:
            self.back.keep()
        state = (run, run.cuts, self._measured(run), self._moments.moment, self.mode, self.back.progress)
        if state != self._told and now - self._told_at >= TELL_EVERY:
            self._told, self._told_at = state, now
            self.changed.emit()

    def leave(self) -> None:
        """The project is closed."""
        self._told, self._same = None, None
        self._record.clear()
        self.looking.reset()
        self.back.leave()

    # what is known

    @property
    def why_empty(self) -> str:
        """Why no part has a reading, in one sentence; "" where one has."""
        run, model = self.run, self._drawn.model
        if run is None:
            return ""
        if any(self.reading(path) for path in ("embed", *(f"blocks.{i}" for i in range(len(model.blocks))))):
            return ""
        if not any(self._trained(f"blocks.{i}.{name}") for i in range(len(model.blocks)) for name in PARTS):
            return f"No part of this design is as it was in {run.name}."
        if not self.applies(self.mode):
            return f"No part of {run.name} has this reading."
        if self.mode in LOOKED:
            if not self._weighty(run):
                return f"{run.name} is getting ready." if run.live else f"{run.name} has no weights yet."
            return self.looking.error or "Looking at the model."
        every = run.recipe_now.watch_every
        if not every:
            return "Not measured: health every is 0 in the recipe."
        if run.live:
            return f"The first measurement comes at step {(run.step // every + 1) * every:,}.".replace(",", THIN)
        return f"Nothing was measured in {run.name}."

    @property
    def glance(self) -> Glance | None:
        """The newest look at the probe text, if it is of the run that is shown."""
        found = self.looking.value
        return found if found and self.run and found.run == self.run.name and self.mode in LOOKED else None

    def reading(self, path: str) -> Reading | None:
        """Of a part; of a block or a group, that of its part with the strongest colour. None where there is none."""
        kind, *rest = path.split(".")
        if kind == "groups":
            if not rest or int(rest[0]) >= len(self._drawn.model.groups):
                return None
            group = self._drawn.model.groups[int(rest[0])]
            return strongest(self.reading(f"blocks.{i}") for i in range(group.first, group.last + 1))
        if kind == "blocks" and len(rest) == 1:
            return strongest(self.reading(f"{path}.{name}") for name in PARTS)
        return self._of_part(path)

    def maps(self, path: str) -> "np.ndarray | None":
        """(H, T, T) attention of each head at the newest look: query, key. None where there is none."""
        found = self.glance if self.mode == "attention" else None
        there = self._trained(path)
        return found.seen.attention.get(there) if found and there else None

    def load(self, path: str) -> tuple[float, ...]:
        """Share of the choices that went to each expert of a mixture; nothing where it is not known."""
        found, there = self.glance, self._trained(path)
        return found.seen.load.get(there, ()) if found and there else ()

    def stream(self, place: int) -> float | None:
        """RMS of the residual stream at a place, while activations are shown and the design is the run's."""
        found, run = self.glance, self.run
        if found is None or run is None or self.mode != "activity":
            return None
        if len(run.model.blocks) != len(self._drawn.model.blocks):
            return None
        return found.seen.stream[place] if place < len(found.seen.stream) else None

    def trained(self, path: str) -> str | None:
        """The path of the same part in the run looked at; None where the run's design has no such part."""
        return self._trained(path)

    # inside

    def _of_part(self, path: str) -> Reading | None:
        run, there = self.run, self._trained(path)
        if run is None or there is None:
            return None
        moment = self._moments.moment
        series = getattr(run.health.get(there), SERIES.get(self.mode, ""), None)
        if series is not None and len(series):
            value = series.last if moment is None else series.at(moment)
            if value is not None:
                return vitals.reading(self.mode, path, value, self._step(series, moment), series.thinned(SPARK, moment))
        found = self.glance
        looked = vitals.looked(self.mode, there, found.seen) if found else None
        if found is None or looked is None:
            return None
        value, more = looked
        record = self.back.values(self.mode, there)
        record |= self._record.get((run.name, run.cuts, found.probe, there, self.mode), {})
        return vitals.reading(self.mode, path, value, found.step, spread(record, found.step), more)

    def _took(self) -> None:
        """Remember what the newest look found, for the small curves."""
        found, run = self.glance, self.run
        if found is None or run is None:
            return
        for path in (*found.seen.spread, *found.seen.load, *found.seen.dead):
            if looked := vitals.looked(self.mode, path, found.seen):
                key = (run.name, run.cuts, found.probe, path, self.mode)
                record = self._record.setdefault(key, {})
                record[found.step] = looked[0]
                thin(record)

    def _step(self, series: Series, moment: int | None) -> int:
        return int(series.steps[-1 if moment is None else bisect_right(series.steps, moment) - 1])

    def _trained(self, path: str) -> str | None:
        run = self._runs.run
        if run is None:
            return None
        if self._same is None or self._same[0] is not self._drawn.model or self._same[1] is not run.model:
            self._same = (self._drawn.model, run.model, aligned(self._drawn.model, run.model))
        return self._same[2].get(path)

    def _measured(self, run: Run) -> int:
        return run.looks[-1].step if run.looks else 0

    def _weighty(self, run: Run) -> bool:
        """Whether there are weights to look at."""
        return bool(run.snapshots) if run.state in ("preparing", "failed") else run.live or bool(run.snapshots)

    def _key(self) -> Key:
        run, moment = self.run, self._moments.moment
        far = self._far if run and moment is None else None
        return Key(whose=run and run.name, what=(moment, self._moments.probe), far=far)

    def _ask(self) -> "Future[Glance]":
        run = self.run
        assert run is not None
        folder, look = self._runs.folder(run), self.looking.timed(self._look)
        return self._hall.models.ask(look, run, folder, self._moments.moment, self._moments.probe)

    # on the model thread

    def _look(self, run: Run, folder: Path, moment: int | None, probe: str) -> Glance:
        from ..core.inside.alive import look
        from ..core.inside.reading import next_tokens

        gpt, step = self._weights.at(run, folder, moment)
        pieces = [piece for piece in self._weights.tokenizer(run, folder).pieces(probe) if piece.known][-LONGEST:]
        seen = look(gpt, [piece.id for piece in pieces])
        names = self._weights.names(run, folder)
        ids, shares = next_tokens(seen.logits, LIKELIEST)
        return Glance(
            run=run.name, step=step, probe=probe, seen=seen,
            texts=tuple(piece.text for piece in pieces[-len(seen.ids) :]),
            following=tuple((names[i], float(share)) for i, share in zip(ids.tolist(), shares, strict=True)),
        )  # fmt: skip


def thin(record: dict[int, float]) -> None:
    """Let every second look go where there are too many: a run of days is looked at a hundred thousand times."""
    if len(record) > REMEMBERED:
        for step in sorted(record)[1:-1:2]:
            del record[step]


def spread(record: dict[int, float], end: int) -> list[float]:
    """The values up to step `end` at equal distances, each the newest by then: looks do not come evenly."""
    steps = sorted(step for step in record if step <= end)
    if len(steps) < 3:
        return [record[step] for step in steps]
    points = min(SPARK, 2 * len(steps))
    even = (steps[0] + (steps[-1] - steps[0]) * n / (points - 1) for n in range(points))
    return [record[steps[bisect_right(steps, at + 1e-6) - 1]] for at in even]


class Drawn(Protocol):
    """The room that holds the design that is drawn."""

    @property
    def model(self) -> Model: ...
