"""Finding the machine, and loading torch beside a window."""

import subprocess
import sys

import pytest
import torch
from msgspec.structs import replace

from llmstudio.core.machine import processors
from llmstudio.core.model.network import GPT
from llmstudio.core.model.spec import Attention, Block, Model
from llmstudio.core.train import device, way
from llmstudio.core.train.recipe import Recipe

CPU = device.Device(kind="cpu", name="Ten cores", threads=10, why="")
GPU = device.Device(kind="cuda", key="cuda:0", name="Big", threads=0, why="")
SMALL = device.Device(kind="cuda", key="cuda:1", name="Small", threads=0, why="")


def test_the_cpu_works_and_is_named() -> None:
    found = device.probe("cpu")
    assert found.kind == found.key == "cpu" and found.name and found.works and found.memory is None
    assert found.words == f"CPU, {torch.get_num_threads()} thread" + ("" if torch.get_num_threads() == 1 else "s")
    assert device.find()[-1] == found


def test_probing_leaves_the_dice_as_they_were() -> None:
    before = torch.get_rng_state()
    device.probe("cpu")
    assert torch.equal(before, torch.get_rng_state())


def test_a_gpu_that_does_not_work_is_said_and_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    real = device.probe

    def broken(key: str = "cpu") -> device.Device:
        if key != "cpu":
            raise RuntimeError("CUDA error: no kernel image is available\nsecond line")
        return real(key)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda key: f"Card {key}")
    monkeypatch.setattr(device, "probe", broken)
    first, second, cpu = device.find()
    assert (first.key, second.key, cpu.key) == ("cuda:0", "cuda:1", "cpu")
    assert not first.works and cpu.works and first.name == "Card cuda:0"
    assert "no kernel image" in first.why and "second line" not in first.why
    taken = device.pick((first, second, cpu))
    assert taken.key == "cpu" and taken.why.startswith("Card cuda:0: It was found but does not work")


def test_a_device_with_wrong_numbers_does_not_count_as_working(monkeypatch: pytest.MonkeyPatch) -> None:
    real = torch.Tensor.backward

    def lying(self: torch.Tensor, *rest: object) -> None:
        real(self * (1.1 if self.dtype == torch.float32 else 1.0), *rest)

    monkeypatch.setattr(torch.Tensor, "backward", lying)
    with pytest.raises(RuntimeError, match="wrong"):
        device.probe("cpu")


def test_the_fastest_is_taken_and_why_is_said() -> None:
    there = (GPU, SMALL, CPU)
    assert device.pick((CPU,)).why == "No GPU that PyTorch can use was found."
    assert device.pick(there) == replace(GPU, why=device.pick(there).why)
    assert "taken to be faster" in device.pick(there).why
    assert device.pick(there, peaks={"Big": 9e12, "Small": 1e12}).key == "cuda:0"  # one is not known yet
    peaks = {"Big": 4e12, "Small": 9e11, "Ten cores, 10 threads": 1e12}
    best = device.pick(there, peaks=peaks)
    assert best.key == "cuda:0" and best.why == "It multiplies matrices 4 times as fast as the next best here."
    slow = device.pick((SMALL, CPU), peaks=peaks)
    assert slow.key == "cpu" and "1.11 times" in slow.why


def test_what_the_person_wants_is_taken_where_it_works() -> None:
    assert device.pick((GPU, CPU), "cpu") == replace(CPU, why="You chose it.")
    gone = device.pick((CPU,), "cuda:0")
    assert gone.key == "cpu" and gone.why.startswith("The device chosen before, cuda:0, does not work now. No GPU")
    broken = device.pick((replace(GPU, works=False, why="No."), CPU), "cuda:0")
    assert broken.key == "cpu" and broken.why.endswith("Big: No.")


def test_threads_are_set_for_the_thread_that_asks() -> None:
    before = torch.get_num_threads()
    try:
        assert device.set_threads(1) == torch.get_num_threads() == 1
        assert device.probe().threads == 1 and device.probe().words == "CPU, 1 thread"
        assert device.set_threads(10_000) == processors()
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_mac_names_its_processor_and_its_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "Apple M9\n", "")

    monkeypatch.setattr(device.sys, "platform", "darwin")
    monkeypatch.setattr(device.subprocess, "run", run)
    assert device._name("cpu") == "Apple M9" and device._name("mps") == "Apple M9 GPU"
    assert asked[0][-1] == "machdep.cpu.brand_string"


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
assert found[0][-1].kind == "cpu" and found[0][-1].works
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
