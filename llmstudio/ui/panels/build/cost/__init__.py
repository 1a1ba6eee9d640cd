"""What the design costs."""

from .panel import CostPanel

__all__ = ["CostPanel"]
