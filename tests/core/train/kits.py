"""A kit's project from its text to a trained model, by the very functions that the studio uses."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from llmstudio.core.data import synthetic, tokenizer, tokens
from llmstudio.core.data.corpus import Corpus
from llmstudio.core.data.tokenizer import Tokenizer
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.train.events import Event
from llmstudio.core.train.trainer import Trainer


def result(work: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


def train(kit: str, folder: Path) -> tuple[Trainer, Tokenizer, list[Event]]:
    preset = PRESETS[synthetic.KITS[kit].preset]
    corpus = Corpus(folder / "corpus")
    for name, text in synthetic.documents(kit, 0):
        corpus.add_text(text, name)

    def chunks() -> Iterator[str]:
        return (chunk for source in corpus.sources for chunk in corpus.chunks(source))

    cut = result(tokenizer.train(preset.data.tokenizer, chunks, preset.data.vocabulary, len(corpus.sources)))
    written = result(tokens.write(corpus, cut, preset.data, folder / "tokens"))
    model = replace(preset.model, vocab=cut.vocab_size)
    recipe = replace(preset.recipe, prompt=synthetic.KITS[kit].prompt)
    trainer = Trainer(model, recipe, written, cut, folder / "run")
    return trainer, cut, [event for event in trainer.run() if event]
