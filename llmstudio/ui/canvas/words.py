"""What the builder calls things: names, facts and icons of a part, made from the model. Formulas are in `formulas`."""

from ...core.model.spec import MLP, Attention, Convolution, Experts, Group, Model, Recurrence, Skip, part, parts
from ...core.model.widths import head_width
from ..numbers import THIN, count
from .formulas import formula

__all__ = ["ACTIVATIONS", "NAMES", "block_facts", "facts", "formula", "icon", "millions", "title", "wire"]

ACTIVATIONS = {
    "gelu": "GELU", "gelu_tanh": "GELU (tanh)", "relu": "ReLU", "relu2": "ReLU²", "silu": "SiLU",
    "swiglu": "SwiGLU", "geglu": "GEGLU", "geglu_tanh": "GEGLU (tanh)",
}  # fmt: skip
POSITIONS = {"rope": "RoPE", "alibi": "ALiBi"}  # that attention itself knows
NAMES = {"conv": "Convolution", "attn": "Attention", "rec": "Recurrence", "mlp": "MLP", "moe": "Experts"}
ICONS = {"": "block", "embed": "embedding", "head": "unembed", "blocks": "block", "skips": "wire", "groups": "group"}
PART_ICONS = {"attn": "attention", "mlp": "mlp", "conv": "conv", "rec": "rec", "moe": "moe"}
EMPTY = "empty, hands on what it gets"


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
        return f"Extra wire, {wire(model, skip)}"
    if kind == "groups":
        group = part(model, path)
        assert isinstance(group, Group)
        return group.name or group_name(model, group)
    if kind != "blocks":
        return model.name
    block = f"block {int(rest[0]) + 1}"
    return f"{NAMES[rest[1]]} in {block}" if len(rest) > 1 else block.capitalize()


def group_name(model: Model, group: Group) -> str:
    """Of one without a name: how many blocks, and whether they are the same."""
    n = group.last - group.first + 1
    return f"Block ×{n}" if alike(model, group) else f"{n} blocks"


def alike(model: Model, group: Group) -> bool:
    """Whether all blocks of a group are the same."""
    return len(set(model.blocks[group.first : group.last + 1])) == 1


def span(group: Group) -> str:
    return f"blocks {group.first + 1} to {group.last + 1}" if group.last > group.first else f"block {group.first + 1}"


def wire(model: Model, skip: Skip) -> str:
    """From where to where, in the numbers written on the blocks: after block 1, into block 4 or to the end."""
    start = f"{skip.source}" if skip.source else "start"
    return f"{start} to {skip.target + 1}" if skip.target < len(model.blocks) else f"{start} to end"


def whole_wire(model: Model, skip: Skip) -> str:
    """The same, and whether it has a gate."""
    return f"{wire(model, skip)}{', gated' * skip.gated}"


def icon(path: str) -> str:
    kind, *rest = path.split(".")
    return PART_ICONS[rest[1]] if len(rest) > 1 else ICONS[kind]


def facts(model: Model, path: str) -> str:
    """One line on the part."""
    found = part(model, path)
    if path == "embed":
        return f"{count(model.vocab)} to {count(model.width)}"
    if path == "head":
        return "tied" if model.tied else f"{count(model.width)} to {count(model.vocab)}"
    if isinstance(found, Group):
        return span(found)
    if isinstance(found, Attention):
        return ", ".join([brief(model, path), *_more(model, found)])
    return brief(model, path)


def brief(model: Model, path: str) -> str:
    """The least to say of a part in its row on the canvas; what is unusual about it stands there as `marks`."""
    found = part(model, path)
    if isinstance(found, Attention):
        place = found.position or model.position
        return heads(model, found) + (f", {POSITIONS[place]}" if place in POSITIONS else "")
    if isinstance(found, MLP):
        return f"{ACTIVATIONS[found.activation]}, {count(found.hidden or 4 * model.width)} hidden"
    if isinstance(found, Experts):
        inner = f"{ACTIVATIONS[found.activation]}, {count(found.hidden or 4 * model.width)} hidden"
        return f"{found.top_k} of {found.experts}, {inner}"
    if isinstance(found, Convolution):
        return f"reaches {found.size} tokens"
    if isinstance(found, Recurrence):
        return f"{found.heads} head{'s' * (found.heads != 1)}{', gated' * found.gate}"
    return ""


def heads(model: Model, attention: Attention) -> str:
    n = attention.heads
    if attention.head_width is None and model.width % n:
        return f"{n} heads over {model.width}"
    return f"{n} head{'s' * (n != 1)} of {head_width(attention, model)}"


def _more(model: Model, attention: Attention) -> list[str]:
    words = []
    if attention.kv_heads and attention.kv_heads != attention.heads:
        words.append(f"{attention.kv_heads} shared K, V")
    if attention.window:
        words.append(f"sees {count(attention.window)}")
    return words


def block_facts(model: Model, path: str) -> str:
    """One line on a folded block."""
    block = part(model, path)
    words = []
    for name, found in parts(block).items() if block else ():  # type: ignore[arg-type]
        if isinstance(found, Attention):
            words.append(f"attention, {found.heads} head{'s' * (found.heads != 1)}")
        elif isinstance(found, MLP):
            words.append(f"MLP, {count(found.hidden or 4 * model.width)} wide")
        else:
            words.append({"moe": "experts", "rec": "recurrence", "conv": "convolution"}[name])
    return ", then ".join(words) or EMPTY
