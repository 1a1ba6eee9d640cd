"""Files of weights: whole or not there, and a damaged one never brings the run down with it."""

import json
import struct
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from llmstudio.core.model import spec
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Block, Model
from llmstudio.core.train import checkpoint
from llmstudio.core.train.events import Changed
from llmstudio.core.train.guard import Trouble
from llmstudio.core.train.recipe import Recipe
from tests.core.train.states import Moments, save_snapshot

MODEL = Model(name="Small", vocab=20, context=8, width=16, blocks=(Block(),))


def trained(steps: int = 2) -> tuple[GPT, torch.optim.AdamW]:
    gpt = GPT(MODEL, seed=1)
    optimizer = torch.optim.AdamW(gpt.parameters())
    for _ in range(steps):
        gpt(torch.arange(8)[None]).logsumexp(-1).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return gpt, optimizer


def save(folder: Path, step: int) -> tuple[GPT, torch.optim.AdamW]:
    gpt, optimizer = trained(step)
    tensors = checkpoint.whole(gpt, Moments(gpt, optimizer))
    checkpoint.save_resume(folder, tensors, checkpoint.Header(step=step, spec=MODEL, seconds=1.5))
    return gpt, optimizer


def test_a_snapshot_comes_back_and_says_what_it_is(tmp_path: Path) -> None:
    gpt, _ = trained()
    path = tmp_path / "Jörg Müller 文" / "7.safetensors"
    save_snapshot(gpt, path, 7)
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
    other = torch.optim.AdamW(again.parameters())
    assert checkpoint.restore(path, header, tensors, again, Moments(again, other)) == {}
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
    save_snapshot(gpt, path, 1)
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
    checkpoint.save_resume(tmp_path, checkpoint.whole(gpt, Moments(gpt, optimizer)), newer)
    with pytest.raises(ValueError, match="written by a newer LLM Studio"):
        checkpoint.load_resume(tmp_path)


def test_missing_files_and_other_models_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"3\.safetensors is missing"):
        checkpoint.load_snapshot(GPT(MODEL), tmp_path / "3.safetensors")
    save_snapshot(GPT(MODEL), tmp_path / "3.safetensors", 3)
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


def test_a_checkpoint_of_format_1_goes_on(tmp_path: Path) -> None:
    """As the first studio wrote it: by safetensors' own hand, no recipe in the header."""
    gpt, optimizer = trained(3)
    state = Moments(gpt, optimizer).state()
    header = {"step": 3, "spec": msgspec.to_builtins(MODEL), "version": 1, "told": False, "fused": [True], "threads": 2}
    tensors = {f"weights.{name}": p.detach() for name, p in gpt.named_parameters()}
    tensors |= {f"optimizer.{name}": t for name, t in state.items()}
    save_file(tensors, tmp_path / "000000003.safetensors", {"llmstudio": json.dumps(header)})
    found, tensors, path = checkpoint.load_resume(tmp_path)
    assert (found.step, found.told, found.fused, found.threads, found.recipe) == (3, False, (True,), 2, None)
    again = GPT(MODEL, seed=2)
    other = Moments(again, torch.optim.AdamW(again.parameters()))
    checkpoint.restore(path, found, tensors, again, other)
    assert torch.equal(gpt.embed.weight, again.embed.weight) and other.state().keys() == state.keys()
    assert all(torch.equal(state[name], t) for name, t in other.state().items())


def test_the_header_keeps_all_that_an_exact_continuation_needs(tmp_path: Path) -> None:
    gpt, optimizer = trained()
    header = checkpoint.Header(
        step=2, spec=MODEL, recipe=Recipe(learning_rate=0.1), best=checkpoint.Best(step=1, loss=2.5), waited=3,
        changes=(Changed(step=1, fields={"learning_rate": 0.1, "dropout": None}),), precision="bfloat16",
        troubles=(Trouble(to=1, bad=2),), compiled=True, fused=(False,), threads=2,
        losses=(3.25, 3.0), torch_version="2.13.0",
    )  # fmt: skip
    averaged = {name: p * 2 for name, p in checkpoint.parameters(gpt).items()}
    checkpoint.save_resume(tmp_path, checkpoint.whole(gpt, Moments(gpt, optimizer), averaged), header)
    found, tensors, path = checkpoint.load_resume(tmp_path)
    assert found == header
    again = GPT(MODEL)
    back = checkpoint.restore(path, found, tensors, again, Moments(again, torch.optim.AdamW(again.parameters())))
    assert torch.equal(again.embed.weight, gpt.embed.weight)
    assert back.keys() == averaged.keys() and all(torch.equal(back[name], averaged[name]) for name in averaged)
    assert checkpoint.load_newest(again, tmp_path) == 2  # what one looks at and talks to is the average
    assert torch.equal(again.embed.weight, averaged["embed.weight"])


def test_every_kind_of_number_is_written_as_safetensors_reads_it(tmp_path: Path) -> None:
    dice = torch.Generator().manual_seed(1)
    tensors = {str(kind): (torch.rand(3, 5, generator=dice) * 100).to(kind) for kind in checkpoint.NAMES}
    tensors |= {"one number": torch.tensor(7.5), "none": torch.zeros(0, 4), "turned": torch.arange(6.0).view(2, 3).T}
    checkpoint.write(tmp_path / "x.safetensors", tensors, checkpoint.Header(step=0, spec=MODEL))
    read = load_file(tmp_path / "x.safetensors")
    assert read.keys() == tensors.keys()
    assert all(t.dtype == read[name].dtype and torch.equal(t, read[name]) for name, t in tensors.items())


def test_going_back_forgets_what_came_after(tmp_path: Path) -> None:
    for step in (1, 2):
        gpt, _ = save(tmp_path / "resume", step)
        save_snapshot(gpt, tmp_path / "snapshots" / f"{step}.safetensors", step)
    assert checkpoint.load_resume(tmp_path / "resume", upto=1)[0].step == 1
    assert checkpoint.load_resume(tmp_path / "resume", upto=0) is None
    checkpoint.forget(tmp_path, 1)
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == ["1.safetensors"]
    gpt, optimizer = trained(1)
    stale = [tmp_path / "resume" / name for name in checkpoint.newer(tmp_path / "resume", 1)]
    header = checkpoint.Header(step=1, spec=MODEL)
    checkpoint.save_resume(tmp_path / "resume", checkpoint.whole(gpt, Moments(gpt, optimizer)), header, stale=stale)
    assert [path.name for path in (tmp_path / "resume").iterdir()] == ["000000001.safetensors"]


def test_more_than_two_can_be_kept(tmp_path: Path) -> None:
    gpt, optimizer = trained()
    tensors = checkpoint.whole(gpt, Moments(gpt, optimizer))
    for step in range(1, 7):
        checkpoint.save_resume(tmp_path, tensors, checkpoint.Header(step=step, spec=MODEL), kept=4)
    assert sorted(int(path.stem) for path in tmp_path.iterdir()) == [3, 4, 5, 6]
