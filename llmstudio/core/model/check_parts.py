"""What is wrong with one part of a block, in words, and ways to mend it."""

from collections.abc import Callable, Iterable, Iterator
from math import lcm
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from . import spec as S
from .problem import Fix, Problem
from .widths import fair_heads


def part_problems(model: S.Model, where: str, part: Struct) -> Iterator[Problem]:
    """Of the part at path `where`; its numbers are within their limits."""
    yield from CHECKS.get(type(part), _nothing)(model, where, part)


def rotates(model: S.Model, a: S.Attention) -> bool:
    """Whether these heads know their places by RoPE."""
    return (a.position or model.position) == "rope"


def shorter(block: S.Block, context: int) -> S.Block:
    """The block for a context so long: windows and reaches no wider than it."""
    a, c = block.attention, block.convolution
    if a and a.window and a.window > context:
        block = replace(block, attention=replace(a, window=None, sinks=None))
    if c and c.size > context:
        block = replace(block, convolution=replace(c, size=context) if context > 1 else None)
    return block


def near_heads(model: S.Model, heads: int, even: bool) -> list[int]:
    """Numbers of heads on either side of `heads` that share the width evenly, each an even number wide if asked."""
    return near(heads, fair_heads(model.width, even))


def near(n: int, choices: Iterable[int]) -> list[int]:
    """The nearest choice on either side of n."""
    below, above = [c for c in choices if c < n], [c for c in choices if c > n]
    return below[-1:] + above[:1]


def _nothing(model: S.Model, where: str, part: Any) -> Iterator[Problem]:
    yield from ()


def _attention(model: S.Model, where: str, a: S.Attention) -> Iterator[Problem]:
    turns, size = rotates(model, a), a.head_width or model.width // a.heads
    if not a.head_width and model.width % a.heads:
        text = f"{a.heads} heads do not divide {model.width}."
        heads = [*_other_heads(model, where, a, turns)] or [*_other_heads(model, where, a, even=False)]
        yield Problem(where=where, text=text, fixes=(*heads, *_other_width(model)))
    elif turns and size % 2:
        yield Problem(
            where=where,
            text=f"RoPE turns pairs of numbers: a head must be an even number wide, not {size}.",
            fixes=(*_other_size(model, where, a, size), *_other_positions(model, where, a)),
        )
    elif a.kv_heads and a.heads % a.kv_heads:
        yield Problem(
            where=where,
            text=f"{a.heads} heads cannot share {a.kv_heads} key/value heads evenly.",
            fixes=tuple(_other_kv_heads(model, where, a, a.kv_heads)),
        )
    if a.window and a.window > model.context:
        yield Problem(
            where=where,
            text=f"A window of {a.window} is wider than the context of {model.context}.",
            fixes=(_fix(model, where, "See the whole context", replace(a, window=None, sinks=None)),),
        )
    elif a.sinks and not a.window:
        window = max(1, model.context // 4)
        yield Problem(
            where=where,
            text="Sinks count only beside a window: without one, every position is seen anyway.",
            fixes=(
                _fix(model, where, f"Use a window of {window}", replace(a, window=window)),
                _fix(model, where, "No sinks", replace(a, sinks=None)),
            ),
        )


def _convolution(model: S.Model, where: str, c: S.Convolution) -> Iterator[Problem]:
    if c.size > model.context:
        whole = replace(c, size=model.context) if model.context > 1 else None
        label = f"Reach {model.context} tokens" if whole else "Remove the convolution"
        yield Problem(
            where=where,
            text=f"A reach of {c.size} is wider than the context of {model.context}.",
            fixes=(_fix(model, where, label, whole),),
        )


def _recurrence(model: S.Model, where: str, r: S.Recurrence) -> Iterator[Problem]:
    if model.width % r.heads:
        fixes = [_fix(model, where, _heads(n), replace(r, heads=n)) for n in near_heads(model, r.heads, even=False)]
        text = f"{r.heads} heads do not divide {model.width}."
        yield Problem(where=where, text=text, fixes=(*fixes, *_other_width(model)))


def _experts(model: S.Model, where: str, e: S.Experts) -> Iterator[Problem]:
    if e.top_k > e.experts:
        yield Problem(
            where=where,
            text=f"A token cannot go through {e.top_k} experts: there are {e.experts}.",
            fixes=(
                _fix(model, where, f"Use all {e.experts} at once", replace(e, top_k=e.experts)),
                _fix(model, where, f"Have {e.top_k} experts", replace(e, experts=e.top_k)),
            ),
        )


CHECKS: dict[type[Struct], Callable[[S.Model, str, Any], Iterator[Problem]]] = {
    S.Attention: _attention,
    S.Convolution: _convolution,
    S.Recurrence: _recurrence,
    S.Experts: _experts,
}


def _fix(model: S.Model, where: str, label: str, part: Struct | None) -> Fix:
    return Fix(label=label, model=S.change(model, where, part))


def _heads(n: int, kind: str = "") -> str:
    return f"Use {n} {kind}{'head' if n == 1 else 'heads'}"


def _other_heads(model: S.Model, where: str, a: S.Attention, even: bool) -> Iterator[Fix]:
    for n in near_heads(model, a.heads, even):
        kv_heads = a.kv_heads if a.kv_heads and n % a.kv_heads == 0 else None
        yield _fix(model, where, _heads(n), replace(a, heads=n, kv_heads=kv_heads))


def _other_size(model: S.Model, where: str, a: S.Attention, size: int) -> Iterator[Fix]:
    if a.head_width is None:
        yield from _other_heads(model, where, a, even=True)
        yield from _other_width(model)
        return
    for n in (size - 1, size + 1):
        if 2 <= n <= 4096:
            yield _fix(model, where, f"Make heads {n} wide", replace(a, head_width=n))


def _other_positions(model: S.Model, where: str, a: S.Attention) -> Iterator[Fix]:
    if a.position is None:
        yield Fix(label="Use learned positions", model=replace(model, position="learned"))
    else:
        yield _fix(model, where, "No rotation here", replace(a, position="none"))


def _other_kv_heads(model: S.Model, where: str, a: S.Attention, now: int) -> Iterator[Fix]:
    for n in near(now, [d for d in range(1, a.heads + 1) if a.heads % d == 0]):
        yield _fix(model, where, _heads(n, "key/value "), replace(a, kv_heads=n))
    yield _fix(model, where, "One for each head", replace(a, kv_heads=None))


def _other_width(model: S.Model) -> Iterator[Fix]:
    """The nearest width that suits the heads of all blocks, if one is near."""
    sharing = [b.attention for b in model.blocks if b.attention and not b.attention.head_width]
    steps = [a.heads * (2 if rotates(model, a) else 1) for a in sharing]
    step = lcm(*steps, *(b.recurrence.heads for b in model.blocks if b.recurrence))
    width = max(1, int(model.width / step + 0.5)) * step
    if step <= model.width and width <= 65_536:
        yield Fix(label=f"Make the model {width} wide", model=replace(model, width=width))
