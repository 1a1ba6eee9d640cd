"""Text to tokens and back: characters, bytes, or byte-level BPE, each a Hugging Face `tokenizers` file on disk."""

import codecs
import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from tokenizers import AddedToken, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as HuggingFace

from ..files import write_atomic
from ..progress import Progress
from . import bpe
from .boundaries import PART, parts
from .faults import reason

Kind = Literal["character", "byte", "bpe"]
Ids = NDArray[np.int32]
END = "<|end|>"
BATCH = 32  # parts that go through the encoder together
LETTERS = {  # the letter that stands for each byte in byte-level vocabularies (GPT-2's bytes_to_unicode)
    byte: chr(letter)
    for byte, letter in [
        *((b, b) for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174),
        *((b, 256 + i) for i, b in enumerate([*range(33), *range(127, 161), 173])),
    ]
}
BYTES = {letter: byte for byte, letter in LETTERS.items()}


class Piece(Struct, frozen=True, kw_only=True):
    """A token in its place in a text. An unknown character has id -1 and is not part of the encoded text."""

    id: int
    text: str  # as of `Tokenizer.token`
    known: bool = True


class Decoder:
    """Text from tokens one by one. A character spread over several tokens comes out with the last of them."""

    def __init__(self, words: list[bytes]) -> None:
        self._words = words
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, id: int) -> str:
        return self._utf8.decode(self._words[id])

    def end(self) -> str:
        """What is left of an unfinished character, as U+FFFD."""
        return self._utf8.decode(b"", final=True)


class Tokenizer:
    """Make one with `train` or `Tokenizer.load`. Ids are those of Hugging Face `tokenizers` for the same file.

    `end` is the id of "<|end|>", which stands between documents and is never made from text that spells it.
    """

    def __init__(self, inner: HuggingFace, kind: Kind) -> None:
        inner.encode_special_tokens = True  # "<|end|>" in a text is text
        self.kind: Kind = kind
        self.end: int | None = inner.token_to_id(END)
        self.vocab_size: int = inner.get_vocab_size()
        self._inner = inner

    def encode(self, text: str) -> Ids:
        """(T,) int32. Characters that a character tokenizer does not know are left out: see `unknown`."""
        text = _sound(text)
        if self.kind == "byte":
            return np.frombuffer(text.encode(), np.uint8).astype(np.int32)
        if self.kind == "character":
            found = self._table.take(_codes(text), mode="clip")
            return found if not len(found) or found.min() >= 0 else found[found >= 0]
        if len(text) <= PART:
            return np.array(self._inner.encode(text, add_special_tokens=False).ids, np.int32)
        batch = list(parts(text))
        done: list[Ids] = []
        for i in range(0, len(batch), BATCH):
            encoded = self._inner.encode_batch_fast(batch[i : i + BATCH], add_special_tokens=False)
            done.extend(np.array(part.ids, np.int32) for part in encoded)
        return np.concatenate(done)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of tokens. Bytes that are no UTF-8 become U+FFFD, and "<|end|>" nothing."""
        return b"".join([self._words[id] for id in ids]).decode("utf-8", "replace")

    def decoder(self) -> Decoder:
        return Decoder(self._words)

    def token(self, id: int) -> str:
        """The text of one token to show, white space as it is; part of a character as its bytes, "\\xE2\\x82"."""
        if id == self.end:
            return END
        try:
            return self._words[id].decode()
        except UnicodeDecodeError:
            return "".join(f"\\x{byte:02X}" for byte in self._words[id])

    def pieces(self, text: str) -> list[Piece]:
        """The tokens of `text` in order, unknown characters in their places among them."""
        if self.kind != "character":
            return [Piece(id=id, text=self.token(id)) for id in self.encode(text).tolist()]
        ids = self._table.take(_codes(_sound(text)), mode="clip").tolist()
        return [Piece(id=id, text=c, known=id >= 0) for id, c in zip(ids, _sound(text), strict=True)]

    def unknown(self, text: str) -> set[str]:
        """The characters of `text` that no token stands for."""
        if self.kind != "character":
            return set()
        return {c for c in set(_sound(text)) if self._table.take(ord(c), mode="clip") < 0}

    @cached_property
    def fingerprint(self) -> str:
        """The same for tokenizers that give the same tokens."""
        return hashlib.sha256(self._inner.to_str().encode()).hexdigest()[:16]

    def save(self, path: Path) -> None:
        """Write tokenizer.json in the Hugging Face format. ValueError where it cannot be written."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, self._inner.to_str(pretty=True).encode())
        except OSError as error:
            raise ValueError(f"The tokenizer cannot be saved: {reason(error)}") from error

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Read a tokenizer.json that `save` wrote. ValueError where it is missing, damaged or of another kind."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {reason(error)} Tokenize again.") from error
        try:
            kind = _kind(msgspec.json.decode(data))
            inner = HuggingFace.from_str(data.decode())
        except Exception as error:  # the library raises nothing more definite
            raise ValueError(f"{path} is damaged. Tokenize again, or restore a copy; nothing was changed.") from error
        if kind is None or sorted(inner.get_vocab().values()) != list(range(inner.get_vocab_size())):
            raise ValueError(f"{path} is a kind of tokenizer that is not known here. Tokenize again to replace it.")
        return cls(inner, kind)

    @cached_property
    def _words(self) -> list[bytes]:
        """The UTF-8 bytes of each token."""
        words = [b""] * self.vocab_size
        for token, id in self._inner.get_vocab(with_added_tokens=False).items():
            words[id] = token.encode() if self.kind == "character" else bytes(map(BYTES.__getitem__, token))
        return words

    @cached_property
    def _table(self) -> Ids:
        """The id of each code point, -1 where there is none; the last entry stands for all beyond it."""
        vocabulary = self._inner.get_vocab(with_added_tokens=False)
        table = np.full(max((ord(c) for c in vocabulary), default=0) + 2, -1, np.int32)
        for character, id in vocabulary.items():
            table[ord(character)] = id
        return table


