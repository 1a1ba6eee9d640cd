"""What the person chose for the whole program: theme, recent projects, window. One JSON file in the data folder."""

import os
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from ..core.files import write_atomic

RECENT = 12


class Settings(Struct, frozen=True, kw_only=True):
    theme: Literal["system", "dark", "light"] = "system"
    recent: tuple[str, ...] = ()
    threads: int | None = None  # None: all that the computer has
    workspace: str = ""
    geometry: str = ""  # the window's place, base64 of Qt's own bytes
    layouts: dict[str, str] = {}  # workspace -> base64 of Qt's own bytes


def folder() -> Path:
    """The user's data folder, made if missing. LLMSTUDIO_HOME moves it."""
    if home := os.environ.get("LLMSTUDIO_HOME"):
        path = Path(home)
    else:
        from platformdirs import user_data_path

        path = user_data_path("LLM Studio", appauthor=False)
    path.mkdir(parents=True, exist_ok=True)
    return path


def starter_folder() -> Path:
    """Where the starter project lives."""
    return folder() / "Projects" / "Odo"


def load() -> Settings:
    """The saved settings; defaults where there are none or they cannot be read: they are not worth stopping for."""
    try:
        return msgspec.json.decode((folder() / "settings.json").read_bytes(), type=Settings)
    except (OSError, msgspec.MsgspecError):
        return Settings()


def save(settings: Settings) -> None:
    write_atomic(folder() / "settings.json", msgspec.json.format(msgspec.json.encode(settings), indent=2))


def with_recent(settings: Settings, project: Path) -> Settings:
    """`project` first in the list of recent ones."""
    name = str(project)
    recent = (name, *(other for other in settings.recent if other != name))[:RECENT]
    return msgspec.structs.replace(settings, recent=recent)
