"""What is unusual about a part, in as few words as fit on a chip beside it."""

from msgspec import Struct

from ...core.model.spec import MLP, Attention, Block, Experts, Group, Model, part
from ..numbers import THIN, count


def marks(model: Model, path: str) -> tuple[str, ...]:
    """The chips of the part at `path`, the most telling first; none where it is as usual."""
    if path == "embed":
        return _embed(model)
    if path == "head":
        cap = (f"cap {_short(model.softcap)}",) if model.softcap is not None else ()
        return (*cap, *(("biases",) if model.head_bias else ()))
    found = part(model, path)
    if isinstance(found, Block):
        return _block(found)
    if isinstance(found, Attention):
        return _attention(model, found)
    if isinstance(found, MLP):
        return _dropout(found)
    if isinstance(found, Experts):
        return ("no balancing",) if not found.balance else ()
    return ()


def shared(model: Model, group: Group) -> tuple[str, ...]:
    """The chips that all blocks of a group have, of the blocks themselves and of their attention."""
    of = [
        dict.fromkeys([*_block(block), *(_attention(model, block.attention) if block.attention else ())])
        for block in model.blocks[group.first : group.last + 1]
    ]
    return tuple(mark for mark in of[0] if all(mark in others for others in of))


def _embed(model: Model) -> tuple[str, ...]:
    position = {"learned": "learned positions", "sinusoidal": "sinusoidal", "none": "no positions"}.get(
        model.position, ""
    )
    scaled = f"× {model.width**0.5:.3g}" if model.embed_scale else ""
    return tuple(filter(None, (position, scaled, "norm" if model.embed_norm and model.norm != "none" else "")))


def _block(block: Block) -> tuple[str, ...]:
    found = ["parallel"] if block.parallel else []
    if block.norm == "none":
        found.append("no norm")
    elif block.placement != "pre":
        found.append({"post": "post-norm", "sandwich": "sandwich"}[block.placement])
    return (*found, *([] if block.residual else ["no residual"]))


def _attention(model: Model, a: Attention) -> tuple[str, ...]:
    found = []
    if a.window:
        found.append(f"window {count(a.window)}")
    if a.kv_heads and a.kv_heads < a.heads:
        found.append("MQA" if a.kv_heads == 1 else f"GQA {a.kv_heads}")
    if a.sinks:
        found.append(f"{a.sinks} sink{'s' * (a.sinks != 1)}")
    if a.position == "none" and model.position in ("rope", "alibi"):
        found.append("no positions")
    if a.qk_norm:
        found.append("QK norm")
    if a.softcap is not None:
        found.append(f"cap {_short(a.softcap)}")
    if a.rope_base is not None and (a.position or model.position) == "rope":
        found.append(f"base {_short(a.rope_base)}")
    return (*found, *_dropout(a))


def _dropout(of: Struct) -> tuple[str, ...]:
    share = getattr(of, "dropout", None)
    return (f"dropout {_short(share)}",) if share is not None else ()


def _short(value: float) -> str:
    """10000 as 10 k, 1e6 as 1 M, 0.1 as it is."""
    for least, sign in ((1e6, "M"), (1e4, "k")):
        if value >= least:
            return f"{value / (1e6 if sign == 'M' else 1e3):g}{THIN}{sign}"
    return f"{value:g}"
