"""What is wrong with a model, where, in words, and ways to mend it. Without problems it builds and trains."""

from collections.abc import Iterable, Iterator
from math import lcm
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.train.recipe import Recipe

from . import cost
from . import spec as S
from .limits import outside


class Fix(Struct, frozen=True, kw_only=True):
    """One click that mends a problem: take this model, and this recipe where there is one."""

    label: str
    model: S.Model
    recipe: Recipe | None = None


class Problem(Struct, frozen=True, kw_only=True):
    where: str  # path in the spec; "" is the whole
    text: str
    fixes: tuple[Fix, ...] = ()


class Amounts(Protocol):
    """What is asked of the manifest of the tokens on disk."""

    @property
    def vocab(self) -> int: ...
    @property
    def train_tokens(self) -> int: ...
    @property
    def validation_tokens(self) -> int: ...


def problems(model: S.Model) -> list[Problem]:
    """All that keeps the model from being built, in the order of the canvas. None: it builds and trains a step."""
    beyond = [*_limits(model)]
    return beyond or [*_stack(model), *_blocks(model), *_skips(model)]


def data_problems(model: S.Model, recipe: Recipe, manifest: Amounts | None, memory: int | None = None) -> list[Problem]:
    """What keeps a sound model from training on this text, or on a machine with `memory` bytes available."""
    found = [Problem(where="", text=f"{o.title} {o.text}.") for o in outside(recipe)]
    if manifest:
        found += [*_vocabulary(model, manifest), *_length(model, manifest)]
    if memory is not None:
        found += _memory(model, recipe, memory)
    return found


def _limits(model: S.Model) -> Iterator[Problem]:
    parts: list[tuple[str, Struct]] = [("", model)]
    for i, block in enumerate(model.blocks):
        inner = (("attn", block.attention), ("mlp", block.mlp))
        parts += [(f"blocks.{i}.{name}", part) for name, part in inner if part]
    parts += [(f"skips.{i}", skip) for i, skip in enumerate(model.skips)]
    for where, part in parts:
        for o in outside(part):
            mended = S.change(model, where, replace(part, **{o.field: o.nearest}))
            fix = Fix(label=f"Use {o.nearest:.10g}", model=mended)
            yield Problem(where=where, text=f"{o.title} {o.text}.", fixes=(fix,))


def _stack(model: S.Model) -> Iterator[Problem]:
    if not model.blocks:
        heads = _near(4, [h for h in _divisors(model.width) if _turns(model, h)])
        block = S.Block(attention=S.Attention(heads=heads[-1]) if heads else None)
        yield Problem(
            where="",
            text="There are no blocks: the model would only count which token follows which.",
            fixes=(Fix(label="Add a block", model=S.insert(replace(model, skips=()), 0, block)),),
        )


def _blocks(model: S.Model) -> Iterator[Problem]:
    for i, block in enumerate(model.blocks):
        if not block.attention and not block.mlp:
            fixes = [Fix(label="Give it an MLP", model=S.change(model, f"blocks.{i}", replace(block, mlp=S.MLP())))]
            if len(model.blocks) > 1:
                fixes.append(Fix(label="Remove it", model=S.remove(model, i)))
            yield Problem(where=f"blocks.{i}", text="This block is empty: it does nothing.", fixes=tuple(fixes))
        if block.attention:
            yield from _attention(model, f"blocks.{i}.attn", block.attention)


def _attention(model: S.Model, where: str, a: S.Attention) -> Iterator[Problem]:
    size = model.width // a.heads
    if model.width % a.heads:
        yield Problem(
            where=where,
            text=f"{model.width} wide cannot be shared evenly by {a.heads} heads.",
            fixes=(*_other_heads(model, where, a), *_other_width(model)),
        )
    elif not _turns(model, a.heads):
        yield Problem(
            where=where,
            text=f"RoPE turns pairs of numbers: a head must be an even number wide, not {size}.",
            fixes=(
                *_other_heads(model, where, a),
                *_other_width(model),
                Fix(label="Use learned positions", model=replace(model, position="learned")),
            ),
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
            fixes=(Fix(label="See the whole context", model=S.change(model, where, replace(a, window=None))),),
        )


def _skips(model: S.Model) -> Iterator[Problem]:
    for i, skip in enumerate(model.skips):
        gone = Fix(label="Remove the wire", model=replace(model, skips=model.skips[:i] + model.skips[i + 1 :]))
        if max(skip.source, skip.target) >= len(model.blocks):
            yield Problem(where=f"skips.{i}", text="This extra wire leads to a block that is not there.", fixes=(gone,))
        elif skip.source >= skip.target:
            back = skip.source > skip.target
            text = "This extra wire ends before it begins." if back else "This extra wire ends where it begins."
            turned = S.change(model, f"skips.{i}", replace(skip, source=skip.target, target=skip.source))
            fixes = (Fix(label="Turn it round", model=turned), gone) if back else (gone,)
            yield Problem(where=f"skips.{i}", text=text, fixes=fixes)


