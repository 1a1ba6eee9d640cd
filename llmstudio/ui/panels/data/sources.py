"""The texts of the project: how they come in, what they are, what was left out and why."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QStackedLayout, QVBoxLayout, QWidget

from ....core.data.documents import Refused
from ....core.data.source import Source
from ...drops import paths
from ...panel import SIDE, Panel
from ...widgets.button import button, tool
from ...widgets.drop_zone import DropZone
from ...widgets.empty import EmptyState
from ...widgets.flow import Flow
from ...widgets.label import label
from ...widgets.paste_box import PasteBox
from ...widgets.progress import ProgressRow
from ...widgets.source_list import Entry, SourceList
from ...words.text import ENCODINGS, free_name, together

NOTHING = "No text yet. What is added here is what a model learns from: a book is a good start."
CLOSED = "No project is open. Open or make one in the menu at the top left."


class SourcesPanel(Panel):
    title = "Your text"
    name = "data.sources"
    hint = "The texts that a model learns from, copied into the project"

    def build(self) -> None:
        data = self.session.data
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.undo = tool("undo", "Undo the last change of the text or its settings", data.undo)
        self.redo = tool("redo", "Redo", data.redo)
        self.add_tool(self.undo)
        self.add_tool(self.redo)
        self.body.setContentsMargins(0, 4, 0, 8)
        self.zone = DropZone("Drop files or folders anywhere", "plain text, markdown and source code")
        self.zone.clicked.connect(self._choose_files)
        self.files = button("Files", "file", "plain", self._choose_files, "Choose files")
        self.folder = button("Folder", "folder", "plain", self._choose_folder, "Choose a folder with all that is in it")
        self.paste = button("Paste text", "pencil", "plain", self._open_box, "Write or paste a text of your own")
        self.box = PasteBox()
        self.box.added.connect(self._write)
        self.box.hide()
        self.progress = ProgressRow("", data.cancel)
        self.progress.hide()
        self.count = label("", "section")
        self._lay_out()
        data.changed.connect(self._refresh)
        data.selected_changed.connect(self._refresh)
        self.session.project_changed.connect(self._refresh)
        self._refresh()

    def _lay_out(self) -> None:
        buttons = Flow()
        for each in (self.files, self.folder, self.paste):
            buttons.addWidget(each)
        top = QVBoxLayout()
        top.setContentsMargins(SIDE, 0, SIDE, 0)
        top.setSpacing(8)
        top.addWidget(self.zone)
        top.addLayout(buttons)
        top.addWidget(self.box)
        top.addSpacing(4)
        top.addWidget(self.count)
        top.addWidget(self.progress)
        self.list = SourceList()
        self.list.picked.connect(self.session.data.select)
        self.list.crossed.connect(self._cross)
        self.list.asked.connect(lambda what, at: self.menu(what).popup(at))
        self.empty = EmptyState(NOTHING)
        rest = QWidget()
        self.stack = QStackedLayout(rest)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.list)
        self.body.addLayout(top)
        self.body.addWidget(rest, 1)

    def tick(self) -> None:
        """How far reading is."""
        data = self.session.data
        adding = data.doing == "adding"
        if adding and data.progress is not None:
            self.progress.set(data.progress)
        if self.progress.isHidden() == adding:
            self.progress.setVisible(adding)

    def _refresh(self) -> None:
        session, data = self.session, self.session.data
        able = session.project is not None
        for widget in (self.zone, self.files, self.folder, self.paste):
            widget.setEnabled(able)
        self.undo.setEnabled(data.can_undo)
        self.redo.setEnabled(data.can_redo)
        entries = [Entry(source, tokens.get(source.id)) for tokens in (self._tokens(),) for source in data.sources]
        entries += [Entry(refused) for refused in data.refused]
        self.list.set(entries, data.shown.id if data.shown else "")
        self.stack.setCurrentWidget(self.list if entries else self.empty)
        self.empty.set_text(NOTHING if able else CLOSED)
        self.count.setText(together(data.sources, data.refused))
        self.count.setVisible(bool(entries))
        self.tick()

    def _tokens(self) -> dict[str, int]:
        """Tokens of each source, as long as they are of the tokenizer that is chosen."""
        data, project = self.session.data, self.session.project
        made = project.prepared if project else None
        if data.manifest is None or made is None:
            return {}
        chosen = data.settings
        same = (made.tokenizer, made.vocabulary) == (chosen.tokenizer, chosen.vocabulary)
        return data.manifest.source_tokens if same else {}

    # what comes in

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.session.project is not None and (paths(event.mimeData()) or event.mimeData().hasText()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.zone.set_over(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.zone.set_over(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.zone.set_over(False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self._take(event.mimeData())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self._take(QGuiApplication.clipboard().mimeData())
        else:
            super().keyPressEvent(event)

    def _take(self, data: QMimeData) -> None:
        if files := paths(data):
            self._add(files)
        elif data.hasText() and data.text().strip():
            self._write(data.text())

    def _add(self, files: list[Path]) -> None:
        self._try(lambda: self.session.data.add(files))

    def _write(self, text: str) -> None:
        data = self.session.data
        self._try(lambda: data.paste(text, free_name(data.sources)))

    def _try(self, verb: Callable[[], object]) -> None:
        try:
            verb()
        except ValueError as error:
            self.session.tell(error)

    # what the person does

    def _choose_files(self) -> None:
        self._ask("Choose text files", QFileDialog.FileMode.ExistingFiles)

    def _choose_folder(self) -> None:
        self._ask("Choose a folder", QFileDialog.FileMode.Directory)

    def _ask(self, title: str, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, title, str(Path.home()))
        dialog.setFileMode(mode)
        dialog.filesSelected.connect(lambda names: self._add([Path(name) for name in names]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def menu(self, what: Source | Refused) -> QMenu:
        """What can be done with one text, or with a file that was left out."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        again = menu.addMenu("Read again as")
        for name, encoding in ENCODINGS.items():
            read = partial(self.session.data.read_again, what, encoding)
            again.addAction(name).triggered.connect(lambda _, read=read: self._try(read))
        again.setEnabled(Path(what.path).is_file())
        menu.addAction("Remove" if isinstance(what, Source) else "Dismiss", lambda: self._cross(what))
        return menu

    def _open_box(self) -> None:
        if self.box.isHidden():
            self.box.open_box()
        else:
            self.box.close_box()

    def _cross(self, what: Source | Refused) -> None:
        data = self.session.data
        if not isinstance(what, Source):
            data.dismiss(what)
            return
        if what == data.shown:  # its neighbour is looked at next
            at = data.sources.index(what)
            rest = [*data.sources[at + 1 : at + 2], *data.sources[max(at - 1, 0) : at]]
            data.select(rest[0].id if rest else "")
        data.remove(what.id)
