"""The written-out PyTorch next to the studio's network: the same names, the same weights, the same scores."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor, nn

from llmstudio.core.chat.generate import generate
from llmstudio.core.chat.sampler import Sampler
from llmstudio.core.data import tokenizer
from llmstudio.core.model import cost
from llmstudio.core.model import spec as S
from llmstudio.core.model.code import pytorch
from llmstudio.core.model.network import GPT
from llmstudio.core.model.presets import PRESETS
from tests.core.model.drawn import drawn
from tests.core.train.kits import result
from tests.core.train.states import save_snapshot
from tests.core.train.texts import SOURCE, Letters

SMALL = {name: preset.model for name, preset in PRESETS.items() if preset.group == "small"}
LARGE = {name: preset.model for name, preset in PRESETS.items() if preset.group == "published"}


def run(model: S.Model) -> dict[str, Any]:
    """What the file defines."""
    found: dict[str, Any] = {"__name__": "model"}
    exec(compile(pytorch(model), "model.py", "exec"), found)
    return found


def weighed(model: S.Model) -> GPT:
    """With weights that are large enough to tell everything apart: also gates, gains and biases."""
    gpt = GPT(model, 1).eval()
    dice = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, p in gpt.named_parameters():
            gain = "norm" in name and name.endswith("weight")
            p.copy_((1.0 if gain else 0.0) + 0.15 * torch.randn(p.shape, generator=dice))
    return gpt


def same(model: S.Model, length: int) -> None:
    """In float64, where a difference is no rounding."""
    gpt = weighed(model).double()
    written: nn.Module = run(model)["GPT"]().eval().double()
    own, theirs = dict(written.named_parameters()), dict(gpt.named_parameters())
    assert {name: p.shape for name, p in own.items()} == {name: p.shape for name, p in theirs.items()}
    with torch.no_grad():
        for name, p in own.items():
            p.copy_(theirs[name])
        ids = torch.randint(model.vocab, (2, length), generator=torch.Generator().manual_seed(3))
        expected: Tensor = gpt(ids)
        torch.testing.assert_close(written(ids), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", SMALL)
def test_the_small_presets(name: str) -> None:
    same(SMALL[name], min(40, SMALL[name].context))


@pytest.mark.parametrize("name", LARGE)
def test_the_published_models_have_all_their_weights(name: str) -> None:
    with torch.device("meta"):
        written = run(LARGE[name])["GPT"]()
    assert sum(p.numel() for p in written.parameters()) == cost.total(LARGE[name])


def shrunk(model: S.Model) -> S.Model:
    """The same design at a size that fits everywhere."""

    def attention(a: S.Attention) -> S.Attention:
        kv_heads = a.kv_heads and (a.kv_heads if a.kv_heads in (1, a.heads) else 2)
        sizes = {"head_width": a.head_width and 16, "window": a.window and 9}
        return replace(a, heads=4, kv_heads=min(4, kv_heads) if kv_heads else None, **sizes)

    blocks = tuple(
        replace(b, attention=b.attention and attention(b.attention), mlp=b.mlp and replace(b.mlp, hidden=50))
        for b in model.blocks[:3]
    )
    skips = tuple(skip for skip in model.skips if skip.target <= 3)
    return replace(model, vocab=40, context=24, width=48, rope_original=8, blocks=blocks, skips=skips)


@pytest.mark.parametrize("name", LARGE)
def test_the_published_models_at_a_small_size(name: str) -> None:
    same(shrunk(LARGE[name]), 24)


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_two_hundred_random_models(first: int) -> None:
    for seed in range(first, first + 20):
        model = drawn(seed)
        same(model, model.context)


def test_it_is_written_with_what_it_uses_and_nothing_else() -> None:
    plain = S.Model(blocks=(S.Block(),) * 2)
    words = [
        (replace(plain, position="rope"), "rotate"),
        (replace(plain, position="alibi"), "slopes"),
        (replace(plain, position="sinusoidal"), "angle.sin()"),
        (replace(plain, dropout=0.1), "dropout"),
        (replace(plain, softcap=9.0), "tanh"),
        (replace(plain, embed_scale=True), "WIDTH**0.5"),
        (replace(plain, embed_norm=True), "embed_norm"),
        (replace(plain, skips=(S.Skip(source=0, target=2),)), "skips"),
        (replace(plain, blocks=(S.Block(attention=S.Attention(window=8)),)), "seen"),
        (replace(plain, blocks=(S.Block(attention=S.Attention(kv_heads=2)),)), "kv_heads"),
        (replace(plain, blocks=(S.Block(attention=S.Attention(qk_norm=True)),)), "q_norm"),
        (replace(plain, blocks=(S.Block(convolution=S.Convolution()),)), "Convolution"),
        (replace(plain, blocks=(S.Block(recurrence=S.Recurrence()),)), "Recurrence"),
        (replace(plain, blocks=(S.Block(experts=S.Experts()),)), "Experts"),
        (replace(plain, blocks=(S.Block(mlp=S.MLP(activation="relu2")),)), "relu2"),
        (replace(plain, blocks=(S.Block(), S.Block(mlp=None))), "Block2"),
    ]
    for model, word in words:
        assert word in pytorch(model) and word not in pytorch(plain), word
    assert "if self" not in pytorch(plain) and "class Block(" in pytorch(plain)
    assert pytorch(replace(plain, note="x", groups=(S.Group(first=0, last=1),))) == pytorch(plain)
    odd = pytorch(replace(plain, name='a """ b\\'))
    compile(odd, "model.py", "exec")


