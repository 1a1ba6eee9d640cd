"""A block by hand: where norms stand, parts in turn or side by side, added to the stream or not; wires to the end."""

import ast
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

from llmstudio.core.model import network
from llmstudio.core.model.network import GPT, Cache
from llmstudio.core.model.spec import MLP, Attention, Block, Convolution, Experts, Model, Recurrence, Skip

V, T, C = 29, 10, 12
FULL = Block(
    convolution=Convolution(size=3), attention=Attention(heads=2), recurrence=Recurrence(heads=2), mlp=MLP(hidden=9),
    experts=Experts(hidden=7),
)  # fmt: skip
NAMES = ["conv", "attn", "rec", "mlp", "moe"]


def made(model: Model) -> GPT:
    gpt = GPT(model, seed=1)
    dice = torch.Generator().manual_seed(4)
    for p in gpt.parameters():
        p.data += 0.3 * torch.randn(p.shape, generator=dice)
    return gpt.eval()


def ids() -> torch.Tensor:
    return torch.randint(V, (2, T), generator=torch.Generator().manual_seed(3))


@torch.no_grad()
@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("placement", ["pre", "post", "sandwich"])
@pytest.mark.parametrize("norm", ["rms", "none"])
def test_parts_in_turn(placement: str, norm: str, residual: bool) -> None:
    shape = replace(FULL, placement=placement, residual=residual, norm=norm)
    block = made(Model(vocab=V, context=T, width=C, blocks=(shape,))).blocks[0]
    x = h = torch.randn(2, T, C)
    for name in NAMES:
        part, around = getattr(block, name), getattr(block, f"norm_{name}")
        y = part(h if placement == "post" else around(h))
        y = getattr(block, f"after_{name}")(y) if placement == "sandwich" else y
        h = h + y if residual else y
        h = around(h) if placement == "post" else h
    torch.testing.assert_close(block(x), h)


@torch.no_grad()
@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("placement", ["pre", "post", "sandwich"])
def test_parts_side_by_side(placement: str, residual: bool) -> None:
    shape = replace(FULL, placement=placement, residual=residual, norm="rms", parallel=True)
    block = made(Model(vocab=V, context=T, width=C, blocks=(shape,))).blocks[0]
    names = {name for name, _ in block.named_children()}
    assert names == {*NAMES, "norm"} | ({"after"} if placement == "sandwich" else set())
    x = torch.randn(2, T, C)
    read = x if placement == "post" else block.norm(x)
    y = sum(getattr(block, name)(read) for name in NAMES)
    y = block.after(y) if placement == "sandwich" else y
    y = x + y if residual else y
    torch.testing.assert_close(block(x), block.norm(y) if placement == "post" else y)


@torch.no_grad()
def test_a_wire_may_end_before_the_final_norm() -> None:
    model = Model(vocab=V, context=T, width=C, blocks=(Block(), Block()))
    plain, wired = made(model), made(replace(model, skips=(Skip(source=1, target=2),)))
    stream = plain.embed(ids()) + plain.positions.weight
    one = plain.blocks[0](stream)
    two = plain.blocks[1](one)
    torch.testing.assert_close(wired(ids()), plain.head(plain.norm(two + one)))


@torch.no_grad()
def test_the_scores_are_capped_and_have_biases() -> None:
    model = Model(vocab=V, context=T, width=C, head_bias=True, blocks=(Block(),))
    plain, capped = made(model), made(replace(model, softcap=2.0))
    assert plain.head.bias.any()
    torch.testing.assert_close(capped(ids()), 2 * (plain(ids()) / 2).tanh())


def test_norms_without_gains_hold_nothing() -> None:
    block = replace(FULL, attention=Attention(heads=2, qk_norm=True), placement="sandwich")
    gpt = GPT(Model(vocab=V, context=T, width=C, norm_gain=False, norm_bias=True, embed_norm=True, blocks=(block,)))
    assert [name for name, _ in gpt.named_parameters() if "norm" in name or "after" in name] == [
        "blocks.0.rec.norm.weight"
    ]


@torch.no_grad()
@pytest.mark.parametrize("block", [FULL, replace(FULL, parallel=True, norm="none")])
def test_position_by_position_is_the_whole_pass(block: Block) -> None:
    gpt = made(Model(vocab=V, context=T, width=C, position="none", blocks=(block, block)))
    cache, x = Cache(gpt, batch=2), ids()
    pieces = [gpt(piece, cache) for piece in x.split([3, 1, 1, 4, 1], 1)]
    torch.testing.assert_close(torch.cat(pieces, 1), gpt(x), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_cache_says_how_far_it_could_go_back() -> None:
    block = replace(FULL, recurrence=None, convolution=None)
    gpt, x = made(Model(vocab=V, context=T, width=C, blocks=(block,))), ids()
    cache = Cache(gpt, batch=2)
    gpt(x[:, :8], cache)
    assert cache.rewind(5) == cache.length == 5
    torch.testing.assert_close(gpt(x[:, 5:7], cache), gpt(x[:, :7])[:, 5:], rtol=1e-4, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("gone", [{"recurrence": None}, {"convolution": None}])
def test_a_memory_that_cannot_go_back_begins_again(gone: dict) -> None:
    gpt, x = made(Model(vocab=V, context=T, width=C, blocks=(Block(), replace(FULL, **gone)))), ids()
    cache = Cache(gpt, batch=2)
    gpt(x[:, :8], cache)
    assert cache.rewind(8) == 8
    assert cache.rewind(5) == cache.length == 0
    torch.testing.assert_close(gpt(x[:, :7], cache), gpt(x[:, :7]), rtol=1e-4, atol=1e-4)


def test_dropout_of_a_part_comes_back() -> None:
    model = Model(
        vocab=V, context=T, width=C, dropout=0.1,
        blocks=(Block(attention=Attention(dropout=0.0), mlp=MLP(dropout=0.3)), Block()),
    )  # fmt: skip
    gpt = GPT(model, seed=1)

    def shares() -> list[float]:
        return [gpt.dropout, *(part.dropout for block in gpt.blocks for part in (block.attn, block.mlp))]

    assert shares() == [0.1, 0.0, 0.3, 0.1, 0.1] and gpt.drops
    gpt.set_dropout(0.0)
    assert shares() == [0.0] * 5 and not gpt.drops
    gpt.set_dropout(None)
    assert shares() == [0.1, 0.0, 0.3, 0.1, 0.1]


def test_parts_that_write_start_small_or_silent() -> None:
    writes = (".conv.weight", "attn.out.weight", "rec.out.weight", "mlp.down.weight", "moe.down.weight")
    for silent, loud in ((False, 0.02 / 10**0.5), (True, 0.0)):
        gpt = GPT(Model(vocab=V, context=T, width=96, silent=silent, blocks=(FULL, FULL)), seed=1)
        found = {name: float(p.detach().std()) for name, p in gpt.named_parameters() if name.endswith(writes)}
        assert len(found) == 10
        assert all(std == pytest.approx(loud, rel=0.15) for std in found.values()), found


def test_a_forward_can_be_read_at_a_glance() -> None:
    lengths = {}
    for path in Path(network.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name == "forward":
                assert node.end_lineno
                lengths[f"{path.name}:{node.lineno}"] = node.end_lineno - node.lineno + 1
    assert len(lengths) >= 7 and max(lengths.values()) <= 25, lengths
