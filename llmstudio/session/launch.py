"""What is done with a run on the thread that owns the models."""

from collections.abc import Generator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.data.faults import reason
from ..core.files import write_atomic
from ..core.train.events import Event, Note
from . import settings
from .curves import changed
from .project import Folder
from .run import Run
from .weights import Weights

if TYPE_CHECKING:
    from ..core.train.compiled import Compiler


def work(
    run: Run, place: Folder, start_from: Path | None, fields: dict[str, Any]
) -> Generator[Event | None, None, None]:
    """Train the run, new or from its newest checkpoint; `fields` of its recipe are changed before the first step."""
    from ..core.data.tokenizer import Tokenizer
    from ..core.data.tokens import Tokens
    from ..core.train.trainer import Trainer

    folder = place.run(run.name)
    folder.mkdir(parents=True, exist_ok=True)
    tokens, tokenizer = Tokens(place.tokens), Tokenizer.load(place.tokenizer)
    changes = run.origin.changes if run.origin and run.origin.repeats else None
    trainer = Trainer(
        run.model, run.recipe, tokens, tokenizer, folder, run.device,
        changes=changes, start_from=start_from, compiler=compiler(),
    )  # fmt: skip
    run.trainer = trainer
    fields |= run.early or {}
    run.early = None
    if fields:
        trainer.change(**fields)
    with closing(trainer.run()) as steps:  # closing saves
        for news in steps:
            if isinstance(news, Note) and news.pause and run.job:
                run.job.paused = True  # before the next step, and not when the window looks
            yield news


@cache
def compiler() -> "Compiler":
    """The one that makes the compiled steps of all runs. They are kept with the studio's own files."""
    from ..core.train.compiled import Compiler

    return Compiler(settings.place() / "compiled")


def end_compiling() -> None:
    """The session ends, and with it what is being made."""
    if compiler.cache_info().currsize:
        compiler().close()
        compiler.cache_clear()


def change(run: Run, fields: dict[str, Any]) -> None:
    """Change these fields of the recipe before the next step."""
    if run.early is not None:
        changed(run.recipe_now, fields)
        run.early |= fields
    elif run.trainer:
        changed(run.trainer.recipe, fields)  # with a sentence where one cannot have such a value
        run.trainer.change(**fields)


def evaluate(weights: Weights, run: Run, project: Folder, step: int | None) -> Generator[Any, None, tuple[float, int]]:
    from ..core.data.tokens import Tokens
    from ..core.train.evaluate import validation_loss

    same_tokenizer(project, project.run(run.name))
    gpt, at = weights.at(run, project.run(run.name), step)
    loss = yield from validation_loss(gpt, Tokens(project.tokens), run.model.context, run.recipe_now.batch)
    return loss, at


def newest(project: Folder, folder: Path) -> int:
    """Step of the newest checkpoint. ValueError where there is none, or the tokens are no longer the run's."""
    from ..core.train.checkpoint import newest_step

    same_tokenizer(project, folder)
    return newest_step(folder / "resume")


def same_tokenizer(project: Folder, folder: Path) -> None:
    """ValueError where the tokens on disk are not those that the run knows."""
    try:
        same = project.tokenizer.read_bytes() == (folder / "tokenizer.json").read_bytes()
    except OSError as error:
        raise ValueError(f"{error.filename}: {reason(error)} Start a new run.") from error
    if not same:
        raise ValueError(f"The tokenizer changed since {folder.name} began. Start a new run, or undo the change.")


def keep_best(folder: Path) -> int:
    """Keep the weights with the lowest validation loss as a snapshot; its step. ValueError where there are none yet."""
    from ..core.train import checkpoint

    found = checkpoint.best(folder)
    if found is None:
        raise ValueError(f"{folder.name} has no best weights yet: let it be evaluated at least once.")
    path = folder / "snapshots" / f"{found.step}.safetensors"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        write_atomic(path, (folder / checkpoint.BEST).read_bytes())
    return found.step


def snapshot(folder: Path, step: int) -> Path:
    """The weights that a run kept at a step. ValueError where it kept none."""
    path = folder / "snapshots" / f"{step}.safetensors"
    if not path.exists():
        there = sorted(int(each.stem) for each in path.parent.glob("*.safetensors") if each.stem.isdecimal())
        steps = ", ".join(map(str, there)) or "none"
        raise ValueError(f"{folder.name} kept no weights at step {step}; there are: {steps}.")
    return path
