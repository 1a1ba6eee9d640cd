"""What GPUs tell: NVIDIA's library as it would answer, AMD's files in a tree made here."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from llmstudio.core import gpus
from llmstudio.core.gpus import Gpu


class NVMLError(Exception):
    pass


class Nvml:
    """Two cards; the second does not tell its power and use, as some do not."""

    NVMLError, NVML_TEMPERATURE_GPU = NVMLError, 0

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, n: int) -> int:
        return n

    def nvmlDeviceGetName(self, card: int) -> str:
        return f"NVIDIA {card}"

    def nvmlDeviceGetUUID(self, card: int) -> str:
        return f"GPU-{card}"

    def nvmlDeviceGetUtilizationRates(self, card: int) -> Any:
        if card:
            raise NVMLError("Not supported")
        return SimpleNamespace(gpu=87, memory=30)

    def nvmlDeviceGetMemoryInfo(self, card: int) -> Any:
        return SimpleNamespace(total=1000, free=400, used=600)

    def nvmlDeviceGetTemperature(self, card: int, kind: int) -> int:
        assert kind == self.NVML_TEMPERATURE_GPU
        return 58

    def nvmlDeviceGetPowerUsage(self, card: int) -> int:
        if card:
            raise NVMLError("Not supported")
        return 412_300


@pytest.fixture(autouse=True)
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "_library", lambda: None)


def test_nvidia(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gpus, "_library", Nvml)
    known, shy = gpus.found(tmp_path)
    assert known == Gpu(
        name="NVIDIA 0", id="GPU-0", load=0.87, memory=600, memory_total=1000, temperature=58, power=412.3
    )
    assert shy == Gpu(name="NVIDIA 1", id="GPU-1", memory=600, memory_total=1000, temperature=58)


def test_the_names_that_are_called_are_the_librarys() -> None:
    import pynvml

    ours = {name for name in dir(Nvml) if name.lower().startswith("nvml")}
    assert len(ours) == 10 and all(hasattr(pynvml, name) for name in ours)


def test_amd(tmp_path: Path) -> None:
    place = tmp_path / "sys/class/drm/card1/device"
    for name, text in {
        "mem_info_vram_total": "17163091968", "mem_info_vram_used": "1000000", "gpu_busy_percent": "99",
        "hwmon/hwmon3/temp1_input": "61000", "hwmon/hwmon3/power1_average": "203000000",
    }.items():  # fmt: skip
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text + "\n")
    (tmp_path / "sys/class/drm/card0/device").mkdir(parents=True)  # another maker's
    (only,) = gpus.found(tmp_path)
    assert only == Gpu(
        name="AMD GPU", load=0.99, memory=1_000_000, memory_total=17_163_091_968, temperature=61.0, power=203.0
    )
    (place / "gpu_busy_percent").unlink()
    (place / "hwmon/hwmon3/power1_average").unlink()
    (place / "hwmon/hwmon3/power1_input").write_text("90000000")
    (only,) = gpus.found(tmp_path)
    assert only.load is None and only.power == 90.0


def test_none(tmp_path: Path) -> None:
    assert gpus.found(tmp_path) == ()
