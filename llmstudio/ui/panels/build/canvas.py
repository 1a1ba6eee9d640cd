"""The design as a picture to work on."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QAction, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from ....core.data.faults import reason
from ... import doors
from ...canvas import export, verbs
from ...canvas.alive.overlay import Overlay
from ...canvas.alive.switch import AliveSwitch
from ...canvas.desk import Desk
from ...canvas.near.switch import ValuesSwitch
from ...canvas.paint import card
from ...canvas.scene import Scene
from ...canvas.view import CanvasView
from ...panel import Panel
from ...theme import theme
from ...widgets.button import tool

FORMATS = {"PNG": "Picture (*.png)", "SVG": "Drawing (*.svg)"}
WITHIN = Qt.ShortcutContext.WidgetWithChildrenShortcut


class CanvasPanel(Panel):
    title = "Design"
    name = "build.canvas"
    hint = "The whole model from the text in to the scores out. Double-click a block to look inside it."

    def build(self) -> None:
        build = self.session.build
        self.scene = Scene(self.session)
        self.view = Desk(self.scene)
        self.body.setContentsMargins(0, 0, 0, 6)
        self.body.addWidget(self.view)
        self.overlay = Overlay(self.view, self.session)
        self.zoom = ZoomBar(self.view)
        self.view.installEventFilter(self)
        self.changes = self.add_chip()
        self._add_tools()
        for verb in verbs.VERBS:
            self._key(verb.keys, partial(self._do, verb))
        build.changed.connect(self._changed)
        build.selected_changed.connect(self._selected)
        self.session.inside.probe_changed.connect(self._restyle)
        self.session.data.changed.connect(self._restyle)
        self.session.train.changed.connect(self._told)
        self._number = self.session.inside.inner.locked
        self.session.inside.inner.pointed.connect(self._kept)
        theme.changed.connect(self._rethemed)
        self._changed()

    def tick(self) -> None:
        self.overlay.tick()
        self.scene.insides.tick()
        self.values.setVisible(bool(self.scene.open_near))

    def _add_tools(self) -> None:
        build = self.session.build
        self.add_tool(AliveSwitch(self.session))
        self.values = ValuesSwitch(self.session)
        self.values.setVisible(False)
        self.add_tool(self.values)
        self.undo = tool("undo", "Undo (Ctrl+Z)", build.undo)
        self.redo = tool("redo", "Redo (Ctrl+Shift+Z)", build.redo)
        self.fit = tool("fit", "Show the whole design (Ctrl+0)", self.view.fit)
        self.code = tool("code", "Show as PyTorch", partial(doors.bring, self, "build.code"))
        self.export = tool("export", "Save a picture of the design")
        menu = QMenu(self.export)
        for name in FORMATS:
            menu.addAction(f"Save as {name}").triggered.connect(partial(self._save, name, False))
        menu.addSeparator()
        selected = [menu.addAction(f"Save what is selected as {name}") for name in FORMATS]
        for name, action in zip(FORMATS, selected, strict=True):
            action.triggered.connect(partial(self._save, name, True))
        menu.aboutToShow.connect(lambda: [action.setEnabled(bool(build.selection)) for action in selected])
        self.export.setMenu(menu)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for widget in (self.undo, self.redo, self.fit, self.code, self.export):
            self.add_tool(widget)
        self._key(("Ctrl+0",), self.view.fit)
        self._key(("Ctrl++", "Ctrl+="), partial(self.view.step_zoom, 1))
        self._key(("Ctrl+-",), partial(self.view.step_zoom, -1))

    def _key(self, keys: tuple[str, ...], do) -> None:  # type: ignore[no-untyped-def]
        action = QAction(self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(WITHIN)
        action.triggered.connect(lambda: do())
        self.addAction(action)

    def _do(self, verb: verbs.Verb) -> None:
        if verb.can(self.session.build):
            verb.do(self.session.build)

    def _changed(self) -> None:
        build = self.session.build
        self.view.end_gesture(None)  # what is being dragged may be gone
        self.scene.refresh()
        self.view.grow()
        self.rename(build.model.name)
        self.undo.setEnabled(build.can_undo)
        self.redo.setEnabled(build.can_redo)
        if not self.view.moved:
            self.view.home()
        self._told()

    def _selected(self) -> None:
        if self.scene.model is not self.session.build.model:
            return  # what was selected went with an edit, which is told next
        self.scene.select()
        self.view.look_at(self.session.build.selected)

    def _told(self) -> None:
        """The chip: whether a run has this design."""
        model = self.session.build.model
        same = [run for run in self.session.train.runs if run.model == model]
        self.changes.set(f"{'training' if same[-1].live else 'trained'} in {same[-1].name}" if same else "")

    def _kept(self) -> None:
        """A number that was clicked is explained beside the design."""
        before, self._number = self._number, self.session.inside.inner.locked
        if self._number not in (None, before) and self.isVisible():
            doors.bring(self, "build.inspector")

    def _restyle(self) -> None:
        self.scene.restyle()

    def _rethemed(self) -> None:
        self.scene.update()

    def _save(self, name: str, selected: bool, *_: bool) -> None:
        ending = f".{name.lower()}"
        start = str(Path.home() / f"{_file_name(self.session.build.model.name)}{ending}")
        chosen, _filter = QFileDialog.getSaveFileName(self, "Save the picture", start, FORMATS[name])
        if chosen:
            path = Path(chosen)
            paths = self.session.build.selection if selected else ()
            known = path.suffix.lower() in (".png", ".svg")  # "Llama 3.2" has none of a picture
            self.save_picture(path if known else path.with_name(path.name + ending), paths)

    def save_picture(self, path: Path, paths: tuple[str, ...] = ()) -> None:
        """Of these parts, or of the whole design."""
        try:
            export.save(self.scene, path, paths)
        except OSError as error:
            self.session.say(f"{path.name} cannot be written: {reason(error)}", "error")
        else:
            self.session.say(f"Saved {path.name}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.view and event.type() == QEvent.Type.Resize:
            self.zoom.put()
        return super().eventFilter(watched, event)


def _file_name(text: str) -> str:
    """A design's name as that of a file."""
    plain = "".join(letter if letter.isprintable() and letter not in '/\\:*?"<>|' else " " for letter in text)
    return " ".join(plain.split())[:80] or "Design"


class ZoomBar(QWidget):
    """Further, how near, nearer: over the lower right corner of the canvas."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.view = view
        self.near = QLabel()
        self.near.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.near.setMinimumWidth(48)
        self.near.setToolTip("How large the design is drawn")
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(0)
        row.addWidget(tool("minus", "Further away (Ctrl+-)", partial(view.step_zoom, -1)))
        row.addWidget(self.near)
        row.addWidget(tool("plus", "Nearer (Ctrl++)", partial(view.step_zoom, 1)))
        view.zoomed.connect(self._show)
        theme.changed.connect(self.update)
        self._show()

    def put(self) -> None:
        self.adjustSize()
        self.move(self.view.width() - self.width() - 12, self.view.height() - self.height() - 12)

    def _show(self) -> None:
        self.near.setText(f"{100 * self.view.zoom:.0f}\u2009%")
        self.near.setFont(theme.font(12))

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        card(p, QRectF(self.rect()), "panel", "line")
