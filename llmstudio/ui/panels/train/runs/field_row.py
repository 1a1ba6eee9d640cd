"""One setting of a sweep: which, and the values to try."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from .....core.train.fields import Range, numeric, parse
from ....widgets.button import tool
from ....widgets.combo import Combo
from ....widgets.label import label
from ....words.settings import title
from .values import hint, worth_trying

if TYPE_CHECKING:
    from .....session.session import Session

WIDTH = 148  # of the list of settings


class FieldRow(QWidget):
    """`changed` is called when the person edits it, `gone` when they take it away."""

    def __init__(
        self,
        session: "Session",
        paths: Sequence[str],
        path: str,
        changed: Callable[[], object],
        gone: Callable[["FieldRow"], object],
    ) -> None:
        super().__init__()
        self.session, self._changed = session, changed
        self._paths = {title(each): each for each in paths}
        self.setting = Combo(list(self._paths), title(path), "Setting to try")
        self.setting.setFixedWidth(WIDTH)
        self.setting.picked.connect(self._picked)
        self.values = QLineEdit()
        self.values.setAccessibleName("Values to try")
        self.values.textEdited.connect(lambda _: self._edited())
        self.cross = tool("close", "Leave this setting as it is", lambda: gone(self))
        self.wrong = label("", "error", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.setting)
        row.addWidget(self.values, 1)
        row.addWidget(self.cross)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.wrong)
        self.wrong.hide()
        self._suggest()

    @property
    def path(self) -> str:
        return self._paths[self.setting.currentText()]

    def read(self) -> tuple[object, ...] | Range | None:
        """The values, or None where they are wrong, which is said under them."""
        try:
            values = parse(self.session.build.model, self.path, self.values.text())
            if not isinstance(values, Range) and not values:
                raise ValueError("Write the values to try, with commas between.")
        except ValueError as error:
            self._say(str(error))
            return None
        self._say("")
        return values

    def _suggest(self) -> None:
        model, recipe = self.session.build.model, self.session.train.recipe
        self.values.setText(worth_trying(model, recipe, self.path))
        self.setting.setToolTip(hint(model, recipe, self.path))
        ranges = "; a random sweep also takes a range like 1e-4 .. 1e-2" if numeric(self.path) else ""
        self.values.setToolTip(f"Values with commas between{ranges}")

    def _picked(self, _: str) -> None:
        self._suggest()
        self._edited()

    def _edited(self) -> None:
        self._changed()

    def _say(self, text: str) -> None:
        self.wrong.setText(text)
        self.wrong.setVisible(bool(text))
        if bool(self.values.property("wrong")) != bool(text):
            self.values.setProperty("wrong", bool(text))
            self.values.style().unpolish(self.values)
            self.values.style().polish(self.values)
