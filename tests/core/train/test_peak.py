"""How fast a device multiplies."""

import time
from collections.abc import Generator
from typing import Any

import pytest
import torch

from llmstudio.core.train import peak
from llmstudio.core.train.peak import Peak, measure


def result(work: Generator[Any, None, Any]) -> tuple[Any, int]:
    turns = 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value, turns
        turns += 1


def test_it_is_the_speed_of_a_product_timed_by_itself() -> None:
    start = time.perf_counter()
    found, turns = result(measure("cpu"))
    assert time.perf_counter() - start < 1.5  # 0.3 s on a quiet machine
    assert turns >= 2 and found.bfloat16
    a = torch.randn(1024, 1024)
    spent = []
    for _ in range(8):
        start = time.perf_counter()
        a @ a
        spent.append(time.perf_counter() - start)
    share = found.float32 / (2 * 1024**3 / min(spent))
    assert 1 / 40 < share < 40  # the right unit, however busy the machine is
    assert found.fastest == max(found.float32, found.bfloat16)


def test_it_grows_while_time_allows_and_takes_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a device of 100 GFLOP/s, where every other product is held up."""
    now, widths = 0.0, []

    def timed(a: torch.Tensor, wait: Any) -> float:
        nonlocal now
        widths.append(len(a))
        spent = 2 * len(a) ** 3 / 1e9 / 100 * (2 if len(widths) % 2 else 1)
        now += spent
        return spent

    monkeypatch.setattr(peak.time, "perf_counter", lambda: now)
    monkeypatch.setattr(peak, "_timed", timed)
    found, _ = result(measure("cpu", 0.8))
    assert found.float32 == pytest.approx(1e11) and found.bfloat16 == pytest.approx(1e11)
    assert sorted(set(widths)) == [256, 512, 1024]  # 2048 would take 0.17 s a time
    assert now < 1.2


def test_a_device_without_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    real = peak._matrix

    def matrix(width: int, dtype: str, key: str) -> torch.Tensor:
        if dtype == "bfloat16":
            raise TypeError("BFloat16 is not supported on MPS")
        return real(width, dtype, key)

    monkeypatch.setattr(peak, "_matrix", matrix)
    found, _ = result(measure("cpu", 0.02))
    assert found.bfloat16 is None and found.fastest == found.float32 > 0


def test_it_leaves_training_as_it_was() -> None:
    """It works in turns with other jobs of its thread: nothing of it may change what they compute."""
    state, work = torch.get_rng_state(), measure("cpu", 0.05)
    next(work)
    x = torch.ones(3, requires_grad=True)
    x.sum().backward()
    assert x.grad is not None and torch.equal(torch.get_rng_state(), state)
    result(work)


def test_it_is_kept_as_plain_numbers() -> None:
    import msgspec

    kept = Peak(float32=1e11)
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Peak) == kept
