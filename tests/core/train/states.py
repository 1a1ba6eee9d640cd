"""The state of one of torch's optimisers by the names of the parameters, as the trainer's own gives it; a snapshot."""

from pathlib import Path

import torch
from torch import Tensor

from llmstudio.core.model.network import GPT
from llmstudio.core.train import checkpoint


class Moments:
    def __init__(self, gpt: GPT, optimizer: torch.optim.Optimizer) -> None:
        self.named, self.of = dict(gpt.named_parameters()), optimizer.state

    def state(self) -> dict[str, Tensor]:
        return {f"{key}.{name}": t for name, p in self.named.items() for key, t in self.of.get(p, {}).items()}

    def load(self, state: dict[str, Tensor]) -> None:
        for full, tensor in state.items():
            key, _, name = full.partition(".")
            self.of[self.named[name]][key] = tensor.clone()


def save_snapshot(gpt: GPT, path: Path, step: int) -> None:
    """Keep the weights of this step, as a run does."""
    checkpoint.write(path, checkpoint.parameters(gpt), checkpoint.Header(step=step, spec=gpt.spec))
