"""The room of speech: the conversation, the sampler, and writing with the model of the shown run."""

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..core.chat.sampler import Sampler
from ..core.chat.template import PLAIN, Template, first_kept, render
from ..core.json_text import encode
from .edits import Edits
from .hall import Hall
from .inside import InsideRoom
from .run import Run
from .signal import Signal
from .weights import Weights
from .worker import Job

if TYPE_CHECKING:
    from ..core.chat.generate import Said
    from ..core.data.tokenizer import Tokenizer
    from .opened import Opened

Mode = Literal["talk", "go on"]


class Token(Struct, frozen=True, kw_only=True):
    """A written token as the history keeps it: without the scores of all the others."""

    id: int
    text: str
    probability: float
    bits: float


class Kept(Struct, frozen=True, kw_only=True):
    """A turn as the history keeps it."""

    role: Literal["user", "model"]
    typed: str = ""
    tokens: list[Token] = []
    run: str = ""
    number: int = 0
    step: int = 0
    seconds: float = 0.0


@dataclass
class Message:
    """One turn. The model's grows while it writes: `said` is appended to by the model thread."""

    role: Literal["user", "model"]
    typed: str = ""  # the person's words; the model's are in `said`
    said: "list[Said | Token]" = field(default_factory=list)  # a Token, read from the history, has no scores
    run: str = ""
    number: int = 0  # of the run, for its colour
    step: int = 0
    seconds: float = 0.0
    vocabulary: "Tokenizer | None" = None  # names the tokens beside those written; not kept

    @property
    def text(self) -> str:
        return self.typed if self.role == "user" else "".join(token.text for token in self.said)

    def kept(self) -> Kept:
        tokens = [Token(id=s.id, text=s.text, probability=s.probability, bits=s.bits) for s in self.said]
        return Kept(
            role=self.role,
            typed=self.typed,
            tokens=tokens,
            run=self.run,
            number=self.number,
            step=self.step,
            seconds=self.seconds,
        )


class Picked(Struct, frozen=True):
    """One token of the conversation."""

    message: int
    token: int


