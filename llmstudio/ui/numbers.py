"""Numbers as people read them: thin spaces in thousands, a true minus, time as 2:04."""

from ..core.sizes import size as size

THIN, MINUS = "\u2009", "\u2212"


def count(value: int) -> str:
    """9830 -> "9 830" with a thin space."""
    return f"{abs(value):,}".replace(",", THIN) if value >= 0 else MINUS + count(-value)


def short(value: float) -> str:
    """800000 -> "0.80 M", 15e6 -> "15 M", 940 -> "940": three digits and a magnitude."""
    for least, step, sign in ((1e9, 1e9, "G"), (1e5, 1e6, "M"), (1e3, 1e3, "k")):
        if value >= least:
            return f"{value / step:.{2 if value < 10 * step else 0}f}{THIN}{sign}"
    return f"{value:.0f}"


def signed(value: float, digits: int = 2) -> str:
    """0.5 -> "+0.50", -2 -> "−2.00", with a true minus."""
    return f"{value:+.{digits}f}".replace("-", MINUS)


def real(value: float) -> str:
    """A number to edit: the shortest of four digits, 0.001 -> "1.0e-3", 0.95 -> "0.95", 1024.0 -> "1 024"."""
    if value == 0:
        return "0"
    if abs(value) < 0.01 or abs(value) >= 1e6:
        head, tail = f"{value:.4e}".split("e")
        head = head.rstrip("0")
        return f"{head + '0' if head.endswith('.') else head}e{int(tail)}".replace("-", MINUS)
    if value == int(value) and abs(value) >= 100:
        return count(int(value))
    text = f"{value:.4g}".replace("-", MINUS)
    return text if "." in text else text + ".0"


def parsed(text: str) -> float:
    """The number a person typed, with spaces, true minus, or a decimal comma. ValueError if it is none."""
    plain = text.strip().replace(MINUS, "-").replace(",", ".")
    for space in (THIN, "\u00a0", "\u202f", " "):
        plain = plain.replace(space, "")
    return float(plain)


def clock(seconds: float) -> str:
    """124 -> "2:04", 3725 -> "1:02:05"."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def percent(share: float, digits: int = 1) -> str:
    """0.441 -> "44.1 %" with a thin space; what would round to nothing is "< 0.1 %"."""
    least = 10.0**-digits
    if 0 < 100 * share < least / 2:
        return f"<{THIN}{least:.{digits}f}{THIN}%"
    return f"{100 * share:.{digits}f}{THIN}%"
