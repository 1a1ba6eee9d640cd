"""The command line: its words, its output and its exit codes. What the verbs do is in `verbs`.

Exit code 0, 1 (the user's error, or Ctrl+C: one sentence on stderr) or 2 (usage). `--json` prints one JSON object on
stdout.
"""

import argparse
import contextlib
import io
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from . import __version__

DATA_KINDS = ("character", "byte", "bpe")


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    args.told = set()  # sentences that are on the screen already
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)  # bytes that are no text, letters that this terminal does not have
    with _log(), _interrupted_once():
        try:
            return _finish(args)
        except KeyboardInterrupt:
            return _refuse(args, "Stopped; what was done so far is saved.")
        except BrokenPipeError:  # whoever read the output has gone
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except Exception as error:
            if not isinstance(error, ValueError):
                logging.getLogger(__name__).exception("%s failed", args.verb)
            from .session.hall import sentence

            return _refuse(args, sentence(error))


def _finish(args: argparse.Namespace) -> int:
    if args.verb == "gallery":
        from .ui.gallery import gallery

        result, text = gallery(args.out, args.project)
    else:
        from . import verbs

        result, text = verbs.run(args)
    if args.json:
        print(json.dumps(result, ensure_ascii=False, allow_nan=False))
    elif text:
        print(text)
    sys.stdout.flush()
    return 0


def _refuse(args: argparse.Namespace, sentence: str) -> int:
    if args.json:
        print(json.dumps({"error": sentence}, ensure_ascii=False))
    if sentence not in args.told:
        print(sentence, file=sys.stderr)
    return 1


@contextlib.contextmanager
def _interrupted_once() -> Iterator[None]:
    """Ctrl+C ends the verb. Pressed again, it cuts short neither the saving nor the end of the process."""
    usual = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not usual:
        yield
        return

    def first(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is first:
            signal.signal(signal.SIGINT, usual)


@contextlib.contextmanager
def _log() -> Iterator[None]:
    """Errors go to the studio's log with all their details; the terminal gets sentences."""
    from .session.settings import log_folder

    handler: logging.Handler
    try:
        handler = logging.FileHandler(log_folder() / "studio.log", encoding="utf-8", delay=True, errors="replace")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="llmstudio",
        description="Build a transformer, train it on your own text, look inside it, talk to it. "
        "Without a verb the studio opens.",
    )
    top.add_argument("--version", action="version", version=f"LLM Studio {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    _project_verbs(verbs)
    _run_verbs(verbs)
    gallery = _verb(verbs, "gallery", "save a picture of every workspace and panel")
    gallery.add_argument("out", type=Path, metavar="OUT", help="folder for the pictures")
    gallery.add_argument(
        "--project", type=Path, help="a trained project to show; without it a small one is trained first"
    )
    _verb(verbs, "doctor", "versions, devices and paths, to paste into a bug report")
    return top


def _project_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    new = _project(verbs, "new", "make a project")
    new.add_argument(
        "--preset",
        default="nano",
        help="design to start from: quick, llama-like, gpt2-small ...; a wrong name lists all",
    )
    new.add_argument("--kit", default="", help="fill it with text made by the studio: persona, markov")
    add = _project(verbs, "add", "copy files and folders into a project's text")
    add.add_argument("paths", nargs="+", type=Path, metavar="FILE|FOLDER")
    tokenize = _project(verbs, "tokenize", "learn the tokenizer and write the tokens")
    tokenize.add_argument("--kind", choices=DATA_KINDS, help="how text becomes tokens")
    tokenize.add_argument("--vocab", type=int, help="vocabulary of a BPE tokenizer")
    tokenize.add_argument("--validation", type=float, help="share of the text kept for validation, 0 to 0.5")
    tokenize.add_argument("--split", choices=("share", "document"), help="keep the end of the text, or whole documents")


def _run_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    train = _project(verbs, "train", "train the design on the text")
    train.add_argument("--steps", type=int, help="how many times the weights are changed; with --resume: in all")
    train.add_argument("--run", default="", metavar="NAME", help="name of the run; with --resume: which one goes on")
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    train.add_argument(
        "--from", dest="from_", default="", metavar="RUN[@STEP]", help="begin with the weights a run kept at a step"
    )
    train.add_argument("--repeat", default="", metavar="RUN", help="train a run again exactly, with all its changes")
    _set(train, "learning_rate=1e-3, model.width=64 or blocks.*.mlp.hidden=128")
    sweep = _project(verbs, "sweep", "train many runs, to compare them")
    _set(sweep, "what to try: learning_rate=1e-3,3e-3 or, with --random, learning_rate=1e-4..1e-2")
    sweep.add_argument("--seeds", type=int, default=1, help="runs of each setting, with seeds of their own")
    sweep.add_argument("--random", type=int, metavar="N", help="draw N settings instead of trying all combinations")
    sweep.add_argument("--limit", type=int, default=100, help="most runs that may be made")
    queue = _project(verbs, "queue", "train the runs that wait for their turn")
    queue.add_argument("--clear", action="store_true", help="drop them instead")
    _project(verbs, "rate", "look for a good learning rate, on a copy of the model")
    _project(verbs, "runs", "list the runs")
    export = _project(verbs, "export", "write what runs have told for other programs")
    export.add_argument("out", type=Path, metavar="OUT", help="the file, or for TensorBoard the folder, to write")
    export.add_argument("--run", action="append", default=[], metavar="NAME", help="which run; all without it")
    export.add_argument("--to", choices=("csv", "parquet", "tensorboard"), default="csv", help="the format")
    evaluate = _project(verbs, "eval", "loss over the whole validation text")
    evaluate.add_argument("--run", default="", metavar="NAME", help="which run; the newest without it")
    generate = _project(verbs, "generate", "go on with a text")
    generate.add_argument("--prompt", default="", help="what to go on from")
    _sampler(generate)
    chat = _project(verbs, "chat", "talk to the model, line by line")
    _sampler(chat)


def _set(verb: argparse.ArgumentParser, text: str) -> None:
    verb.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=text)


def _sampler(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--run", default="", metavar="NAME", help="which run; the newest without it")
    verb.add_argument("--tokens", type=int, help="longest answer, in tokens")
    verb.add_argument("--temperature", type=float, help="0 always takes the likeliest token")
    verb.add_argument("--top-k", type=int, help="draw from the k likeliest only; 0: from all")
    verb.add_argument("--top-p", type=float, help="draw from the likeliest that together reach p")
    verb.add_argument("--seed", type=int, help="the same seed gives the same text")


def _project(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    verb = _verb(verbs, name, text)
    verb.add_argument("project", type=Path, metavar="P", help="folder of the project")
    return verb


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    verb.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return verb
