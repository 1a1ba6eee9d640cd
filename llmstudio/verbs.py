"""What the verbs of the command line do, over the same session as the window. Each gives (for --json, for people)."""

import argparse
import math
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from .core.data import synthetic
from .core.json_text import decode, fit
from .core.model.presets import PRESETS
from .session.run import Run
from .session.session import Session
from .terminal import Line, of_data, of_run

Result = tuple[dict[str, Any], str]


def run(args: argparse.Namespace) -> Result:
    if args.verb == "doctor":
        from .doctor import examine

        return examine()
    session = Session()
    session.noticed.connect(told := lambda: _tell(session, args.told))
    try:
        return VERBS[args.verb](session, args)
    finally:
        with _undisturbed():
            session.close()
        told()


def _tell(session: Session, told: set[str], kinds: tuple[str, ...] = ("error",)) -> None:
    """Say what went wrong as it happens, each sentence once."""
    for notice in session.notices:
        if notice.kind in kinds and notice.text not in told:
            told.add(notice.text)
            print("\r\x1b[K" * sys.stderr.isatty() + notice.text, file=sys.stderr)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl+C pressed again does not cut the saving short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _open(session: Session, args: argparse.Namespace, write: bool = True) -> None:
    session.wait(session.open(args.project, write))
    _tell(session, args.told, ("error", "info"))


def _new(session: Session, args: argparse.Namespace) -> Result:
    for kind, known, word in ((args.preset, PRESETS, "design"), (args.kit, {"": None, **synthetic.KITS}, "kit")):
        if kind not in known:
            raise ValueError(f"There is no {word} named {kind}. There is: {', '.join(filter(None, known))}.")
    session.wait(session.new(args.project, args.preset, args.kit))
    _data_work(session)
    model = session.build.model
    facts = {"project": str(session.folder.path), "design": model.name, "parameters": session.build.cost.parameters}
    return facts, f"{session.folder.path} is ready: {model.name}, {session.build.cost.parameters:,} parameters."


def _add(session: Session, args: argparse.Namespace) -> Result:
    _open(session, args)
    before = {source.id for source in session.data.sources}
    line = Line()
    session.wait(session.data.add(args.paths), of_data(session, line))
    line.end()
    added = [source for source in session.data.sources if source.id not in before]
    refused = [{"path": str(r.path), "reason": r.reason} for r in session.data.refused]
    if not added:
        raise ValueError("; ".join(f"{r['path']}: {r['reason']}" for r in refused) or "There was nothing to add.")
    lines = [f"{s.name}: {s.characters:,} characters, {s.encoding}" for s in added]
    lines += [f"left out {r['path']}: {r['reason']}" for r in refused]
    facts = {
        "added": [
            {"name": s.name, "characters": s.characters, "bytes": s.bytes, "encoding": s.encoding} for s in added
        ],
        "refused": refused,
    }
    return facts, "\n".join(lines)


def _tokenize(session: Session, args: argparse.Namespace) -> Result:
    _open(session, args)
    wanted = {"tokenizer": args.kind, "vocabulary": args.vocab, "validation": args.validation, "split": args.split}
    before = session.data.settings
    session.data.edit(changed(before, {k: v for k, v in wanted.items() if v is not None}))
    try:
        session.data.prepare()
        _data_work(session)
    except ValueError:
        session.data.edit(before)
        raise
    manifest = session.data.manifest
    assert manifest
    facts = msgspec.to_builtins(manifest)
    parts = f"{manifest.train_tokens:,} tokens to learn from, {manifest.validation_tokens:,} to test on"
    return facts, f"{parts}, vocabulary {manifest.vocab:,}."


def _train(session: Session, args: argparse.Namespace) -> Result:
    _open(session, args)
    recipe_edits, model_edits = _split_edits(args.set)
    if args.steps is not None:
        recipe_edits["steps"] = args.steps
    if args.resume:
        if recipe_edits or model_edits:
            raise ValueError(
                "A run goes on with the recipe it began with. Leave out --steps and --set, or start a new run."
            )
        run = session.train.named(args.run)
        session.wait(session.train.resume(run))
    else:
        _begin(session, args.run, recipe_edits, model_edits)
    shown = session.train.run
    assert shown and shown.job
    line = Line()
    try:
        session.wait(shown.job, of_run(shown, line))
    finally:
        line.end()
    return run_facts(shown), _run_line(shown)


