"""What is wrong with the design, or with it on this text and machine; ways to mend it; the button that trains it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from ....core.model.check import Fix, Problem, mended
from ....core.model.compare import same
from ... import icons
from ...doors import go
from ...panel import SIDE, Panel
from ...theme import theme
from ...widgets.button import button
from ...widgets.flow import Flow
from ...widgets.label import label

SHOWN = 8
FIXES = 2  # buttons of a problem that fill a line with Show; the others are below
LEAST = 32
FRAME, MOST = 104, 240  # pixels around the rows; of the whole panel, as far as it asks


class ProblemsPanel(Panel):
    title = "Problems"
    name = "build.problems"
    hint = "What keeps this design from being trained, and ways to mend it."

    def build(self) -> None:
        inner = QWidget()
        self.rows = QVBoxLayout(inner)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(8)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setMinimumHeight(LEAST)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)
        inner.setAutoFillBackground(False)  # the panel's ground shows through
        self.train = button("Train this design", "play", "primary", self._train)
        self.train.setMinimumHeight(32)
        self.reason = QLabel()
        self.reason.setWordWrap(True)
        self.reason.setProperty("role", "caption")
        foot = QHBoxLayout()
        foot.setSpacing(12)
        foot.addWidget(self.train)
        foot.addWidget(self.reason, 1)
        self.body.setSpacing(12)
        self.body.addWidget(self.area, 1)
        self.body.addLayout(foot)
        self.body.addStretch()
        self.shown: list[Problem] | None = None
        self.count = self.add_chip("", "error")
        self.all = button(
            "Mend all", "", "link", self._mend_all, "The first way to mend each of them; undo brings back"
        )
        self.add_tool(self.all)
        train = self.session.train
        for signal in (self.session.build.changed, train.changed, train.recipe_changed, self.session.data.changed):
            signal.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        train = self.session.train
        problems = self.session.build.problems or ([] if train.busy else train.problems)
        if problems != self.shown:
            self.shown = problems
            self._show(problems)
            self.count.set(str(len(problems)) if problems else "")
            self.all.setVisible(len(self.session.build.problems) > 1 and any(each.fixes for each in problems))
        why_not = self.session.train.why_not
        self.train.setEnabled(why_not is None)
        many = len(problems) > 1
        waits = "Waits for the problems above." if many else "Waits for the problem above." if problems else why_not
        self.reason.setText(waits or self._unchanged())
        self.train.setToolTip(why_not or "Start a new run with this design and the recipe of Train.")

    def _show(self, problems: list[Problem]) -> None:
        while item := self.rows.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        rows: list[QWidget] = [_ProblemRow(each, self._mend, self.session.build.select) for each in problems[:SHOWN]]
        if len(problems) > SHOWN:
            rows.append(label(f"and {len(problems) - SHOWN} more", "caption"))
        for row in rows or [_Sound()]:
            self.rows.addWidget(row)
            row.show()  # at once: its height is asked for next
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """The rows take what they need, and scroll where the panel is lower."""
        wanted = self.rows.totalHeightForWidth(max(1, self.width() - 2 * SIDE))
        self.area.setMaximumHeight(max(wanted, LEAST))
        self.ask_room(min(FRAME + max(wanted, LEAST), MOST))

    def _unchanged(self) -> str:
        """Whether the newest run has this very design."""
        last = max(self.session.train.runs, key=lambda run: run.number, default=None)
        return f"Unchanged since {last.name}." if last and same(last.model, self.session.build.model) else ""

    def _mend(self, fix: Fix) -> None:
        self.session.build.edit(fix.model)
        if fix.recipe:
            self.session.train.edit(fix.recipe)

    def _mend_all(self) -> None:
        self.session.build.edit(mended(self.session.build.model))

    def _train(self) -> None:
        self.session.train.start()
        go(self, "train")


class _Ground(QFrame):
    """A rounded ground in a colour of the theme."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.role = role

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(theme.color(self.role))
        p.drawRoundedRect(self.rect(), 4, 4)


class _Icon(QWidget):
    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self.icon, self.role = name, role
        self.setFixedSize(QSize(16, 16))

    def paintEvent(self, event: QPaintEvent) -> None:
        icons.draw(QPainter(self), self.icon, self.rect(), self.role)


class _Sound(_Ground):
    def __init__(self) -> None:
        super().__init__("success_ground")
        self.setFixedHeight(32)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(_Icon("check", "success"))
        row.addWidget(QLabel("No problems"), 1)


class _ProblemRow(_Ground):
    def __init__(self, problem: Problem, mend: Callable[[Fix], None], show: Callable[[str], None]) -> None:
        super().__init__("error_ground")
        path = label(problem.where or "the whole model", "caption")
        path.setFont(theme.mono(11) if problem.where else theme.font(11))
        top = Qt.AlignmentFlag.AlignTop
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(_Icon("error", "error"), 0, top)
        head.addWidget(label(problem.text, "strong", wrap=True), 1)
        head.addWidget(path, 0, top)
        deeds = Flow()
        buttons = [button(fix.label, "", "plain", partial(mend, fix), height=24) for fix in problem.fixes]
        if problem.where:
            link = button("Show", "", "link", partial(show, problem.where), "Select the part", height=24)
            buttons.insert(FIXES, link)
        for each in buttons:
            deeds.addWidget(each)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 8, 12, 8)
        whole.setSpacing(8)
        whole.addLayout(head)
        if deeds.count():
            whole.addLayout(deeds)
