"""Runs that get into trouble: numbers that are none, a rate far too high, half of the memory gone. They go on."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from llmstudio.core.train.events import Evaluated, RolledBack, Saved, Snapshot, Step
from llmstudio.core.train.trainer import Trainer
from tests.soak.small import RECIPE, happened, losses, mean, trainer, unsound

pytestmark = [pytest.mark.soak, pytest.mark.usefixtures("one_thread")]
INJECTIONS, APART = 20, 40


def spoil(one: Trainer, kind: int, dice: random.Random) -> str:
    """Make something no number, as a broken memory or a wild gradient does."""
    weights = dict(one._learner.gpt.named_parameters())
    name = dice.choice(sorted(weights))
    with torch.no_grad():
        if kind == 0:
            weights[name].view(-1)[0] = dice.choice([float("nan"), float("inf"), -float("inf")])
        else:
            state = one._learner.optimizers.state()
            moments = sorted(key for key in state if key.endswith(name) and state[key].shape == weights[name].shape)
            key = dice.choice(moments)
            state[key].view(-1)[0] = float("nan")
            return key
    return name


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_twenty_injections_of_no_numbers(tmp_path: Path, optimizer: str) -> None:
    dice = random.Random(1)
    at = [APART * (n + 1) + dice.randrange(APART // 2) for n in range(INJECTIONS)]
    fields = {"optimizer": optimizer, "steps": at[-1] + 200, "evaluate_every": 50}
    rates = {name: getattr(RECIPE, name) / 2 for name in ("learning_rate", "matrix_rate", "min_learning_rate")}
    clean = list(happened(trainer(tmp_path / "clean", **fields, **rates)))  # trouble is passed at half the rate
    one = trainer(tmp_path / "run 1", checkpoint_steps=10, **fields)
    told, waiting, what, late, due = [], None, "", [], [*at]
    for event in happened(one):
        told.append(event)
        if isinstance(event, Step):
            if waiting is not None:
                waiting += 1
                assert waiting <= 3, f"three steps after {what} and nothing was done"
            elif due and event.step >= due[0]:
                what, waiting = spoil(one, len(due) % 2, dice), 0
                due.pop(0)
        elif isinstance(event, RolledBack):
            assert waiting is not None, f"back from {event.bad} to {event.step} for nothing"
            late.append(waiting)
            waiting = None
        elif isinstance(event, Saved | Snapshot):
            assert not unsound(tmp_path / "run 1"), f"{event} after {what}"
    assert len(late) == INJECTIONS and not unsound(tmp_path / "run 1")
    assert losses(told).keys() == losses(clean).keys()
    ends = [mean([e.loss for e in run if isinstance(e, Evaluated)][-1:]) for run in (clean, told)]
    back = [e.bad - e.step for e in told if isinstance(e, RolledBack)]
    print(
        f"\n{optimizer}: {INJECTIONS} injections, back after at most {max(late)} more steps, by at most {max(back)}; "
        f"validation {ends[1]:.3f}, without them at half the rate {ends[0]:.3f}"
    )
    assert ends[1] < ends[0] * 1.1


def test_what_no_loss_tells_of_is_found_when_it_is_saved(tmp_path: Path) -> None:
    """An infinite mean of squares: that weight stands still for good, and the run could never be saved again."""
    one = trainer(tmp_path / "run 1", checkpoint_steps=10, steps=120)
    told, done = [], False
    for event in happened(one):
        told.append(event)
        if isinstance(event, Step) and event.step == 55 and not done:
            done = True
            one._learner.optimizers.state()["exp_avg_sq.embed.weight"][0, 0] = float("inf")
    (back,) = (e for e in told if isinstance(e, RolledBack))
    assert back.step <= 55 < back.bad <= 65 and not unsound(tmp_path / "run 1")
    assert [e.step for e in told if isinstance(e, Saved)][-1] == 120


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("at", [150, 260])
def test_a_rate_a_hundred_times_too_high_for_fifty_steps(tmp_path: Path, optimizer: str, at: int) -> None:
    fields = {"optimizer": optimizer, "steps": 1000}
    clean = list(happened(trainer(tmp_path / "clean", **fields)))
    one = trainer(tmp_path / "run 1", **fields)
    told, high, steps = [], False, 0
    for event in happened(one):
        told.append(event)
        if not isinstance(event, Step):
            continue
        rates = {name: getattr(one.recipe, name) for name in ("learning_rate", "matrix_rate", "min_learning_rate")}
        if event.step == at and not steps:
            usual, high = rates, True
            one.change(**{name: min(100 * rate, 10.0) for name, rate in rates.items()})
        elif high:
            steps += 1
            if steps == 50 and rates != usual:  # the person sees it, where the run has not yet done so itself
                one.change(**usual)
    back = [e for e in told if isinstance(e, RolledBack)]
    ends = [[e.loss for e in run if isinstance(e, Evaluated)][-1] for run in (clean, told)]
    ways = ", ".join(f"{e.bad} -> {e.step}" for e in back)
    print(f"\n{optimizer} x100 at {at}: back {ways}; validation {ends[1]:.4f}, clean {ends[0]:.4f}")
    assert back and back[0].step <= at
    assert ends[1] <= ends[0] * 1.05
    assert [*losses(told)][-1] == 1000


CHILD = """
import resource, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from llmstudio.core.model.spec import Attention, Block, Model
from llmstudio.core.train.events import Changed, Note, Step
from tests.soak.small import MODEL, happened, trainer

folder, halve = Path(sys.argv[1]), sys.argv[2] == "halve"
model = Model(vocab=MODEL.vocab, context=256, width=128, blocks=(Block(attention=Attention(heads=4)),) * 2)

def status(name):
    for line in open("/proc/self/status"):
        if line.startswith(name):
            return int(line.split()[1]) << 10

for event in happened(trainer(folder / "warm", model, steps=1, batch=2)):
    rest = status("VmSize")  # what it takes before there is a batch
for event in happened(trainer(folder / "run", model, steps=5, batch=128, evaluate_batches=1)):
    if isinstance(event, Step):
        print("step", event.step, event.loss, flush=True)
        if event.step == 2 and halve:
            peak = status("VmPeak")
            limit = rest + (peak - rest) // 2
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            print("limit", rest >> 20, peak >> 20, limit >> 20, flush=True)
    elif isinstance(event, Changed):
        print("changed", event.step, event.why, event.fields["accumulate"], flush=True)
print("end")
"""


def in_child(folder: Path, how: str) -> list[list[str]]:
    # what is freed goes back at once, so that the address space, which can be limited, is what is in use
    env = {**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), how], capture_output=True, text=True, timeout=300, env=env
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_half_of_the_memory_gone_amid_a_run(tmp_path: Path) -> None:
    free, tight = in_child(tmp_path / "free", "leave"), in_child(tmp_path / "tight", "halve")
    assert tight[-1] == ["end"]
    changes = [line for line in tight if line[0] == "changed"]
    assert 1 <= len(changes) <= 4 and all(line[2] == "memory" for line in changes)
    expected, found = ([float(line[2]) for line in run if line[0] == "step"] for run in (free, tight))
    assert len(found) == 5 and found == pytest.approx(expected, abs=2e-3)  # the same batch, in portions
    (limit,) = (line[1:] for line in tight if line[0] == "limit")
    print(
        f"\nat rest {limit[0]} MB, at most {limit[1]} MB, then no more than {limit[2]} MB: went on in {changes[-1][3]} "
        f"portions; losses at most {max(abs(a - b) for a, b in zip(expected, found, strict=True)):.1e} apart"
    )
