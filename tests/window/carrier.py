"""A small window of another program, from which a file can be dragged: what a file manager does.

carrier.py X Y PATH...: prints "ready" when it is on the screen, and what became of the drop.
"""

import sys

from PySide6.QtCore import QMimeData, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel


class Carrier(QLabel):
    def __init__(self, paths: list[str]) -> None:
        super().__init__("Drag me", alignment=Qt.AlignmentFlag.AlignCenter)
        self._paths, self._seen = paths, False
        self.setWindowFlags(Qt.WindowType.BypassWindowManagerHint | Qt.WindowType.WindowStaysOnTopHint)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._seen:
            self._seen = True
            QTimer.singleShot(0, lambda: print("ready", flush=True))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        drag, data = QDrag(self), QMimeData()
        data.setUrls([QUrl.fromLocalFile(path) for path in self._paths])
        drag.setMimeData(data)
        done = drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.DropAction.CopyAction)
        print(done.name, flush=True)


app = QApplication(sys.argv[:1])
window = Carrier(sys.argv[3:])
window.setGeometry(int(sys.argv[1]), int(sys.argv[2]), 120, 40)
window.show()
sys.exit(app.exec())
