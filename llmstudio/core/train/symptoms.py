"""What goes wrong with a run's losses while it goes on. What its parts show is in `parts`; `doctor` puts it in order.

A batch's loss is noisy: a finding needs a change that is large beside that noise, so that a healthy run is left alone.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from math import isfinite, nan, sqrt
from operator import mul
from statistics import fmean, median

from msgspec import Struct

from llmstudio.core.model.cost import total

from .finding import Course, Cure, Curve, Finding
from .schedule import share

RECENT = 100  # steps in which something counts as happening now
MAD = 1.4826  # times the median absolute deviation is the standard deviation, of a normal distribution
JUMP = 8.0  # standard deviations
LEVEL = 0.01  # nats: a gain below this over a third of the run is none
WIDE, WIDE_SHARE = 0.25, 0.15  # nats, or share of the loss, by which the gap between unread and read text has opened
LEARNS_BY_HEART = 0.02  # nats above the best validation loss, three looks in a row
SHIFTS = ("dropout", "label_smoothing", "z_loss")  # changing these moves the loss itself


def losses(course: Course) -> Iterator[Finding]:
    """The worst comes first, and what follows from it is not told again."""
    loss = comparable(course)
    first = next(iter([*_not_a_number(course, loss), *_spike(course, loss), *_divergence(course, loss)]), None)
    if first:
        yield first
    yield from _rolled_back(course)
    if first is None or first.severity != "bad":
        heart = [*overfitting(course)]
        yield from heart or [*_gap(course, loss), *worse_than_counting(course), *_plateau(course, loss)]


def comparable(course: Course) -> Curve:
    """The losses since the last change that moves the loss itself."""
    since = max((c.step for c in course.changes if set(c.fields) & set(SHIFTS)), default=-1)
    skip = bisect_right(course.loss.steps, since)
    return Curve(steps=course.loss.steps[skip:], values=course.loss.values[skip:])


def slower(course: Course, factor: float = 0.5) -> Cure:
    """All rates times `factor`, from the next step on."""
    recipe = course.recipe
    names = ["learning_rate", "min_learning_rate", *(["matrix_rate"] * (recipe.optimizer == "muon"))]
    fields = {name: float(f"{getattr(recipe, name) * factor:.2g}") for name in names}
    return Cure(label="Halve the learning rate", action="change", fields=fields)


def _not_a_number(course: Course, loss: Curve) -> Iterator[Finding]:
    bad = next((i for i in range(max(0, len(loss.values) - RECENT), len(loss.values)) if _lost(loss, i)), None)
    if bad is None:
        return
    while bad and _lost(loss, bad - 1):
        bad -= 1
    step = int(loss.steps[bad])
    text = f"Since step {step:,} the loss is no number any more: the steps are too large."
    yield Finding(kind="not_a_number", severity="bad", text=text, step=step, cure=slower(course))


def _lost(loss: Curve, i: int) -> bool:
    return not isfinite(loss.values[i])


def _rolled_back(course: Course) -> Iterator[Finding]:
    if not course.rolled_back:
        return
    last, times = course.rolled_back[-1], len(course.rolled_back)
    if times >= 3:
        text = f"It had to go back {times} times, last at step {last.bad:,}: the steps are still too large."
        yield Finding(kind="rolled_back", severity="bad", text=text, step=last.bad, cure=slower(course))
    elif course.step - last.step <= 2 * RECENT:
        text = f"The loss broke away at step {last.bad:,}: it went back to step {last.step:,} and takes smaller steps."
        yield Finding(kind="rolled_back", severity="care", text=text, step=last.bad)


def _spike(course: Course, loss: Curve) -> Iterator[Finding]:
    """Three losses in a row far above those before: one alone is an odd passage of text."""
    values = loss.values[-4 * RECENT :]
    before, recent = values[:-RECENT], values[-RECENT:]
    if len(before) < RECENT:
        return
    usual = median(before)
    noise = MAD * median(abs(value - usual) for value in before)
    limit = usual + max(JUMP * noise, 0.1 * abs(usual))
    jumps = [i for i in range(len(recent) - 2) if min(recent[i : i + 3]) > limit]
    if not jumps:
        return
    step = int(loss.steps[len(loss.steps) - len(recent) + jumps[0]])
    said = f"The loss jumped from {usual:.2f} to {max(recent[jumps[0] :]):.2f} at step {step:,}"
    if median(recent[-10:]) < usual + 3 * noise + 0.02 * abs(usual):
        clip = Cure(label="Clip gradients at 1", action="change", fields={"clip": 1.0})
        cure = None if 0 < course.recipe.clip <= 1 else clip
        yield Finding(kind="spike", severity="care", text=f"{said} and came back by itself.", step=step, cure=cure)
    else:
        text = f"{said} and has not come back: smaller steps would help."
        yield Finding(kind="spike", severity="bad", text=text, step=step, cure=slower(course))


class Window(Struct, frozen=True):
    """The mean of a stretch of losses and how sure it is."""

    mean: float
    error: float  # standard deviation of the mean
    step: int  # its first


def windows(loss: Curve, count: int, least: int) -> list[Window]:
    """The last losses in up to `count` stretches of equal length, at least `least` steps each, oldest first."""
    size = max(least, len(loss.values) // count)
    starts = range(len(loss.values) % size, len(loss.values) - size + 1, size)
    return [_window(loss, start, size) for start in starts]


def _window(loss: Curve, start: int, size: int) -> Window:
    values = loss.values[start : start + size]
    mean = fmean(values)
    variance = max(0.0, sum(map(mul, values, values)) / size - mean * mean)  # statistics' own takes 20 times as long
    return Window(mean, sqrt(variance / size), int(loss.steps[start]))


def _divergence(course: Course, loss: Curve) -> Iterator[Finding]:
    parts = windows(loss, 40, 20)
    if len(parts) < 5:
        return
    best = min(parts, key=lambda part: part.mean)
    rise = max(0.15, 0.05 * best.mean, 6 * max(best.error, parts[-1].error))
    if all(part.mean > best.mean + rise for part in parts[-2:]):
        text = (
            f"The loss is going up: {parts[-1].mean:.2f} now, and {best.mean:.2f} around step {best.step:,}. "
            "Smaller steps would help."
        )
        yield Finding(kind="divergence", severity="bad", text=text, step=best.step, cure=slower(course))


def gain(loss: Curve, warmup: int) -> tuple[float, float, int] | None:
    """How much lower the last third of the run is than the third before, how sure that is, and a third's steps."""
    skip = bisect_right(loss.steps, warmup)
    parts = windows(Curve(steps=loss.steps[skip:], values=loss.values[skip:]), 3, 100)
    if len(parts) < 2:
        return None
    size = max(100, (len(loss.values) - skip) // 3)
    return parts[-2].mean - parts[-1].mean, sqrt(parts[-2].error ** 2 + parts[-1].error ** 2), size


def _plateau(course: Course, loss: Curve) -> Iterator[Finding]:
    """Nothing gained over a third of the run, surely, while the rate is not at its end anyway."""
    found = gain(loss, course.recipe.warmup)
    if found is None:
        return
    gained, error, size = found
    if gained + 2 * error > LEVEL or gained < -LEVEL:
        return
    now, floor = fmean(loss.values[-size:]), course.floor
    if floor is not None and now - floor < 0.02:
        text = f"It has reached the floor of this text, {floor:.2f}: no model can do better."
        yield Finding(kind="floor", severity="good", text=text, cure=Cure(label="Stop here", action="stop"))
        return
    left = share(course.recipe, course.step)
    if left < 0.3:
        return
    text = f"The loss has stayed at {now:.2f} for {size:,} steps"
    if left > 0.5 and course.step < 0.9 * course.recipe.steps:
        yield Finding(
            kind="plateau", severity="care", text=f"{text}: smaller steps may bring it on.", cure=slower(course)
        )
    else:
        text = f"{text}: it has learned what a model of {total(course.model):,} parameters finds in this text."
        yield Finding(kind="plateau", severity="care", text=text, cure=Cure(label="Stop here", action="stop"))


def looks(course: Course) -> Curve:
    """Validation losses that are numbers, without the one before any step."""
    kept = [(s, v) for s, v in zip(course.validation.steps, course.validation.values, strict=True) if s and isfinite(v)]
    return Curve(steps=[s for s, _ in kept], values=[v for _, v in kept])


def overfitting(course: Course) -> Iterator[Finding]:
    """Validation has turned upwards, three looks in a row, while training still falls: it learns by heart."""
    seen = looks(course)
    if len(seen.values) < 5:
        return
    best = min(seen.values)
    at = int(seen.steps[list(seen.values).index(best)])
    steadily = min(seen.values[-3:]) > best + max(LEARNS_BY_HEART, 0.01 * best, 3 * _chance(seen.values))
    if not steadily or not _train_fell(course.loss, at):
        return
    last = seen.values[-1]
    text = (
        f"It is learning the text by heart: on text it has not read it was best at step {at:,} with {best:.2f}, "
        f"and is at {last:.2f} now."
    )
    severe = last - best > max(0.1, 0.05 * best)
    yield Finding(
        kind="overfitting", severity="bad" if severe else "care", text=text, step=at, cure=_against_heart(course)
    )


def _gap(course: Course, loss: Curve) -> Iterator[Finding]:
    """The two losses have drawn apart since the run was young. Texts that differ from the start are no sign of it."""
    seen = looks(course)
    young = max(2 * course.recipe.warmup, 0.1 * course.step, loss.steps[0] + RECENT if loss.steps else 0)
    early = next((i for i, step in enumerate(seen.steps) if step >= young), None)
    if early is None or early > len(seen.steps) - 3:
        return
    apart = [seen.values[i] - _around(loss, seen.steps[i]) for i in (early, -2, -1)]
    if min(apart[1:]) - apart[0] < max(WIDE, WIDE_SHARE * seen.values[-1]):
        return
    here = _around(loss, seen.steps[-1])
    text = f"It begins to learn the text by heart: {here:.2f} there, and {seen.values[-1]:.2f} on text it has not read."
    yield Finding(kind="overfitting", severity="care", text=text, cure=_against_heart(course))


def _around(loss: Curve, step: float) -> float:
    """Mean training loss of the steps before a look."""
    end = bisect_right(loss.steps, step)
    return fmean(loss.values[max(0, end - RECENT) : end] or [nan])


def _chance(values: Sequence[float]) -> float:
    """By how much a look differs by chance, nats: from bends of the curve, whose variance is 6 times that of a look."""
    bends = [abs(a - 2 * b + c) for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return MAD * median(bends) / sqrt(6)


def _train_fell(loss: Curve, at: int) -> bool:
    before = loss.values[bisect_right(loss.steps, at - RECENT) : bisect_right(loss.steps, at)]
    return not before or not loss.values or fmean(loss.values[-RECENT:]) < fmean(before)


def _against_heart(course: Course) -> Cure:
    now = course.model.dropout if course.recipe.dropout is None else course.recipe.dropout
    more = next((rate for rate in (0.1, 0.2) if rate > now + 0.01), None)
    if more is None or course.step > 0.7 * course.recipe.steps:
        return Cure(label="Stop, use the best", action="best")
    return Cure(label=f"Use a dropout of {more}", action="change", fields={"dropout": more})


def worse_than_counting(course: Course) -> Iterator[Finding]:
    """After a good part of the run a model that has not passed the table of pairs is not learning as it should."""
    seen, grams, recipe = looks(course), course.ngrams, course.recipe
    if grams is None or not seen.values or course.step < max(2 * recipe.warmup, 0.3 * recipe.steps):
        return
    last, cure = seen.values[-1], Cure(label="Find a better rate", action="find_rate")
    if last > grams.unigram + 0.02:
        text = f"It does worse than counting single tokens: {last:.2f}, and they reach {grams.unigram:.2f}."
        yield Finding(kind="bigram", severity="bad", text=text, cure=cure)
    elif last > grams.bigram + 0.02:
        text = f"It does not yet do better than counting pairs: {last:.2f}, and they reach {grams.bigram:.2f}."
        yield Finding(kind="bigram", severity="care", text=text, cure=cure)
