"""Runs inside the studio's process and only looks: where things are, what the session says, how long frames took."""

import hashlib
import json
import os
from array import array
from collections.abc import Callable, Iterator
from time import perf_counter, thread_time
from typing import Any

from PySide6.QtCore import QObject, QPoint, QRect, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QLabel, QMenu, QPlainTextEdit, QWidget

from llmstudio.session.session import Session
from llmstudio.ui.widgets.segments import Segments

BEAT = 5  # ms between two beats of an idle event loop
Found = tuple[str, QWidget, QRect, bool]  # its words, the widget it is in, where in that, enabled


class Gaps(QObject):
    """Times between the beats of a 5 ms timer, in phases. A gap in which we looked ourselves is left out."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._gaps, self._looked = array("d"), False
        self._phases: list[tuple[str, int, float, float]] = []
        self.mark("start")
        self._last = perf_counter()
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=BEAT)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def looked(self) -> None:
        self._looked = True

    def mark(self, phase: str) -> None:
        """What comes from now on belongs to `phase`."""
        self._phases.append((phase, len(self._gaps), perf_counter(), thread_time()))

    def statistics(self) -> dict[str, dict[str, float]]:
        """Of every phase: gaps in milliseconds, and the share of one core that the window's thread took, 0 to 1."""
        ends = [*self._phases[1:], ("", len(self._gaps), perf_counter(), thread_time())]
        found: dict[str, dict[str, float]] = {}
        for (phase, start, began, spent), (_, end, ended, after) in zip(self._phases, ends, strict=True):
            if gaps := sorted(1000 * gap for gap in self._gaps[start:end]):
                seconds = ended - began
                found[phase] = {"beats": len(gaps), "seconds": seconds, "core": (after - spent) / seconds}
                found[phase] |= {"p50": at(gaps, 0.5), "p99": at(gaps, 0.99), "max": gaps[-1]}
        return found

    def _beat(self) -> None:
        now = perf_counter()
        if not self._looked:
            self._gaps.append(now - self._last)
        self._looked, self._last = False, now


