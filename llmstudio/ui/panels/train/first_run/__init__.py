"""What the Train workspace shows while the project has no run."""

from .page import FirstRun

__all__ = ["FirstRun"]
