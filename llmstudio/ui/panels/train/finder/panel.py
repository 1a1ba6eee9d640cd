"""The learning-rate finder with room for its plot."""

from ....panel import Panel
from ....rate_finder import RateFinder


class FinderPanel(Panel):
    title = "Learning-rate finder"
    name = "train.finder"
    hint = "The loss at every learning rate, tried on a copy of the model; the best is left of the lowest point"

    def build(self) -> None:
        self.finder = RateFinder(self.session, roomy=True)
        self.body.addWidget(self.finder, 1)
        self.session.train.changed.connect(self.tick)
        self.session.train.recipe_changed.connect(self.tick)

    def tick(self) -> None:
        self.finder.tick()
