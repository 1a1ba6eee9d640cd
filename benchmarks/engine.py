"""The studio's training step against a plain loop, in one process, alternating: tokens/s and share of the peak.

    python3 run.py bench engine [--rounds 7] [--small] [--uncompiled]

The 0.8 M configuration is nanoGPT's for a CPU, the 10 M one its Shakespeare model at the same batch of 12.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from msgspec.structs import replace

from benchmarks.reference import Loop
from benchmarks.text import Characters
from llmstudio.core.model import cost
from llmstudio.core.model.presets import NANOGPT_SHAKESPEARE_CPU
from llmstudio.core.model.spec import Attention, Block, Model
from llmstudio.core.train import peak
from llmstudio.core.train.compiled import Compiler, why_not
from llmstudio.core.train.learner import Learner
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.schedule import share

SECONDS = 2.0  # of each side in a round, at least one step
RECIPE = NANOGPT_SHAKESPEARE_CPU.recipe


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench engine", description=__doc__)
    wish.add_argument("--rounds", type=int, default=7)
    wish.add_argument("--small", action="store_true", help="leave the 10 M model out")
    wish.add_argument("--uncompiled", action="store_true", help="leave the compiled step out")
    asked = wish.parse_args(arguments)
    text = Characters()
    best = result(peak.measure("cpu")).fastest
    print(f"{text.name}, {torch.get_num_threads()} threads, matrix products at most {best / 1e9:.0f} GFLOP/s")
    small = replace(NANOGPT_SHAKESPEARE_CPU.model, vocab=len(text.letters))
    large = replace(small, width=384, context=256, blocks=(Block(attention=Attention(heads=6)),) * 6)
    for model in (small,) if asked.small else (small, large):
        with tempfile.TemporaryDirectory() as cache:
            compare(model, text, best, asked.rounds, None if asked.uncompiled else Compiler(Path(cache)))


def compare(model: Model, text: Characters, best: float, rounds: int, compiler: Compiler | None) -> None:
    """Print the medians of all rounds."""
    print(f"\n{cost.total(model):,} parameters, batch {RECIPE.batch} x {model.context}")
    loop = Loop(model, RECIPE, text.train, text.validation)
    sides: dict[str, Callable[[], object]] = {"reference": loop.step, "eager": Studio(model, RECIPE, text).step}
    if compiler and (why := why_not()):
        print(why)
    elif compiler:
        sides["compiled"] = compiled(model, text, compiler).step
    times: dict[str, list[float]] = {name: [] for name in sides}
    for name, step in sides.items():
        for _ in range(3):
            step()
        once = _seconds(step, 1)
        times[name] = [max(1, round(SECONDS / once))]
    counts = {name: int(found.pop()) for name, found in times.items()}
    for _ in range(rounds):
        for name, step in sides.items():
            times[name].append(_seconds(step, counts[name]) / counts[name])
    tokens, flops = RECIPE.batch * model.context, cost.flops_per_token(model)
    for name, found in times.items():
        rate = tokens / median(found)
        ratios = sorted(a / b for a, b in zip(times["reference"], found, strict=True))
        print(
            f"  {name:10} {median(found) * 1e3:8.2f} ms a step {rate:10,.0f} tokens/s   {median(ratios):5.2f}x "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f} in {rounds} rounds)   {rate * flops / best:.2f} of the peak"
        )


class Studio:
    """The studio's engine, step by step, as the trainer uses it."""

    def __init__(self, model: Model, recipe: Recipe, text: Characters) -> None:
        self.recipe, self.done = recipe, 0
        self.learner = Learner(model, recipe, text, "cpu", None)

    def step(self) -> float:
        loss, _ = self.learner.gradients(self.done, 0)
        self.learner.apply(share(self.recipe, self.done))
        self.done += 1
        return loss


def compiled(model: Model, text: Characters, compiler: Compiler) -> Studio:
    """The same with the compiled step, made here and now."""
    studio, start = Studio(model, RECIPE, text), time.perf_counter()
    wish = studio.learner.wish
    assert wish
    compiler.start(wish)
    while compiler.working(wish):
        time.sleep(0.1)
    ready = compiler.ready(wish)
    assert ready, "the step could not be compiled"
    assert studio.learner.take(ready, wish.rows), "the compiled step gives another loss"
    print(f"  compiled in {time.perf_counter() - start:.0f} s")
    return studio


def _seconds(step: Callable[[], object], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        step()
    return time.perf_counter() - start


def result(work):  # type: ignore[no-untyped-def]
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


if __name__ == "__main__":
    main()
