"""The working of one number: operands, one line for each operation, and the same as Python, collected step by step."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from .anatomy import Floats, Inside
from .spot import Spot

MINUS = "\u2212"


class Operand(Struct, frozen=True, kw_only=True, eq=False):
    """A strip of numbers that took part. `total`: their sum, where that is the next thing used."""

    name: str
    values: Floats  # (n,)
    total: float | None = None
    spot: Spot | None = None  # of its first number, with the last index left out where the whole row took part


class Line(Struct, frozen=True, kw_only=True):
    """One operation: "scale", "20.9 / √32", "3.69"."""

    name: str
    text: str
    result: str


class Number(Struct, frozen=True, kw_only=True, eq=False):
    value: float
    spot: Spot
    title: tuple[tuple[str, bool], ...]  # words; True: a token
    operands: tuple[Operand, ...]
    lines: tuple[Line, ...]
    python: str  # computes it again; the last line is the number


def said(x: float) -> str:
    """Three digits, with a true minus."""
    if x != x:
        return "none"
    text = f"{x:.3g}"
    if "e" in text:
        head, tail = text.split("e")
        text = f"{head}e{int(tail)}"
    return text.replace("-", MINUS)


class Work:
    """What is collected on the way to a number."""

    def __init__(self, inside: Inside, spot: Spot, texts: Sequence[str]) -> None:
        self.inside, self.tensors, self.index, self.texts = inside, inside.tensors, spot.index, texts
        self.path, self.name = spot.path, spot.name
        self.title: list[tuple[str, bool]] = []
        self.operands: list[Operand] = []
        self.lines: list[Line] = []
        self.code: list[str] = []

    def say(self, *words: str | int) -> None:
        """The title: words, and tokens by their place."""
        for word in words:
            if isinstance(word, int):
                self.title += [(self.texts[word], True), (f"at {word}", False)]
            else:
                self.title.append((word, False))

    def take(self, name: str, values: NDArray[Any], spot: tuple[str, tuple[int, ...]] | None = None) -> Floats:
        place = Spot(path=self.path, name=spot[0], index=spot[1]) if spot else None
        found = np.asarray(values, dtype=np.float32)
        self.operands.append(Operand(name=name, values=found, spot=place))
        return found

    def line(self, name: str, text: str, result: float | str) -> None:
        self.lines.append(Line(name=name, text=text, result=result if isinstance(result, str) else said(result)))

    def dot(self, a: str, b: str, left: Floats, right: Floats, name: str = "sum") -> float:
        """The sum of products of the two strips just taken."""
        product = left * right
        total = float(product.sum(dtype=np.float64))
        self.operands.append(Operand(name=f"{a} × {b}", values=product, total=total))
        self.line(name, f"{a} · {b}", total)
        self.code += [f"left = {listed(left)}  # {a}", f"right = {listed(right)}  # {b}"]
        self.code.append("x = sum(a * b for a, b in zip(left, right))")
        return total

    def project(self, weight: str, bias: str, row: tuple[int, ...], place: int, called: str) -> float | None:
        """One number of a projection of h; None where its matrix was not kept whole. `row`: the last is the output."""
        inside, expert = self.inside, row[:-1]
        if weight in inside.steps or "h" in inside.steps:
            self.line("sum", "its matrix is too large to be shown whole", "")
            return None
        h = self.take(f"h{place}", self.tensors["h"][place], ("h", (place,)))
        w = self.take(called, self.tensors[weight][row], (weight, row))
        total = self.dot(f"h{place}", called, h, w)
        if bias in self.tensors:
            added = inside.at(bias, *expert, row[-1])
            self.line("bias", f"{said(total)} + {bracketed(added)}", total + added)
            self.code.append(f"x = x + {added!r}")
            total += added
        return total


def listed(values: NDArray[Any]) -> str:
    return "[" + ", ".join(f"{float(a):.9g}" for a in values) + "]"


def bracketed(x: float) -> str:
    return f"({said(x)})" if x < 0 else said(x)
