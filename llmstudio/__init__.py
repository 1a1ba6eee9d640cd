"""LLM Studio: build a transformer by hand, train it on your own text, look inside it while it learns, talk to it."""

__version__ = "0.1.0"

import os

# torch's threads (GNU OpenMP) wait for each other by spinning. By default so long that a second busy program makes
# training 20 times slower; this is as fast alone, and 10 times faster beside others (benchmarks/RECIPES.md).
os.environ.setdefault("GOMP_SPINCOUNT", "3000")
