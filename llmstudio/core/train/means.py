"""A running mean of the gradients of each weight: the memory of an optimiser of our own."""

import torch
from torch import Tensor


def mean_of(optimizer: torch.optim.Optimizer, p: Tensor, name: str) -> Tensor:
    """What `optimizer` remembers of p under `name`, as torch's own call it: zeros at first. It may be changed."""
    state = optimizer.state[p]
    if name not in state:
        state[name] = torch.zeros_like(p)
    return state[name]  # type: ignore[no-any-return]
