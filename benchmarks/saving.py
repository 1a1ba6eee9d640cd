"""What a checkpoint costs: steps of a 10 M model with one being saved, against steps without, alternating.

python3 run.py bench saving [--rounds 7]
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from msgspec.structs import replace

from benchmarks.engine import RECIPE, Studio
from benchmarks.text import Characters
from llmstudio.core.model import cost
from llmstudio.core.model.presets import NANOGPT_SHAKESPEARE_CPU
from llmstudio.core.model.spec import Attention, Block
from llmstudio.core.train.checkpoint import Header
from llmstudio.core.train.events import Saved
from llmstudio.core.train.saver import Saver

STEPS = 6  # of a side in a round: a checkpoint is on the disk long before their end


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench saving")
    wish.add_argument("--rounds", type=int, default=7)
    asked = wish.parse_args(arguments)
    text = Characters()
    blocks = (Block(attention=Attention(heads=6)),) * 6
    model = replace(NANOGPT_SHAKESPEARE_CPU.model, vocab=len(text.letters), width=384, context=256, blocks=blocks)
    studio = Studio(model, RECIPE, text)
    with tempfile.TemporaryDirectory() as folder:
        saver = Saver(Path(folder))
        taken: dict[bool, list[float]] = {True: [], False: []}
        for n in range(asked.rounds + 1):
            for saving in (True, False):
                start = time.perf_counter()
                if saving:
                    header = Header(step=n, spec=model, recipe=RECIPE)
                    saver.save(studio.learner.gpt, studio.learner.optimizers, header)
                for _ in range(STEPS):
                    studio.step()
                assert not saver.busy
                if n:  # in the first one the buffers are made
                    taken[saving].append(time.perf_counter() - start)
            assert any(isinstance(news, Saved) for news in saver.news())
            saver.paused = 0.0 if not n else saver.paused
        paused = saver.paused
        saver.close()
    step = median(taken[False]) / STEPS
    extra = median(a - b for a, b in zip(taken[True], taken[False], strict=True))
    size = cost.total(model)
    print(f"{size:,} parameters, a step takes {step * 1e3:.0f} ms, a checkpoint {extra * 1e3:+.0f} ms more")
    print(f"every {RECIPE.checkpoint_seconds} s that is {extra / RECIPE.checkpoint_seconds:.2%} of the training time")
    print(f"training stood still for {paused * 1e3:.1f} ms at most, {paused / step:.2f} of a step")


if __name__ == "__main__":
    main()
