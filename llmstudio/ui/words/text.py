"""The text and its tokens in words: what was found in a file, how it is split, whether it can be learned from."""

from collections.abc import Sequence
from pathlib import Path

from ...core.data.documents import Refused
from ...core.data.frequencies import Frequencies
from ...core.data.ngrams import Ngrams
from ...core.data.source import Settings, Source
from ...core.data.tokens import Manifest
from ..numbers import THIN, count
from .loss import Bar
from .numbers import fixed, plural

KINDS = {"character": "Character", "byte": "Byte", "bpe": "BPE"}
TWO = "Splitting by document takes at least two texts"

ENCODINGS = {
    "UTF-8": "utf-8",
    "UTF-16": "utf-16",
    "Western (Windows-1252)": "cp1252",
    "Central European (Windows-1250)": "cp1250",
    "Cyrillic (Windows-1251)": "cp1251",
    "Cyrillic (KOI8-R)": "koi8-r",
    "Greek (Windows-1253)": "cp1253",
    "Turkish (Windows-1254)": "cp1254",
    "Japanese (Shift JIS)": "shift_jis",
    "Chinese (GB 18030)": "gb18030",
    "Chinese (Big5)": "big5",
    "Korean (EUC-KR)": "euc-kr",
    "Western (Mac Roman)": "mac-roman",
}  # as people know them: as Python does


def encoding(name: str) -> str:
    """Python's name of an encoding as people write it: cp1251 is Windows-1251."""
    plain = name.lower().replace("_", "-")
    if plain == "utf-8-sig":
        return "UTF-8"
    if plain.startswith("cp125"):
        return f"Windows-{plain[2:]}"
    if plain.startswith("mac-"):
        return f"Mac {plain[4:].capitalize()}"
    return plain.replace("iso8859", "ISO-8859").upper()


def found(source: Source) -> tuple[str, str, str]:
    """("1 115 394 characters, ", "UTF-8", ", 40 000 lines"): the middle says where it is only a guess."""
    kind = encoding(source.encoding) + ("" if source.confident else ", guessed")
    return f"{plural(source.characters, 'character')}, ", kind, f", {plural(source.lines, 'line')}"


def together(sources: Sequence[Source], refused: Sequence[Refused]) -> str:
    """What a list of sources comes to."""
    parts = []
    if sources:
        parts.append(plural(len(sources), "source"))
        parts.append(plural(sum(source.characters for source in sources), "character"))
    if refused:
        parts.append(f"{count(len(refused))} left out")
    return ", ".join(parts)


def left_out(refused: Refused) -> str:
    return f"left out: {refused.reason.removesuffix('.')}"


def free_name(sources: Sequence[Source], wanted: str = "Pasted text") -> str:
    """`wanted`, with a number behind it where that name is taken."""
    taken, name, n = {source.name for source in sources}, wanted, 1
    while name in taken:
        n += 1
        name = f"{wanted} {n}"
    return name


def file_name(path: Path) -> str:
    return path.name or str(path)


def share(part: float) -> str:
    """0.1 -> "10 %", 0.125 -> "12.5 %"."""
    return f"{100 * part:.4g}{THIN}%"


def split(settings: Settings) -> str:
    """What is kept back."""
    if settings.split == "share":
        return f"The last {share(settings.validation)} of the text is kept back to test on"
    return f"Whole texts are kept back to test on, up to {share(settings.validation)} of all"


def state(manifest: Manifest | None, stale: bool, settings: Settings, prepared: Settings | None, texts: int) -> str:
    """Where the text stands on its way to being learned from."""
    if not texts:
        return "Waits for some text"
    if settings.split == "document" and texts < 2:
        return TWO
    if manifest is None:
        return "Makes the tokens that a model learns from"
    if stale:
        what = "settings" if settings != prepared else "text"
        return f"The {what} changed since the tokens were made"
    return (
        f"Ready: {plural(manifest.train_tokens, 'token')} to learn from, {count(manifest.validation_tokens)} to test on"
    )


def times(frequencies: Frequencies, id: int) -> str:
    """ "436 times in the training text", and on how much of it, where not on all."""
    n = int(frequencies.counts[id])
    often = "never" if n == 0 else "once" if n == 1 else f"{count(n)} times"
    where = "the training text"
    if frequencies.counted < frequencies.total:
        where = f"{share(frequencies.counted / frequencies.total)} of {where}"
    return f"{often} in {where}"


def spread(frequencies: Frequencies, shown: int, rarest: str) -> str:
    """What the bars leave out, and where counting was cut short."""
    said = f"{count(shown)} of {count(frequencies.different)} different tokens"
    if (id := frequencies.rarest) is not None:
        n = int(frequencies.counts[id])
        said += f"; the rarest is {rarest}, {'once' if n == 1 else f'{count(n)} times'}"
    if frequencies.counted < frequencies.total:
        said += f". Counted on {count(frequencies.counted)} of {count(frequencies.total)} tokens, evenly spread"
    return said


def counting(ngrams: Ngrams, manifest: Manifest, bars: Sequence[Bar]) -> str:
    """What the rows of counting models mean for a model that is to be trained."""
    best = min((bar for bar in bars if bar.name != "floor"), key=lambda bar: bar.loss)
    said = f"A model has learned more than {best.name} counts once its loss is below {fixed(best.loss)}."
    if floor := next((bar for bar in bars if bar.name == "floor"), None):
        said += f" No model can get below {fixed(floor.loss)}, the floor of this text."
    if ngrams.train_tokens < manifest.train_tokens:
        share_ = share(ngrams.train_tokens / manifest.train_tokens)
        said += f" Counted on {share_} of the training text, evenly spread."
    return said
