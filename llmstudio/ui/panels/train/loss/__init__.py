"""The panel of the loss."""

from .panel import Loss

__all__ = ["Loss"]
