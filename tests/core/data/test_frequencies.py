"""Token counts against Python's own counter."""

from collections import Counter

import numpy as np

from llmstudio.core.data import ngrams
from llmstudio.core.data.frequencies import frequencies


def test_every_token_is_counted() -> None:
    tokens = np.random.default_rng(0).zipf(1.5, 100_000).clip(max=99).astype(np.uint16)
    found = frequencies(tokens, 128)
    wanted = Counter(tokens.tolist())
    assert found.counted == found.total == 100_000
    assert {id: int(n) for id, n in enumerate(found.counts) if n} == wanted
    assert [(id, wanted[id]) for id in found.commonest(5)] == sorted(wanted.items(), key=lambda e: (-e[1], e[0]))[:5]
    assert found.rarest is not None and wanted[found.rarest] == min(wanted.values())
    assert found.different == len(wanted)
    assert found.share(1) == wanted[1] / 100_000


def test_a_long_text_is_counted_on_stretches_and_says_so() -> None:
    tokens = np.zeros(3 * ngrams.SLAB, np.uint8)
    tokens[-1] = 7
    found = frequencies(tokens, 256, most=2 * ngrams.SLAB)
    assert (found.counted, found.total) == (2 * ngrams.SLAB, 3 * ngrams.SLAB)
    assert found.counts.sum() == found.counted and found.counts[7] == 1


def test_nothing_to_count() -> None:
    found = frequencies(np.zeros(0, np.uint16), 10)
    assert found.counted == 0 and found.commonest(3) == [] and found.rarest is None and found.share(2) == 0
