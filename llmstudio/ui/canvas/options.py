"""The options of what is selected as switches and choices of its menu, made from the hints of its type."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal, get_args, get_origin

from msgspec import Struct
from PySide6.QtWidgets import QMenu

from ...core.model import spec
from ...core.model.spec import Attention, Model
from ...session.build import BuildRoom
from ..fields import Option
from ..form import options
from ..numbers import count
from .everywhere import edited
from .words import ACTIVATIONS

Values = dict[Any, str]
ENDS = {"embed": ("position", "embed_norm", "embed_scale"), "head": ("norm", "tied", "head_bias")}
WORDS: dict[str, Values] = {
    "norm": {"layer": "LayerNorm", "rms": "RMSNorm", "none": "None"},
    "placement": {"pre": "Before each part", "post": "After the sum", "sandwich": "Before and after"},
    "activation": ACTIVATIONS,
    "position": {
        None: "As the model", "learned": "Learned", "sinusoidal": "Fixed waves", "rope": "RoPE", "alibi": "ALiBi",
        "none": "None",
    },
}  # fmt: skip


def fill(made: QMenu, build: BuildRoom) -> None:
    """Put in the options of the selected part and of its block, of the selected blocks, or of embedding or head."""
    path = build.selected
    if path in ENDS:
        _rows(made, build, [""], ENDS[path])
        return
    blocks = [f"blocks.{i}" for i in build.selected_blocks]
    if path.startswith("blocks.") and path.count(".") == 2:
        name = path.split(".")[2]
        _rows(made, build, [each for each in build.selection if each.split(".")[2:] == [name]])
        made = made.addMenu("Of the block" if len(blocks) == 1 else "Of the blocks")
    _rows(made, build, blocks)


def switch(made: QMenu, text: str, on: bool, do: Callable[[], object]) -> None:
    """An entry with a tick."""
    action = made.addAction(text)
    action.setCheckable(True)
    action.setChecked(on)
    action.triggered.connect(lambda: do())


def _rows(made: QMenu, build: BuildRoom, paths: list[str], only: Iterable[str] = ()) -> None:
    model = build.model
    values = [value for path in paths if (value := spec.part(model, path)) is not None]
    for found in options(type(values[-1])):
        if (only and found.name not in only) or not found.counts(values[-1]):
            continue
        there = {getattr(value, found.name) for value in values}
        if found.kind is bool:
            on = there == {True}
            switch(made, found.title, on, partial(_set, build, paths, found.name, not on))
        elif choices := _choices(model, values[-1], found):
            inner = made.addMenu(found.title)
            for value, text in choices.items():
                switch(inner, text, there == {value}, partial(_set, build, paths, found.name, value))


def _choices(model: Model, value: Struct, found: Option) -> Values:
    """The values to choose from, with their words; none for an option that is better typed."""
    if get_origin(found.kind) is Literal:
        words = WORDS.get(found.name, {})
        known = [*([None] if found.optional else []), *get_args(found.kind)]
        return {each: words.get(each, str(each).replace("_", " ")) for each in known}
    if isinstance(value, Attention) and found.name == "window":
        sizes = [model.context // part for part in (2, 4, 8) if model.context // part > 1]
        return {None: f"All {count(model.context)}", **{n: f"{count(n)} tokens" for n in sizes}}
    if isinstance(value, Attention) and found.name == "kv_heads":
        between = {n: f"{n}, shared in groups" for n in range(value.heads - 1, 1, -1) if value.heads % n == 0}
        return {None: "One for each head", **between, 1: "One for all heads"}
    return {}


def _set(build: BuildRoom, paths: list[str], name: str, value: Any) -> None:
    build.edit(edited(build.model, paths, {name: value}))
