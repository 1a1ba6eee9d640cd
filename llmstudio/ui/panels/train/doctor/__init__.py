"""The panel of the run doctor."""

from .panel import DoctorPanel

__all__ = ["DoctorPanel"]
