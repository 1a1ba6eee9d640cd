"""The known source against sums by hand, an eigenvector of numpy, and long texts."""

from math import log
from pathlib import Path

import numpy as np
import pytest

from llmstudio.core.data import markov

COIN = markov.Source(alphabet="ab", order=1, rows=((0.9, 0.1), (0.5, 0.5)))


def test_entropy_of_two_states_by_hand() -> None:
    # pi_a * 0.1 = pi_b * 0.5, so pi = (5/6, 1/6)
    of_a = -(0.9 * log(0.9) + 0.1 * log(0.1))
    assert COIN.entropy == pytest.approx(5 / 6 * of_a + 1 / 6 * log(2), abs=1e-11)


def test_entropy_of_a_fair_die_and_of_a_fixed_cycle() -> None:
    die = markov.Source(alphabet="abc", order=1, rows=((1 / 3,) * 3,) * 3)
    cycle = markov.Source(alphabet="abc", order=1, rows=((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)))
    assert die.entropy == pytest.approx(log(3), abs=1e-12)
    assert cycle.entropy == 0.0
    assert "".join(cycle.text(0, 7)) in "abcabcabcabc"


@pytest.mark.parametrize("seed", range(4))
def test_stationary_shares_are_the_eigenvector_of_eigenvalue_one(seed: int) -> None:
    source = markov.make(seed)
    rows = source.table()
    states, letters = rows.shape
    whole = np.zeros((states, states))
    for s in range(states):
        for a in range(letters):
            whole[s, (s * letters + a) % states] += rows[s, a]
    values, vectors = np.linalg.eig(whole.T)
    vector = vectors[:, np.abs(values - 1).argmin()].real
    assert markov.stationary(rows) == pytest.approx(vector / vector.sum(), abs=1e-10)
    assert (np.abs(values - 1) < 1e-9).sum() == 1


@pytest.mark.parametrize("seed", [0, 7])
def test_a_long_text_has_the_entropy_by_counting(seed: int) -> None:
    """Conditional entropy counted from pairs and triples of the text alone, with no use of the source's table."""
    source = markov.make(seed)
    text = "".join(source.text(seed + 1, 400_000))
    ids = np.array(["\n abcdefghijklmnopqrstuvwxyz".index(letter) for letter in text])
    pairs = np.bincount(ids[:-1] * 28 + ids[1:], minlength=28**2).reshape(28, 28)
    triples = np.bincount((ids[:-2] * 28 + ids[1:-1]) * 28 + ids[2:], minlength=28**3).reshape(28, 28, 28)
    seen = triples[triples > 0]
    context = np.broadcast_to(pairs[:, :, None], triples.shape)[triples > 0]
    counted = -(seen * np.log(seen / context)).sum() / seen.sum()
    assert counted == pytest.approx(source.entropy, rel=0.01)
    assert source.surprise(text) == pytest.approx(source.entropy, rel=0.01)


def test_surprise_by_hand() -> None:
    assert COIN.surprise("aab") == pytest.approx(-(log(0.9) + log(0.1)) / 2)
    with pytest.raises(ValueError, match="more than 1"):
        COIN.surprise("a")
    with pytest.raises(ValueError, match="all from 'ab'"):
        COIN.surprise("abc")


def test_the_same_seed_gives_the_same_text_and_another_does_not() -> None:
    source = markov.make(3)
    assert source == markov.make(3) != markov.make(4)
    text = "".join(source.text(5, 100_000))
    assert len(text) == 100_000
    assert text == "".join(source.text(5, 100_000))
    assert text[:1000] != "".join(source.text(6, 1000))
    assert all(len(line) < 400 for line in text.split("\n"))
    assert "  " not in text and "\n\n" not in text


def test_a_source_of_first_order_can_be_made() -> None:
    source = markov.make(1, alphabet="abcdef", order=1, successors=3)
    assert all(sum(p > 0 for p in row) == 3 for row in source.rows)
    assert 0 < source.entropy < log(3)


def test_saved_and_read_again(tmp_path: Path) -> None:
    source = markov.make(2)
    source.save(tmp_path / "source.json")
    assert markov.load(tmp_path / "source.json") == source


@pytest.mark.parametrize(
    "content", ["", "[]", '{"alphabet": "ab"}', '{"alphabet": "ab", "order": 1, "rows": [[1, 0]]}',
                '{"alphabet": "ab", "order": 1, "rows": [[0.5, 0.4], [1, 0]]}',
                '{"alphabet": "ab", "order": 1, "rows": [[1.5, -0.5], [1, 0]]}'],
)  # fmt: skip
def test_a_broken_file_is_refused_with_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "source.json").write_text(content)
    with pytest.raises(ValueError, match="source"):
        markov.load(tmp_path / "source.json")


def test_parts_that_never_meet_have_no_entropy() -> None:
    apart = markov.Source(alphabet="ab", order=1, rows=((1.0, 0.0), (0.0, 1.0)))
    with pytest.raises(ValueError, match="never meet"):
        _ = apart.entropy
