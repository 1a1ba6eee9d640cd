"""The room of the views: the probe text, the moment looked at, what is pointed at, and looking itself."""

import time
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from .data import DataRoom
from .hall import Hall
from .hand import HandRoom
from .inner import InnerRoom
from .latest import Key, Latest
from .run import Run
from .signal import Signal
from .train import TrainRoom
from .weights import Weights

if TYPE_CHECKING:
    from ..core.data.tokenizer import Tokenizer
    from ..core.inside.embedding import Projection
    from ..core.inside.watch import Watched
    from .opened import Opened

PASSAGE = 32  # tokens of a probe taken from the text
LONGEST = 128  # tokens of the probe that are looked at: a picture of more cannot be read


class Focus(Struct, frozen=True, kw_only=True):
    """What the views point at: one head, one query token and the key it looks at, one token of the vocabulary."""

    block: int = 0
    head: int = 0
    query: int | None = None  # position in the probe
    key: int | None = None
    token: int | None = None  # id in the vocabulary


class Look(Struct, frozen=True, kw_only=True):
    """One forward pass over the probe text, eval mode, float32."""

    run: str
    step: int
    texts: list[str]  # of the tokens read
    names: list[str]  # of all tokens of the vocabulary, by id
    watched: "Watched"
    left_out: int  # tokens at the start of the probe that do not fit
    unknown: str = ""  # characters of the probe that no token stands for, each once: they are left out


class EmbeddingView(Struct, frozen=True, kw_only=True):
    run: str
    step: int
    projection: "Projection"
    names: list[str]  # of all tokens of the vocabulary, by id


class Neighbour(Struct, frozen=True, kw_only=True):
    id: int
    text: str
    cosine: float


