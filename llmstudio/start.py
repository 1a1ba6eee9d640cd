"""Opening the studio: the window where there is a display, the same tour in the terminal where there is none."""

import os
import sys


def start() -> int:
    if not has_display():
        print("There is no display here, so the starter tour runs in this terminal.", file=sys.stderr)
        from .tour import tour

        return tour()
    if sys.platform == "win32":
        _load_torch_first()
    from .session.session import Session
    from .ui.app import run

    return run(Session())


def has_display() -> bool:
    """Whether a window can open. QT_QPA_PLATFORM set by hand is taken at its word."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _load_torch_first() -> None:
    """On Windows, torch fails to load after Qt unless its first library is there before."""
    import ctypes
    from importlib.util import find_spec

    if (torch := find_spec("torch")) and torch.origin:
        ctypes.CDLL(os.path.join(os.path.dirname(torch.origin), "lib", "c10.dll"))
