"""The panel of the small charts: what lies behind a loss."""

from .panel import Charts

__all__ = ["Charts"]
