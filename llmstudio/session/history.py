"""What happened in a project: runs, their events, chats. SQLite, one writer, used on the file thread only."""

import logging
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from ..core.model import spec
from ..core.train import events

log = logging.getLogger(__name__)

TABLES = """
CREATE TABLE IF NOT EXISTS runs (name TEXT PRIMARY KEY, number INTEGER, created REAL, state TEXT,
                                 model TEXT, recipe TEXT, removed INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS events (run TEXT, step INTEGER, kind TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS events_by_run ON events (run, step);
CREATE TABLE IF NOT EXISTS chats (id INTEGER PRIMARY KEY, created REAL, body TEXT);
"""


class Row(Struct, frozen=True, kw_only=True):
    """One run as the database knows it."""

    name: str
    number: int
    state: str
    model: str  # JSON
    recipe: str  # JSON


class History:
    """Opens or makes the database. A damaged file is moved aside and the runs are found again from their folders."""

    def __init__(self, path: Path, runs: Path) -> None:
        self.path = path
        self.repaired = False
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError:
            log.exception("history.db is damaged")
            aside = path.with_name(f"history.damaged-{int(time.time())}.db")
            path.replace(aside)
            for rest in ("-wal", "-shm"):
                path.with_name(path.name + rest).unlink(missing_ok=True)
            self._db = _open(path)
            self.repaired = True
            self._find_runs(runs)

    def close(self) -> None:
        self._db.close()

    def runs(self) -> list[Row]:
        rows = self._db.execute("SELECT name, number, state, model, recipe FROM runs WHERE removed = 0 ORDER BY number")
        return [Row(name=n, number=i, state=s, model=m, recipe=r) for n, i, s, m, r in rows]

    def put_run(self, row: Row) -> None:
        with self._db:
            self._db.execute(
                "INSERT INTO runs (name, number, created, state, model, recipe) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET "
                "state = excluded.state, model = excluded.model, recipe = excluded.recipe",
                (row.name, row.number, time.time(), row.state, row.model, row.recipe),
            )

    def set_state(self, run: str, state: str) -> None:
        with self._db:
            self._db.execute("UPDATE runs SET state = ? WHERE name = ?", (state, run))

    def set_removed(self, run: str, removed: bool) -> None:
        with self._db:
            self._db.execute("UPDATE runs SET removed = ? WHERE name = ?", (int(removed), run))

    def append(self, run: str, news: Iterable[events.Event]) -> None:
        rows = [(run, event.step, str(event.__struct_config__.tag), events.to_json(event).decode()) for event in news]
        with self._db:
            self._db.executemany("INSERT INTO events (run, step, kind, body) VALUES (?, ?, ?, ?)", rows)

    def cut(self, run: str, step: int) -> None:
        """Forget what came after `step`: the run goes on from there."""
        with self._db:
            self._db.execute("DELETE FROM events WHERE run = ? AND step > ?", (run, step))

    def events(self, run: str) -> list[events.Event]:
        rows = self._db.execute("SELECT body FROM events WHERE run = ? ORDER BY rowid", (run,))
        return [events.from_json(body) for (body,) in rows]

    def put_chat(self, chat: int | None, body: str) -> int:
        """Save a conversation; gives its number."""
        with self._db:
            if chat is None:
                return int(
                    self._db.execute("INSERT INTO chats (created, body) VALUES (?, ?)", (time.time(), body)).lastrowid
                    or 0
                )
            self._db.execute("UPDATE chats SET body = ? WHERE id = ?", (body, chat))
            return chat

    def last_chat(self) -> tuple[int, str] | None:
        row = self._db.execute("SELECT id, body FROM chats ORDER BY id DESC LIMIT 1").fetchone()
        return (int(row[0]), str(row[1])) if row else None

    def _find_runs(self, runs: Path) -> None:
        found = sorted(runs.glob("*/spec.json"), key=lambda path: path.stat().st_mtime)
        for number, path in enumerate(found, start=1):
            recipe = path.with_name("recipe.json")
            if not recipe.exists():
                continue
            model = spec.to_json(spec.from_json(path.read_bytes())).decode()
            self.put_run(
                Row(
                    name=path.parent.name,
                    number=number,
                    state="interrupted",
                    model=model,
                    recipe=recipe.read_text("utf-8"),
                )
            )


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(TABLES)
        if (state := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(state)
    except BaseException:
        db.close()
        raise
    return db
