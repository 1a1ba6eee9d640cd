"""What happened in a project: runs, their events, chats. SQLite, one writer, used on the file thread only."""

import logging
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.train import events
from ..core.train.recipe import Recipe
from . import rebuild
from .curves import changed
from .database import MEMORY, Row, columns, damaged, open_database, open_read_only, why

log = logging.getLogger(__name__)


class History:
    """Opens or makes the database. A damaged file is moved aside and the runs are found again from their folders.

    `warnings`: what was wrong. Every verb raises ValueError where the disk refuses; events that could not be written
    are kept and written with the next ones.
    """

    def __init__(self, path: Path, runs: Path, write: bool = True) -> None:
        self.path = path
        self.warnings: list[str] = []
        self.lost = 0  # events of the run last asked for that could not be read
        self._unwritten: list[tuple[str, int, str, str]] = []
        try:
            self._db, new = self._open(write)
        except sqlite3.Error as error:
            raise ValueError(f"{path} cannot be opened: {why(error)}") from error
        if new:
            try:
                self._find_runs(runs)
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        try:
            if self._unwritten:
                self.append("", ())
        finally:
            self._db.close()

    def runs(self) -> list[Row]:
        about = "about" if "about" in columns(self._db) else "'{}'"  # an older file that may not be written to
        rows = self._db.execute(
            f"SELECT name, number, state, model, recipe, {about}, created FROM runs WHERE removed = 0 ORDER BY number"
        )
        return [
            Row(name=n, number=i, state=s, model=m, recipe=r, about=a or "{}", created=c or 0.0)
            for n, i, s, m, r, a, c in rows
        ]

    def removed(self) -> set[str]:
        """Names of the runs that were moved out of the way."""
        return {str(name) for (name,) in self._db.execute("SELECT name FROM runs WHERE removed = 1")}

    def put_run(self, row: Row) -> None:
        with self._changing():
            self._db.execute(
                "INSERT INTO runs (name, number, created, state, model, recipe, about) VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET "
                "state = excluded.state, model = excluded.model, recipe = excluded.recipe, about = excluded.about",
                (row.name, row.number, row.created or time.time(), row.state, row.model, row.recipe, row.about),
            )

    def set_about(self, run: str, about: str) -> None:
        """Note, tags and the rest, as JSON."""
        with self._changing():
            self._db.execute("UPDATE runs SET about = ? WHERE name = ?", (about, run))

    def set_state(self, run: str, state: str) -> None:
        with self._changing():
            self._db.execute("UPDATE runs SET state = ? WHERE name = ?", (state, run))

    def set_removed(self, run: str, removed: bool) -> None:
        with self._changing():
            self._db.execute("UPDATE runs SET removed = ? WHERE name = ?", (int(removed), run))

    def append(self, run: str, news: Iterable[events.Event]) -> None:
        self._unwritten += [
            (run, event.step, str(event.__struct_config__.tag), events.to_json(event).decode()) for event in news
        ]
        with self._changing():
            self._db.executemany("INSERT INTO events (run, step, kind, body) VALUES (?, ?, ?, ?)", self._unwritten)
        self._unwritten = []

    def cut(self, run: str, step: int) -> None:
        """Forget what came after `step`: the run goes on from there. What was changed before a roll-back did happen."""
        self._unwritten = [row for row in self._unwritten if row[0] != run or row[1] <= step]
        with self._changing():
            self._db.execute(
                "DELETE FROM events WHERE run = ?1 AND step > ?2 AND (kind != 'changed' OR rowid > IFNULL((SELECT "
                "max(rowid) FROM events WHERE run = ?1 AND step <= ?2 AND kind = 'rolled_back'), 0))", (run, step),
            )  # fmt: skip

    def events(self, run: str) -> list[events.Event]:
        """All that can be read; how many could not is in `lost`."""
        rows = self._db.execute("SELECT body FROM events WHERE run = ? ORDER BY rowid", (run,))
        bodies = [body for (body,) in rows]
        self.lost = 0
        try:
            return [_sound(event) for event in events.all_from_json(f"[{','.join(bodies)}]")]  # ten times as fast
        except (ValueError, TypeError):
            found = []
        for body in bodies:
            try:
                found.append(_sound(events.from_json(body)))
            except (ValueError, TypeError):
                self.lost += 1
        return found

    def put_chat(self, chat: int | None, body: str) -> int:
        """Save a conversation; gives its number."""
        with self._changing():
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

    def _open(self, write: bool) -> tuple[sqlite3.Connection, bool]:
        """The database, and whether it knows nothing yet. sqlite3.Error where it cannot be had."""
        new = not self.path.exists() or not self.path.stat().st_size
        if new and not write:
            return open_database(MEMORY), True
        try:
            return (open_database(self.path) if write else open_read_only(self.path)), new
        except sqlite3.Error as error:
            if not damaged(error):
                raise
            log.warning("%s is damaged: %s", self.path, error)
        if not write:
            self.warnings.append(f"{self.path.name} is damaged; the runs were found from their folders.")
            return open_database(MEMORY), True
        self._move_aside()
        self.warnings.append(
            f"{self.path.name} was damaged and moved aside; the runs were found again, their curves were not."
        )
        return open_database(self.path), True

    def _move_aside(self) -> None:
        try:
            self.path.replace(self.path.with_name(f"history.damaged-{int(time.time())}.db"))
            for rest in ("-wal", "-shm"):
                self.path.with_name(self.path.name + rest).unlink(missing_ok=True)
        except OSError as error:
            raise ValueError(f"{self.path} is damaged and cannot be moved aside: {error.strerror}.") from error

    def _find_runs(self, runs: Path) -> None:
        for each in rebuild.found(runs):
            if isinstance(each, str):
                self.warnings.append(each)
            else:
                row, news = each
                self.put_run(row)
                self.append(row.name, news)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            with self._db:
                yield
        except sqlite3.Error as error:
            raise ValueError(f"What happened cannot be written to {self.path.name}: {why(error)}") from error


def _sound(event: events.Event) -> events.Event:
    """ValueError where it tells of a recipe that cannot be."""
    if isinstance(event, events.Changed):
        changed(Recipe(), event.fields)
    return event
