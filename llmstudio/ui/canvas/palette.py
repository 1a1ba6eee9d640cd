"""The parts that can be put into a design, as the palette and the menus name them."""

from typing import NamedTuple

from .words import Kind


class Part(NamedTuple):
    title: str
    text: str
    icon: str


PARTS: dict[Kind, Part] = {
    "block": Part("Block", "attention, then MLP", "block"),
    "attention": Part("Attention only", "looks at other positions", "attention"),
    "mlp": Part("MLP only", "thinks about one position", "mlp"),
}
