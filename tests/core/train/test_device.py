"""Finding the machine, and loading torch beside a window."""

import subprocess
import sys

import pytest
import torch

from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Attention, Block, Model
from llmstudio.core.train import device, way
from llmstudio.core.train.recipe import Recipe


def test_the_cpu_works_and_is_named() -> None:
    found = device.probe("cpu")
    assert found.kind == "cpu" and found.name
    assert found.words == f"CPU, {torch.get_num_threads()} thread" + ("" if torch.get_num_threads() == 1 else "s")


def test_a_gpu_that_does_not_work_is_said_and_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    real = device.probe

    def broken(kind: str = "cpu") -> device.Device:
        if kind == "cuda":
            raise RuntimeError("CUDA error: no kernel image is available\nsecond line")
        return real(kind)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(device, "probe", broken)
    found = device.pick()
    assert found.kind == "cpu"
    assert "no kernel image" in found.why and "second line" not in found.why


CHILD = """
import gc, sys, threading, time
from llmstudio.core.train import device
assert "torch" not in sys.modules
{change}
found, gaps, done = [], [], threading.Event()
def work():
    steps = device.warm_up()
    try:
        while True:
            next(steps)
    except StopIteration as end:
        found.append(end.value)
    finally:
        done.set()
threading.Thread(target=work).start()
last = time.perf_counter()
while not done.is_set():
    time.sleep(0.005)
    now = time.perf_counter()
    gaps.append(now - last)
    last = now
assert found[0].kind in ("cpu", "cuda", "mps")
assert "torch._dynamo" in sys.modules and gc.isenabled()
print(max(gaps))
"""


@pytest.mark.parametrize("change", ["", "device.LIBRARIES = ('../__init__.py', 'nothing.so')"])
def test_it_warms_up_in_a_thread_also_where_libraries_cannot_be_loaded_first(change: str) -> None:
    child = [sys.executable, "-W", "error", "-c", CHILD.format(change=change)]
    told = subprocess.run(child, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    if not change:  # 90 ms on two quiet cores; a second means that the lock was held all the time
        assert float(told.stdout) < 1.0


def test_attention_is_probed_per_shape_and_set() -> None:
    model = Model(vocab=9, context=8, width=16, blocks=(Block(attention=Attention(heads=2)), Block(attention=None)))
    before = torch.get_rng_state()
    found = way.probe(model, Recipe(batch=2))
    assert torch.equal(before, torch.get_rng_state())
    assert len(found.fused) == 2 and found.fused[1] is False
    assert way.probe(model, Recipe(batch=2)) == found
    assert way.probe(model, Recipe(batch=2, precision="bfloat16")).torch_dtype is torch.bfloat16
    gpt = GPT(model)
    for fused in (True, False):
        way.choose(gpt, (fused, False))
        assert gpt.blocks[0].attn.fused is fused
