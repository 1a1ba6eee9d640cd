"""How long a run would take on a graphics card that is not here: by its data sheet, so at best about so fast.

Peaks are those of dense matrix products in bfloat16 with sums in float32, without the sparsity that data sheets like to
count in. Sources: NVIDIA's data sheets of A100 (2021), H100, H200, L4 and L40S (2023) and HGX B200 (2024), its white
papers on Ampere GA102 (2021), Ada (2023) and RTX Blackwell (2025); AMD's of Instinct MI300X (2023).
"""

from msgspec import Struct

from llmstudio.core.train.recipe import Recipe

from . import cost
from . import spec as S
from .footprint import SPARE

REACHED = 0.4  # share of the peak that training reaches: PaLM 0.46, GPT-3 0.21 (Chowdhery et al. 2022, table 3)
STREAMED = 0.8  # share of the bandwidth that long copies reach
LAUNCH = 5e-6  # seconds that a kernel takes at least: of a small model nearly all of the time
KERNELS = 45  # of one part of a block, forward, backward and update, uncompiled
TOUCHED = 40  # bytes moved for each parameter in a step: gradients, weights, AdamW's moments, the copy in bfloat16


class Card(Struct, frozen=True, kw_only=True):
    """A graphics card as its maker describes it."""

    name: str
    peak: float  # FLOP/s
    memory: float  # bytes
    bandwidth: float  # bytes/s


def _card(name: str, teraflops: float, gigabytes: float, bandwidth: float) -> Card:
    return Card(name=name, peak=teraflops * 1e12, memory=gigabytes * 1e9, bandwidth=bandwidth * 1e9)


CARDS = (
    _card("RTX 3090", 71, 24, 936),
    _card("RTX 4070 Ti", 80.2, 12, 504),
    _card("RTX 4080", 97.5, 16, 717),
    _card("RTX 4090", 165.2, 24, 1008),
    _card("RTX 5090", 209.5, 32, 1792),
    _card("L4", 121, 24, 300),
    _card("L40S", 362, 48, 864),
    _card("A100 40 GB", 312, 40, 1555),
    _card("A100 80 GB", 312, 80, 2039),
    _card("H100", 989, 80, 3350),
    _card("H200", 989, 141, 4800),
    _card("MI300X", 1307, 192, 5300),
    _card("B200", 2250, 180, 7700),
)


class Work(Struct, frozen=True, kw_only=True):
    """What one step of a run asks of a card."""

    flops: float
    moved: float  # bytes through its memory, beside those of the arithmetic
    kernels: int
    memory: float  # bytes

    def seconds(self, card: Card) -> float:
        """Arithmetic, then what is moved; and never less than the kernels take to launch."""
        return max(self._busy(card), self.kernels * LAUNCH)

    def waits(self, card: Card) -> bool:
        """Whether it takes longer to launch the kernels than to do what they do."""
        return self._busy(card) < self.kernels * LAUNCH

    def _busy(self, card: Card) -> float:
        return self.flops / (REACHED * card.peak) + self.moved / (STREAMED * card.bandwidth)

    def fits(self, card: Card) -> bool:
        return self.memory <= SPARE * card.memory


def work(model: S.Model, recipe: Recipe) -> Work:
    parts = sum(len(S.parts(block)) for block in model.blocks) + 1
    return Work(
        flops=recipe.batch * model.context * cost.flops_per_token(model),
        moved=TOUCHED * cost.total(model),
        kernels=recipe.accumulate * parts * KERNELS,
        memory=cost.footprint(model, recipe, "bfloat16", fused=True).on_device,
    )
