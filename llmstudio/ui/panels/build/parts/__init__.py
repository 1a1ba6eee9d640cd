"""Parts, whole designs, and the one dial for the size."""

from .panel import PartsPanel

__all__ = ["PartsPanel"]
