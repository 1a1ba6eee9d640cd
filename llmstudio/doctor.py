"""What a bug report needs: versions, the device as really probed, paths, the last errors."""

import platform
import sys
from collections.abc import Generator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from . import __version__
from .session import settings

PACKAGES = ("torch", "numpy", "PySide6-Essentials", "pyqtgraph", "tokenizers", "safetensors", "msgspec", "platformdirs",
            "psutil")  # fmt: skip
LAST_LINES = 12  # of the log
T = TypeVar("T")


def examine() -> tuple[dict[str, Any], str]:
    log = settings.log_folder() / "studio.log"
    facts = {
        "llmstudio": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        **_machine(),
        "paths": {
            "data": str(settings.place()),
            "log": str(log),
            "program": str(Path(__file__).parent),
            "python": sys.prefix,
        },
        "last_errors": log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:] if log.exists() else [],
    }
    return facts, "\n".join(_lines(facts))


def _machine() -> dict[str, Any]:
    """Every device, tried and measured now, which one is taken, and what the computer tells of itself."""
    from .core.awake import Awake
    from .core.machine import Busy, Meter
    from .core.train.device import find, pick, set_threads
    from .core.train.peak import measure

    chosen = settings.load()
    if chosen.threads is not None:
        set_threads(chosen.threads)
    found = find()
    busy = Busy()
    speeds = {device.key: _result(measure(device.key)) for device in found if device.works}
    peaks = {device.hardware: speeds[device.key].fastest for device in found if device.works}
    others = busy.others
    awake = Awake()
    works = awake.hold()
    awake.let_go()
    return {
        "device": msgspec.to_builtins(pick(found, chosen.device, peaks)),
        "devices": {
            device.key: msgspec.to_builtins(device) | {"flops": msgspec.to_builtins(speeds.get(device.key))}
            for device in found
        },
        "busy_with_other_programs": others,  # while it was measured, as a share of all processors
        "computer": msgspec.to_builtins(Meter().read()),
        "stays_awake": "yes, while a run goes on" if works else awake.why_not,
    }


def _result(work: Generator[Any, None, T]) -> T:
    """Run it to its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return cast(T, end.value)


def _lines(facts: dict[str, Any], indent: str = "") -> list[str]:
    lines = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}", *_lines(value, indent + "  ")]
        elif isinstance(value, list | tuple):
            lines += [
                f"{indent}{key}: {'none' if not value else ''}".rstrip(),
                *(f"{indent}  {item}" for item in value),
            ]
        else:
            lines.append(f"{indent}{key}: {'unknown' if value is None else value}")
    return lines


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
