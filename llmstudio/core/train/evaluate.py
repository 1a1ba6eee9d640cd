"""How well it predicts text it does not learn from: the mean surprise per token, in nats."""

from collections.abc import Generator
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from llmstudio.core.inside.watch import at_rest
from llmstudio.core.model.network import GPT
from llmstudio.core.progress import Progress


class Text(Protocol):
    """What evaluation asks of the tokens on disk."""

    @property
    def validation(self) -> NDArray[Any]: ...


def validation_loss(gpt: GPT, tokens: Text, context: int, batch: int) -> Generator[Progress, None, float]:
    """Mean loss over the whole validation part, in windows of `context` that do not overlap.

    Every token but the first is predicted once; the last window may be shorter. Weights must not change meanwhile.
    """
    starts = np.arange(0, len(tokens.validation) - 1, context)
    return (yield from _loss(gpt, tokens.validation, starts, context, batch))


def sampled_loss(
    gpt: GPT, tokens: Text, context: int, batch: int, batches: int
) -> Generator[Progress, None, tuple[float, bool]]:
    """The same on at most batch * batches windows, evenly spread and always the same ones. True: that was all of it."""
    starts = np.arange(0, len(tokens.validation) - 1, context)
    few = batch * batches
    whole = len(starts) <= few
    chosen = starts if whole else starts[np.linspace(0, len(starts) - 1, few).astype(int)]
    return (yield from _loss(gpt, tokens.validation, chosen, context, batch)), whole


def _loss(
    gpt: GPT, ids: NDArray[Any], starts: NDArray[Any], context: int, batch: int
) -> Generator[Progress, None, float]:
    if not len(starts):
        raise ValueError("There is too little validation text to test on: add text or raise its share.")
    total, count = 0.0, 0
    full = [int(s) for s in starts if s + context < len(ids)]
    groups = [full[i : i + batch] for i in range(0, len(full), batch)] + [[int(s)] for s in starts[len(full) :]]
    for done, group in enumerate(groups):
        rows = np.stack([ids[s : s + context + 1] for s in group]).astype(np.int64)  # (B, T+1)
        if rows.max() >= gpt.spec.vocab:
            raise ValueError("The validation tokens (val.bin) are damaged or of another tokenizer. Tokenize again.")
        idx = torch.from_numpy(rows).to(gpt.embed.weight.device)
        with at_rest(gpt):
            scores = gpt(idx[:, :-1])  # (B, T, V)
            total += float(F.cross_entropy(scores.flatten(0, 1).float(), idx[:, 1:].flatten(), reduction="sum"))
        count += idx[:, 1:].numel()
        yield Progress(text="Reading the validation text", done=done + 1, total=len(groups), unit="batches")
    return total / count
