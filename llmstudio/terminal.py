"""What the terminal shows of long work: a bar that rewrites its line, or a line now and then where it is none."""

import sys
import time
from collections.abc import Callable

from .core.progress import Progress
from .core.train.events import Sampled
from .session.run import Run
from .session.session import Session
from .session.worker import Job

WIDTH = 24
QUIET_SECONDS = 5.0  # between two lines where the output is not a terminal


class Line:
    """One line on stderr that is written again and again; a new line only when it ends."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._at = 0.0
        self._shown = ""

    def show(self, text: str, last: bool = False) -> None:
        now = time.monotonic()
        if text == self._shown or (not last and now - self._at < (0.1 if self._live else QUIET_SECONDS)):
            return
        self._at, self._shown = now, text
        print(f"\r\x1b[K{text}" if self._live else text, end="" if self._live else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._live and self._shown:
            print(file=sys.stderr)
        self._shown = ""


def tell(session: Session, told: set[str], kinds: tuple[str, ...] = ("error",)) -> None:
    """Say what went wrong as it happens, each sentence once."""
    for notice in session.notices:
        if notice.kind in kinds and notice.text not in told:
            told.add(notice.text)
            print("\r\x1b[K" * sys.stderr.isatty() + notice.text, file=sys.stderr)


def bar(share: float) -> str:
    full = round(WIDTH * min(1.0, max(0.0, share)))
    return "#" * full + "-" * (WIDTH - full)


def clock(seconds: float) -> str:
    """2:04 or 1:02:04."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def of_data(session: Session, line: Line) -> Callable[[], None]:
    """Shows how far the work on the text has come."""

    def each() -> None:
        if progress := session.data.progress:
            line.show(progress_text(progress))

    return each


def progress_text(progress: Progress) -> str:
    if not progress.total:
        return f"{progress.text} {progress.done:,.0f} {progress.unit}".rstrip()
    return f"[{bar(progress.done / progress.total)}] {progress.text}, {100 * progress.done / progress.total:.0f} %"


def of_run(run: Run, line: Line, samples: bool = False) -> Callable[[], None]:
    """Shows how far a run has come, and its samples as they are written."""
    shown = len(run.samples)

    def each() -> None:
        nonlocal shown
        while samples and shown < len(run.samples):
            line.end()
            print(f"--- {sample_text(run.samples[shown])}", file=sys.stderr)
            shown += 1
        line.show(run_text(run), last=not run.live)

    return each


def of_rates(finder: Job, line: Line) -> Callable[[], None]:
    """Shows which rate the finder has tried last."""

    def each() -> None:
        if finder.log:
            tried = finder.log[-1]
            line.show(f"tried {len(finder.log)} rates, the last {tried.rate:.2g}: loss {tried.loss:.3f}")

    return each


def run_text(run: Run) -> str:
    parts = [f"[{bar(run.step / run.steps)}] step {run.step} of {run.steps}"]
    if run.smoothed is not None:
        parts.append(f"loss {run.smoothed:.3f}")
    if run.validation.last is not None:
        parts.append(f"validation {run.validation.last:.3f}")
    if run.tokens_per_second and run.live:
        parts.append(f"{run.tokens_per_second:,.0f} tokens/s")
    if run.seconds_left and run.live:
        parts.append(f"{clock(run.seconds_left)} left")
    return ", ".join(parts)


def sample_text(sample: Sampled) -> str:
    return f"step {sample.step}: {sample.prompt}{sample.text}".rstrip()
