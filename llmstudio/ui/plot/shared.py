"""One zoom, one cross-hair and one moment for all charts of a session."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...session.session import Session
    from .paper import Paper


class Shared:
    """Keeps a chart in step with the others: what is chosen on one is shown on all. The chart should hold it."""

    def __init__(self, chart: "Paper", session: "Session") -> None:
        self.chart, self.session, self.train = chart, session, session.train
        self._last: int | None = None  # where the pointer was on this chart
        train = session.train
        chart.hovered.connect(self._hovered)
        chart.span_chosen.connect(self._chosen)
        chart.clicked.connect(self._go_to)
        train.hovered.connect(self._cross)
        train.span_changed.connect(self._span)

    def _hovered(self) -> None:
        """The pointer moved here, or left; when it left, another chart may have it already."""
        step = None if self.chart.at is None else round(self.chart.at)
        if step is not None or self.train.hover == self._last:
            self.train.hover_at(step)
        self._last = step

    def _chosen(self) -> None:
        self.train.look_at(self.chart.span)

    def _cross(self) -> None:
        self.chart.set_cross(self.train.hover)

    def _span(self) -> None:
        if self.train.span != self.chart.span:
            self.chart.set_span(self.train.span)

    def _go_to(self, step: float) -> None:
        """Look at the snapshot nearest to a click; past the newest step: live."""
        run = self.train.run
        if run is not None and run.snapshots:
            nearest = min(run.snapshots, key=lambda snapshot: abs(snapshot - step))
            self.session.inside.go(None if step >= run.step else nearest)
