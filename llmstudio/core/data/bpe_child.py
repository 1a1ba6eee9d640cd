"""The child process of `bpe.learn`: text comes in on stdin, each part behind its length; tokenizer.json goes out."""

import re
import struct
import sys
from collections.abc import Iterator

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

LONGEST = 64  # bytes of a token; keeps one endless word from filling the vocabulary with itself
ENDLESS = re.compile(r"\S{512}")  # cut for learning only: time grows with the square of a word's length


def main() -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=int(sys.argv[1]),
        min_frequency=2,
        max_token_length=LONGEST,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_parts(), trainer)
    sys.stdout.buffer.write(tokenizer.to_str().encode())


def _parts() -> Iterator[str]:
    while length := struct.unpack("<I", _exactly(4))[0]:
        part, start = _exactly(length).decode(), 0
        for run in ENDLESS.finditer(part):
            yield part[start : run.end()]
            start = run.end()
        yield part[start:]


def _exactly(count: int) -> bytes:
    data = sys.stdin.buffer.read(count)
    if len(data) < count:
        sys.exit("The text broke off: the studio has gone.")
    return data


if __name__ == "__main__":
    main()
