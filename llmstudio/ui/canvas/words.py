"""What the builder calls things: names, facts, formulas and icons of a part, made from the model."""

from typing import Literal

from ...core.model.spec import MLP, Attention, Model, Norm, Skip, part
from ..numbers import THIN, count

Kind = Literal["block", "attention", "mlp"]

ACTIVATIONS = {
    "gelu": "GELU", "gelu_tanh": "GELU (tanh)", "relu": "ReLU", "relu2": "ReLU²", "silu": "SiLU",
    "swiglu": "SwiGLU", "geglu": "GEGLU",
}  # fmt: skip
ICONS = {
    "": "block",
    "embed": "embedding",
    "head": "unembed",
    "attn": "attention",
    "mlp": "mlp",
    "blocks": "block",
    "skips": "wire",
}


def millions(n: float) -> str:
    """A large count in millions, 922 752 as 0.92 M and 124e6 as 124 M; one under ten thousand as it is."""
    if n < 10_000:
        return count(round(n))
    value, unit = (n / 1e9, "B") if n >= 1e9 else (n / 1e6, "M")
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{THIN}{unit}"


def title(model: Model, path: str) -> str:
    """What the part at `path` is called."""
    kind, *rest = path.split(".")
    if kind == "embed":
        return "Embedding"
    if kind == "head":
        return "Norm, unembed" if model.norm != "none" else "Unembed"
    if kind == "skips":
        skip = part(model, path)
        assert isinstance(skip, Skip)
        return f"Extra wire, {wire(skip)}"
    if kind != "blocks":
        return model.name
    block = f"block {int(rest[0]) + 1}"
    return {"attn": f"Attention in {block}", "mlp": f"MLP in {block}"}[rest[1]] if len(rest) > 1 else block.capitalize()


def wire(skip: Skip) -> str:
    """From where to where, in the numbers written on the blocks: after block 1, into block 4."""
    start = f"{skip.source}" if skip.source else "start"
    return f"{start} to {skip.target + 1}"


def icon(path: str) -> str:
    kind, *rest = path.split(".")
    return ICONS[rest[1] if len(rest) > 1 else kind]


def facts(model: Model, path: str) -> str:
    """One line on the part, short enough for its row on the canvas."""
    found = part(model, path)
    if isinstance(found, Attention):
        return _attention(model, found)
    if isinstance(found, MLP):
        return f"{ACTIVATIONS[found.activation]}, {found.hidden or 4 * model.width} hidden"
    if path == "embed":
        return f"{count(model.vocab)} to {count(model.width)}"
    if path == "head":
        return "tied" if model.tied else f"{count(model.width)} to {count(model.vocab)}"
    return ""


def _attention(model: Model, attention: Attention) -> str:
    heads = attention.heads
    if model.width % heads:
        words = f"{heads} heads over {model.width}"
    else:
        words = f"{heads} head{'s' * (heads != 1)} of {model.width // heads}"
    if attention.kv_heads and attention.kv_heads != heads:
        words += f", {attention.kv_heads} shared K, V"
    if model.position == "rope":
        words += ", RoPE"
    return words + (f", sees {count(attention.window)}" if attention.window else "")


def block_facts(model: Model, path: str) -> str:
    """One line on a folded block."""
    attention, mlp = part(model, f"{path}.attn"), part(model, f"{path}.mlp")
    words = []
    if isinstance(attention, Attention):
        words.append(f"attention, {attention.heads} head{'s' * (attention.heads != 1)}")
    if isinstance(mlp, MLP):
        words.append(f"MLP, {mlp.hidden or 4 * model.width} wide")
    return ", then ".join(words) or "empty, hands on what it gets"


def formula(model: Model, path: str) -> str:
    """What the part computes, as in the code of the network."""
    found, kind = part(model, path), path.split(".")[0]
    if kind == "skips":
        assert isinstance(found, Skip)
        return f"x = x + {'gate * ' * found.gated}stream_before_block_{found.source + 1}"
    if kind == "embed":
        return "x = embed(ids) + place" if model.position == "learned" else "x = embed(ids)"
    if kind == "head":
        return f"scores = unembed({_normed(model.norm)})"
    if kind != "blocks":
        return "scores = unembed(blocks(embed(ids)))"
    block = model.blocks[int(path.split(".")[1])]
    lines = {"attn": f"x = x + attend({_normed(block.norm)})", "mlp": f"x = x + mlp({_normed(block.norm)})"}
    inner = path.split(".")[2:]
    there = inner or [n for n, p in (("attn", block.attention), ("mlp", block.mlp)) if p is not None]
    return "\n".join(lines[name] for name in there) or "x = x"


def _normed(norm: Norm) -> str:
    return "x" if norm == "none" else "norm(x)"
