"""The presets reach what benchmarks/RECIPES.md says. The starter is asked in tests/core/train/test_starter.py."""

import os

import pytest

from benchmarks.text import Characters
from benchmarks.time import studio

pytestmark = pytest.mark.soak


@pytest.mark.skipif(not os.environ.get("LLMSTUDIO_CORPUS"), reason="LLMSTUDIO_CORPUS names the folder of a known text")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_quick_preset_reaches_nanogpts_loss(seed: int) -> None:
    text = Characters()
    if text.name != "tinyshakespeare.txt":
        pytest.skip("the figure is for tiny Shakespeare")
    seconds, _, loss = studio(text, seed)
    print(f"\nseed {seed}: {loss:.4f} after {seconds:.1f} s")
    assert loss <= 1.90
