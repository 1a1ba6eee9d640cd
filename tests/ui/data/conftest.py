"""A session with an empty project, and the four panels of Data on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llmstudio.session.session import Session
from llmstudio.ui.panel import Panel
from llmstudio.ui.theme import theme


@pytest.fixture
def session(qapp: object, tmp_path: Path) -> Iterator[Session]:
    theme.apply("dark")
    made = Session()
    made.wait(made.new(tmp_path / "P", preset="nanogpt-shakespeare-cpu"))
    yield made
    made.close()


Show = Callable[[type[Panel]], Panel]


@pytest.fixture
def show(qtbot, session: Session) -> Show:  # type: ignore[no-untyped-def]
    """Make a panel and put it on the screen."""

    def made(kind: type[Panel]) -> Panel:
        panel = kind(session)
        qtbot.addWidget(panel)
        panel.resize(560, 420)
        panel.show()
        qtbot.waitExposed(panel)
        panel.tick()
        return panel

    return made


@pytest.fixture
def settle(qtbot, session: Session) -> Callable[..., None]:  # type: ignore[no-untyped-def]
    """Let the clock run, as in the window, until `done()`."""

    def wait(done: Callable[[], bool], *panels: Panel) -> None:
        def beat() -> bool:
            session.poll()
            for panel in panels:
                panel.tick()
            return done()

        qtbot.waitUntil(beat, timeout=20_000)

    return wait
