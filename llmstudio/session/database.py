"""The file behind the history: opening it, and telling a damaged one from one that cannot be had just now."""

import sqlite3
from pathlib import Path

from msgspec import Struct

TABLES = """
CREATE TABLE IF NOT EXISTS runs (name TEXT PRIMARY KEY, number INTEGER, created REAL, state TEXT,
                                 model TEXT, recipe TEXT, removed INTEGER DEFAULT 0, about TEXT DEFAULT '{}');
CREATE TABLE IF NOT EXISTS events (run TEXT, step INTEGER, kind TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS events_by_run ON events (run, step);
CREATE TABLE IF NOT EXISTS chats (id INTEGER PRIMARY KEY, created REAL, body TEXT);
"""
SHAPE = (  # what is asked of a file that was there before
    "SELECT name, number, created, state, model, recipe, removed FROM runs LIMIT 0",
    "SELECT run, step, kind, body FROM events LIMIT 0",
    "SELECT id, created, body FROM chats LIMIT 0",
)
LATER = {"about": "TEXT DEFAULT '{}'"}  # columns of `runs` that files of the first version do not have
VERSION = 2  # of the file's shape
MEMORY = ":memory:"


class Row(Struct, frozen=True, kw_only=True):
    """One run as the database knows it."""

    name: str
    number: int
    state: str
    model: str  # JSON
    recipe: str  # JSON
    about: str = "{}"  # JSON of an `About`
    created: float = 0.0  # seconds since 1970; 0: now, or not known


class NewerError(ValueError):
    """The file was written by a newer version."""


def open_database(path: Path | str) -> sqlite3.Connection:
    """Open or make it. sqlite3.Error: see `damaged`."""
    db = sqlite3.connect(path, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        _refuse_newer(db, path)
        db.executescript(TABLES)
        for column in LATER.keys() - columns(db):
            db.execute(f"ALTER TABLE runs ADD COLUMN {column} {LATER[column]}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.commit()
        return _checked(db)
    except BaseException:
        db.close()
        raise


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open one that is not to be written, or cannot be. sqlite3.Error: see `damaged`."""
    first: sqlite3.OperationalError | None = None
    for how in ("mode=rw", "immutable=1"):  # a folder that cannot be written to has no place for the shared memory
        try:
            db = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, check_same_thread=False)
        except sqlite3.OperationalError as error:
            first = first or error
            continue
        try:
            _refuse_newer(db, path)
            return _checked(db)
        except sqlite3.OperationalError as error:
            db.close()
            first = first or error
        except BaseException:
            db.close()
            raise
    assert first
    raise first


def columns(db: sqlite3.Connection) -> set[str]:
    """Names of what is kept of each run."""
    return {str(row[1]) for row in db.execute("PRAGMA table_info(runs)")}


def damaged(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken: not if it is locked, or the disk is full, or may not be written to."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def why(error: sqlite3.Error) -> str:
    """What keeps it from being read or written, as the end of a sentence."""
    return {
        sqlite3.SQLITE_FULL: "the disk is full. Free some space: it is tried again.",
        sqlite3.SQLITE_BUSY: "another program is using it. Close that one.",
        sqlite3.SQLITE_LOCKED: "another program is using it. Close that one.",
        sqlite3.SQLITE_READONLY: "there is no permission to write. Allow it in the folder's properties.",
        sqlite3.SQLITE_CANTOPEN: "it is not there any more, or there is no permission. Look at the project's folder.",
        sqlite3.SQLITE_IOERR: "the disk reported a fault, or the folder is gone. Look at the project's folder.",
    }.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, f"{str(error).rstrip('.')}.")


def _refuse_newer(db: sqlite3.Connection, path: Path | str) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise NewerError(
            f"{path} was written by a newer LLM Studio (format {version}); this one reads format {VERSION}. "
            "It was left as it is."
        )


def _checked(db: sqlite3.Connection) -> sqlite3.Connection:
    for question in SHAPE:
        db.execute(question)
    if (state := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise sqlite3.DatabaseError(state)
    return db
