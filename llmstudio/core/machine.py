"""What the computer tells about itself: memory, processors, temperature, power, disk. None where it does not tell.

No torch. What psutil knows on every system comes from psutil; power and AMD's GPUs from Linux's /sys.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from msgspec import Struct

from .gpus import Gpu
from .gpus import found as gpus_found

CHIPS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "soc_thermal", "acpitz")  # best first
WHOLE = ("package", "tctl", "tdie")  # the sensors of a chip as a whole, as they are labelled
BELIEVED = (1.0, 125.0)  # degrees: what a sensor says outside of these is no temperature
FOLDER_SECONDS = 10.0  # between two looks at how large the project is


class Reading(Struct, frozen=True, kw_only=True):
    """The computer at one moment."""

    processors: int  # logical ones that this process may use
    load: float | None = None  # share of all processors at work, by whatever program, 0 to 1
    ours: float | None = None  # processors that this process keeps at work: 1.9 is nearly two
    memory: int | None = None  # bytes in use by this process
    memory_total: int | None = None  # bytes; within a container what it is allowed
    memory_free: int | None = None  # bytes that could be taken without swapping
    temperature: float | None = None  # of the processor, degrees Celsius
    power: float | None = None  # watts
    power_of: str = ""  # what takes them: "processor", or on a battery the whole "computer"
    battery: float | None = None  # 0 to 1
    plugged: bool | None = None
    disk_free: int | None = None  # bytes, where the project is
    project: int | None = None  # bytes of all files of the project
    gpus: tuple[Gpu, ...] = ()


class Meter:
    """Reads the computer. Shares and watts are means since the reading before, so the first one has none.

    Used on one thread. `system` is the root of the file system: tests give one of their own.
    """

    def __init__(self, system: Path = Path("/"), clock: Callable[[], float] = time.monotonic) -> None:
        self._root, self._clock = system, clock
        self._process = psutil.Process()
        self._energy: dict[Path, tuple[float, float]] = {}  # joules, and when
        self._begun = False
        self._folder: tuple[Path, float, int | None] | None = None

    def read(self, project: Path | None = None) -> Reading:
        load, ours = self._work()
        total, free = memory(self._root)
        watts, of = self._power()
        battery = _sensor("sensors_battery")
        return Reading(
            processors=processors(),
            load=load,
            ours=ours,
            memory=self._process.memory_info().rss,
            memory_total=total,
            memory_free=free,
            temperature=temperature(),
            power=watts,
            power_of=of,
            battery=battery.percent / 100 if battery else None,
            plugged=battery.power_plugged if battery else None,
            disk_free=free_space(project) if project else None,
            project=self._size(project) if project else None,
            gpus=gpus_found(self._root),
        )

    def _work(self) -> tuple[float | None, float | None]:
        """psutil measures from one call to the next, and says 0 at the first."""
        load, ours = psutil.cpu_percent() / 100, self._process.cpu_percent() / 100
        begun, self._begun = self._begun, True
        return (load, ours) if begun else (None, None)

    def _power(self) -> tuple[float | None, str]:
        """Watts by Intel's and AMD's energy counters (RAPL), where they may be read; else what a battery gives."""
        watts = [self._watts(place) for place in sorted(self._root.glob("sys/class/powercap/intel-rapl:[0-9]*"))]
        known = [each for each in watts if each is not None]
        if known:
            return sum(known), "processor"
        for place in sorted(self._root.glob("sys/class/power_supply/*")):
            if _text(place / "status") == "Discharging" and (micro := _number(place / "power_now")):
                return micro / 1e6, "computer"
        return None, ""

    def _watts(self, place: Path) -> float | None:
        """Of one package: energy since the last look. Its parts, `intel-rapl:0:1`, are counted in it already."""
        micro = _number(place / "energy_uj")
        if place.name.count(":") != 1 or not _text(place / "name").startswith("package") or micro is None:
            return None
        now, joules = self._clock(), micro / 1e6
        before = self._energy.get(place)
        self._energy[place] = joules, now
        if before is None or now <= before[1]:
            return None
        used = joules - before[0]
        if used < 0:  # the counter began anew
            used += (_number(place / "max_energy_range_uj") or 0) / 1e6
        return used / (now - before[1]) if used >= 0 else None

    def _size(self, folder: Path) -> int | None:
        now = self._clock()
        if self._folder is None or self._folder[0] != folder or now - self._folder[1] >= FOLDER_SECONDS:
            self._folder = folder, now, size(folder)
        return self._folder[2]


def processors() -> int:
    """Logical processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


class Busy:
    """How much other programs keep the processors at work, from its making on."""

    def __init__(self) -> None:
        self._at = self._seen()

    @property
    def others(self) -> float:
        """Share of all processors, 0 to 1, in steps of a hundredth of a second."""
        whole, busy, ours = (now - then for now, then in zip(self._seen(), self._at, strict=True))
        return min(1.0, max(0.0, (busy - ours) / whole)) if whole > 0 else 0.0

    def _seen(self) -> tuple[float, float, float]:
        """Processor seconds since the computer started: all, those spent at work, those spent by this process."""
        times, ours = psutil.cpu_times(), psutil.Process().cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        guest = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # counted in user already
        whole = sum(times) - guest
        return whole, whole - idle, ours.user + ours.system


def memory(root: Path = Path("/")) -> tuple[int | None, int | None]:
    """Bytes in all, and bytes to be had without swapping; a container's limit counts, the computer's memory else."""
    try:
        found = psutil.virtual_memory()
    except (OSError, RuntimeError):  # psutil's way to say that /proc is not there
        return None, None
    limit, used = (_number(root / "sys/fs/cgroup" / name) for name in ("memory.max", "memory.current"))
    if limit is None or used is None or limit >= found.total:
        return found.total, found.available
    return int(limit), max(0, min(found.available, int(limit - used)))


def temperature() -> float | None:
    """Degrees Celsius of the processor: of the whole chip where it has a sensor, else of its hottest core."""
    chips: dict[str, list[Any]] = _sensor("sensors_temperatures") or {}  # Linux and FreeBSD only
    for chip in CHIPS:
        sane = [each for each in chips.get(chip, []) if BELIEVED[0] <= each.current <= BELIEVED[1]]
        whole = [each.current for each in sane if each.label.lower().startswith(WHOLE)]
        if sane:
            return float(max(whole or [each.current for each in sane]))
    return None


def free_space(folder: Path) -> int | None:
    try:
        return psutil.disk_usage(str(folder)).free
    except OSError:
        return None


def size(folder: Path) -> int | None:
    """Bytes of all files within, links not followed. None where the folder cannot be read."""
    total, folders = 0, [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue  # removed while we looked: an old checkpoint makes room for a new one
        except OSError:
            return None
    return total if folder.exists() else None


def _number(path: Path) -> float | None:
    try:
        return float(_text(path))
    except ValueError:  # empty, or "max"
        return None


def _text(path: Path) -> str:
    """What a file of the system says, "" where it is not there, or not for us."""
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _sensor(name: str) -> Any:
    """What psutil's function of this name tells; None where the system does not have it, or it fails."""
    try:
        return getattr(psutil, name)() if hasattr(psutil, name) else None
    except (OSError, RuntimeError, ValueError, NotImplementedError):  # a driver's files can hold anything
        return None
