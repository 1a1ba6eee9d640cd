"""What a bug report needs: versions, the device as really probed, paths, the last errors."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from . import __version__
from .session import settings

PACKAGES = ("torch", "numpy", "PySide6-Essentials", "pyqtgraph", "tokenizers", "safetensors", "msgspec", "platformdirs")
LAST_LINES = 12  # of the log


def examine() -> tuple[dict[str, Any], str]:
    from .core.train.device import probe

    log = settings.log_folder() / "studio.log"
    device = msgspec.to_builtins(probe())
    facts = {
        "llmstudio": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "device": device,
        "paths": {
            "data": str(settings.place()),
            "log": str(log),
            "program": str(Path(__file__).parent),
            "python": sys.prefix,
        },
        "last_errors": log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:] if log.exists() else [],
    }
    return facts, "\n".join(_lines(facts))


def _lines(facts: dict[str, Any], indent: str = "") -> list[str]:
    lines = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}", *_lines(value, indent + "  ")]
        elif isinstance(value, list):
            lines += [
                f"{indent}{key}: {'none' if not value else ''}".rstrip(),
                *(f"{indent}  {item}" for item in value),
            ]
        else:
            lines.append(f"{indent}{key}: {value}")
    return lines


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
