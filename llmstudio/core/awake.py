"""Keeping the computer awake while a run goes on. The screen may still go dark: only sleep is held off.

Whatever happens to this process, the hold ends with it: the system itself lets go.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from typing import Any

from .bus import Service, ask

LOGIND = Service(
    bus="SYSTEM",
    name="org.freedesktop.login1",
    path="/org/freedesktop/login1",
    interface="org.freedesktop.login1.Manager",
)
CONTINUOUS, SYSTEM_REQUIRED = 0x80000000, 0x00000001  # of SetThreadExecutionState
WAIT = 2.0  # seconds for caffeinate to end


class Awake:
    """`hold` and `let_go`, both on one thread: Windows remembers by thread. `why_not`: the reason why it cannot be."""

    def __init__(self, system: str = sys.platform) -> None:
        self._system = system
        self._held: Any = None
        self.why_not = ""

    @property
    def held(self) -> bool:
        return self._held is not None

    def hold(self) -> bool:
        """Keep the computer from falling asleep; whether that works."""
        if self.held:
            return True
        try:
            self._held = {"linux": _linux, "darwin": _mac, "win32": _windows}.get(self._system, _unknown)()
            self.why_not = ""
        except OSError as error:
            self.why_not = f"This computer cannot be kept awake: {str(error).rstrip('.')}."
        return self.held

    def let_go(self) -> None:
        held, self._held = self._held, None
        if isinstance(held, subprocess.Popen):
            held.terminate()
            held.wait(WAIT)
        elif held is not None:
            held.close()


def _linux() -> Any:
    """logind's inhibitor: it lasts as long as the file handle that it gives is open, and no longer than we live."""
    what = "sleep:idle", "LLM Studio", "A model is being trained", "block"
    (handle,) = ask(LOGIND, "Inhibit", "ssss", *what, files=True)
    return handle


def _mac() -> "subprocess.Popen[bytes]":
    """-i: no sleep for lack of use; -w: until this process ends."""
    program = shutil.which("caffeinate")
    if program is None:
        raise OSError("the program caffeinate is missing")
    return subprocess.Popen([program, "-i", "-w", str(os.getpid())])


def _windows() -> "_Execution":
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    if not kernel.SetThreadExecutionState(CONTINUOUS | SYSTEM_REQUIRED):
        raise OSError("Windows refuses")
    return _Execution(kernel)


class _Execution:
    """This thread's wish, until it is taken back."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel

    def close(self) -> None:
        self._kernel.SetThreadExecutionState(CONTINUOUS)


def _unknown() -> None:
    raise OSError("how is not known for this system")
