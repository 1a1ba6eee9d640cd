"""What Qt and the tests need of the system itself: looked for, installed where we are root, otherwise named exactly."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

LIBRARIES = {  # what Qt loads -> the Debian package that has it
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
}
DISPLAY_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
TEST_TOOLS = {"Xvfb": "xvfb", "xdotool": "xdotool"}  # a display in memory, and hands at its mouse and keyboard


class SetupError(Exception):
    """Something that the user has to know, as one sentence with its cure."""


def say(text: str) -> None:
    print(text, flush=True)


def has_nvidia() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def install_libraries(display: bool, needed: bool, log: Path) -> None:
    """SetupError where libraries are `needed` now and cannot be had; otherwise a note."""
    if sys.platform != "linux":
        return
    wanted = LIBRARIES | (DISPLAY_LIBRARIES if display else {})
    missing = {name: package for name, package in wanted.items() if not loads(name)}
    if not missing:
        return
    apt_get(list(missing.values()), log)
    if missing := {name: package for name, package in missing.items() if not loads(name)}:
        sentence = f"Qt needs {', '.join(missing)} of the system: {cure(list(missing.values()))}"
        if needed:
            raise SetupError(f"{sentence}, then start again.")
        say(f"{sentence}, to see the window.")


def install_test_tools(log: Path) -> None:
    if sys.platform != "linux":
        return
    missing = {name: package for name, package in TEST_TOOLS.items() if not shutil.which(name)}
    if missing:
        apt_get(list(missing.values()), log)
    if missing := {name: package for name, package in missing.items() if not shutil.which(name)}:
        say(f"Tests of the real window need {', '.join(missing)}: {cure(list(missing.values()))}.")


def apt_get(packages: list[str], log: Path) -> None:
    """Install them if we may. Whether it worked is for the caller to see: what it says goes to the log."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say(f"Installing what is missing of the system: {' '.join(packages)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with log.open("ab") as out:
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(command, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL)


def cure(packages: list[str]) -> str:
    if shutil.which("apt-get"):
        return f"install what is missing with  {as_root(['apt-get', 'install', '-y', *packages])}"
    return f"install what is missing with your system's package manager (Debian's names: {' '.join(packages)})"


def as_root(command: list[str]) -> str:
    return " ".join(command if os.name != "nt" and os.geteuid() == 0 else ["sudo", *command])


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
