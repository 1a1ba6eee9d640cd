"""How a conversation becomes the text that a model goes on with, and how the end of its answer is recognised.

A base model only continues text, so a conversation is written down the way its training text was: a prefix before
each turn, an end after it. PLAIN writes nothing down: it goes on with the text as it is.
"""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from msgspec import Struct


class Turn(Protocol):
    """What was said, by whom."""

    @property
    def role(self) -> Literal["user", "model"]: ...

    @property
    def text(self) -> str: ...


class Template(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way of writing conversations down. "{name}" in a prefix stands for the speaker's name."""

    user: str = "You"  # the person's name in the training text
    model: str = "Model"  # the model's name there
    opening: str = ""  # before the first turn
    user_prefix: str = "{name}: "
    model_prefix: str = "{name}: "
    turn_end: str = "\n"

    @property
    def plain(self) -> bool:
        """True where turns follow one another without a mark: the model continues the text."""
        return not (self.user_prefix or self.model_prefix or self.turn_end)

    @property
    def stops(self) -> tuple[str, ...]:
        """Strings that end an answer: the end of a turn, or where that has no mark, the person's turn."""
        return tuple(filter(None, [self.turn_end or self.prefix("user").strip()]))

    def prefix(self, role: Literal["user", "model"]) -> str:
        """What is written before a turn of `role`."""
        if role == "user":
            return self.user_prefix.replace("{name}", self.user)
        return self.model_prefix.replace("{name}", self.model)


PLAIN = Template(user_prefix="", model_prefix="", turn_end="")


def render(template: Template, turns: Sequence[Turn]) -> str:
    """The text that the model goes on with: all turns, then its own prefix.

    The prefix is left without its last spaces, because tokens of a BPE tokenizer carry the space before them: the
    answer then starts with a space, which `answer` takes away. PLAIN: the turns' text and nothing else.
    """
    if template.plain:
        return template.opening + "".join(turn.text for turn in turns)
    return template.opening + "".join(_written(template, turn) for turn in turns) + template.prefix("model").rstrip(" ")


def first_kept(template: Template, turns: Sequence[Turn], measure: Callable[[str], int], budget: int) -> int:
    """The first turn to keep so that `render(template, turns[first:])` is at most `budget` long by `measure`.

    The oldest turns go first; what is left starts with the person's turn where there is one. The last turn of the
    person and what follows always stays, however long. PLAIN loses no turn (0): the generator reads the end of a text.
    """
    if template.plain or not turns:
        return 0
    starts = [i for i, turn in enumerate(turns) if turn.role == "user"] or [len(turns) - 1]
    kept = starts[-1]
    for start in sorted({0, *starts[:-1]}, reverse=True):
        if measure(render(template, turns[start:])) > budget:
            break
        kept = min(kept, start)
    return kept


def answer(template: Template, text: str) -> str:
    """The model's words as a turn: without the space after its prefix. PLAIN: unchanged."""
    return text if template.plain else text.strip(" ")


def _written(template: Template, turn: Turn) -> str:
    text = turn.text.strip()
    if template.turn_end:
        text = text.replace(template.turn_end, " ")  # a turn with the mark inside would read as two
    return template.prefix(turn.role) + text + template.turn_end
