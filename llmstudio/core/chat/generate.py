"""Writing: one token after another, each with what else it could have been."""

from collections.abc import Generator, Sequence
from math import log
from typing import Any, Protocol

import numpy as np
import torch
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from torch import Tensor, nn

from ..inside.watch import at_rest
from ..model.network import GPT, Cache
from .sample import LIKELIEST, Rest, Sampler, draw, filtered, likeliest, log_sum_exp


class Decoder(Protocol):
    """Text from tokens one by one; a character spread over several tokens comes with the last of them."""

    def push(self, id: int) -> str: ...


class Vocabulary(Protocol):
    """What generation asks of a tokenizer."""

    @property
    def end(self) -> int | None: ...
    def encode(self, text: str) -> NDArray[Any]: ...
    def unknown(self, text: str) -> set[str]: ...
    def decoder(self) -> Decoder: ...


class Said(Struct, frozen=True, kw_only=True, eq=False):
    """One token written, and the scores it was drawn from. K = min(V, LIKELIEST).

    Probability and surprise are those under the model itself: temperature 1, no filters.
    """

    id: int
    text: str  # what this token adds; "" while a character is not complete
    probability: float
    bits: float  # surprise, -log2(probability)
    ids: NDArray[np.int32]  # (K,) the likeliest tokens, likeliest first
    logits: NDArray[np.float32]  # (K,) their scores
    log_sum: float  # log of the sum of exp(score) over the whole vocabulary
    rest: Rest | None  # the tokens not among `ids`, summed up for `sample.stages`; None: all are listed


def generate(
    gpt: GPT, ids: Sequence[int] | NDArray[Any], sampler: Sampler, tokenizer: Vocabulary, stop: Sequence[str] = ()
) -> Generator[Said, None, None]:
    """Go on from the tokens `ids`, until the end of a document, a `stop` string or `sampler.max_tokens`.

    The prompt is read in one pass, its last `context` tokens; each token after it costs one position (KV cache). When
    the context is full, the last half of it is read again and writing goes on from there: what was before is forgotten.
    An empty prompt starts from the end-of-document token, or where the tokenizer has none, from a new line.

    Text that may be the beginning of a stop string is held back until it is clear; neither the stop string nor
    anything after it comes out. A character left unfinished at the end does not come out either.

    `gpt` may be trained between two tokens: each is scored by the weights of its moment, but keys and values of the
    text before it are kept from the weights they were made with. The same seed, weights and prompt give the same text.
    """
    dice = np.random.default_rng(sampler.seed)
    decoder = tokenizer.decoder()
    held = _Held([s for s in stop if s])
    read = _Reader(gpt)
    scores = read([int(i) for i in ids] or start(tokenizer))
    for left in range(sampler.max_tokens - 1, -1, -1):
        id = draw(filtered(scores, sampler), dice)
        if id == tokenizer.end:
            break
        yield from held.push(_said(id, decoder.push(id), scores))
        if held.stopped:
            return
        if left:
            scores = read([id])
    yield from held.rest()


def start(tokenizer: Vocabulary) -> list[int]:
    """What an empty prompt starts from: the end-of-document token, else a new line, else token 0."""
    if tokenizer.end is not None:
        return [tokenizer.end]
    return [] if tokenizer.unknown("\n") else [int(i) for i in tokenizer.encode("\n")]


class _Reader:
    """Reads tokens on behalf of a generation and gives the scores of what comes next, (V,) float32."""

    def __init__(self, gpt: GPT) -> None:
        self.gpt, self.context = gpt, gpt.spec.context
        self.cache = Cache(gpt)
        self.window: list[int] = []  # the tokens in the cache

    def __call__(self, ids: list[int]) -> NDArray[np.float32]:
        ids = ids[-self.context :] or [0]
        if len(self.window) + len(ids) > self.context:
            ids = (self.window + ids)[-max(1, self.context // 2) :]
            self.cache.rewind(0)
            self.window = []
        self.window += ids
        tokens = torch.tensor([ids], device=self.gpt.embed.weight.device)
        last = self.gpt.head.register_forward_pre_hook(_last)  # scores of a long prompt would take T * V numbers
        try:
            with at_rest(self.gpt):
                scores: NDArray[np.float32] = self.gpt(tokens, self.cache)[0, -1].float().cpu().numpy()
        finally:
            last.remove()
        return scores


class _Held:
    """Keeps back the tokens that may belong to a stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        self.stops = stops
        self.waiting: list[Said] = []
        self.stopped = False

    def push(self, said: Said) -> Generator[Said, None, None]:
        self.waiting.append(said)
        text = "".join(s.text for s in self.waiting)
        found = min((at for stop in self.stops if (at := text.find(stop)) >= 0), default=None)
        self.stopped = found is not None
        yield from self._release(len(text) - self._doubt(text) if found is None else found, cut=self.stopped)

    def rest(self) -> Generator[Said, None, None]:
        yield from self.waiting
        self.waiting = []

    def _doubt(self, text: str) -> int:
        """Length of the longest end of `text` that a stop string begins with."""
        longest = max((len(stop) for stop in self.stops), default=1) - 1
        sizes = range(min(longest, len(text)), 0, -1)
        return next((n for n in sizes if any(stop.startswith(text[-n:]) for stop in self.stops)), 0)

    def _release(self, clear: int, cut: bool) -> Generator[Said, None, None]:
        """The tokens that lie within the first `clear` characters; the one across the border shortened if `cut`."""
        while self.waiting and (size := len(self.waiting[0].text)) <= clear and not (cut and clear == 0):
            clear -= size
            yield self.waiting.pop(0)
        if cut and clear and self.waiting:
            yield replace(self.waiting[0], text=self.waiting[0].text[:clear])


def _said(id: int, text: str, scores: NDArray[np.float32]) -> Said:
    log_sum = log_sum_exp(scores)
    ids = likeliest(scores, LIKELIEST)
    surprise = log_sum - float(scores[id])  # nats
    return Said(
        id=id,
        text=text,
        probability=float(np.exp(-surprise)),
        bits=surprise / log(2),
        ids=ids.astype(np.int32),
        logits=scores[ids],
        log_sum=log_sum,
        rest=_rest(scores, ids),
    )


def _rest(scores: NDArray[np.float32], ids: NDArray[np.intp]) -> Rest | None:
    if len(ids) == len(scores):
        return None
    others = np.delete(scores, ids)
    return Rest(count=len(others), log_sum=log_sum_exp(others))


def _last(module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    return (inputs[0][:, -1:],)
