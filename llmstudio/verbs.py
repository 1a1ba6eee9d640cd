"""What the verbs of the command line do, over the same session as the window. Each gives (for --json, for people)."""

import argparse
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from . import training
from .core.data import synthetic
from .core.model.presets import PRESETS
from .opening import data_work, open_project
from .session.session import Session
from .terminal import Line, of_data, tell
from .typed import changed

Result = tuple[dict[str, Any], str]


def run(args: argparse.Namespace) -> Result:
    if args.verb == "doctor":
        from .doctor import examine

        return examine()
    session = Session()

    def told() -> None:
        tell(session, args.told)

    session.noticed.connect(told)
    try:
        return VERBS[args.verb](session, args)
    finally:
        with _undisturbed():
            session.close()
        told()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl+C does not cut the saving short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _new(session: Session, args: argparse.Namespace) -> Result:
    for kind, known, word in ((args.preset, PRESETS, "design"), (args.kit, {"": None, **synthetic.KITS}, "kit")):
        if kind not in known:
            raise ValueError(f"There is no {word} named {kind}. There is: {', '.join(filter(None, known))}.")
    session.wait(session.new(args.project, args.preset, args.kit))
    data_work(session)
    model = session.build.model
    facts = {"project": str(session.folder.path), "design": model.name, "parameters": session.build.cost.parameters}
    return facts, f"{session.folder.path} is ready: {model.name}, {session.build.cost.parameters:,} parameters."


def _add(session: Session, args: argparse.Namespace) -> Result:
    open_project(session, args)
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
    open_project(session, args)
    wanted = {"tokenizer": args.kind, "vocabulary": args.vocab, "validation": args.validation, "split": args.split}
    before = session.data.settings
    session.data.edit(changed(before, {k: v for k, v in wanted.items() if v is not None}))
    try:
        session.data.prepare()
        data_work(session)
    except ValueError:
        session.data.edit(before)
        raise
    manifest = session.data.manifest
    assert manifest
    facts = msgspec.to_builtins(manifest)
    parts = f"{manifest.train_tokens:,} tokens to learn from, {manifest.validation_tokens:,} to test on"
    return facts, f"{parts}, vocabulary {manifest.vocab:,}."


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
    open_project(session, args, write=False)
    session.train.show(session.train.named(args.run))
    fields = {
        "max_tokens": args.tokens,
        "temperature": args.temperature,
        "top_k": args.top_k,
        "top_p": args.top_p,
        "seed": args.seed,
    }
    session.chat.edit_sampler(changed(session.chat.sampler, {k: v for k, v in fields.items() if v is not None}))


VERBS: dict[str, Callable[[Session, argparse.Namespace], Result]] = {
    "new": _new, "add": _add, "tokenize": _tokenize, "generate": _generate, "chat": _chat,
    "train": training.train, "runs": training.runs, "eval": training.evaluate, "sweep": training.sweep,
    "queue": training.queue, "rate": training.rate, "export": training.send_out,
}  # fmt: skip
