"""A picture of every workspace and panel, empty and full, dark and light: to look at, to compare, for the manual."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # pictures need no display

from msgspec.structs import replace
from PySide6.QtWidgets import QApplication

from ..core.model import spec
from ..session.session import Session
from .app import warm_up_models
from .style import dress
from .theme import theme
from .window import Window

SIZES = ((1440, 900), (1100, 700))
STEPS = 300  # of the run made for the pictures
SHORT = 120  # of each of those beside it
SETTLE = 1.2  # seconds for a workspace to fetch what it shows


class Studio:
    """One window and the pictures taken of it."""

    def __init__(self, app: QApplication, out: Path) -> None:
        self.app, self.out = app, out
        self.session = Session()
        self.window = Window(self.session)
        self.window.show()
        self.saved: list[str] = []

    def wait(self, work: Any) -> Any:
        return self.session.wait(work, self.app.processEvents)

    def settle(self, seconds: float = SETTLE) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents()
            time.sleep(0.005)

    def take(
        self, state: str, stages: tuple[str, ...] = (), panels: bool = False, ready: Callable[[], object] = bool
    ) -> None:
        """Every stage in both themes and sizes; `panels`: each panel too; `ready`: what to do at each size."""
        for stage in stages or tuple(stage.name for stage in self.window.stages):
            self.window.choose(stage)
            self.window.workspace.fill_now()
            for mode, (width, height) in _looks():
                theme.apply(mode)
                self.window.resize(width, height)
                self.settle(0.1)
                ready()
                self.settle()
                size = "" if width == SIZES[0][0] else f"-{width}"
                self._save(self.window, f"{stage}-{state}-{mode}{size}.png")
                if panels and not size:
                    self._take_panels(mode)

    def _take_panels(self, mode: str) -> None:
        """Each panel by itself, those behind others brought to the front for a moment."""
        workspace = self.window.workspace
        for panel in workspace.panels():
            if not panel.isVisible() or panel.visibleRegion().isEmpty():
                workspace.bring(panel.name)
                self.settle()
            self._save(panel, f"panels/{panel.name}-{mode}.png")
        workspace.reset()

    def close(self) -> None:
        self.window.close()
        self.settle(0.1)

    def _save(self, widget: Any, name: str) -> None:
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not widget.grab().save(str(path)):
            raise ValueError(f"{path} could not be written. Choose another folder.")
        self.saved.append(name)


def gallery(out: Path, project: Path | None = None) -> tuple[dict[str, Any], str]:
    """Save the pictures in `out`; of `project`, or of the starter, trained for a moment. The user's settings stay."""
    out = out.expanduser().absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{out} cannot be made: {error.strerror}. Choose another folder.") from error
    with tempfile.TemporaryDirectory() as home:
        before = os.environ.get("LLMSTUDIO_HOME")
        os.environ["LLMSTUDIO_HOME"] = home
        try:
            saved = _pictures(out, project, Path(home))
        finally:
            if before is None:
                del os.environ["LLMSTUDIO_HOME"]
            else:
                os.environ["LLMSTUDIO_HOME"] = before
    return {"folder": str(out), "pictures": saved}, f"{len(saved)} pictures in {out}"


