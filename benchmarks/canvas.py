"""The canvas with a design of many blocks: how long a frame takes while it is moved and zoomed, and an edit.

    python3 run.py bench canvas [--blocks 200] [--frames 120]

Off the screen, 900 x 800, everything painted by the processor. A frame is one repaint of the whole view after a step of
the mouse; an edit is counted from the new design to its picture, with its problems and its cost.
"""

import argparse
import os
import tempfile
from statistics import median, quantiles
from time import perf_counter
from typing import Any

FRAME, EDIT = 16.0, 50.0  # ms that are wanted


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench canvas")
    wish.add_argument("--blocks", type=int, default=200)
    wish.add_argument("--frames", type=int, default=120)
    asked = wish.parse_args(arguments)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as home:
        os.environ["LLMSTUDIO_HOME"] = home
        measure(asked.blocks, asked.frames)


def design(blocks: int) -> Any:
    """All kinds of block, wires over each other, groups in the middle."""
    from llmstudio.core.model.spec import MLP, Attention, Block, Convolution, Experts, Group, Model, Recurrence, Skip

    wide = MLP(activation="swiglu", hidden=344)
    kinds = (
        Block(attention=Attention(heads=4, window=8, kv_heads=2), mlp=wide),
        Block(parallel=True),
        Block(convolution=Convolution(), recurrence=Recurrence(), attention=None, mlp=None, experts=Experts()),
        Block(placement="sandwich", norm="rms", note="Norms before and after."),
        Block(placement="post", mlp=wide),
    )
    third = blocks // 3
    return Model(
        name="Many blocks",
        position="rope",
        width=128,
        blocks=tuple(kinds[i % len(kinds)] for i in range(blocks)),
        skips=tuple(Skip(source=i, target=blocks - i, gated=i % 2 == 0) for i in range(0, third, 10)),
        groups=(Group(first=third, last=third + 9, name="Middle"),),
    )


def measure(blocks: int, frames: int) -> None:
    from PySide6.QtWidgets import QApplication

    from llmstudio.session.session import Session
    from llmstudio.ui.canvas.scene import Scene
    from llmstudio.ui.canvas.view import CanvasView
    from llmstudio.ui.style import dress

    app = QApplication([])
    dress(app, "dark")
    session = Session()
    session.build.edit(design(blocks))
    scene = Scene(session)
    session.build.changed.connect(scene.refresh)
    view = CanvasView(scene)
    view.resize(900, 800)
    view.show()
    app.processEvents()
    for zoom in (1.0, 0.6, 0.35, 0.2, 0.1):
        view.set_zoom(zoom)
        view.centerOn(0, 0)
        bar = view.verticalScrollBar()
        _frame(view, lambda: None)
        times = [_frame(view, lambda bar=bar: bar.setValue(bar.value() + 40)) for _ in range(frames)]
        _tell(f"pan at {100 * zoom:.0f} %", times)
    view.set_zoom(0.05)
    _tell("zoom from 5 % on", [_frame(view, lambda: view.set_zoom(view.zoom * 1.04)) for _ in range(frames)])
    view.set_zoom(1.0)
    _tell("an edit", [_frame(view, edit) for edit in _edits(session.build, blocks)], EDIT)
    session.close()


def _frame(view: Any, move: Any) -> float:
    """Milliseconds from the step to its picture."""
    start = perf_counter()
    move()
    view.viewport().repaint()
    view.map.repaint()
    return 1000 * (perf_counter() - start)


def _edits(build: Any, blocks: int) -> Any:
    """Edits of four kinds, here and there."""
    from msgspec.structs import replace

    from llmstudio.core.model import spec

    for k in range(40):
        i, model = (37 * k) % blocks, build.model
        block = replace(model.blocks[i], residual=not model.blocks[i].residual)
        edited = (
            spec.change(model, f"blocks.{i}", block),
            spec.duplicate(model, i),
            spec.move(model, i, 0),
            replace(model, width=model.width + 64),
        )[k % 4]
        yield lambda edited=edited: build.edit(edited)


def _tell(what: str, times: list[float], most: float = FRAME) -> None:
    high = quantiles(times, n=20)[-1]
    print(f"{what:18} median {median(times):5.1f} ms   p95 {high:5.1f} ms   (at most {most:.0f})")


if __name__ == "__main__":
    main()
