"""How much memory the machine has to spare now."""

import ctypes
import sys
from pathlib import Path


def available() -> int | None:
    """Bytes that could be taken without swapping; None where the system does not tell."""
    try:
        if sys.platform == "win32":
            return _windows()
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    return None


class _Status(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        *((name, ctypes.c_ulonglong) for name in ("total", "free", "page", "page_free", "room", "room_free", "more")),
    )


def _windows() -> int | None:
    status = _Status(length=ctypes.sizeof(_Status))
    found = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined,unused-ignore]
    return int(status.free) if found else None
