"""The design as one file of PyTorch, to read, copy and run elsewhere."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QStackedLayout, QVBoxLayout, QWidget

from ....core.data.faults import reason
from ....core.files import write_atomic
from ....core.model.code import pytorch
from ....core.model.compare import same
from ....core.model.spec import Model
from ...panel import Panel
from ...widgets.button import tool
from ...widgets.code_view import CodeView
from ...widgets.empty import EmptyState
from ...widgets.label import label

NEEDS = "Runs with Python and torch alone; for text it also needs tokenizers."
WAITS = "This design cannot be built yet: mend its problems, and its code stands here."


class CodePanel(Panel):
    title = "Code"
    name = "build.code"
    hint = "This design as one readable file of PyTorch that loads a run's weights and writes."

    def build(self) -> None:
        self.copy_button = tool("copy", "Copy the code", self._copy)
        self.save_button = tool("download", "Save as a Python file", self.ask)
        for each in (self.copy_button, self.save_button):
            self.add_tool(each)
        self.view = CodeView("The design as PyTorch")
        self.use = label("", "caption", wrap=True)
        self.use.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.view, 1)
        column.addWidget(self.use)
        self.pages = QStackedLayout()
        self.pages.addWidget(shown)
        self.pages.addWidget(EmptyState(WAITS))
        self.body.addLayout(self.pages, 1)
        self._written: Model | None = None  # the design whose code is shown
        self.session.build.changed.connect(self._changed)
        self.session.train.changed.connect(self._changed)
        self._stale = True

    @property
    def text(self) -> str:
        return self.view.toPlainText()

    def tick(self) -> None:
        if self._stale:
            self._stale = False
            self._refresh()

    def _changed(self) -> None:
        self._stale = True

    def _refresh(self) -> None:
        model, sound = self.session.build.model, not self.session.build.problems
        self.pages.setCurrentIndex(0 if sound else 1)
        for each in (self.copy_button, self.save_button):
            each.setEnabled(sound)
        if sound and model != self._written:
            self._written = model
            self.view.show_text(pytorch(model))
        self.use.setText(f"{NEEDS} {self._fitting()}")

    def _fitting(self) -> str:
        """Which weights go into it."""
        run = self.session.train.run
        if run is None or not run.snapshots:
            return "Train the design, and its run has the weights for it."
        if not _fits(run.model, self.session.build.model):
            return f"The weights of {run.name} are of another design."
        kept = [f"runs/{run.name}/snapshots/{run.snapshots[-1]}.safetensors", f"runs/{run.name}/tokenizer.json"]
        weights, tokenizer = (f'"{path}"' if " " in path else path for path in kept)
        ask = f"python model.py --weights {weights} --tokenizer {tokenizer}"
        return f"With the weights of {run.name}, saved as model.py in the project's folder: {ask}"

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
        self.session.say("The code is on the clipboard")

    def ask(self) -> QFileDialog:
        """Let the person choose a file; what is chosen is written."""
        opened = self.session.opened
        start = str(opened.folder.path / "model.py") if opened else "model.py"
        dialog = QFileDialog(self, "Save the design as PyTorch", start, "Python (*.py)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("py")
        dialog.fileSelected.connect(lambda path: self.save(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def save(self, path: Path) -> None:
        """On the file thread; that it is done, or why it cannot be, is said."""
        future = self.session.files.ask(_write, path, self.text)
        self.session.then(future, lambda _: self.session.say(f"{path.name} written"))


def _write(path: Path, text: str) -> None:
    """ValueError with one sentence where it cannot be written."""
    try:
        write_atomic(path, text.encode())
    except OSError as error:
        raise ValueError(f"{path.name} cannot be written: {reason(error)}") from error


def _fits(trained: Model, design: Model) -> bool:
    """Whether the weights have the same names and shapes, and mean the same."""
    beside = [[block.parallel for block in model.blocks] for model in (trained, design)]
    return same(trained, design) and beside[0] == beside[1]
