"""What the cross-hair of the loss says of one step: the run that is looked at, what happened there, the others."""

from typing import Protocol

from .....session.run import Run
from ....numbers import clock, count
from ....plot.marks import Row, Tip
from ....theme import theme
from ....words.flags import Happened
from ....words.loss import in_unit, written
from ....words.numbers import choices, rate
from ....words.recipe import passes
from .ahead import Ahead
from .curves import RunCurves, last_before

MOST = 6  # other runs that are told of; the nearest ones
NEAR = 6  # pixels from a flag within which it is told


class Shown(Protocol):
    """The chart, as far as it has to be known here."""

    unit: str
    of_runs: dict[str, RunCurves]
    happened: list[Happened]
    ahead: Ahead

    def x_of(self, step: float) -> float: ...


def tip(chart: Shown, run: Run, step: float, train_tokens: int | None) -> Tip | None:
    """None where nothing is known at that step."""
    curves = chart.of_runs[run.name]
    at = max(round(step), 1)
    others = _others(chart, run, at)
    here = last_before(run.loss, at)
    if here is None:
        return None
    guess = _guess(chart, run, at)
    if at > here[0] and not others and not guess:
        at = int(here[0])
    within = at <= here[0]
    smoothed = curves.at(at) if within else None
    rows = _own(chart, run, at, smoothed, here[1]) if within else guess
    read = f", {passes(at, run.recipe, run.model, train_tokens)} over the text" if train_tokens and within else ""
    return Tip(
        x=at,
        y=smoothed,
        title=f"step {count(at)}{read}",
        x_text=count(at),
        y_text="" if smoothed is None else written(smoothed, chart.unit),
        rows=[*_flags(chart, at), *rows, *_shortened(others, smoothed, chart.unit)],
    )


def _own(chart: Shown, run: Run, at: int, smoothed: float | None, batch: float) -> list[Row]:
    unit, rows = chart.unit, []
    if smoothed is not None:
        rows.append(Row(name="train, smoothed", value=written(smoothed, unit), color=theme.run(run.number)))
    rows.append(Row(name="train, this batch", value=written(batch, unit)))
    if spread := chart.of_runs[run.name].near(at):
        rows.append(Row(name="8 of 10 batches near", value=" to ".join(written(each, unit) for each in spread)))
    if tested := last_before(run.validation, at):
        whose = ", averaged weights" if run.recipe.ema else ""
        name = f"validation, step {count(int(tested[0]))}{whose}"
        rows.append(Row(name=name, value=written(tested[1], unit), color=theme.color("text")))
    if smoothed is not None and unit != "perplexity":
        rows.append(Row(name="perplexity", value=choices(in_unit(smoothed, "perplexity"))))
    if at_rate := last_before(run.rate, at):
        rows.append(Row(name="learning rate", value=rate(at_rate[1])))
    if spent := last_before(run.seconds, at):
        rows.append(Row(name="time trained", value=clock(spent[1])))
    return rows


def _guess(chart: Shown, run: Run, at: int) -> list[Row]:
    """What the forecast says of a step that is still ahead."""
    found = chart.ahead.at(at)
    if found is None or at <= run.step:
        return []
    said = " to ".join(written(each, chart.unit) for each in found)
    return [Row(name=f"{run.name}, forecast for 8 of 10", value=said, color=theme.run(run.number))]


def _flags(chart: Shown, at: int) -> list[Row]:
    """What happened where the pointer is."""
    near = [each for each in chart.happened if abs(chart.x_of(each.step) - chart.x_of(at)) <= NEAR]
    return [Row(name=f"step {count(each.step)}", value=each.text) for each in near]


def _others(chart: Shown, run: Run, at: int) -> list[tuple[Run, float]]:
    """The other runs and their smoothed losses there, the lowest first."""
    others = [curves for curves in chart.of_runs.values() if curves.run is not run]
    found = [(curves.run, value) for curves in others if (value := curves.at(at)) is not None]
    return sorted(found, key=lambda each: each[1])


def _shortened(others: list[tuple[Run, float]], smoothed: float | None, unit: str) -> list[Row]:
    """Those nearest to the run that is looked at, or the best; how many more there are."""
    kept = others
    if len(others) > MOST:
        near = others if smoothed is None else sorted(others, key=lambda each: abs(each[1] - smoothed))
        kept = sorted(near[:MOST], key=lambda each: each[1])
    rows = [Row(name=run.name, value=written(value, unit), color=theme.run(run.number)) for run, value in kept]
    more = len(others) - len(kept)
    which = "lowest" if smoothed is None else "nearest"
    return [*rows, Row(name=f"the {which}; {more} more runs", value="")] if more else rows
