"""Odo's conversations: as many as wanted, always the same, of many words, and never the twenty questions."""

import re
from importlib.resources import files
from itertools import islice
from random import Random
from time import perf_counter

import pytest

from llmstudio.core.chat.template import Template, render
from llmstudio.core.data import persona, synthetic

TEXT = persona.text(0, synthetic.CHARACTERS["persona"])
NAMES = [topic.name for topic in persona.topics()]


def plain(said: str) -> str:
    return re.sub(r"\W+", " ", said).strip().lower()


def test_the_same_seed_gives_the_same_text_and_another_does_not() -> None:
    assert persona.text(3, 50_000) == persona.text(3, 50_000)
    assert persona.text(3, 50_000) != persona.text(4, 50_000)
    assert list(persona.dialogues(3, 20)) == list(islice(persona.dialogues(3), 20))


def test_the_text_is_conversations_of_one_to_four_turns_with_a_line_between() -> None:
    assert len(TEXT) >= synthetic.CHARACTERS["persona"]
    lengths = set()
    for dialogue in TEXT.removesuffix("\n\n").split("\n\n"):
        lines = dialogue.split("\n")
        lengths.add(len(lines) // 2)
        for asked, said in zip(lines[::2], lines[1::2], strict=True):
            assert re.fullmatch(r"You: \S.*", asked) and re.fullmatch(r"Odo: [A-Z].*[.?]", said)
            assert "  " not in said and not set("(){}|<>") & set(asked + said)
    assert lengths == {1, 2, 3, 4}


def test_it_takes_less_than_two_seconds() -> None:
    start = perf_counter()
    persona.text(1, 1_000_000)
    assert perf_counter() - start < 2


def test_answers_are_short() -> None:
    words = [len(line.split()) - 1 for line in TEXT.split("\n") if line.startswith("Odo:")]
    assert min(words) >= 3 and max(words) <= 32
    assert 10 < sum(words) / len(words) < 18


def test_there_are_sixty_topics_and_more_with_names_of_their_own() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 60
    for name in ("hello", "goodbye", "name", "food", "rain", "salt", "heron", "letters", "nonsense", "maths", "real"):
        assert name in NAMES


@pytest.mark.parametrize("topic", persona.topics(), ids=NAMES)
def test_every_topic_has_many_questions_and_several_answers(topic: persona.Topic) -> None:
    dice = Random(0)
    asked = {persona.fill(dice, dice.choice(topic.questions)) for _ in range(1500)}
    said = {persona.answer(dice, topic) for _ in range(500)}
    more = {persona.fill(dice, dice.choice(topic.more)) for _ in range(200)}
    assert len(asked) >= 25 and len(said) >= 6 and len(more) >= 4
    assert len(set(islice(persona.questions(0, topic), 300))) > 25
    assert bool(topic.yes) == bool(topic.no)


def test_none_of_the_twenty_questions_is_in_the_text() -> None:
    source = files("llmstudio").joinpath("resources", "starter", "questions.txt").read_text(encoding="utf-8")
    asked = [line for line in source.split("\n") if line and not line.startswith("#")]
    assert len(asked) == 20
    written = {plain(line.removeprefix("You: ")) for line in TEXT.split("\n") if line.startswith("You:")}
    for seed in (1, 2):
        written |= {plain(said) for topic in persona.topics() for said in islice(persona.questions(seed, topic), 1000)}
    assert not written & {plain(question) for question in asked}


def test_the_kit_writes_conversations_the_way_the_chat_does() -> None:
    template = synthetic.template("persona")
    assert isinstance(template, Template)
    first = next(persona.dialogues(0, 1)).split("\n")
    turns = [Said("user", first[0].removeprefix("You: ")), Said("model", first[1].removeprefix("Odo: "))]
    assert render(template, turns) == "\n".join(first[:2]) + "\nOdo:"
    assert synthetic.KITS["persona"].prompt == render(template, [Said("user", "What do you do all day?")])


class Said:
    def __init__(self, role: str, text: str) -> None:
        self.role, self.text = role, text


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("plain", {"plain"}),
        ("(a|b)", {"a", "b"}),
        ("x(a|)y", {"xay", "xy"}),
        ("(a (b|c)|d){w}", {"a b!", "a c!", "d!"}),
    ],
)
def test_patterns(source: str, texts: set[str]) -> None:
    pattern = persona.parse(source, {"w": ("!",)})
    dice = Random(0)
    assert {persona.fill(dice, pattern) for _ in range(60)} == texts


@pytest.mark.parametrize("source", ["(a", "a)", "a|b", "(a|{b)", "{unknown}", "a}"])
def test_a_broken_pattern_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        persona.parse(source, {})


def test_slips_change_one_letter_or_two() -> None:
    said = {persona._slip(Random(seed), "letter") for seed in range(80)}
    assert {"leter", "lettter", "ltter", "eltter", "lettre"} & said
    assert all(abs(len(word) - 6) <= 1 for word in said)
