"""What is said before training against what training then takes: peak memory and time, each preset in its own process.

    python3 run.py bench predict [--seconds 40] [NAME ...]

The prediction is the one of the Cost panel: a probe of about 2 seconds, then the whole run worked out from it. The run
is the studio's own trainer with everything it does on the way (looks, samples, health, snapshots, checkpoints), without
a compiled step, shortened to about so many seconds, on a machine that has nothing else to do. Memory is the highest
that the process held, less what it held before the network was made; a tiny run goes before, so that torch's own parts
are loaded.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from llmstudio.core.machine import Busy
from llmstudio.core.model import cost
from llmstudio.core.model.presets import PRESETS
from llmstudio.core.model.spec import Model
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.speed import forecast

CHOSEN = ("nano", "nanogpt-shakespeare-cpu", "u-net", "llama-like", "gpt2-small")
VALIDATION = 20_000  # tokens
SMALLER = {"gpt2-small": {"batch": 1}}  # so that it fits into the time
MB = 1e6
NOISY, TRIES = 0.1, 3  # share of the processors that others may have; else it is tried again


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench predict", description=__doc__)
    wish.add_argument("names", nargs="*", help=f"presets; else {', '.join(CHOSEN)}")
    wish.add_argument("--seconds", type=float, default=40)
    wish.add_argument("--child", choices=["predict", "measure"], help=argparse.SUPPRESS)
    wish.add_argument("--steps", type=int, default=0, help=argparse.SUPPRESS)
    asked = wish.parse_args(arguments)
    if asked.child == "predict":
        print(json.dumps(predicted(asked.names[0], asked.seconds)))
    elif asked.child == "measure":
        print(json.dumps(measured(asked.names[0], asked.steps)))
    else:
        compare(asked.names or CHOSEN, asked.seconds)


def compare(names: Sequence[str], seconds: float) -> None:
    print(f"{'':26}{'memory, MB':>30}{'time, s':>28}")
    print(f"{'preset':26}{'predicted':>10}{'measured':>10}{'off':>10}{'predicted':>12}{'measured':>8}{'off':>8} steps")
    for name in names:
        for _ in range(TRIES):
            said = _child(name, "predict", "--seconds", str(seconds))
            found = _child(name, "measure", "--steps", str(said["steps"]))
            others = max(said["others"], found["others"])
            if others <= NOISY:
                break
        off = [said[what] / found[what] - 1 for what in ("memory", "time")]
        way = f"{said['dtype']}, {'the very step' if said['whole'] else 'a part'} tried in {said['took']:.1f} s"
        if others > NOISY:
            way += f"; other programs took {others:.0%} of the processors: not to be believed"
        print(
            f"{name:26}{said['memory'] / MB:10.0f}{found['memory'] / MB:10.0f}{off[0]:+10.0%}"
            f"{said['time']:12.1f}{found['time']:8.1f}{off[1]:+8.0%}  {said['steps']:>5}   {way}",
            flush=True,
        )


def _child(name: str, what: str, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks", "predict", name, "--child", what, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


class Noise:
    """Random tokens to learn from and to test with."""

    def __init__(self, vocab: int) -> None:
        from llmstudio.core.train import preview

        self._noise = preview.Noise(vocab)
        self.validation = np.random.default_rng(0).integers(0, vocab, VALIDATION)

    def batch(self, rng, batch, context):  # type: ignore[no-untyped-def]
        return self._noise.batch(rng, batch, context)


def predicted(name: str, seconds: float) -> dict[str, Any]:
    """Bytes and seconds by the Cost panel, of as many steps as take about so long."""
    from llmstudio.core.train.preview import measure

    model, recipe = _design(name)
    _warm(model, recipe)
    others = Busy()
    speed = _result(measure(model, recipe))
    recipe = replace(recipe, steps=min(max(3, round(seconds / speed.step)), recipe.steps))
    footprint = cost.footprint(model, recipe, speed.dtype, fused=bool(speed.fused) and all(speed.fused))
    return {
        "memory": footprint.total,
        "time": forecast(recipe, model, VALIDATION, speed),
        "steps": recipe.steps,
        "dtype": speed.dtype,
        "fused": bool(speed.fused) and all(speed.fused),
        "whole": speed.whole,
        "took": speed.took,
        "others": others.others,
    }


def measured(name: str, steps: int) -> dict[str, Any]:
    """Bytes and seconds that the run really takes."""
    from llmstudio.core.train import shortage

    model, recipe = _design(name)
    _warm(model, recipe)
    shortage.release()
    before, others = _held(), Busy()
    _forget_peak()
    start = time.perf_counter()
    _train(model, replace(recipe, steps=steps))
    return {"memory": _peak() - before, "time": time.perf_counter() - start, "others": others.others}


def _design(name: str) -> tuple[Model, Recipe]:
    preset = PRESETS[name]
    return preset.model, replace(preset.recipe, compile=False, warmup=0, **SMALLER.get(name, {}))


def _warm(model: Model, recipe: Recipe) -> None:
    """So that torch's own parts are loaded."""
    _train(Model(vocab=64, context=16, width=32), replace(recipe, batch=1, steps=2, sample_tokens=4))


def _train(model: Model, recipe: Recipe) -> None:
    from llmstudio.core.train.preview import _Silent
    from llmstudio.core.train.trainer import Trainer

    with tempfile.TemporaryDirectory() as folder:
        for _ in Trainer(model, recipe, Noise(model.vocab), _Silent(), Path(folder)).run():
            pass


def _result(work):  # type: ignore[no-untyped-def]
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def _held() -> int:
    """Bytes of memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


def _forget_peak() -> None:
    """From now on the peak counts anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def _peak() -> int:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    raise AssertionError("Linux tells it")


if __name__ == "__main__":
    main()
