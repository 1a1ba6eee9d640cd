"""The verbs of the command line that train and look at runs. Each gives (for --json, for people)."""

import argparse
import math
from typing import Any

import msgspec
from msgspec import Struct

from .core.train.fields import parse
from .core.train.outcome import Outcome, summaries
from .core.train.sweep import Sweep
from .opening import open_project
from .session import export
from .session.queued import Queued
from .session.run import Run
from .session.session import Session
from .terminal import Line, of_data, of_rates, of_run
from .typed import edited, typed

Result = tuple[dict[str, Any], str]


def train(session: Session, args: argparse.Namespace) -> Result:
    open_project(session, args)
    session.wait(session.computer.find())
    if args.resume and (args.repeat or args.from_):
        raise ValueError("A run goes on from its own last checkpoint. Leave out --repeat and --from, or --resume.")
    if args.resume:
        _resume(session, args)
    elif args.repeat:
        if args.set or args.steps is not None or args.from_:
            raise ValueError("A run is repeated exactly, with its own recipe. Leave out --steps, --set and --from.")
        _begin(session, session.train.repeated(session.train.named(args.repeat), args.run))
    else:
        _new_run(session, args)
    shown = session.train.run
    assert shown and shown.job
    _watch(session, shown)
    return run_facts(shown), run_line(shown)


def _new_run(session: Session, args: argparse.Namespace) -> None:
    """Start a run with some fields changed. Where it cannot begin, recipe and design are what they were."""
    room, build = session.train, session.build
    recipe, model = room.recipe, build.model
    steps = [] if args.steps is None else [f"steps={args.steps}"]
    new = edited(model, recipe, [*args.set, *steps])
    if args.from_ and new[0] != model:
        raise ValueError("With --from a run's own design learns on. Leave out what changes the design.")
    try:
        room.edit(new[1])
        build.edit(new[0])
        _ready(session, room.why_not)
        _begin(session, room.ordered(args.run, _snapshot(session, args.from_)))
    except ValueError:
        room.edit(recipe)
        build.edit(model)
        raise


def _ready(session: Session, why: str | None) -> None:
    """ValueError with why it cannot begin, and what to type where that would mend it."""
    if why is None:
        return
    room, build = session.train, session.build
    for problem in (build.problems or room.problems)[:1]:
        for fix in problem.fixes:
            changed = [(build.model, fix.model, "model."), (room.recipe, fix.recipe, "")]
            words = [word for old, new, where in changed if new for word in _typed(old, new, where)]
            if words and problem.text == why and all(words):
                raise ValueError(f"{why} Mend it with {' '.join(words)}.")
    raise ValueError(why)


def _typed(old: Struct, new: Struct, where: str) -> list[str]:
    """What to type to come from one to the other; "" for a field that cannot be typed."""
    fields = [(name, getattr(new, name)) for name in new.__struct_fields__ if getattr(new, name) != getattr(old, name)]
    return [f"--set {where}{name}={value}" if isinstance(value, int | float) else "" for name, value in fields]


def _snapshot(session: Session, text: str) -> tuple[Run, int] | None:
    """RUN@STEP, or RUN alone for the last weights that it kept."""
    if not text:
        return None
    name, at, step = text.rpartition("@")
    if any(run.name == text for run in session.train.runs):
        name, at, step = text, "", ""
    run = session.train.named(name if at else text)
    if not run.snapshots:
        raise ValueError(f"{run.name} has kept no weights yet. Choose another run.")
    if at and not step.isdecimal():
        raise ValueError(f"--from wants RUN@STEP, not {text}.")
    return run, int(step) if at else run.snapshots[-1]


def _begin(session: Session, order: Queued) -> None:
    line = Line()
    before = session.train.run
    session.wait(session.train.begin(order), of_data(session, line))
    line.end()
    run = session.train.run
    if run is None or run is before or run.job is None:
        raise ValueError(session.notices[-1].text if session.notices else "The run did not begin.")


def _resume(session: Session, args: argparse.Namespace) -> None:
    """Go on with a run, with what may be changed on the way."""
    run = session.train.named(args.run)
    steps = [] if args.steps is None else [f"steps={args.steps}"]
    model, recipe = edited(run.model, run.recipe_now, [*args.set, *steps])
    if model != run.model:
        raise ValueError("A run goes on with the design it began with. Leave that out, or start a new run.")
    fields = {
        name: new
        for name in recipe.__struct_fields__
        if (new := getattr(recipe, name)) != getattr(run.recipe_now, name)
    }
    session.wait(session.train.resume(run, **fields))


def _watch(session: Session, run: Run) -> None:
    assert run.job
    line = Line()
    show = of_run(run, line)

    def each() -> None:
        show()
        if run.state == "paused":  # by itself, as the disk is nearly full; nobody is here to let it go on
            session.train.stop(run)

    try:
        session.wait(run.job, each)
    finally:
        line.end()


def runs(session: Session, args: argparse.Namespace) -> Result:
    open_project(session, args, write=False)
    there = session.train.runs
    waiting = [{"label": each.label, "group": each.group, "name": each.name} for each in session.train.queue]
    lines = [*map(run_line, there), *(f"waiting: {each['label'] or each['name'] or 'a run'}" for each in waiting)]
    return {"runs": [run_facts(run) for run in there], "waiting": waiting}, "\n".join(lines) or "No run yet."


