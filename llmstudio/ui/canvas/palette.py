"""The parts that can be put into a design, as the palette and the menus name them."""

from typing import Literal, NamedTuple

MIME = "application/x-llmstudio-part"  # of what is dragged out of the palette
Kind = Literal["block", "attention", "mlp", "experts", "convolution", "recurrence", "wire"]


class Part(NamedTuple):
    title: str
    text: str
    icon: str


PARTS: dict[Kind, Part] = {
    "block": Part("Block", "attention, then MLP", "block"),
    "attention": Part("Attention", "looks at other positions", "attention"),
    "mlp": Part("MLP", "thinks about one position", "mlp"),
    "experts": Part("Mixture of experts", "a router and n MLPs", "moe"),
    "convolution": Part("Convolution", "a short fixed window", "conv"),
    "recurrence": Part("Recurrence", "a state carried along", "rec"),
    "wire": Part("Extra wire", "a skip between two sums", "wire"),
}
KINDS: tuple[Kind, ...] = tuple(PARTS)
SAME_WORK: dict[str, Kind] = {"mlp": "experts", "moe": "mlp", "attn": "recurrence", "rec": "attention"}
"""Which kind does the work of a part in another way, by the part's module name: it goes in its place."""
INNER: tuple[Kind, ...] = ("attention", "mlp", "experts", "convolution", "recurrence")  # fields of a block


def lower(kind: Kind) -> str:
    """The part's name within a sentence."""
    title = PARTS[kind].title
    return title if kind == "mlp" else title[0].lower() + title[1:]
