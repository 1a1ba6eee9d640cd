"""How the next token is drawn: temperature and filters, for what is written from now on."""

from random import randrange

from msgspec.structs import replace
from PySide6.QtWidgets import QHBoxLayout

from ....core.chat.sampler import Sampler
from ...form import Form
from ...panel import Panel
from ...widgets.button import button, tool


class SamplerPanel(Panel):
    title = "Sampler"
    name = "chat.sampler"
    hint = "How the next token is chosen; the table below follows at once, without running the model again"

    def build(self) -> None:
        chat = self.session.chat
        self.undo = tool("undo", "Undo the last change of the sampler", chat.undo)
        self.add_tool(self.undo)
        self.form = Form(chat.sampler, self._edited)
        self.dice = button("Another seed", "dice", "plain", self._roll, "A new seed: other answers to the same words")
        self.default = button("Defaults", "", "ghost", lambda: chat.edit_sampler(Sampler()), "All back as it was")
        self.body.addWidget(self.form)
        deeds = QHBoxLayout()
        deeds.addWidget(self.dice)
        deeds.addWidget(self.default)
        deeds.addStretch(1)
        self.body.addLayout(deeds)
        self.body.addStretch(1)
        chat.sampler_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        self.form.set(self.session.chat.sampler)
        self.undo.setEnabled(self.session.chat.can_undo)

    def _edited(self, sampler: Sampler) -> None:
        before = self.session.chat.sampler
        changed = [name for name in sampler.__struct_fields__ if getattr(sampler, name) != getattr(before, name)]
        self.session.chat.edit_sampler(sampler, " ".join(changed))

    def _roll(self) -> None:
        self.session.chat.edit_sampler(replace(self.session.chat.sampler, seed=randrange(10_000)))
