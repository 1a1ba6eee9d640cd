"""LLM Studio: build a transformer by hand, train it on your own text, look inside it while it learns, talk to it."""

__version__ = "0.1.0"
