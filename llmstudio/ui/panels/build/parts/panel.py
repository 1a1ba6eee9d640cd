"""Parts to put into the design, designs to start from, and the dial for the size."""

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QScrollArea, QVBoxLayout, QWidget

from .....core.model import cost
from .....core.model.presets import PRESETS
from ....canvas import verbs
from ....canvas.blocks import fresh
from ....canvas.lists import Row, RowList
from ....canvas.palette import PARTS, Kind
from ....canvas.words import millions
from ....numbers import count
from ....panel import Panel
from ....widgets.fold import Fold
from ....widgets.label import label
from .size import SizeDial

EMPTY = Row(
    "empty", "Empty", "", tip="No blocks: put together a design of your own. Width and the like stay as they are."
)


class PartsPanel(Panel):
    title = "Parts"
    name = "build.parts"
    hint = "Parts to drag onto the canvas, whole designs to start from, and one dial for the size."

    def build(self) -> None:
        self.parts = RowList(self._parts(), self._append, by_click=False, name="Parts")
        self.designs = RowList(self._designs("small"), self._use, by_click=True, name="Start from")
        self.published = RowList(self._designs("published"), self._use, by_click=True, name="As published")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a part")
        self.search.setAccessibleName("Find a part")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.fold = Fold("As published", self.published, opened=False)
        self.captions = [_caption("Parts, drag them in"), _caption("Start from")]
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(4)
        for widget in (self.captions[0], self.parts, self.captions[1], self.designs, self.fold):
            column.addWidget(widget)
        column.addStretch()
        self.fold.head.setContentsMargins(8, 0, 0, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        inside.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        self.size = SizeDial(self.session)
        self.body.setContentsMargins(8, 0, 8, 8)
        self.body.setSpacing(4)
        self.body.addWidget(self.search)
        self.body.addWidget(area, 1)
        self.body.addWidget(self.size)
        self.session.build.changed.connect(self._refresh)
        self.session.data.changed.connect(self._refresh)
        self._refresh()

    def tick(self) -> None:
        self.session.build.estimate.follow()

    def _append(self, key: str) -> None:
        verbs.append(self.session.build, next(kind for kind in PARTS if kind == key))

    def _use(self, key: str) -> None:
        if key == EMPTY.key:
            verbs.clear(self.session.build)
            return
        self.session.build.select("")
        self.session.build.use_preset(key)
        self._take_recipe(key)

    def _take_recipe(self, key: str) -> None:
        """A design is trained as it should be, unless the person has a recipe of their own. The prompt stays."""
        train = self.session.train
        known = [replace(preset.recipe, prompt=train.recipe.prompt) for preset in PRESETS.values()]
        wanted = replace(PRESETS[key].recipe, prompt=train.recipe.prompt)
        if train.recipe in known and train.recipe != wanted:
            train.edit(wanted, key)
            self.session.say(f"The recipe is now that of {PRESETS[key].title}", undo=train.undo)

    def _find(self, text: str) -> None:
        """Show what has these letters in its name or its words; all where there are none."""
        wanted = text.strip().lower()
        found = [_filter(rows, wanted) for rows in (self.parts, self.designs, self.published)]
        for caption, any_ in zip(self.captions, found, strict=False):
            caption.setVisible(any_)
        self.fold.setVisible(found[2])
        self.fold.open(bool(wanted) and found[2])

    def _parts(self) -> list[Row]:
        return [Row(kind, part.title, part.text, part.icon, self._more(kind)) for kind, part in PARTS.items()]

    def _more(self, kind: Kind) -> str:
        """What such a part would add."""
        model = self.session.build.model
        if kind == "wire":
            return "Adds no parameters, or one with a gate"
        bare = replace(model, blocks=(), skips=(), groups=())
        more = replace(bare, blocks=(fresh(model, kind, len(model.blocks)),))
        return f"+ {count(cost.total(more) - cost.total(bare))} parameters"

    def _designs(self, group: str) -> list[Row]:
        """Sizes are with the vocabulary of the project's tokenizer, which a preset takes over; published ones with
        their own."""
        vocab = self.session.data.manifest.vocab if self.session.data.manifest else None
        rows = []
        for key, preset in PRESETS.items():
            if preset.group == group:
                own = group == "published" or vocab is None
                size = cost.total(preset.model if own else replace(preset.model, vocab=vocab))
                rows.append(Row(key, preset.title, millions(size), tip=f"{preset.text}\n{count(size)} parameters"))
        return [*rows, EMPTY] if group == "small" else rows

    def _refresh(self) -> None:
        self.parts.rows.put(self._parts())
        self.designs.rows.put(self._designs("small"))
        model = self.session.build.model
        same = (key for key, preset in PRESETS.items() if replace(preset.model, vocab=model.vocab) == model)
        used = next(same, "") if model.blocks else EMPTY.key
        for rows in (self.designs, self.published):
            rows.use(used if any(row.key == used for row in rows.rows.rows) else "")


def _caption(text: str) -> QWidget:
    made = label(text, "caption")
    made.setContentsMargins(8, 8, 0, 0)
    return made


def _filter(rows: RowList, wanted: str) -> bool:
    """Whether any row is left."""
    high = 0
    for i, row in enumerate(rows.rows.rows):
        shown = wanted in f"{row.title} {row.text}".lower()
        rows.setRowHidden(i, not shown)
        high += (44 if row.icon else 28) if shown else 0
    rows.setFixedHeight(high + 2)
    rows.setVisible(high > 0)
    return high > 0
