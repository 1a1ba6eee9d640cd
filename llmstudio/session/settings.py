"""What the person chose for the whole program: theme, recent projects, window. One JSON file in the data folder."""

import contextlib
import logging
import os
import tempfile
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from ..core.data.faults import reason
from ..core.files import write_atomic
from ..core.json_text import decode
from ..core.train.peak import Peak
from .project import unused

log = logging.getLogger(__name__)
RECENT = 12


class Settings(Struct, frozen=True, kw_only=True):
    theme: Literal["system", "dark", "light"] = "system"
    recent: tuple[str, ...] = ()
    device: str = ""  # torch's name of the one to compute on, "cuda:0"; "": the fastest
    threads: int | None = None  # None: as many as torch takes by itself
    keep_awake: bool = True  # while a run goes on
    peaks: dict[str, Peak] = {}  # how fast it multiplies matrices, by the name of the hardware
    workspace: str = ""
    geometry: str = ""  # the window's place, base64 of Qt's own bytes
    layouts: dict[str, str] = {}  # workspace -> base64 of Qt's own bytes


def place() -> Path:
    """Where the user's data folder is, or would be. LLMSTUDIO_HOME moves it."""
    if home := os.environ.get("LLMSTUDIO_HOME"):
        return Path(home)
    from platformdirs import user_data_path

    return user_data_path("LLM Studio", appauthor=False)


def folder() -> Path:
    """The user's data folder, made if missing. ValueError where it cannot be made or written to."""
    path = place()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"The studio's own folder {path} cannot be used: {reason(error)} LLMSTUDIO_HOME names another one."
        ) from error
    return path


def log_folder() -> Path:
    """Where the log goes: the data folder, or where that cannot be written to the one for temporary files."""
    try:
        path = folder()
    except ValueError:
        return Path(tempfile.gettempdir())
    return path if os.access(path, os.W_OK) else Path(tempfile.gettempdir())


def starter_folder() -> Path:
    """Where the starter project lives."""
    return place() / "Projects" / "Odo"


def load() -> Settings:
    """The saved settings; defaults where there are none or they cannot be read: they are not worth stopping for.

    A damaged file is moved to settings.damaged.json, so that the next save does not bury it.
    """
    path = place() / "settings.json"
    try:
        return decode(path.read_bytes(), Settings)
    except OSError:
        return Settings()
    except ValueError as error:
        log.warning("%s is damaged (%s) and moved aside", path, error)
        with contextlib.suppress(OSError):
            path.replace(unused(path.with_name("settings.damaged.json")))
        return Settings()


def save(settings: Settings) -> None:
    """ValueError where the folder cannot be written to."""
    path = folder() / "settings.json"
    try:
        write_atomic(path, msgspec.json.format(msgspec.json.encode(settings), indent=2))
    except OSError as error:
        raise ValueError(f"The settings cannot be saved in {path.parent}: {reason(error)}") from error


def with_recent(settings: Settings, project: Path) -> Settings:
    """`project` first in the list of recent ones."""
    name = str(project)
    recent = (name, *(other for other in settings.recent if other != name))[:RECENT]
    return msgspec.structs.replace(settings, recent=recent)
