"""Reading a whole project from disk, on the file thread, before its rooms are entered."""

from pathlib import Path

from msgspec.structs import replace

from ..core.data import tokens
from ..core.data.corpus import Corpus
from ..core.data.tokenizer import Tokenizer
from ..core.data.tokens import Manifest
from ..core.json_text import decode
from ..core.model import spec
from ..core.train.recipe import Recipe
from .about import About
from .database import Row
from .history import History
from .project import Folder, Lock, Project, held
from .run import Run

GOING = ("training", "paused", "preparing")  # states of a run that has not come to an end


class Opened:
    """A project as it was found. Only the file thread touches corpus and history."""

    def __init__(self, path: Path, write: bool) -> None:
        self.folder = Folder(path)
        self.project: Project = self.folder.read()
        self.lock = Lock(path) if write else None
        self.warnings: list[str] = []
        self.damage = ""  # why the design is not the project's own
        try:
            self.model: spec.Model = self._read_model()
            self.corpus = Corpus(self.folder.corpus)
            self.history = History(self.folder.history, self.folder.runs, write)
        except BaseException:
            if self.lock:
                self.lock.release()
            raise
        self.tokenizer: Tokenizer | None = None
        self.manifest: Manifest | None = None
        self.runs: list[Run] = []
        self.removed: set[str] = set()  # names of runs that were moved out of the way
        self.chat: tuple[int, str] | None = None

    def _read_model(self) -> spec.Model:
        """The design; a plain one where model.json is damaged, which then stays until the person edits."""
        if not self.folder.model.exists():
            self.warnings.append(f"{self.folder.model} is not there any more: a plain design stands in for it.")
        try:
            return self.folder.read_model()
        except spec.NewerError:
            raise
        except ValueError as error:
            self.folder.keep_model = True
            self.damage = f"{error} Mend it in a text editor, or change the design to replace it."
            self.warnings.append(self.damage)
            return spec.Model()

    def close(self) -> None:
        self.history.close()
        if self.lock:
            self.lock.release()


def read(path: Path, write: bool = True) -> Opened:
    """Read a project. ValueError where it cannot be opened at all; lesser damage becomes a warning."""
    opened = Opened(path, write)
    opened.warnings += opened.history.warnings
    try:
        if opened.folder.tokenizer.exists():
            opened.tokenizer = Tokenizer.load(opened.folder.tokenizer)
        if opened.tokenizer and tokens.exists(opened.folder.tokens):
            manifest = tokens.Tokens(opened.folder.tokens).manifest
            matching = manifest.tokenizer == opened.tokenizer.fingerprint  # not where a crash fell between the two
            opened.manifest = manifest if matching else None
    except ValueError as error:
        opened.warnings.append(str(error))
    elsewhere = not write and held(path)  # another program trains what the history calls training
    for row in opened.history.runs():
        if run := _run(opened, row, elsewhere):
            opened.runs.append(run)
    opened.removed = opened.history.removed()
    opened.chat = opened.history.last_chat()
    return opened


def _run(opened: Opened, row: Row, elsewhere: bool) -> Run | None:
    """A run as its record tells; None, with a warning, where that is damaged."""
    try:
        if Path(row.name).name != row.name:
            raise ValueError("its name is no folder's")
        model = spec.from_json(row.model)
        recipe = decode(row.recipe, Recipe)
        about = decode(row.about, About)
    except ValueError as error:
        opened.warnings.append(f"{row.name} is left out, its record is damaged: {str(error).rstrip('.')}.")
        return None
    log = opened.history.events(row.name)
    if lost := opened.history.lost:
        opened.warnings.append(f"{lost} lines of the record of {row.name} are damaged and left out.")
    cut_off = row.state in GOING and not elsewhere
    return Run(
        name=row.name,
        number=row.number,
        model=model,
        recipe=recipe,
        state="interrupted" if cut_off else row.state,
        log=log,
        about=about if about.created else replace(about, created=row.created),
    )
