"""What is wrong with a model, where, in words, and ways to mend it. Without problems it builds and trains."""

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from llmstudio.core.sizes import size
from llmstudio.core.train.recipe import Recipe

from . import cost
from . import spec as S
from .check_parts import part_problems, shorter
from .limits import outside
from .problem import Fix as Fix
from .problem import Problem as Problem
from .widths import fair_heads

USUAL = 32  # numbers in a head of a small model


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
    return beyond or [*_stack(model), *_blocks(model), *_skips(model), *_groups(model)]


def mended(model: S.Model) -> S.Model:
    """The model without problems: the first fix of the first of them, until there are none that has a new one."""
    tried: set[S.Model] = set()
    while model not in tried:
        tried.add(model)
        fixes = (fix.model for problem in problems(model) for fix in problem.fixes)
        model = next((fixed for fixed in fixes if fixed not in tried), model)
    return model


def data_problems(
    model: S.Model, recipe: Recipe, manifest: Amounts | None, memory: int | None = None, card: int | None = None
) -> list[Problem]:
    """What keeps a sound model from training on this text, or in this memory: see `cost.lacking`."""
    found = [Problem(where="", text=f"{o.title} {o.text}.") for o in outside(recipe)]
    if manifest:
        found += [*_vocabulary(model, manifest), *_length(model, manifest)]
    return [*found, *_memory(model, recipe, memory, card)]


def _limits(model: S.Model) -> Iterator[Problem]:
    values: list[tuple[str, Struct]] = [("", model)]
    for i, block in enumerate(model.blocks):
        values += [(f"blocks.{i}.{name}", part) for name, part in S.parts(block).items()]
    values += [(f"skips.{i}", skip) for i, skip in enumerate(model.skips)]
    values += [(f"groups.{i}", group) for i, group in enumerate(model.groups)]
    for where, value in values:
        for o in outside(value):
            mended = S.change(model, where, replace(value, **{o.field: o.nearest}))
            fix = Fix(label=f"Use {o.nearest:.10g}", model=mended)
            yield Problem(where=where, text=f"{o.title} {o.text}.", fixes=(fix,))


def _stack(model: S.Model) -> Iterator[Problem]:
    if not model.blocks:
        fair = fair_heads(model.width, even=model.position == "rope")
        heads = min(fair, key=lambda h: abs(model.width / h - USUAL), default=0)
        block = S.Block(attention=S.Attention(heads=heads) if heads else None)
        yield Problem(
            where="",
            text="There are no blocks: the model would only count which token follows which.",
            fixes=(Fix(label="Add a block", model=S.insert(replace(model, skips=(), groups=()), 0, block)),),
        )


def _blocks(model: S.Model) -> Iterator[Problem]:
    for i, block in enumerate(model.blocks):
        if not S.parts(block):
            fixes = [Fix(label="Give it an MLP", model=S.change(model, f"blocks.{i}", replace(block, mlp=S.MLP())))]
            if len(model.blocks) > 1:
                fixes.append(Fix(label="Remove it", model=S.remove(model, i)))
            yield Problem(where=f"blocks.{i}", text="This block is empty: it does nothing.", fixes=tuple(fixes))
        if model.silent and not block.residual:
            on = S.change(model, f"blocks.{i}", replace(block, residual=True))
            yield Problem(
                where=f"blocks.{i}",
                text="A silent start and no residual leave nothing in the stream to learn from.",
                fixes=(
                    Fix(label="Start as usual", model=replace(model, silent=False)),
                    Fix(label="Turn the residual on", model=on),
                ),
            )
        for name, part in S.parts(block).items():
            yield from part_problems(model, f"blocks.{i}.{name}", part)


def _skips(model: S.Model) -> Iterator[Problem]:
    for i, skip in enumerate(model.skips):
        gone = Fix(label="Remove the wire", model=replace(model, skips=model.skips[:i] + model.skips[i + 1 :]))
        if max(skip.source, skip.target) > len(model.blocks):
            yield Problem(where=f"skips.{i}", text="This extra wire leads to a place that is not there.", fixes=(gone,))
        elif skip.source >= skip.target:
            back = skip.source > skip.target
            text = "This extra wire ends before it begins." if back else "This extra wire ends where it begins."
            turned = S.change(model, f"skips.{i}", replace(skip, source=skip.target, target=skip.source))
            fixes = (Fix(label="Turn it round", model=turned), gone) if back else (gone,)
            yield Problem(where=f"skips.{i}", text=text, fixes=fixes)


def _groups(model: S.Model) -> Iterator[Problem]:
    """Groups are only shown, but what is shown must be there."""
    taken: set[int] = set()
    for k, group in enumerate(model.groups):
        rest = replace(model, groups=model.groups[:k] + model.groups[k + 1 :])
        gone = Fix(label="Undo the group", model=rest)
        if not group.first <= group.last < len(model.blocks):
            yield Problem(where=f"groups.{k}", text="This group has blocks that are not there.", fixes=(gone,))
            continue
        members = {*range(group.first, group.last + 1)}
        if shared := members & taken:
            text = f"Block {min(shared) + 1} is in two groups."
            yield Problem(where=f"groups.{k}", text=text, fixes=(gone,))
        taken |= members


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
    short = replace(model, context=fits, blocks=tuple(shorter(block, fits) for block in model.blocks))
    fix = Fix(label=f"Use a context of {fits}", model=short)
    yield Problem(where="", text=f"{text}: add text or shorten the context.", fixes=(fix,))


def _memory(model: S.Model, recipe: Recipe, memory: int | None, card: int | None) -> Iterator[Problem]:
    if (short := cost.lacking(model, recipe, memory, card)) is None:
        return
    need, there = short
    text = f"Training needs at least {size(need)} of memory, and {size(there)} are free."
    portion = cost.portion(recipe)
    while portion > 1:
        portion = 1 << ((portion - 1).bit_length() - 1)
        parts = -(-recipe.batch // portion)
        same = replace(recipe, accumulate=parts)
        if cost.lacking(model, same, memory, card) is None:
            other = replace(recipe, batch=portion, accumulate=1)
            fixes = [(f"Take the batch in {parts} portions", same), (f"Use a batch of {portion}", other)]
            yield Problem(where="", text=text, fixes=tuple(Fix(label=w, model=model, recipe=r) for w, r in fixes))
            return
    yield Problem(where="", text=f"{text} Make the model smaller.")
