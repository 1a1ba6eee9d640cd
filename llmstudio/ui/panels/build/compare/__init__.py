"""This design beside another."""

from .panel import ComparePanel as ComparePanel
