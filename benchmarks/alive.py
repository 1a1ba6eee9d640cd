"""What it costs a run to be shown on its design: the Build workspace in view, and the window left alone, in turns.

    python3 run.py bench alive [--turns 30] [--mode attention]

One run trains in one process; see `window`. The speed may fall by a tenth at most.
"""

import argparse
import os

from benchmarks.window import TURN, child

LEAST = 0.9  # of the speed while the window is left alone


def main(arguments: list[str] | None = None) -> None:
    wish = argparse.ArgumentParser(prog="bench alive")
    wish.add_argument("--turns", type=int, default=30)
    wish.add_argument("--mode", default="attention")
    asked = wish.parse_args(arguments)
    if not os.environ.get("DISPLAY"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    ratio = child("turns", "--turns", str(asked.turns), "--stage", "build", "--mode", asked.mode)
    words = "" if ratio >= LEAST else "   too slow"
    print(f"{asked.mode} on the design, {asked.turns} turns of {TURN} s: {ratio:.1%} of the speed{words}")


if __name__ == "__main__":
    main()
