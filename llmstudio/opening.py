"""Opening a project for a verb of the command line."""

import argparse

from .session.session import Session
from .terminal import Line, of_data, tell


def open_project(session: Session, args: argparse.Namespace, write: bool = True) -> None:
    session.wait(session.open(args.project, write))
    tell(session, args.told, ("error", "info"))


def data_work(session: Session) -> None:
    line = Line()
    while session.data.busy and session.data.job:
        session.wait(session.data.job, of_data(session, line))
    line.end()
