"""One forward pass, taken apart: every tensor inside one block.

What goes into and comes out of parts is taken by hooks and from the very tensors that attention multiplies; what lies
between is computed again with the parts' own matrices. Tests hold that these steps lead to what the parts put out.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil, sqrt
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ..model import spec as S
from ..model.attention import Attention
from ..model.bend import bend
from ..model.experts import Experts
from ..model.mixers import CALM, Convolution, Recurrence
from ..model.mlp import MLP
from ..model.network import GPT, Block
from ..model.part import squash
from .anatomy import Anatomy, Floats, Inside
from .watch import at_rest

KEPT = 3_000_000  # numbers of one matrix that are copied; of a larger one, evenly spaced rows and columns
Found = dict[str, Tensor]
Facts = dict[str, float]


def dissect(gpt: GPT, ids: Sequence[int] | NDArray[Any], block: int) -> Anatomy:
    """Run `gpt` on the tokens `ids`, at most the last `context` of them, and keep all that happens in one block.

    ValueError where there is no token, or the weights are no numbers any more.
    """
    if not len(ids):
        raise ValueError("There is nothing to look at yet: write a probe text in letters that the model knows.")
    read = np.asarray(ids, dtype=np.int64)[-gpt.spec.context :]
    there = cast(Block, gpt.blocks[block])
    flow: dict[str, tuple[Tensor, Tensor]] = {}  # what went into each part and norm, and what came out
    names = [name for name, _ in there.named_children()]
    with _listening(there, names, flow), at_rest(gpt):
        gpt(torch.from_numpy(read)[None].to(gpt.embed.weight.device))
        parts = {name: _inside(gpt, block, name, flow) for name in S.parts(gpt.spec.blocks[block])}
    if not all(np.isfinite(part.tensors["out"]).all() for part in parts.values()):
        raise ValueError("The weights are no longer numbers, so there is nothing to show: lower the learning rate.")
    return Anatomy(block=block, ids=read, parts=parts)


@contextmanager
def _listening(block: Block, names: list[str], flow: dict[str, tuple[Tensor, Tensor]]) -> Iterator[None]:
    def keep(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            flow[name] = (inputs[0].detach(), output.detach())

        return hook

    hooks = [getattr(block, name).register_forward_hook(keep(name)) for name in names]
    try:
        yield
    finally:
        for each in hooks:
            each.remove()


def _inside(gpt: GPT, block: int, name: str, flow: dict[str, tuple[Tensor, Tensor]]) -> Inside:
    there = cast(Block, gpt.blocks[block])
    b, m = gpt.spec.blocks[block], gpt.spec
    end = "" if b.parallel else f"_{name}"
    around = getattr(there, f"norm{end}")
    h, out = flow[name]
    before = h if b.placement == "post" else flow[f"norm{end}"][0]
    if b.placement == "sandwich" and not b.parallel:
        out = flow[f"after{end}"][1]
    found: Found = {"x": before[0], "h": h[0], "out": out[0]}
    words: dict[str, str] = {"norm": b.norm if b.placement != "post" else "none"}
    for mine, theirs in (("gain", "weight"), ("shift", "bias")):
        if words["norm"] != "none" and getattr(around, theirs, None) is not None:
            found[mine] = getattr(around, theirs)
    part = getattr(there, name)
    facts: Facts = {"eps": m.norm_eps}
    if isinstance(part, MLP | Experts):
        words["activation"] = part.activation
    found |= KINDS[name](part, h, facts)
    if isinstance(part, Attention) and part.q_norm is not None:
        words["qk_norm"] = m.norm
    steps: dict[str, tuple[int, ...]] = {}
    arrays = {key: _array(value, key, steps) for key, value in found.items()}
    path = f"blocks.{block}.{name}"
    return Inside(path=path, kind=name, tensors=arrays, facts=facts, words=words, steps=steps)


def _array(x: Tensor, name: str, steps: dict[str, tuple[int, ...]]) -> Floats:
    x = x.detach()
    if x.numel() > KEPT:
        every = ceil(sqrt(x.numel() / KEPT))
        steps[name] = (*(1 for _ in x.shape[:-2]), every, every)
        x = x[..., ::every, ::every]
    array: Floats = x.float().cpu().numpy().copy()
    return array


def _attention(part: Attention, h: Tensor, facts: Facts) -> Found:
    taken: list[Tensor] = []

    def written(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        taken.extend((q, k, v))
        return Attention.written(part, q, k, v)

    before = part.watched
    try:
        part.watched = True
        part.written = written  # type: ignore[method-assign]  # the tensors themselves, normed and rotated
        part(h)
        weights = cast(Tensor, part.seen)[0]
    finally:
        del part.written
        part.watched, part.seen = before, None
    q, k, v = (each[0] for each in taken)
    H, K, D, T = part.heads, part.kv_heads, part.dim, h.size(1)
    scores = squash((q * D**-0.5) @ k.mT, part.softcap)
    found: Found = {}
    if part.sight.slopes:
        slopes = torch.tensor(part.sight.slopes, device=h.device)
        back = torch.arange(T, device=h.device)[:, None] - torch.arange(T, device=h.device)
        scores = scores - slopes[:, None, None] * back
        found["slopes"] = slopes
    raw = part.qkv(h)[0].view(T, -1, D).transpose(0, 1)  # (H+2K, T, D)
    sizes = [H * D, K * D, K * D]
    found |= dict(zip(("wq", "wk", "wv"), torch.split(part.qkv.weight, sizes), strict=True))
    if part.qkv.bias is not None:
        found |= dict(zip(("bq", "bk", "bv"), torch.split(part.qkv.bias, sizes), strict=True)) | {"bo": part.out.bias}
    for end, each in (("q", part.q_norm), ("k", part.k_norm)):
        if getattr(each, "weight", None) is not None:
            found[f"gain_{end}"] = cast(Tensor, cast(nn.Module, each).weight)
    if part.rope:
        found |= {"cos": part.cos[:T], "sin": part.sin[:T]}
    group = H // K
    found |= {"q0": raw[:H], "k0": raw[H : H + K], "q": q, "k": k[::group], "v": v[::group]}
    found |= {"scores": scores, "weights": weights, "read": weights @ v, "wo": part.out.weight}
    facts |= {"scale": D**-0.5, "width": float(D), "sinks": float(part.sight.sinks)}
    facts |= {name: float(value) for name, value in (("softcap", part.softcap), ("window", part.sight.window)) if value}
    return found


def _convolution(part: Convolution, h: Tensor, facts: Facts) -> Found:
    found: Found = {"kernel": part.weight}
    return found if part.bias is None else found | {"bias": part.bias}


def _recurrence(part: Recurrence, h: Tensor, facts: Facts) -> Found:
    T, H, D = h.size(1), part.heads, part.dim
    q, k, v = part.qkv(h)[0].view(T, 3, H, D).permute(1, 2, 0, 3)  # (H, T, D) each
    forget = F.logsigmoid(part.decay(h)[0].float()).mT / CALM  # (H, T)
    gone = forget.cumsum(-1)
    left = (gone[:, :, None] - gone[:, None, :]).tril().exp().tril()  # (H, T, T)
    scores = (q * D**-0.5) @ k.mT * left
    wq, wk, wv = part.qkv.weight.chunk(3)
    found: Found = {"wq": wq, "wk": wk, "wv": wv, "wd": part.decay.weight, "bd": part.decay.bias, "wo": part.out.weight}
    if part.qkv.bias is not None:
        found |= dict(zip(("bq", "bk", "bv"), part.qkv.bias.chunk(3), strict=True)) | {"bo": part.out.bias}
    found |= {"q": q, "k": k, "v": v, "keep": forget.exp(), "scores": scores, "read": scores @ v}
    found["memory"] = (k * left[:, -1, :, None]).mT @ v
    found["gain_read"] = part.norm.weight
    if part.gate is not None:
        found |= {"wg": part.gate.weight, "gate": F.silu(part.gate(h)[0])}
        found |= {} if part.gate.bias is None else {"bg": part.gate.bias}
    facts |= {"scale": D**-0.5, "width": float(D)}
    return found


def _mlp(part: MLP, h: Tensor, facts: Facts) -> Found:
    found = _ups(part.activation, part.gated, part.up.weight, part.up.bias, h[0])
    found |= {"wd": part.down.weight} | ({} if part.down.bias is None else {"bd": part.down.bias})
    return found


def _ups(kind: S.Activation, gated: bool, weight: Tensor, bias: Tensor | None, h: Tensor) -> Found:
    """Up and bent: h (T, C), weight (F or 2 F, C)."""
    up = F.linear(h, weight, bias)
    if not gated:
        found: Found = {"wa": weight, "a": up, "hidden": bend(kind, up)}
        return found if bias is None else found | {"ba": bias}
    (wa, wb), (a, b) = weight.chunk(2), up.chunk(2, -1)
    found = {"wa": wa, "wb": wb, "a": a, "b": b, "hidden": bend(kind, a) * b}
    return found if bias is None else found | dict(zip(("ba", "bb"), bias.chunk(2), strict=True))


def _experts(part: Experts, h: Tensor, facts: Facts) -> Found:
    chances = part.router(h[0]).softmax(-1, dtype=torch.float32)  # (T, E)
    w, chosen = chances.topk(part.top_k, -1)
    if part.top_k > 1:
        w = w / w.sum(-1, keepdim=True)
    mix = torch.zeros_like(chances).scatter_(1, chosen, w)
    facts |= {"top_k": float(part.top_k)}
    stacks: list[Found] = []
    for e in range(part.experts):
        bias = None if part.up.bias is None else part.up.bias[e]
        each = _ups(part.activation, part.gated, part.up.weight[e], bias, h[0])
        unused = (mix[:, e] == 0)[:, None]
        each |= {name: each[name].masked_fill(unused, torch.nan) for name in ("a", "b", "hidden") if name in each}
        stacks.append(each)
    found = {name: torch.stack([each[name] for each in stacks]) for name in stacks[0]}
    found |= {"router": part.router.weight, "chances": chances, "mix": mix, "wd": part.down.weight}
    return found if part.down.bias is None else found | {"bd": part.down.bias}


KINDS: dict[str, Callable[..., Found]] = {
    "conv": _convolution, "attn": _attention, "rec": _recurrence, "mlp": _mlp, "moe": _experts,
}  # fmt: skip