def test_patterns_that_repeat_are_a_loop() -> None:
    near, far = S.Block(attention=S.Attention(window=8)), S.Block()
    text = pytorch(S.Model(blocks=(near, far) * 5 + (far,)))
    assert "for _ in range(5):" in text and text.count("Attention(window=8)") == 1


def test_the_file_runs_and_goes_on_as_the_studio_does(tmp_path: Path) -> None:
    blocks = (S.Block(attention=S.Attention(window=6), convolution=S.Convolution()), S.Block(experts=S.Experts()))
    model = S.Model(vocab=len(Letters().letters), context=32, width=24, position="rope", head_bias=True, blocks=blocks)
    gpt = weighed(model)
    save_snapshot(gpt, tmp_path / "7.safetensors", 7)
    (tmp_path / "model.py").write_text(pytorch(model), encoding="utf-8")
    ask = [sys.executable, "-W", "error", "model.py", "--weights", "7.safetensors", "--tokens", "12"]
    ask += ["--temperature", "0", "--prompt-ids", "3", "1", "2"]
    done = subprocess.run(ask, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    expected = [said.id for said in generate(gpt, [3, 1, 2], Sampler(temperature=0, max_tokens=12), Letters())]
    assert list(map(int, done.stdout.split())) == [3, 1, 2, *expected]


@pytest.mark.parametrize("kind", ["character", "byte", "bpe"])
def test_with_the_tokenizer_of_a_project_it_reads_and_writes_text(
    kind: tokenizer.Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = result(tokenizer.train(kind, lambda: iter([SOURCE, SOURCE]), 300, 2))
    cut.save(tmp_path / "tokenizer.json")
    model = S.Model(vocab=cut.vocab_size, context=32, width=24, position="alibi", blocks=(S.Block(),))
    gpt = weighed(model)
    save_snapshot(gpt, tmp_path / "7.safetensors", 7)
    ask = ["--weights", "7.safetensors", "--tokenizer", "tokenizer.json", "--text", "the cat", "--temperature", "0"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["model.py", *ask, "--tokens", "9"])
    run(model)["main"]()
    ids = cut.encode("the cat").tolist()
    ids += [said.id for said in generate(gpt, ids, Sampler(temperature=0, max_tokens=9), cut)]
    assert capsys.readouterr().out == cut.decode(ids) + "\n"


def test_weights_of_another_model_are_refused_in_a_sentence(tmp_path: Path) -> None:
    save_snapshot(GPT(S.Model(width=16, blocks=()), 1), tmp_path / "1.safetensors", 1)
    found = run(S.Model(width=24, blocks=(S.Block(),)))
    with pytest.raises(SystemExit, match="belongs to another model"):
        found["load"](found["GPT"](), tmp_path / "1.safetensors")