def _vocabulary(model: S.Model, manifest: Amounts) -> Iterator[Problem]:
    if model.vocab != manifest.vocab:
        yield Problem(
            where="embed",
            text=f"The model knows {model.vocab:,} tokens, and the tokenizer makes {manifest.vocab:,}.",
            fixes=(Fix(label=f"Use {manifest.vocab:,} tokens", model=replace(model, vocab=manifest.vocab)),),
        )


def _length(model: S.Model, manifest: Amounts) -> Iterator[Problem]:
    """A batch needs context + 1 tokens of training text in a row, an evaluation any two of validation text."""
    if manifest.validation_tokens < 2:
        yield Problem(where="", text="There is too little validation text to test on: add text or raise its share.")
    if (tokens := manifest.train_tokens) > model.context:
        return
    text = f"The training text has {tokens:,} tokens, fewer than the context of {model.context:,} and one to predict"
    if tokens < 2:
        yield Problem(where="", text=f"{text}: add text.")
        return
    fits = 1 << ((tokens - 1).bit_length() - 1)
    short = replace(model, context=fits, blocks=tuple(_windowed(block, fits) for block in model.blocks))
    fix = Fix(label=f"Use a context of {fits}", model=short)
    yield Problem(where="", text=f"{text}: add text or shorten the context.", fixes=(fix,))


def _windowed(block: S.Block, context: int) -> S.Block:
    a = block.attention
    return replace(block, attention=replace(a, window=None)) if a and a.window and a.window > context else block


def _memory(model: S.Model, recipe: Recipe, memory: int) -> Iterator[Problem]:
    if (need := cost.training_bytes(model, recipe)) <= memory:
        return
    text = f"Training needs about {need / 1e9:.1f} GB of memory, and {memory / 1e9:.1f} GB are free."
    portion = cost.portion(recipe)
    while portion > 1:
        portion = 1 << ((portion - 1).bit_length() - 1)
        parts = -(-recipe.batch // portion)
        same = replace(recipe, accumulate=parts)
        if cost.training_bytes(model, same) <= memory:
            other = replace(recipe, batch=portion, accumulate=1)
            fixes = [(f"Take the batch in {parts} portions", same), (f"Use a batch of {portion}", other)]
            yield Problem(where="", text=text, fixes=tuple(Fix(label=w, model=model, recipe=r) for w, r in fixes))
            return
    yield Problem(where="", text=f"{text} Make the model smaller.")


def _other_heads(model: S.Model, where: str, a: S.Attention) -> Iterator[Fix]:
    divisors = [h for h in _divisors(model.width) if h <= 256]
    for n in _near(a.heads, [h for h in divisors if _turns(model, h)] or divisors):
        kv_heads = a.kv_heads if a.kv_heads and n % a.kv_heads == 0 else None
        label = f"Use {n} {'head' if n == 1 else 'heads'}"
        yield Fix(label=label, model=S.change(model, where, replace(a, heads=n, kv_heads=kv_heads)))


def _other_kv_heads(model: S.Model, where: str, a: S.Attention, now: int) -> Iterator[Fix]:
    for n in _near(now, _divisors(a.heads)):
        label = f"Use {n} key/value {'head' if n == 1 else 'heads'}"
        yield Fix(label=label, model=S.change(model, where, replace(a, kv_heads=n)))
    yield Fix(label="One for each head", model=S.change(model, where, replace(a, kv_heads=None)))


def _other_width(model: S.Model) -> Iterator[Fix]:
    """The nearest width that suits the heads of all blocks, if one is near."""
    step = lcm(*(b.attention.heads for b in model.blocks if b.attention)) * (2 if model.position == "rope" else 1)
    width = max(1, int(model.width / step + 0.5)) * step
    if step <= model.width and width <= 65_536:
        yield Fix(label=f"Make the model {width} wide", model=replace(model, width=width))


def _turns(model: S.Model, heads: int) -> bool:
    return model.position != "rope" or model.width // heads % 2 == 0


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _near(n: int, choices: Iterable[int]) -> list[int]:
    """The nearest choice on either side of n."""
    below, above = [c for c in choices if c < n], [c for c in choices if c > n]
    return below[-1:] + above[:1]
