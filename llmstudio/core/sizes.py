"""How large something is, in words."""


def size(value: float) -> str:
    """Bytes -> "612 MB", "3.2 MB", "40 kB", by powers of 1000."""
    for step, sign in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= step:
            shown = value / step
            return f"{shown:.{1 if shown < 10 else 0}f} {sign}"
    return f"{value:.0f} bytes"
