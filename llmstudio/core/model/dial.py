"""One dial for the size: width, heads, depth, learning rate and batch follow from it.

Shape: 64 numbers of width for each block, and heads of 64 numbers, four at least. So are GPT-2 small (12 blocks, 768
wide; Radford et al. 2019), nanochat (Karpathy 2025) and our own Nano (2 blocks, 128 wide); between half and twice this
ratio the loss hardly changes (Kaplan et al. 2020, figure 5).

Rates: Adam's peak falls with the logarithm of the size, 0.003239 - 0.0001395 ln N for N weights without embeddings
(Kaplan et al. 2020, eq. D.1). Muon's is the same for all sizes (Jordan et al. 2024); what Adam moves beside it falls
with the square root of the width (nanochat), from the 0.01 that Nano was tuned to.

Batch: its tokens grow with the arithmetic of a token to the power 0.327, from Nano's 1,536. DeepSeek-AI 2024,
eq. 1, has this power for the arithmetic of a whole run: it is the same for runs over equally many tokens.
"""

from math import log, sqrt
from typing import TypeVar

from msgspec.structs import replace

from llmstudio.core.train.recipe import Recipe

from . import cost
from . import spec as S

HEAD, FEWEST = 64, 4  # numbers of a head, and heads
RATIO, NARROW, WIDE = 64, 0.75, 1.4  # of width to blocks, and how far the width may leave that to meet a size
MOST_BLOCKS = 64
NANO_WIDTH, NANO_RATE, NANO_TOKENS, NANO_FLOPS = 128, 0.01, 1536, 4.13e6  # what Nano was tuned to; FLOPs for a token
TOKENS_PER_WEIGHT = 20  # Hoffmann et al. 2022: what a size makes best use of
SMALLEST, LARGEST = 1e5, 1e9  # parameters that the dial turns between
B = TypeVar("B", S.MLP, S.Experts)


def sized(model: S.Model, recipe: Recipe, parameters: float) -> tuple[S.Model, Recipe]:
    """The same kind of design with about so many parameters, and a recipe that suits it."""
    low, high = 1, MOST_BLOCKS
    while low < high:  # the fewest blocks that reach the size at the plain ratio
        middle = (low + high) // 2
        if cost.total(shaped(model, middle, RATIO * middle)) < parameters:
            low = middle + 1
        else:
            high = middle
    tried = [(blocks, width) for blocks in {max(1, low - 1), low} for width in _widths(blocks)]
    designs = [(shaped(model, *shape), _odd(*shape)) for shape in tried]
    found, _ = min(designs, key=lambda design: abs(log(cost.total(design[0]) / parameters)) + design[1])
    return found, suited(found, recipe)


def lasting(model: S.Model, recipe: Recipe, seconds: float, speed: float) -> tuple[S.Model, Recipe]:
    """The design that makes best use of so much time on a machine of `speed` FLOP/s, and a recipe that lasts so long.

    Of C FLOPs, 6 N each go into 20 N tokens (Hoffmann et al. 2022): N = sqrt(C / 120).
    """
    work = seconds * speed
    size = min(max(sqrt(work / (6 * TOKENS_PER_WEIGHT)), SMALLEST), LARGEST)
    model, recipe = sized(model, recipe, size)
    steps = work / (cost.flops_per_token(model) * recipe.batch * model.context)
    return model, stretched(recipe, max(1, round(steps)))


def shaped(model: S.Model, blocks: int, width: int) -> S.Model:
    """The same kind of design with so many blocks of this width: patterns repeat, wires and groups keep their share."""
    grown = tuple(
        _resized(block, max(1, model.width), width) for block in _repeated(model.blocks or (S.Block(),), blocks)
    )
    before = max(1, len(model.blocks))

    def place(n: int) -> int:
        return round(n * blocks / before)

    skips = tuple(replace(s, source=place(s.source), target=place(s.target)) for s in model.skips)
    groups = tuple(replace(g, first=place(g.first), last=place(g.last + 1) - 1) for g in model.groups)
    return replace(
        model,
        width=width,
        blocks=grown,
        skips=tuple(dict.fromkeys(s for s in skips if s.source < s.target)),
        groups=tuple(g for g in groups if g.first <= g.last),
    )


