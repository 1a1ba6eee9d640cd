"""Parts to put into the design, and designs to start from."""

from msgspec.structs import replace
from PySide6.QtWidgets import QLabel

from ....core.model import cost
from ....core.model.presets import PRESETS
from ...canvas import verbs, words
from ...canvas.blocks import placed
from ...canvas.lists import Row, RowList
from ...canvas.palette import PARTS
from ...numbers import count
from ...panel import Panel


class PartsPanel(Panel):
    title = "Parts"
    name = "build.parts"
    hint = "Parts to drag onto the canvas, and whole designs to start from."

    def build(self) -> None:
        self.parts = RowList(self._parts(), self._append, by_click=False, name="Parts")
        self.designs = RowList(self._designs(), self._use, by_click=True, name="Start from")
        self.body.setContentsMargins(8, 0, 8, 8)
        self.body.setSpacing(4)
        for words_, rows in (("Parts, drag them in", self.parts), ("Start from", self.designs)):
            caption = QLabel(words_)
            caption.setProperty("role", "caption")
            caption.setContentsMargins(8, 8, 0, 0)
            self.body.addWidget(caption)
            self.body.addWidget(rows)
        self.body.addStretch()
        self.session.build.changed.connect(self._refresh)
        self._refresh()

    def _append(self, key: str) -> None:
        verbs.append(self.session.build, next(kind for kind in PARTS if kind == key))

    def _use(self, key: str) -> None:
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

    def _parts(self) -> list[Row]:
        model = self.session.build.model
        rows = []
        for kind, part in PARTS.items():
            more = cost.total(placed(model, kind, len(model.blocks))[0]) - cost.total(model)
            rows.append(Row(kind, part.title, part.text, part.icon, f"+ {count(more)} parameters"))
        return rows

    def _designs(self) -> list[Row]:
        """Sizes are with the vocabulary of the project's tokenizer, which a preset takes over."""
        vocab = self.session.data.manifest.vocab if self.session.data.manifest else None
        rows = []
        for key, preset in PRESETS.items():
            model = replace(preset.model, vocab=vocab) if vocab else preset.model
            size = cost.total(model)
            rows.append(Row(key, preset.title, words.millions(size), tip=f"{preset.text}\n{count(size)} parameters"))
        return rows

    def _refresh(self) -> None:
        self.parts.rows.put(self._parts())
        self.designs.rows.put(self._designs())
        model = self.session.build.model
        same = (key for key, preset in PRESETS.items() if replace(preset.model, vocab=model.vocab) == model)
        self.designs.use(next(same, ""))
