"""The starter tour in a terminal: train the starter project, read a sample, talk to it."""

import sys
from collections.abc import Collection

from .session.session import Session
from .session.settings import starter_folder
from .terminal import Line, of_data, of_run

GOODBYE = ("quit", "exit", "bye")


def tour() -> int:
    session = Session()
    try:
        return _tour(session)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\nStopped; what was trained is saved.", file=sys.stderr)
        return 0
    finally:
        session.close()


def _tour(session: Session) -> int:
    line = Line()
    folder = starter_folder()
    session.wait(session.open(folder) if folder.exists() else session.new(folder, kit="persona", name="Odo"))
    if session.data.job:
        session.wait(session.data.job, of_data(session, line))
        line.end()
    assert session.project
    print(
        f"{session.project.name}: {len(session.data.sources)} text, {session.build.cost.parameters:,} parameters.",
        file=sys.stderr,
    )
    if not any(run.state == "finished" for run in session.train.runs):
        _train(session, line)
    return talk(session)


def _train(session: Session, line: Line) -> None:
    unfinished = session.train.runs[-1] if session.train.runs else None
    session.wait(session.train.resume(unfinished) if unfinished and unfinished.step else session.train.start())
    run = session.train.run
    assert run and run.job
    session.wait(run.job, of_run(run, line, samples=True))
    line.end()


def talk(session: Session, json: bool = False, told: Collection[str] = ()) -> int:
    """Read lines from stdin and answer each; the end of the input or "quit" ends it. `told`: errors that were said."""
    name = session.chat.template.model if session.chat.mode == "talk" else "it goes on"
    interactive = sys.stdin.isatty() and not json
    if interactive:
        print("Say something; an empty line or 'quit' ends.", file=sys.stderr)
    while True:
        if interactive:
            print("> ", end="", file=sys.stderr, flush=True)
        words = sys.stdin.readline()
        if not words.strip() or words.strip().lower() in GOODBYE:
            return 0
        try:
            job = session.chat.send(words.rstrip("\n"))
            if not json:
                print(f"{name}: ", end="", flush=True)
            _stream(session, job, quiet=json)
        except ValueError as error:  # such as letters that the model does not know: one can say something else
            if str(error) not in told:
                print(error, file=sys.stderr)


def _stream(session: Session, job: "object", quiet: bool) -> None:
    from .session.worker import Job

    assert isinstance(job, Job)
    shown = 0

    def each() -> None:
        nonlocal shown
        while shown < len(job.log):
            text = job.log[shown].text
            print(text.lstrip() if shown == 0 else text, end="", flush=True)
            shown += 1

    session.wait(job, None if quiet else each)
    if not quiet:
        print()
