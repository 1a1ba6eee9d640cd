"""Weights by hand: every matrix of a network by name, what it is like, changing it, and what the network says then."""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from msgspec import Struct
from numpy.typing import NDArray
from torch import Tensor

from ..model.network import GPT
from .piece import Change, Piece
from .watch import at_rest

Floats = NDArray[np.float32]

DRAWN = 512  # rows and columns of a picture; of a larger matrix evenly spaced ones
SPECTRUM = 2e9  # products up to which singular values are computed: half a second
BINS = 60
TEXT, TOKENS = 24, 1024  # tokens written on, and tokens that the loss is measured on


class Described(Struct, frozen=True, kw_only=True, eq=False):
    """A matrix as it is. Rows and columns as `Piece` says."""

    piece: Piece
    values: Floats  # (r, c), every `every`-th row and column
    every: int
    count: int
    mean: float
    spread: float  # standard deviation
    low: float
    high: float
    zeros: int
    counts: tuple[int, ...]  # BINS equally wide bins from `low` to `high`
    spectrum: Floats | None  # singular values, falling; None where the matrix is too large for them
    rank: int | None  # fewest of them whose squares are 90 % of the sum of all squares


class Reaction(Struct, frozen=True, kw_only=True, eq=False):
    """What a network says. Loss in nats per token on `tokens` tokens of validation text, always the same ones."""

    loss: float
    tokens: int
    next_ids: NDArray[np.int64]  # the likeliest after the prompt
    next_probabilities: NDArray[np.float64]
    written: tuple[int, ...]  # the likeliest token each time, after the prompt


class Text(Protocol):
    @property
    def validation(self) -> NDArray[Any]: ...


def pieces(gpt: GPT) -> list[Piece]:
    """Every matrix and vector of the network. What is stored as one and means several is given as several."""
    return [piece for name, p in gpt.named_parameters() for piece in _split(gpt, name, tuple(p.shape))]


