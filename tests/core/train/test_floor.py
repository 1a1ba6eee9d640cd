"""The studio's own loop on text whose difficulty is known: it comes down to the entropy and stays there.

Also how the starter's figures are taken: `pytest -m soak -s tests/core/train/test_floor.py`.
"""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmstudio.core.data import markov, synthetic, tokenizer, tokens
from llmstudio.core.data.corpus import Corpus
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.train.events import Evaluated, Event
from llmstudio.core.train.trainer import Trainer


def result(work: Generator[object, None, object]) -> object:
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


def run(kit: str, folder: Path) -> tuple[Trainer, list[Event]]:
    """A kit's project from its text to a trained model, by the very functions that the studio uses."""
    preset = PRESETS[synthetic.KITS[kit].preset]
    corpus = Corpus(folder / "corpus")
    for name, text in synthetic.documents(kit, 0):
        corpus.add_text(text, name)
    chunks: Callable[[], object] = lambda: (c for s in corpus.sources for c in corpus.chunks(s))  # noqa: E731
    cut = result(tokenizer.train(preset.data.tokenizer, chunks, preset.data.vocabulary, len(corpus.sources)))
    written = result(tokens.write(corpus, cut, preset.data, folder / "tokens"))
    model = replace(preset.model, vocab=cut.vocab_size)
    trainer = Trainer(model, preset.recipe, written, cut, folder / "run")
    return trainer, [event for event in trainer.run() if event]


@pytest.mark.soak
def test_the_preset_comes_within_three_percent_of_the_entropy_and_not_below(tmp_path: Path) -> None:
    trainer, events = run("markov", tmp_path)
    losses = [event for event in events if isinstance(event, Evaluated)]
    floor = synthetic.floor("markov", 0)
    source = markov.make(0)
    ((_, text),) = synthetic.documents("markov", 0)
    own = source.surprise(text[int(len(text) * 0.9) :])  # this very validation text under the source itself
    assert floor and losses[-1].whole
    print(f"\nfloor {floor:.4f}, validation text {own:.4f}, loss {losses[-1].loss:.4f}, {trainer.seconds:.0f} s")
    assert losses[-1].loss <= 1.03 * floor
    assert losses[-1].loss >= own  # the source knows itself best; the text's own luck is already in this figure
    assert min(event.loss for event in losses) >= floor * 0.95  # a few batches: noisier
