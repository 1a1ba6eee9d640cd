"""What graphics processors tell: NVIDIA's through NVML, AMD's through Linux's /sys. No torch."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct


class Gpu(Struct, frozen=True, kw_only=True):
    """One graphics processor at one moment; None where it does not tell."""

    name: str
    id: str = ""  # NVIDIA's own, "GPU-5a8c..."
    load: float | None = None  # share of the time that it was at work, 0 to 1
    memory: int | None = None  # bytes in use, by whatever program
    memory_total: int | None = None
    temperature: float | None = None  # degrees Celsius
    power: float | None = None  # watts


def found(root: Path = Path("/")) -> tuple[Gpu, ...]:
    return (*_nvidia(), *_amd(root))


@lru_cache(1)
def _library() -> Any | None:
    """NVIDIA's library, opened once; None where there is no driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def _nvidia() -> list[Gpu]:
    nvml = _library()
    if nvml is None:
        return []

    def told(ask: Any, *about: Any) -> Any:
        try:
            return ask(*about)
        except nvml.NVMLError:  # not by this one
            return None

    gpus = []
    for n in range(told(nvml.nvmlDeviceGetCount) or 0):
        if (handle := told(nvml.nvmlDeviceGetHandleByIndex, n)) is None:
            continue
        load, held = told(nvml.nvmlDeviceGetUtilizationRates, handle), told(nvml.nvmlDeviceGetMemoryInfo, handle)
        milliwatts = told(nvml.nvmlDeviceGetPowerUsage, handle)
        gpus.append(
            Gpu(
                name=told(nvml.nvmlDeviceGetName, handle) or "NVIDIA GPU",
                id=told(nvml.nvmlDeviceGetUUID, handle) or "",
                load=load.gpu / 100 if load else None,
                memory=held.used if held else None,
                memory_total=held.total if held else None,
                temperature=told(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
                power=milliwatts / 1000 if milliwatts is not None else None,
            )
        )
    return gpus


def _amd(root: Path) -> list[Gpu]:
    """The driver amdgpu writes into /sys; degrees in thousandths, watts in millionths, load in percent."""
    gpus = []
    for place in sorted(root.glob("sys/class/drm/card[0-9]*/device")):
        total = _number(place, "mem_info_vram_total")
        if total is None:  # another maker's, or a connector
            continue
        busy, used = _number(place, "gpu_busy_percent"), _number(place, "mem_info_vram_used")
        heat = _number(place, "hwmon/hwmon*/temp1_input")
        watts = _number(place, "hwmon/hwmon*/power1_average") or _number(place, "hwmon/hwmon*/power1_input")
        gpus.append(
            Gpu(
                name="AMD GPU",
                load=None if busy is None else busy / 100,
                memory=None if used is None else int(used),
                memory_total=int(total),
                temperature=None if heat is None else heat / 1000,
                power=None if watts is None else watts / 1e6,
            )
        )
    return gpus


def _number(place: Path, pattern: str) -> float | None:
    for path in sorted(place.glob(pattern)):
        try:
            return float(path.read_text("ascii"))
        except (OSError, ValueError):
            continue
    return None
