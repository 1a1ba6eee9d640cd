"""`python3 run.py bench [NAME] [OPTIONS]`: without a name, the engine."""

import importlib
import sys
from pathlib import Path

names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if "def main(" in path.read_text("utf-8"))
name = sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "engine"
if name not in names:
    sys.exit(f"There is no benchmark {name}; there is: {', '.join(names)}.")
sys.argv = [name, *sys.argv[1 + (name in sys.argv[1:2]) :]]
importlib.import_module(f"benchmarks.{name}").main()