def train(
    kind: Kind, chunks: Callable[[], Iterator[str]], vocabulary: int, documents: int
) -> Generator[Progress, None, Tokenizer]:
    """Make a tokenizer for the text of `chunks()`; more than one document adds "<|end|>" as the last token.

    character: every character of the text, sorted. byte: the 256 bytes. bpe: up to `vocabulary` tokens with "<|end|>",
    fewer where the text has no more pairs to merge: `vocab_size` says. Closing the generator stops within a second.
    """
    yield Progress(text="Making the tokenizer", done=0)
    if kind == "bpe":
        inner = HuggingFace.from_str((yield from bpe.learn(chunks, vocabulary - (documents > 1))))
    elif kind == "byte":
        inner = HuggingFace(models.BPE(vocab={LETTERS[byte]: byte for byte in range(256)}, merges=[]))
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        inner.decoder = decoders.ByteLevel()
    else:
        found = yield from _characters(chunks())
        inner = HuggingFace(models.BPE(vocab={c: id for id, c in enumerate(found)}, merges=[]))
        inner.decoder = decoders.Fuse()
    if documents > 1:
        inner.add_special_tokens([AddedToken(END, special=True, normalized=False)])
    return Tokenizer(inner, kind)


def _characters(chunks: Iterator[str]) -> Generator[Progress, None, list[str]]:
    seen, done = np.zeros(0x110000, bool), 0
    for chunk in chunks:
        seen[_codes(chunk)] = True
        done += len(chunk)
        yield Progress(text="Collecting characters", done=done, unit="characters")
    return [chr(code) for code in np.flatnonzero(seen)]


def _codes(text: str) -> Ids:
    return np.frombuffer(text.encode("utf-32-le"), np.int32)


def _sound(text: str) -> str:
    """Halves of surrogate pairs, which are not text, become U+FFFD: a line edit can hold them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _kind(fields: Any) -> Kind | None:
    """Which of ours a tokenizer.json is, from its parts."""
    model, before = fields["model"], fields["pre_tokenizer"]
    if model["type"] != "BPE" or fields["normalizer"] or fields["post_processor"]:
        return None
    if before is None:
        return "character" if not model["merges"] and all(len(token) == 1 for token in model["vocab"]) else None
    if before["type"] != "ByteLevel" or before["add_prefix_space"] or len(BYTES.keys() & model["vocab"].keys()) < 256:
        return None
    if before["use_regex"]:
        return "bpe"
    return "byte" if not model["merges"] and all(model["vocab"][LETTERS[b]] == b for b in range(256)) else None