def suited(model: S.Model, recipe: Recipe) -> Recipe:
    """The recipe with the rates and the batch that suit this size. Rates of other optimisers stay as they are."""
    tokens = NANO_TOKENS * (cost.flops_per_token(model) / NANO_FLOPS) ** 0.327
    batch = max(1, round(tokens / model.context))
    batch = batch if batch < 8 else 4 * round(batch / 4)
    recipe = replace(recipe, batch=batch, accumulate=min(recipe.accumulate, batch))
    if recipe.optimizer not in ("adam", "adamw", "muon"):
        return recipe
    inside = cost.total(model) - cost.parameters(model)["embed"]
    rate = 0.003239 - 0.0001395 * log(max(1, inside))
    if recipe.optimizer == "muon":
        rate = NANO_RATE * sqrt(NANO_WIDTH / model.width)
    rate = float(f"{rate:.2g}")
    final = float(f"{recipe.min_learning_rate / recipe.learning_rate * rate:.2g}")
    return replace(recipe, learning_rate=rate, min_learning_rate=final)


def stretched(recipe: Recipe, steps: int) -> Recipe:
    """The recipe with another number of steps; what is counted in steps keeps its share of them."""
    counted = ("warmup", "evaluate_every", "sample_every")
    ratio = steps / recipe.steps
    fields = {name: max(int(name != "warmup"), round(ratio * getattr(recipe, name))) for name in counted}
    return replace(recipe, steps=steps, **fields)


def heads_for(width: int, together: int = 1) -> int:
    """About one head for each 64 numbers, four at least; heads share the width evenly, each an even part of it.

    `together`: so many heads share a key and value, so their number is a multiple of it where that is possible.
    """
    wish = max(FEWEST, width / HEAD)
    fair = [n for n in range(1, width // 2 + 1) if width % (2 * n) == 0] or [1]
    near = [n for n in fair if n % together == 0 and abs(log(n / wish)) < 1]
    return min(near or fair, key=lambda n: abs(log(n / wish)))


def _widths(blocks: int) -> list[int]:
    grid = 16 if blocks < 4 else 32
    low, high = NARROW * RATIO * blocks, WIDE * RATIO * blocks
    return [grid * n for n in range(max(1, round(low / grid)), round(high / grid) + 1)]


def _odd(blocks: int, width: int) -> float:
    """How far from the plain shape, in e-folds of size that this is worth."""
    return 0.06 * abs(log(width / (RATIO * blocks))) + 0.02 * (width % HEAD != 0)


def _repeated(blocks: tuple[S.Block, ...], count: int) -> list[S.Block]:
    """So many of the same pattern: it goes on where it repeats, else it is stretched."""
    length = len(blocks)
    period = next(p for p in range(1, length + 1) if all(blocks[i] == blocks[i % p] for i in range(length)))
    if period < length or length == 1:
        return [blocks[i % period] for i in range(count)]
    return [blocks[i * length // count] for i in range(count)]


def _resized(block: S.Block, before: int, width: int) -> S.Block:
    fields: dict[str, object] = {}
    if a := block.attention:
        many = a.kv_heads and a.kv_heads > 1 and a.heads % a.kv_heads == 0
        heads = heads_for(width, a.heads // a.kv_heads if a.kv_heads and many else 1)
        share = a.heads * a.head_width / before if a.head_width else 0.0
        own = max(2, 2 * round(share * width / heads / 2)) if share else None
        fields["attention"] = replace(a, heads=heads, kv_heads=_shared(a, heads), head_width=own)
    if r := block.recurrence:
        fields["recurrence"] = replace(r, heads=heads_for(width))
    if f := block.mlp:
        fields["mlp"] = _wider(f, width / before)
    if e := block.experts:
        fields["experts"] = _wider(e, width / before)
    return replace(block, **fields)


def _shared(a: S.Attention, heads: int) -> int | None:
    """As many heads to each key and value as before, as near as their number allows."""
    if not a.kv_heads or a.kv_heads == a.heads:
        return None
    wish = heads * a.kv_heads / a.heads
    fair = [n for n in range(1, heads + 1) if heads % n == 0]
    return 1 if a.kv_heads == 1 else min(fair, key=lambda n: abs(log(n / wish)))


def _wider(f: B, ratio: float) -> B:
    return replace(f, hidden=max(8, 8 * round(f.hidden * ratio / 8))) if f.hidden else f
