"""The panel of the parts' health."""

from .panel import HealthPanel

__all__ = ["HealthPanel"]
