"""A place inside a block. Nothing heavy is imported here."""

from msgspec import Struct


class Spot(Struct, frozen=True, kw_only=True):
    """One number: of the tensor `name` of the part at `path`, at `index`."""

    path: str  # "blocks.2.attn"
    name: str  # "weights"
    index: tuple[int, ...]  # (1, 24, 18): head, query, key

    @property
    def text(self) -> str:
        return f"{self.path}.{self.name}[{', '.join(map(str, self.index))}]"