class ChatRoom:
    def __init__(self, hall: Hall, inside: InsideRoom, weights: Weights) -> None:
        self._hall, self._inside, self._weights = hall, inside, weights
        self.changed, self.sampler_changed, self.picked_changed = Signal(), Signal(), Signal()
        self.messages: list[Message] = []
        self.mode: Mode = "talk"
        self.picked: Picked | None = None  # None: the newest token
        self.job: Job | None = None
        self._edits: Edits[Sampler] = Edits(Sampler(), self._edited)
        self._saved: int | None = None  # number of the conversation in the history

    @property
    def sampler(self) -> Sampler:
        return self._edits.value

    @property
    def writing(self) -> bool:
        return self.job is not None and self.job.running

    @property
    def template(self) -> Template:
        project = self._hall.project
        return project.template if project and project.template else Template()

    @property
    def opened(self) -> tuple[Message, int] | None:
        """Message and index of the picked token, else of the newest one; None where nothing is written."""
        if self.picked and self.picked.message < len(self.messages):
            message = self.messages[self.picked.message]
            return (message, self.picked.token) if self.picked.token < len(message.said) else None
        written = (message for message in reversed(self.messages) if message.said)
        return next(((message, len(message.said) - 1) for message in written), None)

    @property
    def can_undo(self) -> bool:
        return self._edits.can_undo

    def edit_sampler(self, sampler: Sampler, what: str = "") -> None:
        self._edits.edit(sampler, what)

    def undo(self) -> None:
        self._edits.undo()

    def redo(self) -> None:
        self._edits.redo()

    def set_mode(self, mode: Mode) -> None:
        if mode != self.mode:
            self.mode = mode
            self.changed.emit()

    def pick(self, message: int, token: int) -> None:
        """Open one token; the same again lets go."""
        picked = Picked(message, token)
        self.picked = None if picked == self.picked else picked
        self.picked_changed.emit()

    def send(self, text: str) -> Job:
        """Say something (talk) or give a text to go on from. ValueError where there is no model to answer."""
        self._check()
        self.messages.append(Message(role="user", typed=text))
        return self._answer()

    def regenerate(self) -> Job | None:
        """Throw the last answer away and write another, with the next seed."""
        self._check()
        if not self.messages or self.messages[-1].role != "model":
            return None
        self.messages.pop()
        self.edit_sampler(replace(self.sampler, seed=self.sampler.seed + 1))
        return self._answer()

    def stop(self) -> None:
        """Keep what is written so far."""
        if self.job:
            self.job.stop()

    def new(self) -> None:
        """Start another conversation; the one before stays in the history."""
        self.stop()
        old, saved = self.messages, self._saved
        self.messages, self.picked, self._saved = [], None, None
        if old:
            self._hall.say("New conversation", undo=lambda: self._put(old, saved))
        self.changed.emit()

    # the room

    def enter(self, opened: "Opened") -> None:
        self._edits.reset(opened.project.sampler)
        self.mode = "talk" if opened.project.template else "go on"
        number, body = opened.chat or (None, "[]")
        try:
            kept = msgspec.json.decode(body, type=list[Kept])
        except msgspec.MsgspecError:
            number, kept = None, []  # of an older format: it stays in the history, untouched
        self._put([_message(turn) for turn in kept], number)

    def leave(self) -> None:
        if self.job and self.writing:
            self.job.stop()
            self.job.done.exception(30)
        if self.job:
            self._save()
        self.job = None
        self._put([], None)

    def poll(self) -> None:
        """Views read the growing message by themselves."""

    def _put(self, messages: list[Message], saved: int | None) -> None:
        self.messages, self._saved, self.picked = messages, saved, None
        self.changed.emit()

    def _check(self) -> None:
        if self.writing:
            raise ValueError("It is still writing. Stop it first.")
        if (reason := self._inside.why_not) is not None:
            raise ValueError(reason)

    def _answer(self) -> Job:
        run, folder, moment = self._inside.shown()
        message = Message(role="model", run=run.name, number=run.number)
        template = self.template if self.mode == "talk" else PLAIN
        steps = _write(self._weights, run, folder, moment, [*self.messages], template, self.sampler, message)
        self.messages.append(message)
        self.picked = None
        self.job = self._hall.models.start(steps, message.said)
        self._hall.then(self.job.done, lambda _: self._ended(), lambda error: self._failed(message, error))
        self.changed.emit()
        return self.job

    def _failed(self, message: Message, error: BaseException) -> None:
        self._hall.tell(error)
        if not message.said and message in self.messages:
            self.messages.remove(message)
        self._ended()

    def _ended(self) -> None:
        if self._hall.opened:
            self._save()
        self.changed.emit()

    def _save(self) -> None:
        """Conversations are kept without the long lists of logits behind each token."""
        kept = [message.kept() for message in self.messages]
        if not kept or not self._hall.opened or not self._hall.opened.lock:
            return
        messages, history = self.messages, self._hall.opened.history

        def saved(number: int) -> None:
            if self.messages is messages:
                self._saved = number

        self._hall.then(self._hall.files.ask(history.put_chat, self._saved, encode(kept).decode()), saved)

    def _edited(self) -> None:
        if self._hall.project and self.sampler != self._hall.project.sampler:
            self._hall.edit_project(sampler=self.sampler)
        self.sampler_changed.emit()


def _message(kept: Kept) -> Message:
    return Message(
        role=kept.role,
        typed=kept.typed,
        said=[*kept.tokens],
        run=kept.run,
        number=kept.number,
        step=kept.step,
        seconds=kept.seconds,
    )


def _write(
    weights: Weights,
    run: Run,
    folder: Path,
    moment: int | None,
    turns: list[Message],
    template: Template,
    sampler: Sampler,
    message: Message,
) -> Generator[Any, None, None]:
    from ..core.chat.generate import generate

    gpt, message.step = weights.at(run, folder, moment)
    message.vocabulary = tokenizer = weights.tokenizer(run, folder)
    budget = 2 * run.model.context // 3  # the rest is for the answer
    first = first_kept(template, turns, lambda text: len(tokenizer.encode(text)), budget)
    prompt = render(template, turns[first:])
    ids = tokenizer.encode(prompt)
    if prompt and not len(ids):
        raise ValueError("The model knows none of these characters. Write with those of its text.")
    start = time.perf_counter()
    for said in generate(gpt, ids, sampler, tokenizer, template.stops):
        message.seconds = time.perf_counter() - start
        yield said
