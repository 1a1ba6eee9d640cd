"""A running average of the weights, smoother than those of any one step (Polyak & Juditsky 1992)."""

import copy

import torch
from torch import Tensor

from llmstudio.core.model.network import GPT

from .checkpoint import COUNT


class Average:
    """`gpt` has the averaged weights, to look at; it never learns."""

    def __init__(self, source: GPT) -> None:
        self._source = source
        self.gpt = copy.deepcopy(source).requires_grad_(False).eval()
        self._count = torch.zeros((), dtype=torch.int64)  # updates so far

    def update(self, decay: float) -> None:
        """Take in the weights as they are now: average = decay * average + (1 - decay) * weights.

        While there were few updates the decay is at most n / (n + 10), or the start would weigh for long.
        """
        n = int(self._count)
        share = 1 - min(decay, n / (n + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.gpt.parameters()), list(self._source.parameters()), share)
        self._count += 1

    def reset(self) -> None:
        """Begin again with the weights as they are."""
        with torch.no_grad():
            torch._foreach_copy_(list(self.gpt.parameters()), list(self._source.parameters()))
        self._count.zero_()

    def state(self) -> dict[str, Tensor]:
        """For the checkpoint: views, not copies."""
        return {**{name: p.detach() for name, p in self.gpt.named_parameters()}, COUNT: self._count}

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from `state`."""
        with torch.no_grad():
            for name, p in self.gpt.named_parameters():
                p.copy_(state[name])
            self._count.copy_(state[COUNT])
