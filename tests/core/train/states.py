"""The state of one of torch's optimisers by the names of the parameters, as the trainer's own gives it."""

import torch
from torch import Tensor

from llmstudio.core.model.network import GPT


class Moments:
    def __init__(self, gpt: GPT, optimizer: torch.optim.Optimizer) -> None:
        self.named, self.of = dict(gpt.named_parameters()), optimizer.state

    def state(self) -> dict[str, Tensor]:
        return {f"{key}.{name}": t for name, p in self.named.items() for key, t in self.of.get(p, {}).items()}

    def load(self, state: dict[str, Tensor]) -> None:
        for full, tensor in state.items():
            key, _, name = full.partition(".")
            self.of[self.named[name]][key] = tensor.clone()
