"""How the next token is chosen, as data. Light: the window starts with it."""

from typing import Annotated

from msgspec import Meta, Struct

LIKELIEST = 1024  # scores kept with each token written, so that sliders act without running the model


class Sampler(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the next token is chosen among all."""

    temperature: Annotated[float, Meta(
        ge=0, le=2, title="Temperature",
        description="Scores are divided by it: below 1 bolder, above 1 more surprising. 0 always takes the likeliest.",
    )] = 0.8
    top_k: Annotated[int, Meta(
        ge=0, le=LIKELIEST, title="Keep top k", extra_json_schema={"unit": "tokens"},
        description="Only the k likeliest tokens can be drawn. 0 lets all through.",
    )] = 40
    top_p: Annotated[float, Meta(
        ge=0, le=1, title="Keep top p",
        description="Only the likeliest tokens that together reach this probability can be drawn. 1 lets all through.",
    )] = 0.95
    seed: Annotated[int, Meta(
        ge=0, le=2**31 - 1, title="Seed", description="The same seed, text and weights give the same answer.",
    )] = 1
    max_tokens: Annotated[int, Meta(
        ge=1, le=100_000, title="Up to", extra_json_schema={"unit": "tokens"},
        description="Where an answer is broken off when it does not end by itself.",
    )] = 160