def at(ordered: list[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


class Looking(QObject):
    """Answers one line of JSON on standard output for each on standard input."""

    def __init__(self, session: Session) -> None:
        super().__init__(QApplication.instance())
        self._session, self._rest = session, b""
        self.gaps = Gaps(self)
        self._notifier = QSocketNotifier(0, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._asked)

    def _asked(self) -> None:
        read = os.read(0, 65536)
        if not read:  # the asker is gone, and there is nobody to close the window
            QApplication.exit(1)
        *lines, self._rest = (self._rest + read).split(b"\n")
        for line in lines:
            question = json.loads(line)
            verb: Callable[..., Any] = getattr(self, question.pop("ask"))
            os.write(1, json.dumps(verb(**question)).encode() + b"\n")
        self._notifier.setEnabled(bool(read))
        self.gaps.looked()

    # the questions

    def things(self, words: str, inside: str = "", kind: str = "") -> list[dict[str, Any]]:
        """All visible things of exactly these words, wherever they are or in the widget of an object name."""
        found = []
        for text, widget, rect, enabled in _everything():
            if text == words and kind in ("", type(widget).__name__) and (not inside or _within(widget, inside)):
                place = QRect(widget.mapToGlobal(rect.topLeft()), rect.size())
                found.append(
                    {
                        "kind": type(widget).__name__,
                        "rect": place.getRect(),
                        "enabled": enabled and widget.isEnabled(),
                        "reachable": _reachable(widget, place.center()),
                        "focus": widget.hasFocus(),
                        "says": widget.accessibleDescription() or _text(widget),
                    }
                )
        return found

    def words(self) -> list[str]:
        """Everything that can be read or clicked now: to say what was there when something was not."""
        return sorted({text for text, *_ in _everything()})

    def typed(self) -> str:
        """The text of the field that has the focus."""
        field = QApplication.focusWidget()
        return field.toPlainText() if isinstance(field, QPlainTextEdit) else getattr(field, "text", str)()

    def windows(self) -> list[dict[str, Any]]:
        shown = [window for window in QApplication.topLevelWidgets() if window.isVisible()]
        return [
            {
                "kind": type(window).__name__,
                "title": window.windowTitle(),
                "id": int(window.winId()),
                "active": window.isActiveWindow(),
                "modal": window.isModal(),
                "rect": window.frameGeometry().getRect(),
            }
            for window in shown
        ]

    def facts(self) -> dict[str, Any]:
        """What the session says."""
        session, run = self._session, self._session.train.run
        window = next((w for w in QApplication.topLevelWidgets() if type(w).__name__ == "Window"), None)
        return {
            "stage": getattr(window, "stage", ""),
            "title": window.windowTitle() if window else "",
            "loading": session.loading,
            "device": session.device,
            "project": session.project.name if session.project else "",
            "folder": str(session.opened.folder.path) if session.opened else "",
            "sources": [[source.name, source.characters] for source in session.data.sources],
            "tokenizer": session.data.settings.tokenizer,
            "ready": session.data.ready,
            "vocab": session.data.manifest.vocab if session.data.manifest else 0,
            "design": session.build.model.name,
            "steps": session.train.recipe.steps,
            "runs": [each.name for each in session.train.runs],
            "run": _run(run) if run else None,
            "probe": session.inside.probe,
            "mode": session.chat.mode,
            "writing": session.chat.writing,
            "messages": [[message.role, message.text] for message in session.chat.messages],
            "notices": [[notice.kind, notice.text] for notice in session.notices],
        }

    def picture(self, name: str, save: str = "") -> str:
        """A fingerprint of what the widget of an object name or accessible name shows now; "" where it is not seen."""
        widget = next((w for w in _widgets() if name in (w.objectName(), w.accessibleName())), None)
        if widget is None:
            return ""
        image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        if save:
            image.save(save)
        return hashlib.sha256(bytes(image.constBits())).hexdigest()

    def screen(self, save: str) -> bool:
        """The whole screen as the X server has it."""
        return QGuiApplication.primaryScreen().grabWindow(0).save(save)

    def mark(self, phase: str) -> None:
        self.gaps.mark(phase)

    def statistics(self) -> dict[str, dict[str, float]]:
        return self.gaps.statistics()


def _run(run: Any) -> dict[str, Any]:
    return {
        "name": run.name,
        "state": run.state,
        "step": run.step,
        "steps": run.steps,
        "loss": run.smoothed,
        "design": run.model.name,
        "vocab": run.model.vocab,
        "speed": run.tokens_per_second,
        "snapshots": run.snapshots,
    }


def _widgets() -> Iterator[QWidget]:
    for window in QApplication.topLevelWidgets():
        if window.isVisible():
            yield from (widget for widget in (window, *window.findChildren(QWidget)) if widget.isVisible())


def _everything() -> Iterator[Found]:
    for widget in _widgets():
        for words in {widget.accessibleName(), widget.objectName(), _text(widget)} - {""}:
            yield words, widget, widget.rect(), True
        if isinstance(widget, Segments):
            for word, rect in zip(widget.words, widget.rects(), strict=True):
                yield word, widget, rect, True
        elif isinstance(widget, QMenu):
            for action in widget.actions():
                yield action.text(), widget, widget.actionGeometry(action), action.isEnabled()
        elif isinstance(widget, QAbstractItemView) and (model := widget.model()) is not None:
            for row in range(model.rowCount()):
                index = model.index(row, 0)
                rect = widget.visualRect(index)
                rect.translate(widget.viewport().pos())
                yield str(index.data()), widget, rect, True


def _text(widget: QWidget) -> str:
    if isinstance(widget, QAbstractButton | QLabel):
        return widget.text()
    return str(widget.text()) if type(widget).__name__ in ("ElidedLabel", "NumberField", "QLineEdit") else ""


def _within(widget: QWidget, name: str) -> bool:
    while widget is not None:
        if name in (widget.objectName(), widget.accessibleName()):
            return True
        widget = widget.parentWidget()
    return False


def _reachable(widget: QWidget, place: QPoint) -> bool:
    """A click at `place` comes to the widget: nothing lies over it, it is not scrolled away."""
    hit = QApplication.widgetAt(place)
    return hit is not None and (hit is widget or widget.isAncestorOf(hit))
