"""The options of the selected part."""

from .panel import PropertiesPanel as PropertiesPanel
