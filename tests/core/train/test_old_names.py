"""Files of formats 1 and 2 named the norms of a block by number; they are read as if they were of today."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Block, Model
from llmstudio.core.train import checkpoint
from tests.core.train.states import Moments

MODEL = Model(name="Small", vocab=20, context=8, width=16, norm_bias=True, blocks=(Block(), Block(attention=None)))


def trained() -> tuple[GPT, torch.optim.AdamW]:
    gpt = GPT(MODEL, seed=1)
    optimizer = torch.optim.AdamW(gpt.parameters(), 0.1)
    gpt(torch.arange(8)[None]).logsumexp(-1).sum().backward()
    optimizer.step()
    return gpt, optimizer


def old(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    named = {n.replace("norm_attn", "norm_1").replace("norm_mlp", "norm_2"): t for n, t in tensors.items()}
    assert sum(".norm_1." in n or ".norm_2." in n for n in named) >= 6
    return named


@pytest.mark.parametrize("version", [1, 2])
def test_a_snapshot(version: int, tmp_path: Path) -> None:
    gpt, _ = trained()
    path = tmp_path / "5.safetensors"
    checkpoint.write(path, old(checkpoint.parameters(gpt)), checkpoint.Header(step=5, spec=MODEL, version=version))
    again = GPT(MODEL, seed=2)
    assert checkpoint.load_snapshot(again, path) == 5
    assert all(torch.equal(a, b) for a, b in zip(gpt.parameters(), again.parameters(), strict=True))


def test_a_checkpoint_with_the_memory_of_its_optimiser_and_averaged_weights(tmp_path: Path) -> None:
    gpt, optimizer = trained()
    averaged = {name: tensor + 1 for name, tensor in checkpoint.parameters(gpt).items()}
    tensors = old(checkpoint.whole(gpt, Moments(gpt, optimizer), averaged))
    checkpoint.write(tmp_path / "000000001.safetensors", tensors, checkpoint.Header(step=1, spec=MODEL, version=2))
    again = GPT(MODEL, seed=2)
    other = torch.optim.AdamW(again.parameters())
    header, found, path = checkpoint.load_resume(tmp_path)
    back = checkpoint.restore(path, header, found, again, Moments(again, other))
    assert back.keys() == averaged.keys() and all(torch.equal(back[name], averaged[name]) for name in back)
    for a, b in zip(gpt.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
        assert all(torch.equal(optimizer.state[a][key], other.state[b][key]) for key in optimizer.state[a])
