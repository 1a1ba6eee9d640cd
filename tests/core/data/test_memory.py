"""A text larger than memory: what is held at any time stays small, however large the file."""

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llmstudio.core.data import tokenizer as tokenizers
from llmstudio.core.data import tokens
from llmstudio.core.data.corpus import Corpus, Settings

LINE = "Snails carry letters through the garden, slowly: größere Blätter, 文字, and a 🐌.\r\n"
MOST = 64 << 20


def generated(path: Path, size: int) -> Path:
    block = (LINE * 10_000).encode()
    with open(path, "wb") as file:
        for i in range(size // len(block)):
            file.write(b"%d\n" % i + block)
    return path


def peak(work: Callable[[], Any]) -> tuple[Any, int]:
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("size", "kinds"),
    [(64 << 20, ("byte",)), pytest.param(1 << 30, ("character", "byte"), marks=pytest.mark.soak)],
)
def test_copied_and_tokenized_in_little_memory(
    corpus: Corpus, tmp_path: Path, finish: Callable[[Any], Any], size: int, kinds: tuple[tokenizers.Kind, ...]
) -> None:
    path = generated(tmp_path / "large.txt", size)
    added, held = peak(lambda: finish(corpus.add([path])))
    assert held < MOST, f"{held / 1e6:.0f} MB to copy {size / 1e6:.0f} MB"
    source = added.sources[0]
    assert source.bytes > 0.95 * size and not added.refused
    path.unlink()

    start = time.perf_counter()
    last, held = peak(lambda: corpus.preview(source.id, source.lines - 2, 5))
    assert last == [LINE.strip()] * 2 and held < MOST
    print(f"last lines of {size >> 20} MB after {time.perf_counter() - start:.2f} s")

    for kind in kinds:
        made = finish(tokenizers.train(kind, lambda: corpus.chunks(source), 300, 1))
        written, held = peak(lambda made=made: finish(tokens.write(corpus, made, Settings(), tmp_path / "tokens")))
        units = source.characters if kind == "character" else source.bytes
        assert written.manifest.train_tokens + written.manifest.validation_tokens == units
        assert held < 2 * MOST, f"{held / 1e6:.0f} MB to tokenize {size / 1e6:.0f} MB"


def test_closing_takes_effect_within_a_second(corpus: Corpus, tmp_path: Path) -> None:
    steps = corpus.add([generated(tmp_path / "large.txt", 64 << 20)])
    for _ in zip(range(10), steps, strict=False):
        pass
    start = time.perf_counter()
    steps.close()
    assert time.perf_counter() - start < 1 and list(corpus.folder.iterdir()) == []
