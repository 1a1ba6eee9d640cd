"""Asking the run doctor: what it is told is put together here, and what it finds is kept. On the file thread."""

import time
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ..core.train.finding import Course, Curve, Finding, Plan
from .hall import Hall
from .project import Folder
from .run import Run
from .series import Series
from .signal import Signal

if TYPE_CHECKING:
    from ..core.data.leak import Leak
    from ..core.data.tokens import Manifest

EVERY = 3.0  # seconds between two looks at a run that goes on
SOON = 0.3  # after something else was chosen or edited
LOOKED = 5.0  # seconds after which nobody reads the findings any more


class Question(Struct, frozen=True, kw_only=True):
    """What is known in the session: `plan` of the next run, where none goes on; `course` of the run looked at."""

    plan: Plan | None
    course: Course | None
    live: bool


class Checkup:
    """`what` tells whether a run goes on, and what the answer depends on beside how far that has come."""

    def __init__(self, hall: Hall, what: Callable[[], tuple[bool, Any]], question: Callable[[], Question]) -> None:
        self._hall, self._what, self._question = hall, what, question
        self.changed = Signal()
        self._findings: tuple[Finding, ...] = ()
        self._leaks: dict[str, Leak] = {}  # by fingerprints of text and tokenizer
        self._asking = False
        self._key: Any = None
        self._at = self._read_at = 0.0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The newest, the worst first. Reading them keeps them fresh; while nobody does nothing is computed."""
        self._read_at = time.monotonic()
        return self._findings

    def poll(self) -> None:
        now = time.monotonic()
        if self._asking or now - self._read_at > LOOKED or now - self._at < SOON or self._hall.opened is None:
            return
        live, key = self._what()
        if key == self._key and not (live and now - self._at >= EVERY):
            return
        self._asking, self._at = True, now
        asked = self._hall.files.ask(answer, self._question(), self._hall.folder, self._leaks)
        self._hall.then(asked, lambda found: self._got(key, found), lambda error: self._failed(key, error))

    def reset(self) -> None:
        """Another project was opened."""
        self._key, self._findings, self._asking = None, (), False
        self.changed.emit()

    def _got(self, key: Any, found: tuple[Finding, ...]) -> None:
        self._asking, self._key = False, key
        if found != self._findings:
            self._findings = found
            self.changed.emit()

    def _failed(self, key: Any, error: BaseException) -> None:
        self._asking, self._key = False, key
        self._hall.tell(error)


def course(run: Run, manifest: "Manifest | None", floor: float | None) -> Course:
    """A run as far as it has come, copied so that another thread can read it."""
    return Course(
        model=run.model,
        recipe=run.recipe_now,
        step=run.step,
        loss=_copy(run.loss),
        validation=_copy(run.validation),
        whole=run.whole,
        gradient=_copy(run.gradient),
        health=tuple(run.looks),
        changes=tuple(run.changes),
        rolled_back=tuple(run.rolled_back),
        ngrams=manifest.ngrams if manifest else None,
        floor=floor,
        train_tokens=manifest.train_tokens if manifest else None,
        state=run.state,
        error=run.error,
    )


def _copy(series: Series) -> Curve:
    steps: Sequence[float] = array("d", series.steps)
    return Curve(steps=steps, values=array("d", series.values))


def answer(question: Question, place: Folder, leaks: "dict[str, Leak]") -> tuple[Finding, ...]:
    """All findings: of the run that goes on; or of the one that has ended, and what speaks against the next."""
    from ..core.train import doctor

    if question.course and question.live:
        return tuple(doctor.during(question.course))
    found = doctor.after(question.course) if question.course else []
    if question.plan:
        plan = replace(question.plan, leak=_leak(place.tokens, leaks))
        found += [finding for finding in doctor.before(plan) if not question.course or finding.severity != "good"]
    return tuple(found)


def _leak(folder: Path, leaks: "dict[str, Leak]") -> "Leak | None":
    """How much of the validation text is in the training text too: measured once for each text."""
    from ..core.data import leak, tokens

    if not tokens.exists(folder):
        return None
    there = tokens.Tokens(folder)
    made = there.manifest
    key = f"{made.corpus} {made.tokenizer}"
    if key not in leaks:
        long = leak.stretch(made.validation_tokens, made.validation_characters)
        steps = leak.measure(there.train, there.validation, made.vocab, long)
        while key not in leaks:
            try:
                next(steps)
            except StopIteration as end:
                leaks[key] = end.value
    return leaks[key]
