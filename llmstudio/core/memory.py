"""How much memory the machine has to spare now."""

from . import machine


def available() -> int | None:
    """Bytes that could be taken without swapping; None where the system does not tell."""
    return machine.memory()[1]
