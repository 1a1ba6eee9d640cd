"""Conversations with Odo, a snail who is postmaster of a garden: the text of the starter project, made by rule.

The material is in resources/starter: words.txt and one file per field, each with topics of the form

    [lettuce]
    = (Lettuce?|Ah, lettuce.)           what he says first, most of the time: he repeats things as one reads an address
    ? do you like (lettuce|salad)?      a pattern for what the person says; a final ? is left out now and then
    > (Wet|Fresh) lettuce, always.      a pattern for Odo's answer; what follows its first sentence may be left out
    ! Why did the snail ...             an answer that is always given whole
    + It is the only thing I eat {soon}.  what he adds when asked why, really or to go on
    y ... / n ...                       his answer to yes or no, where his own answer ended in a question

In a pattern (one|other|) chooses and {name} puts in words of words.txt. The same seed gives the same text.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from random import Random

from msgspec import Struct

USER, MODEL, TURN_END = "You", "Odo", "\n"
FIELDS = ("self", "garden", "friends", "post", "feelings", "talk")
NOISE = "noise"  # {noise}: a word that is none
SKEW = 1.5  # how much likelier the first choices of a question are
ENOUGH = 6  # words of a first sentence that may stand alone

Pattern = tuple["str | tuple[Pattern, ...]", ...]  # in order: plain text, or alternatives to choose from


class Topic(Struct, frozen=True, kw_only=True):
    name: str
    field: str
    address: tuple[Pattern, ...]
    questions: tuple[Pattern, ...]
    answers: tuple[Pattern, ...]
    whole: tuple[Pattern, ...]
    more: tuple[Pattern, ...]
    yes: tuple[Pattern, ...]
    no: tuple[Pattern, ...]


def text(seed: int, characters: int) -> str:
    """Whole conversations, a blank line between them, until there are at least `characters` characters."""
    parts, length = [], 0
    for dialogue in dialogues(seed):
        parts.append(dialogue)
        length += len(dialogue)
        if length >= characters:
            break
    return "".join(parts)


def dialogues(seed: int, count: int | None = None) -> Iterator[str]:
    """`count` conversations of one to four turns, or without end; each ends in an empty line."""
    dice = Random(seed)
    known = topics()
    field = {name: [topic for topic in known if topic.field == name] for name in FIELDS}
    talk = {topic.name: topic for topic in field["talk"]}
    done = 0
    while count is None or done < count:
        turns: list[tuple[str, str]] = []
        topic = dice.choice(known)
        if dice.random() < 0.12:
            turns.append(_turn(dice, talk[dice.choice(("hello", "morning", "how are you"))]))
        turns.append(_turn(dice, topic))
        turns += _follow(dice, topic, turns[-1][1])
        while len(turns) < 4 and dice.random() < 0.4:
            topic = dice.choice(field[topic.field] if dice.random() < 0.4 else known)
            turns.append(_turn(dice, topic))
            turns += _follow(dice, topic, turns[-1][1])
        if len(turns) < 4 and dice.random() < 0.1:
            turns.append(_turn(dice, talk[dice.choice(("thanks", "goodbye", "ok", "goodnight"))]))
        yield "".join(f"{USER}: {asked}{TURN_END}{MODEL}: {said}{TURN_END}" for asked, said in turns[:4]) + "\n"
        done += 1


def questions(seed: int, topic: Topic) -> Iterator[str]:
    """What a person may say to come to `topic`, without end."""
    dice = Random(seed)
    while True:
        yield _asked(dice, dice.choice(topic.questions), aside=True)


@cache
def topics() -> tuple[Topic, ...]:
    """Everything Odo can talk about."""
    return tuple(topic for field in FIELDS for topic in _read(field))


def _turn(dice: Random, topic: Topic) -> tuple[str, str]:
    return _asked(dice, dice.choice(topic.questions), aside=True), answer(dice, topic)


def answer(dice: Random, topic: Topic) -> str:
    """What Odo says to a question about `topic`."""
    chosen = dice.choice(topic.answers + topic.whole)
    text = said(dice, chosen, brief=chosen in topic.answers)
    return f"{fill(dice, topic.address[0])} {text}" if topic.address and dice.random() < 0.8 else text


def said(dice: Random, pattern: Pattern, brief: bool = True) -> str:
    """A text of the pattern. With `brief` it often stops after its first sentence, if that says enough."""
    text = fill(dice, pattern)
    first, _, rest = text.partition(". ")
    if brief and rest and len(first.split()) >= ENOUGH and dice.random() < 0.6:
        text = first + "."
    return text[0].upper() + text[1:]


def _follow(dice: Random, topic: Topic, last: str) -> list[tuple[str, str]]:
    """Perhaps one more turn about what Odo just said."""
    if last.endswith("?") and topic.yes and dice.random() < 0.6:
        agrees = dice.random() < 0.5
        return [(_asked(dice, YES if agrees else NO), said(dice, dice.choice(topic.yes if agrees else topic.no)))]
    if topic.more and dice.random() < 0.18:
        return [(_asked(dice, GO_ON), said(dice, dice.choice(topic.more)))]
    return []


# ---- patterns


def parse(source: str, words: dict[str, Pattern]) -> Pattern:
    """ValueError where brackets do not match or a word list is not known."""
    pattern, rest = _sequence(source, words)
    if rest:
        raise ValueError(f"{source!r}: one bracket too many at {rest!r}.")
    return pattern


def _sequence(source: str, words: dict[str, Pattern]) -> tuple[Pattern, str]:
    """The pattern up to the | or ) that ends it, and what is left from there."""
    parts: list[str | tuple[Pattern, ...]] = []
    while source and source[0] not in "|)":
        if source[0] == "(":
            choices, source = [], "|" + source[1:]
            while source.startswith("|"):
                choice, source = _sequence(source[1:], words)
                choices.append(choice)
            if not source.startswith(")"):
                raise ValueError("A bracket is not closed.")
            parts.append(tuple(choices))
            source = source[1:]
        elif source[0] == "{":
            name, _, source = source[1:].partition("}")
            if name != NOISE and name not in words:
                raise ValueError(f"There is no word list {name!r}.")
            parts.append((words[name],) if name != NOISE else ((NOISE_MARK,),))
        else:
            plain = re.match(r"[^|(){}]+", source)
            if plain is None:
                raise ValueError(f"A bracket is out of place at {source!r}.")
            parts.append(plain[0])
            source = source[plain.end() :]
    return tuple(parts), source


def fill(dice: Random, pattern: Pattern, skew: float = 1.0) -> str:
    """One text of the pattern. Choices are even, or with a `skew` above 1 the first ones likelier than the last."""
    out = []
    for part in pattern:
        if isinstance(part, str):
            out.append(_babble(dice) if part is NOISE_MARK else part)
        else:
            out.append(fill(dice, part[int(dice.random() ** skew * len(part))], skew))
    return "".join(out)


def _read(field: str) -> Iterator[Topic]:
    """The topics of one file of the material."""
    words = _words()
    for block in "\n".join(_lines(field)).split("[")[1:]:
        title, *lines = block.rstrip().split("\n")
        of = {mark: tuple(parse(line[2:], words) for line in lines if line[0] == mark) for mark in "=?>!+yn"}
        ours = {name: of[mark] for name, mark in zip(Topic.__struct_fields__[2:], "=?>!+yn", strict=True)}
        yield Topic(name=title.rstrip("]"), field=field, **ours)


@cache
def _words() -> dict[str, Pattern]:
    """The word lists by name; a list may use those before it."""
    words: dict[str, Pattern] = {}
    for line in _lines("words"):
        name, _, source = line.partition(" = ")
        words[name] = parse(source, words)
    return words


def _lines(name: str) -> list[str]:
    source = files("llmstudio").joinpath("resources", "starter", f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in source.split("\n") if line and not line.startswith("#")]


# ---- how people type

SHORT = (
    ("what is", ("what's", "whats")), ("who is", ("who's", "whos")), ("where is", ("where's", "wheres")),
    ("how is", ("how's", "hows")), ("i am", ("i'm", "im")), ("you are", ("you're", "youre")),
    ("it is", ("it's", "its")), ("that is", ("that's", "thats")), ("do not", ("don't", "dont")),
    ("i have", ("i've", "ive")), ("can not", ("can't", "cant")), ("cannot", ("can't", "cant")),
)  # fmt: skip
SHORTER = re.compile(r"\b(" + "|".join(long for long, _ in SHORT) + r")\b")
CALLS = ("odo, ", "hey odo, ", "so ", "tell me, ", "and ", "well, ", "hi odo, ", "ok, ", "please, ", "dear odo, ")
CALLS_AFTER = (", odo", " odo", " then", " please", ", please", " actually", ", snail", " my friend", ", tell me")
PROPER = re.compile(r"\b(i|odo|i'm|i've|bertram|clementine|moss|augusta|hazel|wendell|vesper|ines)\b")
SOUNDS = ("bl", "or", "zu", "fl", "im", "gra", "sn", "ock", "wib", "ble", "xy", "qua", "mp", "ti", "zz", "plo", "sk")
NOISE_MARK = "<noise>"


def _babble(dice: Random) -> str:
    return "".join(dice.choice(SOUNDS) for _ in range(dice.randint(2, 3)))


def _asked(dice: Random, pattern: Pattern, aside: bool = False) -> str:
    """A pattern's text as somebody might type it: with or without capitals, question mark, apostrophes and slips."""
    typed = " ".join(fill(dice, pattern, SKEW).split())
    if dice.random() < 0.3:
        typed = SHORTER.sub(lambda found: dice.choice(dict(SHORT)[found[0]]), typed)
    mark = "?" if typed.endswith("?") else ""
    typed = typed.removesuffix("?")
    if aside:  # what a reader has to learn to look past
        typed = fill(dice, _words()["before"]) + " " + typed if dice.random() < 0.18 else typed
        typed = typed + " " + fill(dice, _words()["after"]) if dice.random() < 0.18 else typed
    if dice.random() < 0.1:
        typed = dice.choice(CALLS) + typed
    if dice.random() < 0.06:
        typed += dice.choice(CALLS_AFTER)
    if dice.random() < 0.015:
        typed = _slip(dice, typed)
    if dice.random() < 0.6:
        typed = PROPER.sub(lambda found: found[0].capitalize(), typed)
        typed = typed[0].upper() + typed[1:]
    return typed + (mark if dice.random() < 0.65 else "" if mark or dice.random() < 0.7 else dice.choice(".!"))


def _slip(dice: Random, typed: str) -> str:
    """One letter left out, doubled, or swapped with the next."""
    at = [i for i in range(1, len(typed) - 1) if typed[i - 1 : i + 2].isalpha()]
    if not at:
        return typed
    i = dice.choice(at)
    kind = dice.randrange(3)
    return typed[:i] + ("", typed[i] * 2, typed[i + 1] + typed[i])[kind] + typed[i + 1 + (kind == 2) :]


GO_ON = parse(
    "(why|why is that|how so|really|is that so|is that true|tell me more|go on|and then|how come|why not|please go on|"
    "(can you|could you|please) (tell me more|explain)|what do you mean|are you sure|i want to know more)(?|)", {},
)  # fmt: skip
YES = parse("(yes|yeah|yes please|sure|yes i do|of course|i do|very much|yes i am|yes it is|always|i think so)", {})
NO = parse("(no|nope|not really|no i do not|no thanks|not at all|never|no i am not|not today|i do not think so)", {})
