"""A person before a screen: an X server in memory, a mouse and a keyboard (xdotool), eyes, and patience."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SCREEN = "1440x900x24"
PATIENCE = 120.0  # seconds for anything to happen: the machine may be busy with other things
LOOK_EVERY = 0.2
DRAG_MOVES = 12


@contextmanager
def screen(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of programs on a fresh screen of our own, in a home of their own."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as number:
            name = f":{number.readline().strip()}"
        ours = {"DISPLAY": name, "QT_QPA_PLATFORM": "xcb", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        gone = ("WAYLAND_DISPLAY", "QT_SCALE_FACTOR", "XDG_SESSION_TYPE")
        yield {key: value for key, value in os.environ.items() if key not in gone} | ours
    finally:
        server.terminate()
        server.wait()


def until(condition: Callable[[], Any], what: Callable[[], str] | str, patience: float = PATIENCE) -> Any:
    """Look until it is so; what it was then. AssertionError with `what` was waited for."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {patience:.0f} s: {what if isinstance(what, str) else what()}"
        time.sleep(LOOK_EVERY)
    return found


class Studio:
    """The studio running as a child: everything done to it goes through the X server, everything seen comes back."""

    def __init__(self, environment: dict[str, str], home: Path, errors: Path) -> None:
        self._environment = environment
        self._rest = b""
        self._others: list[subprocess.Popen[str]] = []
        self.errors = errors
        command = [sys.executable, "-P", "-m", "tests.window.studio"]
        path = os.pathsep.join(part for part in (str(ROOT), environment.get("PYTHONPATH", "")) if part)
        with errors.open("ab") as said:
            self.process = subprocess.Popen(
                command,
                cwd=home,
                env=environment | {"LLMSTUDIO_HOME": str(home), "PYTHONPATH": path, "LLMSTUDIO_TIMING": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
            )

    # eyes

    def ask(self, question: str, **more: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"ask": question, **more}).encode() + b"\n")
        self.process.stdin.flush()
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            assert left > 0, f"the window does not answer ({question}): {self.errors.read_text()}"
            if select.select([self.process.stdout], [], [], left)[0]:
                part = os.read(self.process.stdout.fileno(), 1 << 20)
                assert part, f"the studio has ended: {self.errors.read_text()}"
                self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    @property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("facts")
        return found

    @property
    def step(self) -> int:
        run = self.facts["run"]
        return int(run["step"]) if run else 0

    def wait(self, condition: Callable[[dict[str, Any]], Any], what: str, patience: float = PATIENCE) -> Any:
        """Until the session's facts are so."""
        return until(lambda: condition(self.facts), lambda: f"{what}; it is {self.facts}", patience)

    def see(self, words: str, inside: str = "", kind: str = "") -> dict[str, Any]:
        """Where a thing is that can be clicked now; the topmost, leftmost one where there are several."""

        def reachable() -> list[dict[str, Any]]:
            found = self.ask("things", words=words, inside=inside, kind=kind)
            return [thing for thing in found if thing["reachable"] and thing["enabled"]]

        def what() -> str:
            there = self.ask("things", words=words, inside=inside, kind=kind)
            return f"{words!r} to click in {inside or 'the window'}; there is {there or self.ask('words')}"

        found: list[dict[str, Any]] = until(reachable, what)
        return min(found, key=lambda thing: (thing["rect"][1], thing["rect"][0]))

    def picture(self, name: str, save: str = "") -> str:
        return str(self.ask("picture", name=name, save=save))

    def keep(self, name: str) -> None:
        """Save the screen for people to look at, where they asked for it."""
        if folder := os.environ.get("LLMSTUDIO_PICTURES"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            assert self.ask("screen", save=str(Path(folder) / f"{name}.png"))

    # hands

    def do(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self._environment, check=True, timeout=PATIENCE)

    def point(self, x: float, y: float) -> None:
        self.do("mousemove", "--sync", str(round(x)), str(round(y)))

    def click(self, words: str, inside: str = "", kind: str = "") -> None:
        x, y, wide, high = self.see(words, inside, kind)["rect"]
        self.point(x + wide / 2, y + high / 2)
        self.do("click", "1")

    def key(self, *keys: str) -> None:
        self.do("key", "--clearmodifiers", *keys)

    def type(self, text: str) -> None:
        """Into the field with the focus, in place of what is there.

        For a letter that is not on the keyboard xdotool puts a new key on it: now and then the window has not heard of
        that key when it is pressed. So, as people do, look at what was written and write it again.
        """

        def written() -> bool:
            self.key("ctrl+a")
            self.do("type", "--clearmodifiers", "--delay", "20", text)
            deadline = time.monotonic() + 5
            while self.ask("typed") != text and time.monotonic() < deadline:
                time.sleep(LOOK_EVERY)
            return bool(self.ask("typed") == text)

        until(written, lambda: f"{text!r} in the field; it says {self.ask('typed')!r}")

    def focus(self, title: str) -> None:
        """Give a window the keyboard, as a window manager does when it opens: there is none on this screen."""

        def window() -> dict[str, Any] | None:
            return next((each for each in self.ask("windows") if each["title"] == title), None)

        until(window, lambda: f"a window {title!r}; there are {self.ask('windows')}")

        def active() -> bool:
            found = window()
            if found and not found["active"]:
                self.do("windowfocus", str(found["id"]))
            return bool(found and found["active"])

        until(active, f"the keyboard in {title!r}")

    def drop(self, path: Path, x: int, y: int) -> str:
        """Drag a file from another program's window to a place on the screen; what that program was told of it."""
        at = (1300, 20)
        command = [sys.executable, str(Path(__file__).parent / "carrier.py"), *map(str, at), str(path)]
        other = subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True)
        self._others.append(other)  # it stays open: the window asks it for the names when the file is let go
        assert other.stdout
        assert other.stdout.readline() == "ready\n"
        self.point(at[0] + 60, at[1] + 20)
        self.do("mousedown", "1")
        for n in range(1, DRAG_MOVES + 1):
            share = n / DRAG_MOVES
            self.point(at[0] + 60 + (x - at[0] - 60) * share, at[1] + 20 + (y - at[1] - 20) * share)
            self.ask("facts")  # the window has taken in the move
        self.keep("03 dragged")
        self.do("mouseup", "1")
        return other.stdout.readline().strip()

    def put_away(self) -> None:
        """Close the other program's windows."""
        for other in self._others:
            other.kill()
            other.communicate()
        self._others.clear()

    def ended(self) -> int:
        """The exit code, once it has closed itself."""
        assert self.process.stdin and self.process.stdout
        code = self.process.wait(PATIENCE)
        self.put_away()
        self.process.stdin.close()
        self.process.stdout.close()
        return code

    def give_up(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.ended()
