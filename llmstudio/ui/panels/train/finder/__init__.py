"""The panel of the learning-rate finder."""

from .panel import FinderPanel

__all__ = ["FinderPanel"]
