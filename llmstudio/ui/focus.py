"""The focus ring: 2 px of accent, 2 px off whatever the keyboard has reached."""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QGraphicsView, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from .theme import theme

OFF, WIDTH, RADIUS = 4, 2, 6
OWN = (QLineEdit, QPlainTextEdit, QTextEdit, QGraphicsView)  # show the focus themselves


class FocusRing(QWidget):
    """One for the whole window. It follows the focused widget while the focus came by key or from the program."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._around: QWidget | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._moved)

    def _moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if self._around is not None:
            self._around.removeEventFilter(self)
            self._around.destroyed.disconnect(self._lost)
        by_mouse = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        wanted = new is not None and not by_mouse and not isinstance(new, OWN) and self._window.isAncestorOf(new)
        self._around = new if wanted else None
        if self._around is not None:
            self._around.installEventFilter(self)
            self._around.destroyed.connect(self._lost)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide, QEvent.Type.Show)
        if event.type() in kinds:
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

    def _lost(self) -> None:
        self._around = None
        self.hide()

    def _place(self) -> None:
        """Inside the same parent, so that it is clipped and scrolled with what it rings."""
        around = self._around
        home = around.parentWidget() if around is not None else None
        if around is None or home is None or not around.isVisible():
            self.setParent(self._window)
            self.hide()
            return
        if self.parentWidget() is not home:
            self.setParent(home)
        self.setGeometry(around.geometry().adjusted(-OFF, -OFF, OFF, OFF))
        self.show()
        self.raise_()
