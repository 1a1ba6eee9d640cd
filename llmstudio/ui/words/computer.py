"""The computer in words: what the panel and the menu of the computer say."""

from typing import TYPE_CHECKING

from msgspec import Struct

from ..numbers import THIN, percent, size
from .numbers import plural

if TYPE_CHECKING:
    from ...core.gpus import Gpu
    from ...core.machine import Reading
    from ...core.train.device import Device
    from ...session.computer import Computer

FULL = 2_000_000_000  # bytes: a disk with less left is nearly full
HOT = 95.0  # degrees: processors slow themselves down about here
SWITCHED_OFF = "Keeping it awake is switched off in the menu of the computer, at the top."
HELD = "Asked of the system, and granted: it does not fall asleep before the run has ended or is paused."


class Cell(Struct, frozen=True, kw_only=True):
    """A caption, the number under it, and what belongs to the number."""

    caption: str
    value: str
    rest: str = ""
    hint: str = ""
    role: str = "text"


def cells(reading: "Reading", device: "Device | None") -> list[Cell]:
    """What the computer tells, the most important first; what it does not tell is left out."""
    said = [_processor(reading, device)] if device else []
    gpu = _gpu_of(device, reading.gpus)
    if gpu:
        said += _gpu(gpu)
    if reading.memory is not None:
        rest = f"of {size(reading.memory_total)}" if reading.memory_total else ""
        free = f" {size(reading.memory_free)} more could be had." if reading.memory_free is not None else ""
        said.append(Cell(caption="memory", value=size(reading.memory), rest=rest, hint=f"Used by the studio.{free}"))
    if reading.project is not None:
        said.append(_disk(reading.project, reading.disk_free))
    if reading.temperature is not None:
        hot = reading.temperature >= HOT
        hint = "Of the processor." + (" So hot it slows itself down: let air get to it." if hot else "")
        said.append(_degrees("temperature", reading.temperature, hint, "warning" if hot else "text"))
    if reading.power is not None:
        whole = reading.power_of == "computer"
        hint = "What the whole computer takes from its battery." if whole else "What the processor takes."
        said.append(Cell(caption="power", value=f"{reading.power:.0f} W", hint=hint))
    if reading.battery is not None and reading.plugged is False:
        hint = "It is not plugged in: training takes much power."
        said.append(Cell(caption="battery", value=percent(reading.battery, 0), hint=hint, role="warning"))
    return said


def awake(computer: "Computer", wanted: bool, running: bool) -> tuple[str, str]:
    """Whether the computer stays awake: a few words, and the sentence behind them."""
    if not wanted:
        return "may fall asleep", SWITCHED_OFF
    if computer.why_not_awake:
        return "may fall asleep", computer.why_not_awake
    if running and computer.awake:
        return "kept awake while a run goes on", HELD
    return ("", "") if running or not computer.devices else ("stays awake while a run goes on", "")


def choices(device: "Device") -> str:
    """A device in the menu."""
    more = f", {size(device.memory)}" if device.memory else ""
    return f"{device.name}{more}" if device.kind != "cpu" else f"{device.name} (CPU)"


def speed(flops: float) -> str:
    """FLOP/s of a matrix product: 890 GFLOP/s, 0.92 PFLOP/s."""
    for least, sign in ((1e15, "P"), (1e12, "T"), (1e9, "G")):
        if flops >= least:
            return f"{flops / least:.3g}{THIN}{sign}FLOP/s"
    return f"{flops / 1e6:.3g}{THIN}MFLOP/s"


def _processor(reading: "Reading", device: "Device") -> Cell:
    hint = [device.name + "." if device.kind == "cpu" else ""]
    if reading.ours is not None:
        hint.append(f"The studio keeps {reading.ours:.1f} of {plural(reading.processors, 'thread')} at work.")
    if reading.load is not None:
        hint.append(f"All programs together: {percent(reading.load, 0)}.")
    if device.kind == "cpu":
        value, rest = str(device.threads), f"of {plural(reading.processors, 'thread')}"
        return Cell(caption="processor", value=value, rest=rest, hint=" ".join(filter(None, hint)))
    load = "" if reading.load is None else percent(reading.load, 0)
    return Cell(caption="processor", value=load or str(reading.processors), rest="at work" if load else "threads",
                hint=" ".join(filter(None, hint)))  # fmt: skip


def _gpu_of(device: "Device | None", gpus: "tuple[Gpu, ...]") -> "Gpu | None":
    """What the GPU in use tells: the one of its name, or of several the one of its number."""
    if device is None or device.kind != "cuda":
        return None
    named = [gpu for gpu in gpus if gpu.name == device.name]
    if len(named) == 1:
        return named[0]
    number = int(device.key.partition(":")[2] or 0)
    return gpus[number] if number < len(gpus) else None


def _gpu(gpu: "Gpu") -> list[Cell]:
    said = []
    if gpu.load is not None:
        hint = f"{gpu.name}: share of the time that it is at work."
        said.append(Cell(caption="GPU", value=percent(gpu.load, 0), rest="at work", hint=hint))
    if gpu.memory is not None:
        rest = f"of {size(gpu.memory_total)}" if gpu.memory_total else ""
        said.append(Cell(caption="GPU memory", value=size(gpu.memory), rest=rest, hint="Used by all programs."))
    if gpu.temperature is not None:
        said.append(_degrees("GPU temperature", gpu.temperature, f"Of the {gpu.name}."))
    if gpu.power is not None:
        said.append(Cell(caption="GPU power", value=f"{gpu.power:.0f} W", hint=f"What the {gpu.name} takes."))
    return said


def _disk(project: int, free: int | None) -> Cell:
    full = free is not None and free < FULL
    hint = "" if free is None else f"{size(free)} are free on this disk."
    more = " It is nearly full: free some space." if full else ""
    return Cell(caption="this project", value=size(project), rest="on disk", hint=f"{hint}{more}",
                role="warning" if full else "text")  # fmt: skip


def _degrees(caption: str, value: float, hint: str, role: str = "text") -> Cell:
    return Cell(caption=caption, value=f"{value:.0f} °C", hint=hint, role=role)