class InsideRoom:
    def __init__(self, hall: Hall, data: DataRoom, train: TrainRoom, weights: Weights) -> None:
        self._hall, self._data, self._train, self._weights = hall, data, train, weights
        self.probe_changed, self.moment_changed, self.focus_changed = Signal(), Signal(), Signal()
        self.probe = ""
        self.moment: int | None = None  # a snapshot's step; None follows the run
        self.locked = Focus()  # clicked
        self.hovered: Focus | None = None
        self.looking: Latest[Look] = Latest(hall, self._look_key, self.look)
        self.embedded: Latest[EmbeddingView] = Latest(hall, self._run_key, self.embedding)
        self.inner = InnerRoom(hall, weights, self.shown, self._look_key, lambda: self.probe)
        self.hand = HandRoom(hall, weights, self.shown, self._look_key, lambda: self.probe)
        self._shown: Run | None = None
        self._previous: Projection | None = None  # used on the model thread only
        train.changed.connect(self._follow_run)
        data.changed.connect(self._fill_probe)

    # state that the views share

    @property
    def focus(self) -> Focus:
        """What is pointed at now: the hovered thing, else the clicked one."""
        return self.hovered or self.locked

    def hover(self, **fields: Any) -> None:
        """Point at something for as long as the pointer is there; without arguments: nothing."""
        hovered = replace(self.locked, **fields) if fields else None
        if hovered != self.hovered:
            self.hovered = hovered
            self.focus_changed.emit()

    def lock(self, **fields: Any) -> None:
        """Keep pointing at something; the same again, or `unlock`, lets go."""
        locked = replace(self.locked, **fields)
        if locked != self.locked:
            self.locked = locked
            self.focus_changed.emit()

    def unlock(self) -> None:
        self.lock(query=None, key=None, token=None)

    def set_probe(self, text: str) -> None:
        if text != self.probe:
            self.probe = text
            self.locked, self.hovered = replace(self.locked, query=None, key=None), None
            if self._hall.opened:
                self._hall.edit_project(probe=text)
            self.probe_changed.emit()

    def from_text(self, seed: int | None = None) -> "Future[Any]":
        """Take a passage of the validation text as the probe: another each time, or the one of this seed."""
        if self._data.tokenizer is None:
            raise ValueError("There are no tokens yet. Use your text first.")
        seed = time.time_ns() if seed is None else seed
        passage = self._hall.files.ask(_passage, self._hall.folder.tokens, self._data.tokenizer, seed)
        return self._hall.then(passage, self.set_probe)

    def go(self, step: int | None) -> None:
        """Look at a snapshot, or live again."""
        if step != self.moment:
            self.moment = step
            self.moment_changed.emit()

    # looking

    @property
    def why_not(self) -> str | None:
        """Why there is nothing to look at, in one sentence."""
        run = self._train.run
        if run is None:
            return "There is no model yet. Train one first."
        if not run.live and not run.snapshots:
            return f"{run.name} has no weights yet."
        return None

    def empty(self, latest: "Latest[Any]") -> str:
        """What a view says while it has no answer to show, in one sentence."""
        run = self._train.run
        if run is not None and run.state == "preparing" and self.moment is None:
            return f"{run.name} is getting ready."
        return latest.error or self.why_not or "Looking at the model."

    def shown(self) -> tuple[Run, Path, int | None]:
        """The run, its folder and the moment that all views look at. ValueError where there is none."""
        if (reason := self.why_not) is not None or self._train.run is None:
            raise ValueError(reason)
        return self._train.run, self._train.folder(self._train.run), self.moment

    def look(self) -> "Future[Look]":
        """Run the probe through the model at the moment. ValueError, at once or in the future, where it cannot be."""
        return self._hall.models.ask(self.looking.timed(self._look), *self.shown(), self.probe)

    def embedding(self) -> "Future[EmbeddingView]":
        """Project the token embeddings at the moment, aligned with the picture before."""
        return self._hall.models.ask(self.embedded.timed(self._embedding), *self.shown())

    def neighbours(self, token: int, count: int = 8) -> "Future[list[Neighbour]]":
        """The tokens whose embeddings point most nearly the same way, over all axes."""
        return self._hall.models.ask(self._neighbours, *self.shown(), token, count)

    def enter(self, opened: "Opened") -> None:
        self.probe = opened.project.probe
        self.moment, self.locked, self.hovered = None, Focus(), None
        self.probe_changed.emit()
        self.moment_changed.emit()

    def leave(self) -> None:
        self._shown = None
        self.looking.reset()
        self.embedded.reset()
        self.inner.leave()
        self.hand.leave()

    def poll(self) -> None:
        """Nothing runs in this room: views ask when they are visible."""

    def _run_key(self) -> Key:
        """What is looked at, and how far it has come: past moments stand still."""
        run = self._train.run
        far = run.step if run and self.moment is None else None
        return Key(whose=run and run.name, what=(self.moment, self.hand.edits), far=far)

    def _look_key(self) -> Key:
        key = self._run_key()
        return replace(key, what=(key.what, self.probe))

    def _fill_probe(self) -> None:
        if not self.probe and self._data.ready and self._data.tokenizer:
            passage = self._hall.files.ask(_passage, self._hall.folder.tokens, self._data.tokenizer, 0)
            self._hall.then(passage, self._offer)

    def _offer(self, passage: str) -> None:
        """Take the passage as the probe, unless one was typed meanwhile."""
        if not self.probe:
            self.set_probe(passage)

    def _follow_run(self) -> None:
        if self._train.run is not self._shown:
            self._shown = self._train.run
            self.go(None)

    # on the model thread

    def _look(self, run: Run, folder: Path, moment: int | None, probe: str) -> Look:
        from ..core.inside.watch import watch

        gpt, step = self._weights.at(run, folder, moment)
        tokenizer = self._weights.tokenizer(run, folder)
        pieces = [piece for piece in tokenizer.pieces(probe) if piece.known]
        unknown = "".join(sorted(tokenizer.unknown(probe)))
        watched = watch(gpt, [piece.id for piece in pieces][-LONGEST:])
        texts = [piece.text for piece in pieces[-len(watched.ids) :]]
        names = self._weights.names(run, folder)
        left_out = len(pieces) - len(texts)
        return Look(
            run=run.name, step=step, texts=texts, names=names, watched=watched, left_out=left_out, unknown=unknown
        )

    def _embedding(self, run: Run, folder: Path, moment: int | None) -> EmbeddingView:
        from ..core.inside.embedding import project

        gpt, step = self._weights.at(run, folder, moment)
        weights = gpt.embed.weight.detach().float().cpu().numpy()
        previous = self._previous if self._previous is not None and len(self._previous.points) == len(weights) else None
        self._previous = project(weights, previous)
        names = self._weights.names(run, folder)
        return EmbeddingView(run=run.name, step=step, projection=self._previous, names=names)

    def _neighbours(self, run: Run, folder: Path, moment: int | None, token: int, count: int) -> list[Neighbour]:
        from ..core.inside.embedding import neighbours

        gpt, _ = self._weights.at(run, folder, moment)
        names = self._weights.names(run, folder)
        weights = gpt.embed.weight.detach().float().cpu().numpy()
        return [Neighbour(id=i, text=names[i], cosine=cosine) for i, cosine in neighbours(weights, token, count)]


def _passage(folder: Path, tokenizer: "Tokenizer", seed: int) -> str:
    from ..core.data.tokens import Tokens

    tokens = Tokens(folder)
    start = seed % max(1, len(tokens.validation) - PASSAGE)
    passage = tokens.known("validation", tokens.validation[start : start + PASSAGE])
    return tokenizer.decode([int(i) for i in passage]).strip("\n")