def sweep(session: Session, args: argparse.Namespace) -> Result:
    """Train every run of a sweep, one after the other."""
    open_project(session, args)
    session.wait(session.computer.find())
    room = session.train
    fields = {key: parse(session.build.model, key, value) for key, value in typed(args.set)}
    drawn = {} if args.random is None else {"kind": "random", "draws": args.random}
    plan = Sweep(fields=fields, seeds=args.seeds, limit=args.limit, **drawn)
    _ready(session, room.why_never)
    group = room.sweep(plan)
    _finish_queue(session)
    done = [run for run in room.runs if run.group == group]
    if not done:
        raise ValueError("No run of the sweep could begin.")
    facts = [{**run_facts(run), "label": run.label} for run in done]
    return {"group": group, "runs": facts, "settings": _settings(done)}, "\n".join(map(run_line, _ranked(done)))


def queue(session: Session, args: argparse.Namespace) -> Result:
    """Train what waits for its turn, or let it go."""
    open_project(session, args)
    session.wait(session.computer.find())
    room, count = session.train, len(session.train.queue)
    if args.clear:
        room.clear()
        return {"dropped": count}, f"{count} waiting runs dropped."
    before = {run.name for run in room.runs}
    room.go()
    _finish_queue(session)
    done = [run for run in room.runs if run.name not in before]
    return {"runs": [run_facts(run) for run in done]}, "\n".join(map(run_line, done)) or "Nothing waits."


def _finish_queue(session: Session) -> None:
    """Until every run that waited has ended."""
    room = session.train
    while room.starting or room.queue or room.live:
        session.wait(session.files.ask(lambda: None))
        if room.live:
            _watch(session, room.live)


def _settings(done: list[Run]) -> list[dict[str, Any]]:
    """Seeds of a setting together, the best first: median, lowest and highest validation loss."""
    ended = [
        Outcome(name=run.name, model=run.model, recipe=run.recipe, loss=loss, seconds=run.seconds.last or 0.0)
        for run in done
        if (loss := run.validation.last) is not None and math.isfinite(loss)
    ]
    labels = {run.name: run.label for run in done}
    return [{**msgspec.to_builtins(each), "label": labels[each.names[0]]} for each in summaries(ended)]


def _ranked(done: list[Run]) -> list[Run]:
    return sorted(done, key=lambda run: math.inf if run.validation.last is None else run.validation.last)


def rate(session: Session, args: argparse.Namespace) -> Result:
    """Look for a good learning rate for the design and recipe."""
    open_project(session, args)
    session.wait(session.computer.find())
    _ready(session, session.train.why_not)
    line = Line()
    session.wait(session.train.find_rate(), of_data(session, line))
    finder = session.train.finder
    if finder is None:
        raise ValueError("The search did not begin.")
    try:
        found = session.wait(finder, of_rates(finder, line))
    finally:
        line.end()
    facts: dict[str, Any] = msgspec.to_builtins(found)
    if found.suggestion is None:
        return facts, "No rate could be told from this: the loss never fell."
    return facts, f"Take a learning rate of about {found.suggestion:.2g}; above {found.highest:.2g} the loss rises."


def send_out(session: Session, args: argparse.Namespace) -> Result:
    """What runs have told, in a file for other programs."""
    open_project(session, args, write=False)
    room = session.train
    chosen = list(dict.fromkeys(room.named(name) for name in args.run)) or room.runs
    if not chosen:
        room.named()
    tables = [export.collect(run) for run in chosen]
    path = session.wait(session.files.ask(export.write, tables, args.to, args.out))
    return {"path": str(path), "runs": [run.name for run in chosen]}, f"{path} written."


def evaluate(session: Session, args: argparse.Namespace) -> Result:
    open_project(session, args, write=False)
    run = session.train.named(args.run)
    loss, step = session.wait(session.train.evaluate(run))
    if not math.isfinite(loss):
        raise ValueError(f"{run.name} has no finite loss at step {step}: train again with a lower learning rate.")
    manifest = session.data.manifest
    if manifest is None:
        raise ValueError("The tokenizer or its tokens are damaged. Tokenize the text again.")
    tokens = manifest.validation_tokens
    bits = loss * tokens / (manifest.validation_bytes * 0.6931471805599453) if manifest.validation_bytes else None
    facts = {"run": run.name, "step": step, "validation_loss": loss, "bits_per_byte": bits, "validation_tokens": tokens}
    if manifest.ngrams:
        facts["ngrams"] = msgspec.to_builtins(manifest.ngrams)
    return facts, f"{run.name}, step {step}: {loss:.4f} nats per token over all {tokens:,} validation tokens."


def run_facts(run: Run) -> dict[str, Any]:
    return {
        "run": run.name, "state": run.state, "step": run.step, "steps": run.steps, "loss": run.smoothed,
        "validation_loss": run.validation.last, "validation_whole": run.whole, "validation_best": run.best,
        "tokens_per_second": run.tokens_per_second, "seconds": run.seconds.last, "error": run.error,
        "note": run.note, "tags": list(run.tags), "group": run.group, "label": run.label, "created": run.created,
        "changes": msgspec.to_builtins(run.changes), "rolled_back": len(run.rolled_back),
    }  # fmt: skip


def run_line(run: Run) -> str:
    label = f" ({run.label})" if run.label else ""
    loss = f", loss {run.smoothed:.3f}" if run.smoothed is not None else ""
    validation = f", validation {run.validation.last:.4f}" if run.validation.last is not None else ""
    note = f"; {run.note.splitlines()[0]}" if run.note else ""
    return f"{run.name}{label}: {run.state}, step {run.step} of {run.steps}{loss}{validation}{note}"
