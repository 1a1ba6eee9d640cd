"""The panel of the runs: the table, what waits, sweeps and how the loss scales."""

from .panel import Runs

__all__ = ["Runs"]
