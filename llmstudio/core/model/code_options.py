"""Lines of code, and what the parts of one kind have in common: that is written into their class, the rest is given."""

from collections.abc import Sequence

Values = dict[str, object]


class Raw(str):
    """Code, not text."""

    def __repr__(self) -> str:
        return str(self)


def lines(*found: str | None, indent: int = 0) -> str:
    """Those that are there, one below the other. An empty one stays empty."""
    return "\n".join(" " * indent * bool(line) + line for one in found if one is not None for line in one.split("\n"))


def when(needed: object, text: str) -> str | None:
    """A line that only some designs need."""
    return text if needed else None


class Options:
    """The options of all parts of one kind in a model, `values[i]` those of the i-th."""

    def __init__(self, values: Sequence[Values]) -> None:
        self.values = values
        self.free = [name for name in values[0] if len({repr(one[name]) for one in values}) > 1]

    def some(self, name: str) -> bool:
        """Whether any of them has it."""
        return any(one[name] for one in self.values)

    def all(self, name: str) -> bool:
        return all(one[name] for one in self.values)

    def made(self, name: str) -> str:
        """Its code where the part is made: an argument, or what all of them have."""
        return name if name in self.free else repr(self.values[0][name])

    def used(self, name: str) -> str:
        """Its code where the part computes."""
        return f"self.{name}" if name in self.free else repr(self.values[0][name])

    def init(self, *kept: str) -> str:
        """The head of `__init__`, and the arguments that are needed later."""
        names = [name for name in kept if name in self.free]
        return lines(
            f"    def __init__({', '.join(['self', *self.free])}):",
            "        super().__init__()",
            when(names, f"        {', '.join(f'self.{n}' for n in names)} = {', '.join(names)}"),
        )

    def mixed(self, name: str, text: str, indent: int = 8) -> str | None:
        """Lines for those that have it: none, always, or behind an `if`."""
        if not self.some(name):
            return None
        if self.all(name):
            return lines(text, indent=indent)
        return lines(f"if self.{name}:", lines(text, indent=4), indent=indent)

    def call(self, kind: str, one: Values) -> str:
        """How a part is made."""
        return f"{kind}({', '.join(f'{name}={one[name]!r}' for name in self.free)})"

    def returned(self, code: str) -> str:
        """The last line of a part: what it puts out, some of it switched off at random while it learns."""
        if self.some("dropout"):
            return f"        return F.dropout({code}, {self.used('dropout')}, self.training)"
        return f"        return {code}"
