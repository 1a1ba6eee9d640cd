"""What is said before training against what training then takes: peak memory and time, each preset in its own process.

    python3 run.py bench predict [--seconds 40] [NAME ...]

The prediction is the one of the Cost panel: a probe of about 2 seconds, then the whole run worked out from it. The run
is the studio's own trainer with everything it does on the way (looks, samples, health, snapshots, checkpoints), without
a compiled step, shortened to about so many seconds. Memory is the highest that the process held, less what it held
before the network was made; a tiny run goes before, so that torch's own parts are loaded.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from llmstudio.core.model import cost
from llmstudio.core.model.presets import PRESETS, Preset
from llmstudio.core.model.spec import Model
from llmstudio.core.train.recipe import Recipe
from llmstudio.core.train.speed import forecast

CHOSEN = ("nano", "nanogpt-shakespeare-cpu", "u-net", "llama-like", "gpt2-small")
VALIDATION = 20_000  # tokens
SMALLER = {"gpt2-small": {"batch": 1}}  # so that it fits into the time
MB = 1e6


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench predict", description=__doc__)
    wish.add_argument("names", nargs="*", default=CHOSEN, choices=[*PRESETS, []])
    wish.add_argument("--seconds", type=float, default=40)
    wish.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = wish.parse_args(arguments)
    if asked.child:
        print(json.dumps(measured(asked.names[0], asked.seconds)))
        return
    print(f"{'':26}{'memory, MB':>30}{'time, s':>26}")
    print(f"{'preset':26}{'predicted':>10}{'measured':>10}{'off':>10}{'predicted':>10}{'measured':>8}{'off':>8}  steps")
    for name in asked.names or CHOSEN:
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks", "predict", name, "--child"]
        done = subprocess.run([*command, "--seconds", str(asked.seconds)], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name:26}failed: {done.stderr.strip().splitlines()[-1]}")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        memory, time_ = found["memory"], found["time"]
        print(
            f"{name:26}{memory[0] / MB:10.0f}{memory[1] / MB:10.0f}{memory[0] / memory[1] - 1:+10.0%}"
            f"{time_[0]:10.1f}{time_[1]:8.1f}{time_[0] / time_[1] - 1:+8.0%}  {found['steps']}",
            flush=True,
        )


class Noise:
    """Random tokens to learn from and to test with."""

    def __init__(self, vocab: int) -> None:
        from llmstudio.core.train import preview

        self._noise = preview.Noise(vocab)
        self.validation = np.random.default_rng(0).integers(0, vocab, VALIDATION)

    def batch(self, rng, batch, context):  # type: ignore[no-untyped-def]
        return self._noise.batch(rng, batch, context)


def measured(name: str, seconds: float) -> dict[str, object]:
    """Predicted and measured bytes and seconds of one preset; in a process of its own."""
    from llmstudio.core.train.preview import measure

    preset: Preset = PRESETS[name]
    model, recipe = preset.model, replace(preset.recipe, compile=False, **SMALLER.get(name, {}))
    warm = Model(vocab=model.vocab, context=16, width=32)
    _train(warm, replace(recipe, batch=1, steps=2, sample_tokens=4))
    speed = _result(measure(model, recipe))
    steps = max(3, round(seconds / speed.step))
    recipe = _shortened(recipe, min(steps, recipe.steps))
    predicted = forecast(recipe, model, VALIDATION, speed)
    footprint = cost.footprint(model, recipe, speed.dtype, fused=bool(speed.fused) and all(speed.fused))
    before = _held()
    _forget_peak()
    start = time.perf_counter()
    _train(model, recipe)
    took = time.perf_counter() - start
    return {
        "memory": [footprint.total, _peak() - before],
        "time": [predicted, took],
        "steps": recipe.steps,
        "dtype": speed.dtype,
        "fused": speed.fused,
        "footprint": {field: getattr(footprint, field) for field in footprint.__struct_fields__},
    }


def _shortened(recipe: Recipe, steps: int) -> Recipe:
    share = steps / recipe.steps
    return replace(
        recipe,
        steps=steps,
        warmup=0,
        evaluate_every=max(1, round(recipe.evaluate_every * share)),
        sample_every=max(1, round(recipe.sample_every * share)),
        sample_tokens=max(1, round(recipe.sample_tokens * min(1.0, 10 * share))),
        evaluate_batches=max(1, round(recipe.evaluate_batches * min(1.0, 10 * share))),
    )


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
