"""What the computer tells of itself while it trains, and whether it stays awake."""

from ...panel import Panel
from ...widgets.cells import Cells
from ...widgets.elide import ElidedLabel
from ...words.computer import awake, cells


class ComputerPanel(Panel):
    title = "This computer"
    name = "train.computer"
    hint = "Threads, memory, disk, and temperature and power where the system tells them; read every two seconds"

    def build(self) -> None:
        self.awake = ElidedLabel("", "muted", 11)
        self.add_tool(self.awake)
        self.cells = Cells()
        self.body.setContentsMargins(12, 4, 12, 8)
        self.body.addWidget(self.cells)

    def tick(self) -> None:
        session = self.session
        computer, run = session.computer, session.train.live
        computer.watch()
        running = run is not None and run.state != "paused"
        words, hint = awake(computer, session.settings.keep_awake, running)
        self.awake.set_text(words)
        self.awake.set_hint(hint)
        if computer.reading is not None:
            self.cells.set(cells(computer.reading, computer.device))
