"""The starter as a person meets it: trained from nothing with the preset, then asked. `pytest -m soak -s` shows it."""

from importlib.resources import files
from itertools import islice
from pathlib import Path
from random import Random

import pytest
import torch

from llmstudio.core.chat.generate import generate
from llmstudio.core.chat.sampler import Sampler
from llmstudio.core.chat.template import answer, render
from llmstudio.core.data import persona, synthetic
from llmstudio.core.data.tokenizer import Tokenizer
from llmstudio.core.model.cost import total
from llmstudio.core.model.network import GPT
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.train.events import Evaluated
from tests.core.train import kits

TEMPLATE = synthetic.template("persona")


class Said:
    def __init__(self, text: str) -> None:
        self.role, self.text = "user", text


def ask(gpt: GPT, cut: Tokenizer, question: str, temperature: float = 0.0) -> str:
    assert TEMPLATE
    ids = cut.encode(render(TEMPLATE, [Said(question)]))
    sampler = Sampler(temperature=temperature, seed=1, max_tokens=80)
    return answer(TEMPLATE, "".join(said.text for said in generate(gpt, ids, sampler, cut, TEMPLATE.stops)))


def test_the_starter_is_small() -> None:
    assert total(PRESETS["nano"].model) <= 1_000_000


@pytest.mark.soak
def test_the_starter_learns_to_answer_within_a_minute_or_so(tmp_path: Path) -> None:
    torch.set_num_threads(2)
    trainer, cut, events = kits.train("persona", tmp_path)
    assert trainer.model
    loss = [event for event in events if isinstance(event, Evaluated)][-1].loss
    print(f"\n{trainer.step} steps, {trainer.seconds:.0f} s, validation loss {loss:.4f}")
    for question in written():
        print(f"You: {question}\nOdo: {ask(trainer.model, cut, question)}")
    right, wrong = 0, []
    for topic in persona.topics():
        dice = Random(0)
        known = {first(persona.answer(dice, topic)) for _ in range(3000)}
        for question in islice(persona.questions(12345, topic), 3):
            said = ask(trainer.model, cut, question)
            right += first(said) in known
            wrong += [f"{topic.name}: {question} {said}"] * (first(said) not in known)
    share = right / (right + len(wrong))
    print(f"on topic, fresh questions: {share:.3f}", *wrong, sep="\n")
    assert share > 0.75
    assert trainer.seconds < 180


def first(text: str) -> str:
    """The beginning that tells the topic."""
    return " ".join(text.split()[:5])


def written() -> list[str]:
    source = files("llmstudio").joinpath("resources", "starter", "questions.txt").read_text(encoding="utf-8")
    return [line for line in source.split("\n") if line and not line.startswith("#")]
