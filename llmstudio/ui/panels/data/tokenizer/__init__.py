"""The panel of the tokenizer."""

from .panel import TokenizerPanel

__all__ = ["TokenizerPanel"]
