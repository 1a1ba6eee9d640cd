"""What every part read and put out at earlier steps: the snapshots of a run look at the probe text, one by one."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

from ..core.train.events import Histogram
from . import vitals
from .hall import Hall, sentence
from .run import Run
from .runs import Runs
from .signal import Signal
from .weights import Weights

if TYPE_CHECKING:
    from ..core.model.network import GPT

MOST = 24  # snapshots that are looked at, evenly spread
LONGEST = 64  # tokens of the probe
SHARE = 0.02  # of the worker's time, while something trains
SIGNS: tuple[vitals.Mode, ...] = ("attention", "dead", "experts")  # that a look tells and the run may not
Noun = Literal["inputs", "outputs", "weights", "gradients"]
NOUNS: tuple[Noun, ...] = ("inputs", "outputs", "weights", "gradients")


class Probed(Protocol):
    probe: str


class Past(Struct, frozen=True, kw_only=True):
    """One snapshot: what each part read and put out, by path."""

    step: int
    inputs: dict[str, Histogram]
    outputs: dict[str, Histogram]
    signs: dict[tuple[vitals.Mode, str], float]  # entropy, dead units and use of experts, by kind and path


class LookingBack:
    """Call `keep` while somebody looks; `changed` tells that another snapshot has been looked at."""

    def __init__(self, hall: Hall, runs: Runs, probed: Probed, weights: Weights) -> None:
        self._hall, self._runs, self._probed, self._weights = hall, runs, probed, weights
        self.changed = Signal()
        self.error = ""  # why a snapshot could not be read, in one sentence
        self._found: dict[int, Past | None] = {}  # by step; None where it cannot be read
        self._of: object = None  # the run and the text that they are of
        self._asked = False
        self._next_at = 0.0
        self._spare: tuple[str, GPT] | None = None  # used on the model thread

    def histograms(self, path: str, noun: Noun) -> list[tuple[int, Histogram]]:
        """Of a part of the run's design, by rising step: weights and gradients as the run told them, else as looked."""
        run = self._runs.run
        if run is None:
            return []
        if noun in ("weights", "gradients"):
            told = [(each.step, getattr(each, noun).get(path)) for each in run.histograms]
        else:
            kept = self._found if self._of == self._key(run) else {}
            told = [(step, getattr(past, noun).get(path)) for step, past in sorted(kept.items()) if past]
        return [(step, made) for step, made in told if made is not None]

    def values(self, mode: vitals.Mode, path: str) -> dict[int, float]:
        """One reading of a part of the run's design, by step."""
        run = self._runs.run
        kept = self._found if run and self._of == self._key(run) else {}
        return {step: past.signs[mode, path] for step, past in kept.items() if past and (mode, path) in past.signs}

    @property
    def progress(self) -> tuple[int, int]:
        """Snapshots looked at, and how many there are to look at."""
        run = self._runs.run
        wanted = chosen(run.snapshots) if run else []
        found = self._found if run and self._of == self._key(run) else {}
        return sum(step in found for step in wanted), len(wanted)

    def keep(self) -> None:
        """Look at the next snapshot, if it is time."""
        run = self._runs.run
        if run is None or self._hall.opened is None or not self._probed.probe:
            return
        key = self._key(run)
        if key != self._of:
            self._of, self._found, self.error = key, {}, ""
            self.changed.emit()
        step = following(chosen(run.snapshots), self._found)
        if step is None or self._asked or time.monotonic() < self._next_at:
            return
        self._asked = True
        asked = self._hall.models.ask(self._look, run, self._runs.folder(run), step, self._probed.probe)
        self._hall.then(asked, lambda past: self._take(key, step, past), lambda error: self._miss(key, step, error))

    def leave(self) -> None:
        """The project is closed."""
        self._of, self._found, self.error, self._asked = None, {}, "", False
        self._spare = None

    def _key(self, run: Run) -> object:
        return run.name, run.created, run.cuts, self._probed.probe

    def _take(self, key: object, step: int, past: tuple[Past, float]) -> None:
        self._asked = False
        run = self._runs.run
        self._next_at = time.monotonic() + (past[1] / SHARE if run and run.live else 0.0)
        if key == self._of:
            self._found[step] = past[0]
            self.changed.emit()

    def _miss(self, key: object, step: int, error: BaseException) -> None:
        self._asked = False
        if key == self._of:
            self._found[step], self.error = None, sentence(error)
            self.changed.emit()

    # on the model thread

    def _look(self, run: Run, folder: Path, step: int, probe: str) -> tuple[Past, float]:
        from ..core.inside.alive import look
        from ..core.train import checkpoint

        start = time.perf_counter()
        gpt = self._network(run)
        checkpoint.load_snapshot(gpt, folder / "snapshots" / f"{step}.safetensors")
        pieces = [piece.id for piece in self._weights.tokenizer(run, folder).pieces(probe) if piece.known]
        seen = look(gpt, pieces[-LONGEST:], histograms=True)
        found = {(mode, path): vitals.looked(mode, path, seen) for mode in SIGNS for path in seen.told}
        signs = {key: value[0] for key, value in found.items() if value}
        past = Past(step=step, inputs=seen.inputs, outputs=seen.outputs, signs=signs)
        return past, time.perf_counter() - start

    def _network(self, run: Run) -> "GPT":
        """One network for all snapshots of a run."""
        from ..core.model.network import GPT

        spare = self._spare  # `leave` may take it away at any time
        if spare is None or spare[0] != run.name or spare[1].spec != run.model:
            spare = self._spare = run.name, GPT(run.model).eval()
        return spare[1]


def chosen(snapshots: list[int]) -> list[int]:
    """At most MOST of the steps, evenly spread in their order, the first and the last among them."""
    steps = sorted(snapshots)
    if len(steps) <= MOST:
        return steps
    return [steps[round(n * (len(steps) - 1) / (MOST - 1))] for n in range(MOST)]


def following(wanted: list[int], found: dict[int, Any]) -> int | None:
    """The step to look at next: the last, then the one furthest in order from all that are known. None where done."""
    known = [n for n, step in enumerate(wanted) if step in found]
    left = [n for n, step in enumerate(wanted) if step not in found]
    if not left:
        return None
    return wanted[max(left, key=lambda n: (min((abs(n - k) for k in known), default=0), n))]
