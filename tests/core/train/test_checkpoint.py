"""Files of weights: whole or not there, and a damaged one never brings the run down with it."""

import json
import struct
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace
from safetensors import safe_open

from llmstudio.core.model import spec
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Block, Model
from llmstudio.core.train import checkpoint, optim
from llmstudio.core.train.recipe import Recipe

MODEL = Model(name="Small", vocab=20, context=8, width=16, blocks=(Block(),))


def trained(steps: int = 2) -> tuple[GPT, torch.optim.AdamW]:
    gpt = GPT(MODEL, seed=1)
    optimizer = optim.adamw(gpt, Recipe())
    for _ in range(steps):
        gpt(torch.arange(8)[None]).logsumexp(-1).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return gpt, optimizer


def save(folder: Path, step: int) -> tuple[GPT, torch.optim.AdamW]:
    gpt, optimizer = trained(step)
    checkpoint.save_resume(folder, gpt, optimizer, checkpoint.Header(step=step, spec=MODEL, seconds=1.5))
    return gpt, optimizer


def test_a_snapshot_comes_back_and_says_what_it_is(tmp_path: Path) -> None:
    gpt, _ = trained()
    path = tmp_path / "Jörg Müller 文" / "7.safetensors"
    checkpoint.save_snapshot(gpt, path, 7)
    again = GPT(MODEL, seed=2)
    assert checkpoint.load_snapshot(again, path) == 7
    assert all(torch.equal(a, b) for a, b in zip(gpt.parameters(), again.parameters(), strict=True))
    with safe_open(path, "pt") as file:  # as any other tool reads it
        assert sorted(file.keys()) == sorted(name for name, _ in gpt.named_parameters())
        header = json.loads(file.metadata()["llmstudio"])
    assert (header["step"], header["version"], header["spec"]["name"]) == (7, checkpoint.VERSION, "Small")


def test_a_checkpoint_brings_back_weights_and_moments(tmp_path: Path) -> None:
    gpt, optimizer = save(tmp_path, 3)
    header, tensors, path = checkpoint.load_resume(tmp_path)
    assert (header.step, header.seconds, header.spec) == (3, 1.5, MODEL)
    again = GPT(MODEL, seed=2)
    other = optim.adamw(again, Recipe())
    checkpoint.restore(path, header, tensors, again, other)
    for a, b in zip(gpt.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
        assert optimizer.state[a].keys() == other.state[b].keys()
        assert all(torch.equal(optimizer.state[a][key], other.state[b][key]) for key in optimizer.state[a])


def test_none_is_no_error_but_newest_step_says_so(tmp_path: Path) -> None:
    assert checkpoint.load_resume(tmp_path / "resume") is None
    with pytest.raises(ValueError, match="no checkpoint"):
        checkpoint.newest_step(tmp_path / "resume")


@pytest.mark.parametrize("cut", [0, 4, 100, 2000, -1])
def test_a_truncated_newest_falls_back_to_the_older(tmp_path: Path, cut: int) -> None:
    save(tmp_path, 1)
    save(tmp_path, 2)
    newest = tmp_path / "000000002.safetensors"
    newest.write_bytes(newest.read_bytes()[:cut])
    assert checkpoint.newest_step(tmp_path) == 1
    older = tmp_path / "000000001.safetensors"
    older.write_bytes(b"not weights")
    with pytest.raises(ValueError, match=r"000000002\.safetensors .* damaged or cut short"):
        checkpoint.load_resume(tmp_path)


def test_every_single_damaged_byte_of_the_header_is_our_own_error_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "1.safetensors"
    gpt, _ = trained()
    checkpoint.save_snapshot(gpt, path, 1)
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    again, refused = GPT(MODEL), 0
    for place in range(0, 8 + size, 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1 :])
        try:
            checkpoint.load_snapshot(again, path)
        except ValueError as error:
            refused += 1
            assert path.name in str(error)
    assert refused > size / 7 / 2


def test_a_newer_version_is_refused_and_not_replaced_by_an_older_file(tmp_path: Path) -> None:
    save(tmp_path, 1)
    gpt, optimizer = trained()
    newer = checkpoint.Header(step=2, spec=MODEL, version=checkpoint.VERSION + 1)
    checkpoint.save_resume(tmp_path, gpt, optimizer, newer)
    with pytest.raises(ValueError, match="written by a newer LLM Studio"):
        checkpoint.load_resume(tmp_path)


def test_missing_files_and_other_models_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"3\.safetensors is missing"):
        checkpoint.load_snapshot(GPT(MODEL), tmp_path / "3.safetensors")
    checkpoint.save_snapshot(GPT(MODEL), tmp_path / "3.safetensors", 3)
    other = GPT(spec.duplicate(MODEL, 0), seed=5)
    before = other.embed.weight.clone()
    with pytest.raises(ValueError, match="belongs to another model"):
        checkpoint.load_snapshot(other, tmp_path / "3.safetensors")
    assert torch.equal(before, other.embed.weight)


def test_load_newest_fills_the_weights(tmp_path: Path) -> None:
    gpt, _ = save(tmp_path / "resume", 2)
    again = GPT(MODEL, seed=9)
    assert checkpoint.load_newest(again, tmp_path / "resume") == 2
    assert torch.equal(gpt.embed.weight, again.embed.weight)


def test_only_matrices_decay() -> None:
    gpt = GPT(replace(MODEL, norm_bias=True), seed=1)
    decays, stays = optim.adamw(gpt, Recipe(weight_decay=0.3)).param_groups
    assert (decays["weight_decay"], stays["weight_decay"]) == (0.3, 0.0)
    assert all(p.dim() == 2 for p in decays["params"]) and all(p.dim() == 1 for p in stays["params"])
    assert len(decays["params"]) + len(stays["params"]) == len(list(gpt.parameters()))
