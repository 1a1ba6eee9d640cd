"""Writing the numbers of runs to where the person says."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from .....session import export
from .....session.run import Run
from ....words.numbers import plural

if TYPE_CHECKING:
    from .....session.session import Session

ENDINGS: dict[export.Kind, str] = {"csv": "CSV (*.csv)", "parquet": "Parquet (*.parquet)"}


def ask(session: "Session", host: QWidget, runs: Sequence[Run], kind: export.Kind) -> QFileDialog:
    """Let the person choose a file, or for TensorBoard a folder; what is chosen is written."""
    name = runs[0].name if len(runs) == 1 else plural(len(runs), "run").replace("\u2009", "")
    if kind in ENDINGS:
        dialog = QFileDialog(host, "Export the numbers", f"{name}.{kind}", ENDINGS[kind])
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
    else:
        dialog = QFileDialog(host, "Choose a folder for TensorBoard")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.fileSelected.connect(lambda path: write(session, runs, kind, Path(path)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def write(session: "Session", runs: Sequence[Run], kind: export.Kind, path: Path) -> None:
    """On the file thread; that it is done, or why it cannot be, is said."""
    tables = [export.collect(run) for run in runs]
    session.then(session.files.ask(export.write, tables, kind, path), lambda made: session.say(f"{made.name} written"))
