"""The text as data: one source, and how all of them become tokens. Light: the window starts with it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Source(Struct, frozen=True, kw_only=True):
    """One text of the corpus."""

    id: str  # short, from the text itself: the same in every project
    name: str
    path: str  # where it was copied from, "" when it was pasted or made
    bytes: int  # of its text as UTF-8
    characters: int
    lines: int
    encoding: str  # it was found in; the copy is UTF-8
    confident: bool = True  # False: the encoding is a guess
    sha256: str  # of its text as UTF-8


class Settings(Struct, frozen=True, kw_only=True):
    """How the corpus becomes tokens."""

    split: Annotated[
        Literal["share", "document"],
        Meta(
            title="Validation text",
            description="What is kept back to test on: the last share of the whole text, or whole documents.",
        ),
    ] = "share"
    validation: Annotated[
        float,
        Meta(ge=0.01, le=0.5, title="Share", description="How much of the text the model never learns from."),
    ] = 0.1
    tokenizer: Annotated[
        Literal["character", "byte", "bpe"],
        Meta(
            title="Tokenizer",
            description="The pieces of text it reads: characters, bytes, or frequent parts of words (BPE).",
        ),
    ] = "character"
    vocabulary: Annotated[
        int,
        Meta(
            ge=257,
            le=1_000_000,
            title="Vocabulary",
            description="How many different pieces BPE learns at most; 256 of them are the bytes.",
            extra_json_schema={"unit": "tokens"},
        ),
    ] = 1024
