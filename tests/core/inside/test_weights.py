"""Weights by hand against numpy, and what the network says of them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from llmstudio.core.inside.piece import Change, Piece
from llmstudio.core.inside.weights import apply, describe, pieces, put_back, rank_of, react, view
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import MLP, Attention, Block, Convolution, Experts, Model, Recurrence

BLOCKS = (
    Block(
        convolution=Convolution(size=3),
        attention=Attention(heads=4, kv_heads=2, bias=True),
        mlp=MLP(activation="swiglu", hidden=20),
    ),
    Block(
        attention=None,
        recurrence=Recurrence(heads=2),
        mlp=None,
        experts=Experts(experts=3, hidden=10, activation="geglu"),
    ),
)
MODEL = Model(vocab=30, context=16, width=16, blocks=BLOCKS)


def named(gpt, name):
    return next(piece for piece in pieces(gpt) if piece.name == name)


def test_all_weights_are_there_once():
    gpt = GPT(MODEL, seed=1)
    seen = {name: torch.zeros_like(p) for name, p in gpt.named_parameters()}
    for piece in pieces(gpt):
        there = seen[piece.parameter] if piece.expert is None else seen[piece.parameter][piece.expert]
        there = there if there.dim() > 1 else there[None]
        there[piece.first : piece.first + piece.rows] += 1
        assert view(gpt, piece).shape == (piece.rows, piece.columns)
    assert all(bool((count == 1).all()) for count in seen.values())
    names = [piece.name for piece in pieces(gpt)]
    assert len(set(names)) == len(names)
    q, k = named(gpt, "blocks.0.attn.qkv.weight Q"), named(gpt, "blocks.0.attn.qkv.weight K")
    assert (q.rows, k.rows, k.first) == (16, 8, 16)
    assert named(gpt, "blocks.0.mlp.up.weight gate").rows == 20
    assert named(gpt, "blocks.1.moe.up.weight[2] up").first == 10


def test_statistics_and_spectrum_are_those_of_numpy():
    gpt = GPT(MODEL, seed=1)
    piece = named(gpt, "blocks.0.mlp.up.weight up")
    x = gpt.blocks[0].mlp.up.weight.detach().numpy()[20:]
    found = describe(gpt, piece)
    np.testing.assert_array_equal(found.values, x)
    assert (found.count, found.zeros, found.every) == (320, 0, 1)
    assert found.mean == pytest.approx(x.mean(), abs=1e-7) and found.spread == pytest.approx(x.std(), rel=1e-5)
    assert (found.low, found.high) == (x.min(), x.max()) and sum(found.counts) == 320
    s = np.linalg.svd(x.astype(np.float64))[1]
    np.testing.assert_allclose(found.spectrum, s, rtol=1e-4)
    energy = np.cumsum(s**2) / np.sum(s**2)
    assert energy[found.rank - 1] >= 0.9 > energy[found.rank - 2]
    assert rank_of(np.array([3.0, 1.0, 0.0])) == 1 and rank_of(np.zeros(4)) == 0
    with torch.no_grad():
        gpt.blocks[0].mlp.up.weight[25, 3] = float("inf")
    with pytest.raises(ValueError, match="no longer numbers"):
        describe(gpt, piece)


@pytest.mark.parametrize("kind", ["cell", "row", "column", "all", "rank"])
def test_a_change_is_exactly_that_and_can_be_taken_back(kind):
    gpt = GPT(MODEL, seed=1)
    piece = named(gpt, "blocks.0.attn.qkv.weight K")
    whole = gpt.blocks[0].attn.qkv.weight.detach().numpy().copy()
    wanted = whole.copy()
    index = {"cell": (2, 5), "row": (2,), "column": (5,), "all": (), "rank": (3,)}[kind]
    if kind == "rank":
        u, s, vt = np.linalg.svd(whole[16:24].astype(np.float64), full_matrices=False)
        wanted[16:24] = (u[:, :3] * s[:3]) @ vt[:3]
    else:
        where = {"cell": (18, 5), "row": (18,), "column": (slice(16, 24), 5), "all": (slice(16, 24),)}[kind]
        wanted[where] = 0.25
    change = Change(piece=piece, kind=kind, index=index, value=0.25)
    before = apply(gpt, change)
    assert before.numel() == {"cell": 1, "row": 16, "column": 8}.get(kind, 8 * 16), "no more is kept than was changed"
    np.testing.assert_allclose(gpt.blocks[0].attn.qkv.weight.detach().numpy(), wanted, atol=1e-6)
    put_back(gpt, change, before)
    np.testing.assert_array_equal(gpt.blocks[0].attn.qkv.weight.detach().numpy(), whole)


def test_taking_a_change_back_leaves_what_the_others_have_learnt_since():
    gpt = GPT(MODEL, seed=1)
    change = Change(piece=named(gpt, "blocks.0.attn.qkv.weight K"), kind="row", index=(2,))
    weight = gpt.blocks[0].attn.qkv.weight.detach()
    whole = weight.numpy().copy()
    before = apply(gpt, change)
    weight += 1
    now = put_back(gpt, change, before)
    np.testing.assert_array_equal(weight[18].numpy(), whole[18])
    np.testing.assert_array_equal(np.delete(weight.numpy(), 18, 0), np.delete(whole, 18, 0) + 1)
    put_back(gpt, change, now)
    assert (weight[18] == 1).all()


def test_a_cell_that_is_not_there_is_refused():
    gpt = GPT(MODEL, seed=1)
    piece = named(gpt, "blocks.0.conv.weight")
    with pytest.raises(ValueError, match="16 rows and 3 columns"):
        apply(gpt, Change(piece=piece, kind="cell", index=(2, 3)))


def test_the_reaction_is_the_networks():
    gpt = GPT(MODEL, seed=1)
    text = SimpleNamespace(validation=np.random.default_rng(1).integers(0, 30, 49).astype(np.uint16))
    found = react(gpt, text, [4, 5, 6])
    ids = torch.from_numpy(text.validation.astype(np.int64))
    with torch.no_grad():
        x = torch.stack([ids[0:17], ids[16:33], ids[32:49]])
        loss = F.cross_entropy(gpt.eval()(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        after = gpt(torch.tensor([[4, 5, 6]]))[0, -1].softmax(-1)
    assert found.tokens == 48 and found.loss == pytest.approx(float(loss), abs=1e-5)
    assert found.next_ids[0] == int(after.argmax()) == found.written[0]
    assert found.next_probabilities[0] == pytest.approx(float(after.max()), abs=1e-6)
    assert react(gpt, None, []).tokens == 0


def test_changes_are_said_in_words():
    piece = Piece(parameter="head.weight", called="", expert=None, first=0, rows=4, columns=4, vector=False)
    assert Change(piece=piece, kind="row", index=(3,)).text == "head.weight: row 3 set to 0"
    assert Change(piece=piece, kind="rank", index=(2,)).text == "head.weight: brought down to rank 2"
