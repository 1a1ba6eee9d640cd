"""The focus ring: 2 px of accent, 2 px off whatever the keyboard has reached."""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QGraphicsView, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from .theme import theme

OFF, WIDTH, RADIUS = 4, 2, 6
OWN = (QLineEdit, QPlainTextEdit, QTextEdit, QGraphicsView)  # show the focus themselves


class Focus(QObject):
    """Rings the focused widget of the window while the focus came by key or from the program, not by the mouse.

    Nor where it fell on the next widget because the one that was clicked went away.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._ring: Ring | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._moved)

    def _moved(self, old: QWidget | None, new: QWidget | None) -> None:
        fell = self._ring is None and old is not None and isValid(old) and not (old.isVisible() and old.isEnabled())
        if self._ring is not None and isValid(self._ring):
            self._ring.hide()
            self._ring.deleteLater()
        self._ring = None
        by_mouse = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        if new is None or by_mouse or fell or new.isWindow() or isinstance(new, OWN):
            return
        if not self._window.isAncestorOf(new):
            return
        self._ring = Ring(new)


class Ring(QWidget):
    """A sibling of what it rings, so that it is clipped, scrolled and dropped with it."""

    def __init__(self, around: QWidget) -> None:
        super().__init__(around.parentWidget())
        self._around = around
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        around.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide, QEvent.Type.Show):
            self._place()
        elif event.type() == QEvent.Type.MouseButtonPress:
            self.hide()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("accent"), WIDTH))
        inset = WIDTH / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), RADIUS, RADIUS)

    def _place(self) -> None:
        self.setGeometry(self._around.geometry().adjusted(-OFF, -OFF, OFF, OFF))
        self.setVisible(self._around.isVisibleTo(self.parentWidget()))
        self.raise_()