def _begin(session: Session, name: str, recipe_edits: dict[str, Any], model_edits: dict[str, Any]) -> None:
    """Start a run with some fields changed. Where it cannot begin, recipe and design are what they were."""
    room, build = session.train, session.build
    recipe, model = room.recipe, build.model
    changes = changed(recipe, recipe_edits), changed(model, model_edits)
    try:
        room.edit(changes[0])
        build.edit(changes[1])
        line = Line()
        session.wait(room.start(name), of_data(session, line))
        line.end()
        if room.run is None or room.run.job is None:
            raise ValueError(session.notices[-1].text if session.notices else "The run did not begin.")
    except ValueError:
        room.edit(recipe)
        build.edit(model)
        raise


def _runs(session: Session, args: argparse.Namespace) -> Result:
    _open(session, args, write=False)
    runs = session.train.runs
    return {"runs": [run_facts(run) for run in runs]}, "\n".join(map(_run_line, runs)) or "No run yet."


def _eval(session: Session, args: argparse.Namespace) -> Result:
    _open(session, args, write=False)
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


def _generate(session: Session, args: argparse.Namespace) -> Result:
    _ready_to_talk(session, args)
    session.chat.new()
    session.chat.set_mode("go on")
    job = session.chat.send(args.prompt)
    session.wait(job)
    message = session.chat.messages[-1]
    facts = {
        "prompt": args.prompt,
        "text": message.text,
        "tokens": len(message.said),
        "seconds": message.seconds,
        "step": message.step,
    }
    return facts, args.prompt + message.text


def _chat(session: Session, args: argparse.Namespace) -> Result:
    from .tour import talk

    _ready_to_talk(session, args)
    session.chat.new()
    talk(session, args.json, args.told)
    return {"messages": [{"role": m.role, "text": m.text} for m in session.chat.messages]}, ""


def _ready_to_talk(session: Session, args: argparse.Namespace) -> None:
    _open(session, args, write=False)
    session.train.show(session.train.named(args.run))
    fields = {
        "max_tokens": args.tokens,
        "temperature": args.temperature,
        "top_k": args.top_k,
        "top_p": args.top_p,
        "seed": args.seed,
    }
    session.chat.edit_sampler(changed(session.chat.sampler, {k: v for k, v in fields.items() if v is not None}))


def _data_work(session: Session) -> None:
    line = Line()
    while session.data.busy and session.data.job:
        session.wait(session.data.job, of_data(session, line))
    line.end()


def _split_edits(pairs: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    recipe: dict[str, Any] = {}
    model: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--set wants KEY=VALUE, not {pair}.")
        (model if key.startswith("model.") else recipe)[key.removeprefix("model.")] = _value(value)
    return recipe, model


def _value(text: str) -> Any:
    text = text.encode("utf-8", "replace").decode()
    try:
        return decode(text.replace("True", "true").replace("False", "false"), object)
    except ValueError:
        return text


def changed(value: Any, fields: dict[str, Any]) -> Any:
    """`value` with some fields replaced; ValueError with one sentence where a field or its value is wrong."""
    assert isinstance(value, Struct)
    for name, new in fields.items():
        if name not in value.__struct_fields__:
            there = ", ".join(value.__struct_fields__)
            raise ValueError(f"{name or 'A value without a name'} is not a field here. There is: {there}.")
        if isinstance(getattr(value, name), str) and isinstance(new, int | float):
            fields = {**fields, name: str(new)}  # a text that looks like a number
    try:
        return fit(msgspec.to_builtins(replace(value, **fields)), type(value))
    except ValueError as error:
        raise ValueError(f"That value does not fit. {error}.") from error


def run_facts(run: Run) -> dict[str, Any]:
    return {
        "run": run.name, "state": run.state, "step": run.step, "steps": run.steps, "loss": run.smoothed,
        "validation_loss": run.validation.last, "validation_whole": run.whole,
        "tokens_per_second": run.tokens_per_second, "seconds": run.seconds.last, "error": run.error,
    }  # fmt: skip


def _run_line(run: Run) -> str:
    loss = f", loss {run.smoothed:.3f}" if run.smoothed is not None else ""
    validation = f", validation {run.validation.last:.4f}" if run.validation.last is not None else ""
    return f"{run.name}: {run.state}, step {run.step} of {run.steps}{loss}{validation}"


VERBS: dict[str, Callable[[Session, argparse.Namespace], Result]] = {
    "new": _new, "add": _add, "tokenize": _tokenize, "train": _train, "runs": _runs, "eval": _eval,
    "generate": _generate, "chat": _chat,
}  # fmt: skip
