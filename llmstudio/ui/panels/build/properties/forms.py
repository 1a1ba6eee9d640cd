"""What the form of each kind of part has: its rows in their order, their words, and the editors of its own."""

from collections.abc import Mapping
from dataclasses import replace as changed
from typing import Any, get_origin

from msgspec import Struct

from .....core.model.spec import MLP, Attention, Block, Experts, Model, Skip, parts
from ....canvas.words import ACTIVATIONS
from ....fields import Option
from ....form import Dress, Make, options
from ....numbers import count, real
from .editors import Cases, Heads, Place

ROPE = ("rope_base", "rope_share", "rope_scaling", "rope_factor", "rope_original")
ROWS: dict[str, Mapping[str, tuple[str, ...]]] = {
    "": {
        "": ("name",),
        "Size": ("vocab", "context", "width"),
        "Order of the text": ("position", *ROPE),
        "Norms": ("norm", "norm_bias", "norm_gain", "norm_eps", "embed_norm"),
        "Ends": ("embed_scale", "tied", "head_bias", "softcap"),
        "Learning": ("silent", "dropout"),
        "Yours": ("note",),
    },
    "embed": {
        "": ("vocab", "width", "context", "position", *ROPE, "embed_norm", "embed_scale"),
    },
    "head": {"": ("norm", "norm_bias", "norm_gain", "norm_eps", "tied", "head_bias", "softcap", "vocab")},
    "blocks": {"": ("norm", "placement", "parallel", "residual", "note")},
    "attn": {
        "": ("kv_heads", "heads", "head_width", "position", "rope_base", "window", "sinks", "softcap", "qk_norm",
             "dropout", "bias"),
    },
    "conv": {"": ("size", "bias")},
    "rec": {"": ("heads", "gate", "bias")},
    "mlp": {"": ("hidden", "activation", "dropout", "bias")},
    "moe": {"": ("experts", "top_k", "hidden", "activation", "balance", "bias")},
    "skips": {"": ("source", "target", "gated")},
    "groups": {"": ("name",)},
}  # fmt: skip
CHOSEN = ("embed", "head", "groups")  # show some of the options of their value; the others are shown elsewhere
SIMPLE = (int, float, bool, str)
TITLES = {
    ("Attention", "kv_heads"): "Keys, values",
    ("Attention", "window"): "Sees",
    ("Attention", "qk_norm"): "Norm of Q, K",
    ("Skip", "source"): "From",
    ("Skip", "target"): "To",
    ("Model", "name"): "Name",
    ("Model", "embed_norm"): "Embed norm",
    ("Model", "embed_scale"): "Embed scale",
}
POSITIONS = {"rope": "RoPE", "alibi": "ALiBi", "learned": "learned", "sinusoidal": "fixed waves", "none": "none"}
WORDS: dict[str, dict[str, str]] = {
    "norm": {"layer": "layer", "rms": "RMS", "none": "none"},
    "activation": ACTIVATIONS,
    "position": POSITIONS,
    "placement": {"pre": "before", "post": "after", "sandwich": "both"},
    "rope_scaling": {"none": "none", "linear": "all", "llama3": "the slow"},
}


def kind(path: str) -> str:
    """Which rows a path has: that of a part of a block is its module name."""
    first, *rest = path.split(".")
    return rest[1] if len(rest) > 1 else first


def rows(path: str, value: Struct) -> dict[str, list[str]]:
    """The rows of a form under their titles. An option that is new in the spec, and so not named here, comes last."""
    found = {title: [*names] for title, names in ROWS[kind(path)].items()}
    if kind(path) not in CHOSEN:
        listed = {name for names in found.values() for name in names}
        plain = [each.name for each in options(type(value)) if get_origin(each.kind) or each.kind in SIMPLE]
        new = [name for name in plain if name not in listed]
        found.setdefault("" if [*found] == [""] else "More", []).extend(new)
    return {title: names for title, names in found.items() if names}


def surroundings(model: Model, path: str, value: Struct) -> tuple[Any, ...]:
    """What the words and editors of a form are made from beside its value: when it changes, so does the form."""
    if isinstance(value, Model):
        return ()
    wire = (value.source, value.target, len(model.blocks)) if isinstance(value, Skip) else ()
    return (model.width, model.context, model.position, model.rope_base, model.dropout, *wire)


def dress(model: Model, value: Struct) -> Dress:
    """How the form of `value` in this model is dressed."""

    def option(found: Option) -> Option:
        title = TITLES.get((type(value).__name__, found.name), found.title)
        words = WORDS.get(found.name)
        if words and found.optional:
            words = {"": f"as the model, {POSITIONS[model.position]}", **words}
        return changed(found, title=title, extra={**found.extra, "words": words} if words else found.extra)

    def counts(name: str, now: Any) -> bool:
        if isinstance(now, Attention):
            rotates = (now.position or model.position) == "rope"
            return {"rope_base": rotates, "sinks": now.window is not None}.get(name, True)
        return not (isinstance(now, Block) and name == "parallel" and len(parts(now)) < 2)

    return Dress(option, own(model, value), counts)


def own(model: Model, value: Struct) -> dict[str, Make]:
    """Editors instead of the usual ones."""
    if isinstance(value, Attention):
        divisors = [n for n in range(2, value.heads) if value.heads % n == 0]
        grouped = min(divisors, key=lambda n: abs(n - value.heads / 2), default=2)
        per_head: dict[str, int | None] = {"per head": None, "shared": 1}
        whole: dict[str, int | None] = {f"all {count(model.context)}": None}
        window = max(1, model.context // 4)
        return {
            "heads": lambda found, n, edited: Heads(found, n, edited, model.width),
            "kv_heads": lambda found, n, edited: Cases(found, n, edited, per_head, "grouped", grouped, "sets"),
            "window": lambda found, n, edited: Cases(found, n, edited, whole, "a window", window),
        }
    if isinstance(value, Skip):
        there = min(value.target, len(model.blocks) + 1)
        sources = {i: "the start" if i == 0 else f"after block {i}" for i in range(there)}
        targets = {i: f"before block {i + 1}" for i in range(value.source + 1, len(model.blocks))}
        targets[len(model.blocks)] = "the end"
        return {
            "source": lambda found, n, edited: Place(found, n, edited, sources),
            "target": lambda found, n, edited: Place(found, n, edited, targets),
        }
    return {}


def off(model: Model, value: Struct, name: str) -> tuple[str, float | None]:
    """What a number that is off comes to, in words, and where it starts once it is on; None: at its usual start."""
    match name, value:
        case "head_width", Attention():
            size = model.width / value.heads
            text = f"{real(size) if size % 1 else count(int(size))}, {count(model.width)} over {value.heads}"
            return text, max(1, round(size))
        case "hidden", MLP() | Experts():
            return f"{count(4 * model.width)}, 4 × width", 4 * model.width
        case "dropout", _:
            return f"{real(model.dropout)}, as the model", model.dropout or None
        case "rope_base", _:
            return f"{real(model.rope_base)}, as the model", model.rope_base
        case "softcap", Attention():
            return "off", 50.0  # Gemma 2's
        case "softcap", _:
            return "off", 30.0
        case "sinks", _:
            return "none", 4
    return "off", None
