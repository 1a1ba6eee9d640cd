"""Learning a byte-level BPE vocabulary, in a child process that can be killed at any moment.

Sennrich et al. 2016, algorithm 1, on bytes and with the pre-tokenizer of GPT-2 (Radford et al. 2019, section 2.2).
Memory holds each different word of the text once, whatever the text's size.
"""

import contextlib
import logging
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import IO

from ..progress import Progress
from .boundaries import aligned, parts

log = logging.getLogger(__name__)
PACKAGE = Path(__file__).parents[3]  # the folder that holds the llmstudio package, for the child to find it in
TURN = 0.2  # seconds between two looks at the child


def learn(chunks: Callable[[], Iterator[str]], vocabulary: int) -> Generator[Progress, None, str]:
    """Learn at most `vocabulary` tokens, 256 of them the bytes. Returns a tokenizer.json.

    The text is read twice, the first time to know its length. Closing the generator kills the child. ValueError where
    the child fails, mostly for want of memory.
    """
    total = 0
    for chunk in chunks():
        total += len(chunk)
        yield Progress(text="Measuring the text", done=total, unit="characters")
    with tempfile.TemporaryFile() as result, tempfile.TemporaryFile() as errors:
        child = _start(vocabulary, result, errors)
        try:
            yield from _feed(child, chunks, total)
            while child.poll() is None:
                yield Progress(text="Learning merges", done=0)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(TURN)
        except OSError as error:  # a broken pipe: it died while it was being fed
            child.wait()
            raise _failed(child, errors) from error
        finally:
            child.kill()
            child.wait()
            assert child.stdin
            with contextlib.suppress(OSError):  # what is left unwritten has no reader any more
                child.stdin.close()
        if child.returncode:
            raise _failed(child, errors)
        result.seek(0)
        return result.read().decode()


def _start(vocabulary: int, result: IO[bytes], errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    paths = [str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", "llmstudio.core.data.bpe_child", str(vocabulary)],
        stdin=subprocess.PIPE,
        stdout=result,
        stderr=errors,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,  # Ctrl+C in a terminal is for the studio, which ends the child itself
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _feed(
    child: "subprocess.Popen[bytes]", chunks: Callable[[], Iterator[str]], total: int
) -> Generator[Progress, None, None]:
    assert child.stdin
    done = 0
    for chunk in aligned(chunks()):
        for part in parts(chunk):
            data = part.encode()
            child.stdin.write(struct.pack("<I", len(data)) + data)
            done += len(part)
            yield Progress(text="Counting words", done=done, total=total, unit="characters")
    child.stdin.write(struct.pack("<I", 0))
    child.stdin.flush()


def _failed(child: "subprocess.Popen[bytes]", errors: IO[bytes]) -> ValueError:
    errors.seek(0)
    log.error("BPE training ended with code %s: %s", child.returncode, errors.read().decode("utf-8", "replace"))
    return ValueError(
        "Learning the vocabulary stopped before its end, mostly for want of memory. "
        "Close other programs, or use less text, and try again."
    )
