"""Weights by hand: a matrix as a picture, what it is like, changing it, and how the model reacts."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from ....core.inside.piece import Change, Piece
from ....core.inside.spot import Spot
from ....session.hand import Said, Sheet
from ...numbers import count, percent, real
from ...panel import Panel
from ...widgets import glyphs
from ...widgets.button import button, tool
from ...widgets.color_bar import ColorBar
from ...widgets.combo import Combo
from ...widgets.elide import ElidedLabel
from ...widgets.empty import EmptyState
from ...widgets.label import label
from ...widgets.matrix_view import MatrixView
from ...widgets.number import NumberField
from ...widgets.weight_charts import WeightCharts
from ...words.moment import past

NAMES = {  # of the matrices inside a block: the parameter, and which rows of it
    "attn.wq": ("qkv", "Q"), "attn.wk": ("qkv", "K"), "attn.wv": ("qkv", "V"), "attn.wo": ("out", ""),
    "rec.wq": ("qkv", "Q"), "rec.wk": ("qkv", "K"), "rec.wv": ("qkv", "V"), "rec.wo": ("out", ""),
    "rec.wd": ("decay", ""), "rec.wg": ("gate", ""), "mlp.wa": ("up", "gate"), "mlp.wb": ("up", "up"),
    "mlp.wd": ("down", ""), "moe.wa": ("up", "gate"), "moe.wb": ("up", "up"), "moe.wd": ("down", ""),
    "moe.router": ("router", ""), "conv.kernel": ("", ""),
}  # fmt: skip
SIDE, WIDE, MOST = 172, 1.5, 16777215  # of a picture with words beside it; from which shape on it has none; no limit


class WeightsPanel(Panel):
    title = "Weights"
    name = "build.weights"
    hint = "One matrix of the model at this moment: its values, how they are spread, and what changing them does"

    def build(self) -> None:
        self.hand = self.session.inside.hand
        self._shown: Sheet | None = None
        self.moment = self.add_chip("", "warning", "clock")
        self.undo = tool("undo", "Put the last changed weights back", self.hand.undo)
        self.redo = tool("redo", "Change them again", self.hand.redo)
        self.add_tool(self.undo)
        self.add_tool(self.redo)
        self.choice = Combo((), "", "Which matrix")
        self.choice.picked.connect(self._pick)
        self.view = MatrixView("The weights")
        self.view.chosen.connect(self._point)
        self.scale = ColorBar("", "0", "", "signed")
        self.facts = label("", "caption", wrap=True)
        self.charts = WeightCharts()
        self.where = ElidedLabel("", "muted", 13)
        self.value = NumberField(0.0, "", (-1e6, 1e6), whole=False, name="Value of the chosen weight", step=0.01)
        self.value.edited.connect(self._set)
        self.row = button(
            "Zero output", "", "plain", lambda: self._zero("row"), "Set all weights into one output to 0", 24
        )
        self.column = button(
            "Zero input", "", "plain", lambda: self._zero("column"), "Set all weights from one input to 0", 24
        )
        self.rank = button("Truncate", "", "plain", self._truncate, "Keep only the largest singular values", 24)
        self.note = label("", "caption", wrap=True)
        self.reaction = Reaction()
        self._lay_out()
        self.hand.changed.connect(self._show)
        inside = self.session.inside
        inside.inner.pointed.connect(self._follow)
        inside.moment_changed.connect(self._show)
        self.session.train.changed.connect(self._show)
        self._show()

    def tick(self) -> None:
        self.hand.sheet.keep()

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 10, 0)
        column.setSpacing(8)
        self.scale.setFixedWidth(120)
        self.value.setFixedWidth(96)
        self.cell = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.cell.addWidget(self.where, 1)
        self.cell.addWidget(self.value, 0, Qt.AlignmentFlag.AlignLeft)
        words = QVBoxLayout()
        words.setSpacing(8)
        words.addWidget(self.scale, 0, Qt.AlignmentFlag.AlignLeft)
        words.addWidget(self.facts)
        words.addStretch(1)
        words.addLayout(self.cell)
        self.top = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self.top.setSpacing(12)
        self.top.addWidget(self.view)
        self.top.addLayout(words, 1)
        deeds, lower = QHBoxLayout(), QHBoxLayout()
        for row, buttons in ((deeds, (self.row, self.column)), (lower, (self.rank,))):
            row.setSpacing(8)
            for each in buttons:
                row.addWidget(each)
            row.addStretch(1)
        column.addWidget(self.choice)
        column.addLayout(self.top)
        column.addWidget(self.reaction)
        column.addLayout(deeds)
        column.addLayout(lower)
        column.addWidget(self.note)
        column.addWidget(self.charts)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)
        inner.setAutoFillBackground(False)
        self.stack = QStackedLayout()
        self.empty = EmptyState("")
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.area)
        self.body.addLayout(self.stack, 1)

    def _stand(self, rows: int, columns: int) -> None:
        """The words beside a square or tall picture, below a wide one."""
        wide = rows > WIDE * columns
        self.top.setDirection(QBoxLayout.Direction.TopToBottom if wide else QBoxLayout.Direction.LeftToRight)
        self.cell.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self.view.setMaximumSize(*((MOST, MOST) if wide else (max(SIDE // 3, min(SIDE, SIDE * rows // columns)), SIDE)))

    # what is shown

    def _show(self) -> None:
        sheet = self.hand.sheet.value
        self.moment.set(past(self.session.inside.moment, sheet))
        self.undo.setEnabled(self.hand.can_undo)
        self.redo.setEnabled(self.hand.can_redo)
        self.stack.setCurrentIndex(1 if sheet else 0)
        if sheet is None:
            self.empty.set_text(self.session.inside.empty(self.hand.sheet))
            self._shown = None
            return
        for each in (self.value, self.row, self.column, self.rank):
            each.setEnabled(not self.hand.busy)
        done = self.hand.done
        self.note.setText(f"Changed: {done[-1]}. {self.hand.note}" if done else self.hand.note)
        self.reaction.show_change(self.hand.before, self.hand.after)
        if sheet is not self._shown:
            self._show_sheet(sheet)

    def _show_sheet(self, sheet: Sheet) -> None:
        from ....core.inside.anatomy import limit

        before, self._shown = self._shown, sheet
        found = sheet.described
        if before is None or before.pieces != sheet.pieces:
            self.choice.clear()
            self.choice.addItems([piece.name for piece in sheet.pieces])
        self.choice.choose(found.piece.name)
        end = limit(found.values)
        self.view.set(found.values, found.every, end)
        self._stand(found.piece.rows, found.piece.columns)
        self.scale.set(f"\u2212{real(end)}", "0", real(end))
        shape = f"{count(found.piece.columns)} × {count(found.piece.rows)}"
        said = f"{shape}, {count(found.count)} weights, mean {_said(found.mean)}, spread {_said(found.spread)}"
        said += f", {count(found.zeros)} are 0" if found.zeros else ""
        said += f". Every {found.every}th row and column is drawn." if found.every > 1 else ""
        self.facts.setText(f"{said}{'' if said.endswith('.') else '.'} From {sheet.run} at step {count(sheet.step)}.")
        spectrum = [] if found.spectrum is None else found.spectrum.tolist()
        self.charts.set(found.counts, found.low, found.high, spectrum, found.rank)
        self.rank.setVisible(found.rank is not None)
        self.rank.setText(f"Truncate to rank {found.rank}")
        self._point(*self.view.cell)

    def _point(self, row: int, column: int) -> None:
        sheet = self._shown
        if sheet is None:
            return
        found = sheet.described
        row, column = min(row, found.piece.rows - 1), min(column, found.piece.columns - 1)
        self.where.set_text(f"from {count(column)} to {count(row)}")
        self.value.set_value(float(found.values[row // found.every, column // found.every]))

    def _follow(self) -> None:
        """A matrix that was clicked inside a block is the one to look at."""
        spot, sheet = self.session.inside.inner.locked, self.hand.sheet.value
        piece = piece_of(spot, sheet.pieces) if spot and sheet else None
        if piece is not None and spot is not None:
            part = self.session.inside.inner.inside(self.session.build.model, spot.path)
            down, across = part.steps.get(spot.name, (1, 1))[-2:] if part else (1, 1)
            self.view.choose(spot.index[-2] * down, spot.index[-1] * across)
            self.hand.choose(piece)

    # deeds

    def _pick(self, name: str) -> None:
        if self._shown:
            self.hand.choose(next(piece for piece in self._shown.pieces if piece.name == name))

    def _set(self, value: float) -> None:
        sheet = self._shown
        if sheet is not None:
            self._edit(Change(piece=sheet.described.piece, kind="cell", index=self.view.cell, value=value))

    def _zero(self, kind: str) -> None:
        sheet = self._shown
        if sheet is not None:
            row, column = self.view.cell
            piece = sheet.described.piece
            self._edit(
                Change(piece=piece, kind="row", index=(row,))
                if kind == "row"
                else Change(piece=piece, kind="column", index=(column,))
            )

    def _truncate(self) -> None:
        sheet = self._shown
        if sheet is not None and sheet.described.rank:
            self._edit(Change(piece=sheet.described.piece, kind="rank", index=(sheet.described.rank,)))

    def _edit(self, change: Change) -> None:
        if change.piece != self.hand.piece:
            return  # another matrix was chosen, and is on its way
        try:
            self.hand.edit(change)
        except ValueError as error:
            self.session.tell(error)


class Reaction(QWidget):
    """Loss, next token and text before the last change and after it."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.loss, self.next = ElidedLabel("", "text", 13, 500), ElidedLabel("", "muted", 11)
        self.before, self.after = (ElidedLabel("", "muted", 12, 400, True) for _ in range(2))
        for each in (self.loss, self.next, self.before, self.after):
            column.addWidget(each)
        self.setVisible(False)

    def show_change(self, before: Said | None, after: Said | None) -> None:
        self.setVisible(before is not None and after is not None)
        if before is None or after is None:
            return
        a, b = before.reaction, after.reaction
        if b.tokens:
            change = f"{b.loss - a.loss:+.3f}".replace("-", "\u2212")
            same = f"loss {a.loss:.3f} as before" if float(change[1:]) == 0 else ""
            self.loss.set_text(same or f"loss {a.loss:.3f} to {b.loss:.3f}, {change} nats per token")
            self.loss.set_hint(f"On {count(b.tokens)} tokens of the validation text, always the same ones")
        else:
            self.loss.set_text("There is no validation text to measure the loss on")
        self.next.set_text(f"next: {_likely(before)}; now {_likely(after)}")
        self.before.set_text(f"before  {glyphs.plain(before.written)}")
        self.after.set_text(f"now     {glyphs.plain(after.written)}")


def piece_of(spot: Spot, pieces: "tuple[Piece, ...]") -> Piece | None:
    """The matrix that a number inside a block belongs to; None where it is none of a matrix."""
    kind = spot.path.split(".")[2]
    parameter, called = NAMES.get(f"{kind}.{spot.name}", (None, ""))
    if parameter is None:
        return None
    whole = ".".join(filter(None, (spot.path, parameter, "weight")))
    expert = spot.index[0] if len(spot.index) == 3 else None
    there = [piece for piece in pieces if piece.parameter == whole and piece.expert == expert]
    return next((piece for piece in there if piece.called == called), there[0] if there else None)


def _likely(said: Said) -> str:
    return ", ".join(f"{glyphs.plain(name)} {percent(p, 0)}" for name, p in said.next[:3])


def _said(x: float) -> str:
    return f"{x:.2g}".replace("-", "\u2212")
