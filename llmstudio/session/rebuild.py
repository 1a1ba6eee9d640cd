"""The runs as their folders tell of them, where the history cannot: design, recipe, and which weights are there."""

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from ..core.json_text import decode, encode
from ..core.model import spec
from ..core.train.events import Event, Saved, Snapshot
from ..core.train.recipe import Recipe
from .about import About
from .database import Row


class Kept(Struct, frozen=True, kw_only=True):
    """run.json: what a run's folder knows of it beside design and recipe."""

    number: int = 0
    about: About = About()


def found(runs: Path) -> Iterator[tuple[Row, list[Event]] | str]:
    """Each run in the folder `runs`, oldest first, with news of its weights; a sentence for one that is damaged."""
    folders = [path.parent for path in runs.glob("*/spec.json") if not path.parent.name.startswith(".")]
    for number, folder in enumerate(sorted(folders, key=_age), start=1):
        try:
            model = spec.from_json((folder / "spec.json").read_bytes())
            text = (folder / "recipe.json").read_text("utf-8")
            recipe = decode(text, Recipe)
        except (OSError, ValueError) as error:
            what = error.strerror if isinstance(error, OSError) else str(error)
            yield f"{folder.name} is left out, its folder is damaged: {str(what).rstrip('.')}."
            continue
        kept = _kept(folder)
        saved = _steps(folder / "resume")[-1:]
        news: list[Event] = [Snapshot(step=step) for step in _steps(folder / "snapshots")]
        news += [Saved(step=step) for step in saved]
        last = max((event.step for event in news), default=0)
        yield (
            Row(
                name=folder.name,
                number=kept.number or number,
                state="finished" if last >= recipe.steps else "stopped",
                model=spec.to_json(model).decode(),
                recipe=text,
                about=encode(kept.about).decode(),
                created=kept.about.created,
            ),
            news,
        )


def _kept(folder: Path) -> Kept:
    """Nothing known where the file is missing, as in projects of the first version, or damaged: the rest counts."""
    try:
        return decode((folder / "run.json").read_bytes(), Kept)
    except (OSError, ValueError):
        return Kept()


def _age(folder: Path) -> float:
    return (folder / "spec.json").stat().st_mtime


def _steps(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob("[0-9]*.safetensors") if path.stem.isdecimal())