def _split(gpt: GPT, name: str, shape: tuple[int, ...]) -> Iterator[Piece]:
    where, kind = name.rsplit(".", 1)
    rows, columns = (shape[-2], shape[-1]) if len(shape) > 1 else (1, shape[-1])
    parts = [("", 0, rows)]
    if kind == "weight" and where.endswith(".qkv"):
        part: Any = gpt.get_submodule(where.removesuffix(".qkv"))
        wide = part.heads * part.dim
        shared = (rows - wide) // 2
        parts = [("Q", 0, wide), ("K", wide, shared), ("V", wide + shared, shared)]
    elif kind == "weight" and where.endswith(".up") and gated(gpt, where.removesuffix(".up")):
        parts = [("gate", 0, rows // 2), ("up", rows // 2, rows // 2)]
    for expert in range(shape[0]) if len(shape) == 3 else [None]:
        for called, first, many in parts:
            yield Piece(
                parameter=name, called=called, expert=expert, first=first, rows=many, columns=columns,
                vector=len(shape) == 1,
            )  # fmt: skip


def gated(gpt: GPT, path: str) -> bool:
    return bool(getattr(gpt.get_submodule(path), "gated", False))


def view(gpt: GPT, piece: Piece) -> Tensor:
    """The weights themselves, (rows, columns): writing into it changes the network."""
    there: Tensor = gpt.get_parameter(piece.parameter)
    if piece.expert is not None:
        there = there[piece.expert]
    if there.dim() == 1:
        there = there[None]
    return there[piece.first : piece.first + piece.rows]


def describe(gpt: GPT, piece: Piece) -> Described:
    """What the matrix is like now. ValueError where it holds what is no number."""
    x = view(gpt, piece).detach().float().cpu()
    if not bool(x.isfinite().all()):
        raise ValueError("These weights are no longer numbers: go back to an earlier moment.")
    every = ceil(max(x.shape) / DRAWN)
    low, high = float(x.min()), float(x.max())
    spectrum: Floats | None = None
    rank = None
    if min(x.shape) > 1 and x.numel() * min(x.shape) <= SPECTRUM:
        spectrum = torch.linalg.svdvals(x).numpy()
        rank = rank_of(spectrum)
    counts = np.histogram(x.numpy(), bins=BINS, range=(low, high) if high > low else (low - 1, low + 1))[0]
    return Described(
        piece=piece, values=x[::every, ::every].numpy().copy(), every=every, count=x.numel(),
        mean=float(x.mean()), spread=float(x.std(correction=0)), low=low, high=high, zeros=int((x == 0).sum()),
        counts=tuple(int(n) for n in counts), spectrum=spectrum, rank=rank,
    )  # fmt: skip


def rank_of(spectrum: NDArray[Any], share: float = 0.9) -> int:
    """Fewest singular values whose squares are `share` of the sum of all squares."""
    energy = np.square(spectrum, dtype=np.float64)
    if not energy.sum():
        return 0
    return int(np.searchsorted(energy.cumsum() / energy.sum(), share - 1e-12)) + 1


@torch.no_grad()
def apply(gpt: GPT, change: Change) -> Tensor:
    """Change the weights; those that were changed come back as they were, to `put_back`. ValueError where that cannot
    be."""
    x = view(gpt, change.piece)
    if change.kind in ("cell", "row", "column"):
        sizes = {"cell": x.shape, "row": x.shape[:1], "column": x.shape[1:]}[change.kind]
        if len(change.index) != len(sizes) or any(not 0 <= i < n for i, n in zip(change.index, sizes, strict=True)):
            raise ValueError(f"This matrix has {x.shape[0]} rows and {x.shape[1]} columns: choose one of them.")
    before = _touched(x, change).detach().clone()
    if change.kind == "rank":
        x.copy_(low_rank(x, change.index[0]))
    else:
        _touched(x, change).fill_(change.value)
    return before


def _touched(x: Tensor, change: Change) -> Tensor:
    """The weights of the matrix that the change is about: writing into them changes it."""
    match change.kind:
        case "cell":
            row, column = change.index
            return x[row, column]
        case "row":
            return x[change.index[0]]
        case "column":
            return x[:, change.index[0]]
        case _:
            return x


def low_rank(x: Tensor, rank: int) -> Tensor:
    """The matrix of this rank that is nearest to x (Eckart & Young 1936)."""
    u, s, vt = torch.linalg.svd(x.float(), full_matrices=False)
    nearest: Tensor = (u[:, :rank] * s[:rank]) @ vt[:rank]
    return nearest.to(x.dtype)


@torch.no_grad()
def put_back(gpt: GPT, change: Change, before: Tensor) -> Tensor:
    """Give the weights that were changed the values `before`; the others have learnt on since. What they were until now
    comes back."""
    there = _touched(view(gpt, change.piece), change)
    now = there.detach().clone()
    there.copy_(before)
    return now


def react(gpt: GPT, text: Text | None, prompt: Sequence[int]) -> Reaction:
    """Loss on a little validation text, the likeliest next tokens, and how it goes on from the prompt."""
    context = gpt.spec.context
    device = gpt.embed.weight.device
    with at_rest(gpt):
        loss, tokens = _loss(gpt, text, context) if text is not None else (float("nan"), 0)
        ids = [int(i) for i in prompt][-context:] or [0]
        after = gpt(torch.tensor([ids], device=device))[0, -1].double().softmax(-1)
        best = after.topk(min(8, after.numel()))
        written: list[int] = []
        for _ in range(TEXT):
            now = (ids + written)[-context:]
            written.append(int(gpt(torch.tensor([now], device=device))[0, -1].argmax()))
    return Reaction(
        loss=loss, tokens=tokens, next_ids=best.indices.cpu().numpy(), next_probabilities=best.values.cpu().numpy(),
        written=tuple(written),
    )  # fmt: skip


def _loss(gpt: GPT, text: Text, context: int) -> tuple[float, int]:
    """Mean over evenly spaced windows, always the same ones."""
    ids = text.validation
    length = min(context, len(ids) - 1)
    if length < 1:
        return float("nan"), 0
    many = max(1, min(TOKENS // length, (len(ids) - 1) // length))
    starts = np.linspace(0, len(ids) - 1 - length, many).astype(int)
    found = np.stack([ids[s : s + length + 1] for s in starts]).astype(np.int64)
    both = torch.from_numpy(found).to(gpt.embed.weight.device)
    logits = gpt(both[:, :-1]).float()
    return float(F.cross_entropy(logits.flatten(0, 1), both[:, 1:].flatten())), both[:, 1:].numel()
