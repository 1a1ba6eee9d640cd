"""Muon next to torch's, and what its Newton-Schulz iterations are for."""

import pytest
import torch

from llmstudio.core.train.muon import Muon, orthogonal


def test_muon_moves_as_torch_s_does() -> None:
    """torch computes in bfloat16, one matrix at a time."""
    torch.manual_seed(1)
    theirs = [torch.nn.Parameter(torch.randn(shape)) for shape in ((64, 64), (64, 160), (160, 64), (48, 64))]
    ours = [torch.nn.Parameter(p.detach().clone()) for p in theirs]
    rate = {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.1}
    pair = (
        Muon(ours, [(64,), (64,), (160,), (48,)], **rate, dtype=torch.bfloat16),
        torch.optim.Muon(theirs, **rate),
    )
    for _ in range(4):
        before = [p.detach().clone() for p in ours]
        for a, b in zip(ours, theirs, strict=True):
            a.grad = b.grad = torch.randn_like(a)
            b.data.copy_(a.data)
        for optimizer in pair:
            optimizer.step()
        for a, b, old in zip(ours, theirs, before, strict=True):
            moved, like = (a - old).detach().flatten(), (b - old).detach().flatten()
            assert torch.cosine_similarity(moved, like, 0) > 0.998
            assert float(moved.norm() / like.norm()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("shape", [(3, 40, 40), (2, 24, 96), (2, 96, 24), (1, 40, 60)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_orthogonal_evens_the_singular_values(shape: tuple[int, int, int], dtype: torch.dtype) -> None:
    torch.manual_seed(2)
    x = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    scale = torch.logspace(0, -1, min(shape[1:]))
    found = orthogonal((x.U * scale @ x.Vh).to(dtype)).float()
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.6 and values.max() < 1.25
    assert torch.cosine_similarity((x.U @ x.Vh).flatten(), found.flatten(), 0) > 0.97
    assert not orthogonal(torch.zeros(shape, dtype=dtype)).any()
