"""Time to a validation loss: from the press of the button, with nothing compiled, against the plain loop.

    python3 run.py bench time [--seeds 3] [--loss 1.90]

The loss is over the whole validation text, in float32. The loop runs nanoGPT's CPU configuration to that loss or to its
end, the studio its "quick" preset through the trainer: building, probing, looks on the way, saving and health included.
What it takes to measure that loss at the end counts for neither; the ratio with the studio's counted is printed too.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from msgspec.structs import replace

from benchmarks.reference import Loop
from benchmarks.text import Characters
from llmstudio.core.model import cost
from llmstudio.core.model.presets import NANOGPT_SHAKESPEARE_CPU, QUICK
from llmstudio.core.train.events import Evaluated, Step
from llmstudio.core.train.trainer import Trainer
from llmstudio.core.train.way import forget

LOOK = 100  # steps between two looks of the loop


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench time")
    wish.add_argument("--seeds", type=int, default=3)
    wish.add_argument("--loss", type=float, default=1.90)
    asked = wish.parse_args(arguments)
    text = Characters()
    studio(text, 0, steps=3)  # torch loads its parts once in a process, for both
    ratios: list[float] = []
    strict: list[float] = []
    for seed in range(1, asked.seeds + 1):
        mine, whole, loss = studio(text, seed)
        theirs, reached = loop(text, seed, asked.loss)
        met = "" if loss <= asked.loss else f", above {asked.loss}"
        ratios.append(theirs / mine)
        strict.append(theirs / whole)
        print(
            f"seed {seed}: studio {mine:6.1f} s to {loss:.4f}{met}, {whole:.1f} s with the measuring of it; "
            f"plain loop {theirs:6.1f} s to {reached:.4f}; {ratios[-1]:.1f}x, {strict[-1]:.1f}x"
        )
    print(
        f"{cost.total(QUICK.model):,} parameters; {median(ratios):.1f}x as fast, {asked.seeds} seeds; "
        f"{median(strict):.1f}x with the studio's last look counted"
    )


def studio(text: Characters, seed: int, steps: int = 0) -> tuple[float, float, float]:
    """Seconds to the last step, seconds until its loss is known, and that loss."""
    model = replace(QUICK.model, vocab=len(text.letters))
    recipe = replace(QUICK.recipe, seed=seed, steps=steps or QUICK.recipe.steps)
    forget()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        trained = 0.0
        trainer = Trainer(model, recipe, text, _Letters(text), Path(folder) / "run")
        for event in trainer.run():
            if isinstance(event, Step):
                trained = time.perf_counter() - start
            if isinstance(event, Evaluated) and event.whole:
                return trained, time.perf_counter() - start, event.loss
    raise AssertionError


def loop(text: Characters, seed: int, loss: float) -> tuple[float, float]:
    """The same for the plain loop, to `loss` or its end."""
    model = replace(NANOGPT_SHAKESPEARE_CPU.model, vocab=len(text.letters))
    recipe = replace(NANOGPT_SHAKESPEARE_CPU.recipe, seed=seed)
    run, spent, reached = Loop(model, recipe, text.train, text.validation), 0.0, float("inf")
    while run.done < recipe.steps and reached > loss:
        start = time.perf_counter()
        for _ in range(LOOK):
            run.step()
        spent += time.perf_counter() - start
        reached = run.loss()
    return spent, reached


class _Letters:
    """The tokenizer of these characters, for the samples."""

    end = None

    def __init__(self, text: Characters) -> None:
        self.letters = text.letters

    def encode(self, text: str):  # type: ignore[no-untyped-def]
        import numpy as np

        return np.array([self.letters.index(c) for c in text if c in self.letters], np.int64)

    def unknown(self, text: str) -> set[str]:
        return set(text) - set(self.letters)

    def decoder(self):  # type: ignore[no-untyped-def]
        return self

    def push(self, id: int) -> str:
        return self.letters[id]


if __name__ == "__main__":
    main()
