"""How a run went, in one sentence, with what to do next."""

from math import isfinite

from .finding import Course, Cure, Finding, Severity
from .symptoms import looks, overfitting

NEAR = 0.01  # nats: closer than this is level
HARDLY = 0.5  # passes over the text: with fewer, time was what it lacked most
LONGER = 4  # times the steps that it had


def verdict(course: Course) -> Finding:
    """One finding of kind "verdict": a sentence made of the loss on text the model has not read."""
    seen = looks(course)
    again = Cure(label="Go on", action="go_on")
    if course.state == "failed":
        why = f": {course.error}" if course.error else "."
        return _said("bad", f"It broke off at step {course.step:,}{why}", again)
    if course.loss.values and not isfinite(course.loss.values[-1]):
        return _said("bad", "Its loss is no number any more: begin again with a lower peak.", _find())
    if not seen.values:
        return _said("care", f"It ended at step {course.step:,}, before it was tested on text it has not read.", again)
    last = course.whole if course.whole is not None and isfinite(course.whole) else seen.values[-1]
    best, heart = min(seen.values), next(iter(overfitting(course)), None)
    if heart:
        at = int(heart.step or 0)
        text = f"It learned by heart: best at step {at:,} with {best:.2f}, and {last:.2f} at the end."
        return _said("care", text, _best(), step=at)
    if (rise := seen.values[-1] - best) > max(0.1, 0.05 * best):
        return _said("bad", f"It ended {rise:.2f} above its best, {best:.2f}: the steps were too large.", _best())
    return _against_counting(course, last)


def _against_counting(course: Course, last: float) -> Finding:
    begun = f"It reached {last:.2f} on text it has not read"
    if course.state != "finished":
        begun = f"Stopped at step {course.step:,} of {course.recipe.steps:,}, with {last:.2f} on text it has not read"
    grams = course.ngrams
    if grams is None:
        return _on(course, begun)
    if last > grams.bigram - NEAR:
        low = "single tokens" if last > grams.unigram - NEAR else "pairs"
        reach = grams.unigram if last > grams.unigram - NEAR else grams.bigram
        text = f"{begun}: no better than counting {low}, which reaches {reach:.2f}"
        if course.state != "finished":
            return _on(course, text, "care")
        if course.passes is not None and course.passes < HARDLY and last <= min(looks(course).values) + NEAR:
            more = LONGER * course.recipe.steps
            cure = Cure(label=f"Go on to {more:,} steps", action="go_on", fields={"steps": more})
            little = f"but it has read only {course.passes:.0%} of the text: it needs longer"
            return _said("care", f"{text}, {little}.", cure)
        return _said("bad", f"{text}.", _find())
    if course.floor is not None and last - course.floor < 0.03:
        text = f"{begun}: as good as any model can be, for the floor of this text is {course.floor:.2f}."
        return _said("good", text, None)
    if last > grams.trigram + NEAR:
        return _on(
            course, f"{begun}, better than counting pairs ({grams.bigram:.2f}), not triples ({grams.trigram:.2f})"
        )
    if last > grams.trigram - NEAR:
        return _on(course, f"{begun}, as good as counting triples")
    return _on(course, f"{begun}, {grams.trigram - last:.2f} better than counting triples")


def _on(course: Course, text: str, severity: Severity = "good") -> Finding:
    """What it reached, and whether more steps would have paid: the last look was the best, and the text not read up."""
    values, steps = looks(course).values, course.recipe.steps
    if course.state != "finished":
        return _said(severity, f"{text}.", Cure(label="Go on", action="go_on"))
    passes = course.passes
    if len(values) >= 4 and values[-1] <= min(values) + NEAR and passes is not None and passes < 4:
        more = steps + max(1, steps // 2)
        cure = Cure(label=f"Go on to {more:,} steps", action="go_on", fields={"steps": more})
        return _said(severity, f"{text}, and it was still getting better.", cure)
    return _said(severity, f"{text}.", None)


def _best() -> Cure:
    return Cure(label="Use the best", action="best")


def _find() -> Cure:
    return Cure(label="Find a better rate", action="find_rate")


def _said(severity: Severity, text: str, cure: Cure | None, step: int | None = None) -> Finding:
    return Finding(kind="verdict", severity=severity, text=text, cure=cure, step=step)
