"""What the engine reaches against the plain loop, by the same recipe: final loss over the whole validation text.

python3 run.py bench loss [--seeds 3] [--steps 2000]
"""

import argparse
from statistics import mean

from msgspec.structs import replace

from benchmarks.engine import Studio, result
from benchmarks.reference import Loop
from benchmarks.text import Characters
from llmstudio.core.model.presets import NANOGPT_SHAKESPEARE_CPU
from llmstudio.core.train.evaluate import validation_loss


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench loss")
    wish.add_argument("--seeds", type=int, default=3)
    wish.add_argument("--steps", type=int, default=NANOGPT_SHAKESPEARE_CPU.recipe.steps)
    asked = wish.parse_args(arguments)
    text = Characters()
    model = replace(NANOGPT_SHAKESPEARE_CPU.model, vocab=len(text.letters))
    apart = []
    for seed in range(1, asked.seeds + 1):
        recipe = replace(NANOGPT_SHAKESPEARE_CPU.recipe, seed=seed, steps=asked.steps)
        loop, studio = Loop(model, recipe, text.train, text.validation), Studio(model, recipe, text)
        for _ in range(asked.steps):
            loop.step()
            studio.step()
        theirs, mine = loop.loss(), result(validation_loss(studio.learner.gpt, text, model.context, 64))
        apart.append(mine - theirs)
        print(f"seed {seed}: plain loop {theirs:.4f}, studio {mine:.4f} ({studio.learner.engine.way.dtype})")
    print(f"the studio's loss is {mean(apart):+.4f} on average of {asked.seeds} seeds")


if __name__ == "__main__":
    main()
