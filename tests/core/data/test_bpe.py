import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from llmstudio.core.data import bpe
from llmstudio.core.data.tokenizer import train

TEXT = "Slowly, slowly, said the snail; it's a long way round the pond. Größe 文字 12 123\n" * 400
Finish = Callable[[Any], Any]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The child processes that are started, and a look at their end."""
    started: list[subprocess.Popen[bytes]] = []
    start = bpe._start
    monkeypatch.setattr(bpe, "_start", lambda *args: started.append(start(*args)) or started[-1])
    yield started
    assert started and all(child.poll() is not None for child in started)


def many_words() -> Iterator[str]:
    """Enough different words that learning takes long."""
    for i in range(150):
        yield " ".join(str((i * 2000 + j) * 7919 % 10**9) for j in range(2000)) + " "


def test_the_child_learns_what_the_library_learns_at_once(children: list[Any], finish: Finish) -> None:
    reference = tokenizers.Tokenizer(models.BPE())
    reference.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    reference.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, min_frequency=2, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    reference.train_from_iterator([TEXT], trainer)
    made = finish(bpe.learn(lambda: iter([TEXT[i : i + 97] for i in range(0, len(TEXT), 97)]), 300))
    assert tokenizers.Tokenizer.from_str(made).get_vocab() == reference.get_vocab()


def test_progress_counts_the_text_and_then_learns(children: list[Any]) -> None:
    news = list(bpe.learn(lambda: iter([TEXT] * 4), 300))
    counted = [n for n in news if n.text == "Counting words"]
    assert counted[-1].done == counted[-1].total == 4 * len(TEXT) and counted[-1].unit == "characters"
    assert news[-1].text == "Learning merges"


@pytest.mark.parametrize("phase", ["Measuring the text", "Counting words", "Learning merges"])
def test_closing_kills_the_child_within_a_second(children: list[Any], phase: str) -> None:
    steps = bpe.learn(many_words, 100_000)
    if phase == "Measuring the text":
        children.append(subprocess.Popen(["true"]))  # none is started yet; the fixture wants to see one
        children[0].wait()
    while next(steps).text != phase:
        pass
    start = time.perf_counter()
    steps.close()
    assert time.perf_counter() - start < 1.0
    assert all(child.poll() is not None for child in children)


@pytest.mark.parametrize("phase", ["Counting words", "Learning merges"])
def test_a_child_that_dies_is_one_sentence(children: list[Any], phase: str, finish: Finish) -> None:
    steps = bpe.learn(many_words, 100_000)
    while next(steps).text != phase:
        pass
    children[0].kill()
    with pytest.raises(ValueError, match="Learning the vocabulary stopped"):
        finish(steps)


def test_a_text_that_fails_half_way_ends_the_child(children: list[Any], finish: Finish) -> None:
    calls = iter(range(2))

    def chunks() -> Iterator[str]:
        yield TEXT
        if next(calls):
            raise ValueError("The text of snail.txt is missing.")
        yield TEXT

    with pytest.raises(ValueError, match=r"snail\.txt"):
        finish(bpe.learn(chunks, 300))


def test_the_child_ends_when_the_studio_is_gone(children: list[Any], tmp_path: Path) -> None:
    with open(tmp_path / "out", "w+b") as out, open(tmp_path / "err", "w+b") as errors:
        child = bpe._start(300, out, errors)
        assert child.stdin
        child.stdin.write(b"\x05\0\0\0hel")
        child.stdin.close()
        assert child.wait(10) == 1
        errors.seek(0)
        assert b"broke off" in errors.read()


@pytest.mark.parametrize("text", ["", "a", "\n", "x" * 500_000])
def test_odd_texts(children: list[Any], finish: Finish, text: str) -> None:
    made = finish(train("bpe", lambda: iter([text] if text else []), 500, 1))
    assert made.vocab_size >= 256 and made.decode(made.encode("any 文 text")) == "any 文 text"
    assert max(len(made.token(i)) for i in range(made.vocab_size)) <= 64
