"""Guessing the encoding of text that is neither marked nor Unicode: what it would say in each, which is likeliest."""

import codecs
from functools import cache

import numpy as np
from charset_normalizer import from_bytes
from msgspec import Struct

COMMON = (  # one byte a character; of those that fit equally well, the first
    "cp1252 cp1251 cp1250 cp1253 cp1254 cp1255 cp1256 koi8_r koi8_u cp1257 cp1258 cp874 iso8859_2 iso8859_15 cp866 "
    "cp850 cp437 cp852 mac_roman mac_cyrillic"
).split()
KANA = frozenset(map(chr, range(0x3041, 0x3100)))
HANGUL = frozenset(map(chr, range(0xAC00, 0xD7A4)))
SIGNS = frozenset(map(chr, [*range(0x2010, 0x2040), *range(0x3000, 0x3020), *range(0xFF01, 0xFF5F)]))


class Guess(Struct, frozen=True):
    encoding: str
    confident: bool


def guess(data: bytes) -> Guess | None:
    """The likeliest encoding of `data`, which holds bytes above 127; None where nothing fits."""
    if east := _east_asian(data):
        return Guess(east, True)
    lines = b"\n".join(line for line in data.split(b"\n") if not line.isascii())
    if matches := list(from_bytes(lines, cp_isolation=COMMON)):
        best = matches[0]
        equal = [m for m in matches if m.chaos <= best.chaos + 0.02 and m.coherence >= best.coherence - 0.1]
        name = min((n for m in equal for n in m.could_be_from_charset if n in COMMON), key=COMMON.index)
        sure = len(equal) == 1 and best.chaos < 0.05 and best.coherence > 0.2
        return Guess(name, sure)
    return Guess("cp1252", False) if fits(data, "cp1252") else None


def fits(data: bytes, encoding: str) -> bool:
    """Whether `data` is of this encoding, but for a character cut short at its end."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeError:
        return False
    return True


def wide(data: bytes, cut: bool) -> str | None:
    """UTF-16 or UTF-32 without its mark. Read the right way round, text keeps to few of Unicode's blocks of 256.

    `cut`: there is more behind `data`, so that it may end inside a character.
    """
    if b"\0" not in data:
        return None
    fitting = []
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        width = 4 if "32" in encoding else 2
        if (cut or len(data) % width == 0) and fits(data, encoding):
            text = data.decode(encoding, "ignore")
            plain = sum(c.isascii() or c == "\u3000" for c in text)  # there are spaces and line ends in any text
            if plain > 0.01 * len(text) and sum(c.isprintable() or c in "\t\r\n\f" for c in text) >= 0.98 * len(text):
                fitting.append((len({ord(c) >> 8 for c in text}), encoding))
    return min(fitting)[1] if fitting else None


def _east_asian(data: bytes) -> str | None:
    """Chinese, Japanese or Korean: nearly all of it in everyday characters, which only the right encoding gives."""
    for encoding, script, least in (
        ("euc_jp", KANA, 0.15),
        ("cp932", KANA, 0.15),
        ("cp949", HANGUL, 0.8),
        ("gb18030", _everyday("gb18030"), 0.6),
        ("big5", _everyday("big5"), 0.6),
    ):
        if fits(data, encoding):
            foreign = [c for c in data.decode(encoding, "ignore") if c > "\x7f"]
            usual = script | _everyday(encoding) | SIGNS
            if foreign and _share(foreign, script) >= least and _share(foreign, usual) >= 0.85:
                return encoding
    return None


@cache
def _everyday(encoding: str) -> frozenset[str]:
    """The characters that their standard puts first: GB 2312 and JIS X 0208 level 1, Big5 level 1."""
    inner, first, last = {
        "euc_jp": ("euc_jp", 0xB0, 0xCF),
        "cp932": ("euc_jp", 0xB0, 0xCF),
        "gb18030": ("gb2312", 0xB0, 0xD7),
        "big5": ("big5", 0xA4, 0xC6),
    }.get(encoding, ("ascii", 1, 0))
    pairs = (bytes((lead, trail)) for lead in range(first, last + 1) for trail in range(0x40, 0xFF))
    return frozenset(text for pair in pairs if len(text := pair.decode(inner, "ignore")) == 1 and text > "\x7f")


def _share(characters: list[str], among: frozenset[str]) -> float:
    return float(np.mean([c in among for c in characters]))
