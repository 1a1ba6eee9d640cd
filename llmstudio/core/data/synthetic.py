"""Text that the studio makes itself, to start from: a persona to talk to, and a source whose difficulty is known."""

from collections.abc import Iterator

from msgspec import Struct

from ..chat.template import Template
from . import markov, persona

CHARACTERS = {"persona": 5_000_000, "markov": 400_000}


class Kit(Struct, frozen=True, kw_only=True):
    """A kind of project that needs no text of the user's."""

    name: str
    title: str
    text: str  # one sentence: what it is
    preset: str  # in model.presets
    prompt: str  # what samples go on from while it learns


KITS = {
    "persona": Kit(
        name="persona",
        title="Odo, the postmaster",
        text="Odo is a snail who carries the post of a garden, slowly, and has never lost a letter.",
        preset="nano",
        prompt="You: What do you do all day?\nOdo:",
    ),
    "markov": Kit(
        name="markov",
        title="A language with a known limit",
        text="Made-up words from a Markov source: the lowest loss that any model can reach is known exactly.",
        preset="markov",
        prompt="\n",
    ),
}


def documents(kit: str, seed: int) -> Iterator[tuple[str, str]]:
    """(name, text) of every document of a kit. The same seed gives the same text."""
    if kit == "persona":
        yield "Conversations with Odo.txt", persona.text(seed, CHARACTERS[kit])
    else:
        assert kit == "markov"
        yield f"Markov source {seed}.txt", "".join(markov.make(seed).text(seed, CHARACTERS[kit]))


def template(kit: str) -> Template | None:
    """How conversations are written down in the kit's text; None where it holds none."""
    assert kit in KITS
    return Template(user=persona.USER, model=persona.MODEL, turn_end=persona.TURN_END) if kit == "persona" else None


def floor(kit: str, seed: int) -> float | None:
    """The lowest loss that any model can reach on the kit's text, nats per character; None where nobody knows it."""
    assert kit in KITS
    return markov.make(seed).entropy if kit == "markov" else None
