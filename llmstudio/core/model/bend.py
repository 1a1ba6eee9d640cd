"""The bends between two matrices, without which they would be one."""

import torch.nn.functional as F
from torch import Tensor

from . import spec as S


def bend(kind: S.Activation, x: Tensor) -> Tensor:
    match kind:
        case "gelu" | "geglu":
            return F.gelu(x)
        case "gelu_tanh" | "geglu_tanh":
            return F.gelu(x, approximate="tanh")
        case "silu" | "swiglu":
            return F.silu(x)
        case "relu":
            return F.relu(x)
        case "relu2":
            return x * F.relu(x)  # = relu(x)^2 (So et al. 2021), cheaper backward