def _pictures(out: Path, project: Path | None, home: Path) -> list[str]:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    dress(app, "dark")
    studio = Studio(app, out)
    try:
        studio.wait(warm_up_models(studio.session))
        studio.wait(studio.session.new(home / "Empty", preset="nanogpt-shakespeare-cpu"))
        studio.take("empty")
        if project:
            studio.wait(studio.session.open(project, write=False))
        else:
            _train(studio, home / "Odo")
        _talk(studio)
        studio.take("full", panels=True)
        _designs(studio)
        run = studio.session.train.run
        if run and len(run.snapshots) > 2:
            studio.session.inside.go(run.snapshots[-len(run.snapshots) // 3])
            studio.take("past", ("inside",))
            studio.session.inside.go(None)
        if not project:
            for many in (5, 20):
                _more_runs(studio, many)
                studio.take(f"{many}-runs", ("train",))
    finally:
        studio.close()
    return studio.saved


def _train(studio: Studio, folder: Path) -> None:
    """The starter, trained for a moment: pictures before, during and after."""
    session = studio.session
    studio.wait(session.new(folder, kit="persona", name="Odo"))
    studio.take("first", ("train",))
    session.train.edit(replace(session.train.recipe, steps=STEPS, evaluate_every=25, sample_every=50))
    studio.wait(session.train.start())
    run = session.train.run
    assert run and run.job
    _until(studio, lambda: run.step >= STEPS // 2 or not run.live)
    session.train.pause()
    studio.take("live", ("train",))
    session.train.pause(False)
    studio.wait(run.job)


def _designs(studio: Studio) -> None:
    """The canvas with an inside open, with a problem, and with many blocks of all kinds from far away."""
    build = studio.session.build
    studio.window.choose("build")
    studio.window.workspace.fill_now()
    studio.settle()
    canvas: Any = studio.window.workspace.panel("build.canvas")
    before = build.model
    studio.take("near", ("build",), ready=lambda: [canvas.scene.look_inside(0, on) for on in (False, True)])
    canvas.scene.look_inside(0, False)
    attention = replace(before.blocks[0].attention or spec.Attention(), heads=5)
    build.edit(spec.change(before, "blocks.0.attn", attention))
    studio.take("problem", ("build",), ready=canvas.view.home)
    build.edit(_many(before))
    studio.take("far", ("build",), ready=canvas.view.fit)
    build.edit(before)


def _many(model: spec.Model) -> spec.Model:
    """Forty blocks of five kinds, with groups and wires over each other."""
    first, wide = model.blocks[0], spec.MLP(activation="swiglu")
    kinds = (
        first,
        replace(first, attention=spec.Attention(heads=4, kv_heads=2, window=8), mlp=wide),
        spec.Block(parallel=True, note="As in GPT-J"),
        spec.Block(attention=None, mlp=None, convolution=spec.Convolution(), experts=spec.Experts()),
        spec.Block(placement="sandwich", attention=None, recurrence=spec.Recurrence()),
    )
    return replace(
        model,
        blocks=tuple(kinds[i % 5] for i in range(40)),
        skips=tuple(spec.Skip(source=i, target=40 - i, gated=i % 2 == 0) for i in (0, 2, 4, 6)),
        groups=(spec.Group(first=10, last=14, name="Middle"), spec.Group(first=20, last=24)),
    )


def _more_runs(studio: Studio, many: int) -> None:
    """Short runs beside the first one, each a little different, until there are so many."""
    train = studio.session.train
    rate = train.recipe.learning_rate
    while len(train.runs) < many:
        n = len(train.runs)
        short = replace(train.recipe, steps=SHORT, evaluate_every=20, seed=n // 5)
        train.edit(replace(short, learning_rate=rate * 2 ** (n % 5 - 2)))
        studio.wait(train.start())
        assert train.run and train.run.job
        studio.wait(train.run.job)
    train.edit(replace(train.recipe, learning_rate=rate))


def _talk(studio: Studio) -> None:
    chat = studio.session.chat
    if not chat.messages and not studio.session.inside.why_not:
        for words in ("Hello, who are you?", "What do you do when it rains?"):
            studio.wait(chat.send(words))
    said = chat.messages[-1].said if chat.messages else []
    if said:  # the most surprising token is the one to open
        chat.pick(len(chat.messages) - 1, max(range(len(said)), key=lambda n: said[n].bits))
    studio.session.inside.lock(query=len(studio.session.inside.probe.split()), token=300)


def _until(studio: Studio, met: Callable[[], bool]) -> None:
    while not met():
        studio.app.processEvents()
        studio.session.poll()
        time.sleep(0.005)


def _looks() -> Iterator[tuple[Any, tuple[int, int]]]:
    for mode in ("dark", "light"):
        yield mode, SIZES[0]
    yield "dark", SIZES[1]
