"""Every colour and typeface of the window. Nothing else holds a hex value.

Widgets read `theme` when they paint and repaint when it says `changed`; nobody keeps a colour.
"""

from functools import cache
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from .ramps import along, luminance

if TYPE_CHECKING:
    import numpy as np

Mode = Literal["dark", "light", "system"]
Ramp = Literal["probability", "signed"]

# token: dark, light
COLORS = {
    "window": ("#0E1013", "#DFE2E6"),  # gutters, top bar
    "panel": ("#16191D", "#FCFCFD"),
    "well": ("#101316", "#FFFFFF"),  # inside of fields, bars and tracks
    "raised": ("#20242A", "#F0F2F4"),  # buttons, chips, bubbles
    "hover": ("#2A2F36", "#E5E8EC"),
    "pressed": ("#121518", "#D9DDE2"),
    "line": ("#2A2F36", "#D8DCE1"),  # hairlines: decoration only
    "edge": ("#3A424C", "#B4BBC5"),  # outline of fields
    "line_strong": ("#4A525D", "#A5ADB8"),  # outline of blocks, images, tooltips
    "control": ("#6B7480", "#7A838F"),  # outline of check boxes, the stream
    "text": ("#E8EAED", "#171A1F"),
    "muted": ("#A9B1BC", "#4F5762"),  # labels, captions, icons
    "faint": ("#929AA6", "#5A626D"),  # placeholders, disabled, visible whitespace
    "accent": ("#3FD0B6", "#0A6E60"),  # yours to act on, or selected
    "on_accent": ("#04211B", "#FFFFFF"),
    "accent_soft": ("#15332E", "#D5EEE8"),
    "warning": ("#F3C14B", "#7D5200"),  # a past moment, or care
    "warning_ground": ("#35290F", "#FBEFCF"),
    "error": ("#FF8177", "#B3261E"),
    "error_ground": ("#3B1B1A", "#FBE3E1"),
    "success": ("#63D28F", "#1A6E3E"),
    "success_ground": ("#15311F", "#DDF1E3"),
    "negative": ("#6BB2FF", "#1C5FB8"),
    "positive": ("#FFA24D", "#9C4600"),
    "grid": ("#242930", "#E7EAED"),
    "tip": ("#2E343C", "#FFFFFF"),
    "canvas": ("#111417", "#F3F4F6"),
    "dots": ("#23282E", "#D3D7DD"),
}
# nine stops each, dark then light: -1 ... +1, and 0 ... 1
RAMPS = {
    "signed": (
        "#9FCBFE #5599E2 #2268AE #1E3C5C #151312 #543113 #975106 #D27E34 #FDB57E",
        "#0760AB #3F86D1 #75ADED #B7D4F5 #FBFAF9 #EEC9AD #DD9761 #BE6B1D #8E4B01",
    ),
    "probability": (
        "#15151D #2E2354 #4D3380 #7542A7 #B348B5 #E068A9 #FE90A7 #FFC7B4 #FFF4E2",
        "#FCFAF6 #FBD0C2 #F4A3B2 #E178AF #BC51BE #8145BA #5A309E #3A1C7B #1D124B",
    ),
}
RUNS = (
    "#57BAF9 #EC9C18 #F3F056 #C56A3A #01A692 #8478D2 #F6C3DA #6F7883".split(),
    "#2268AE #C9740F #6E6A00 #6B1A06 #169A80 #8E7BF2 #8F1D62 #2B3038".split(),
)
BAR_AT = (0.6, 0.5)  # where the one colour of probability bars sits on its ramp
SURPRISE_AT = (0.47, 0.40)  # the most surprising ground on which text still reads
SURPRISE_BITS = 8.0
PROPORTIONAL = ("Inter", "Segoe UI Variable Text", "Segoe UI", ".AppleSystemUIFont", "Noto Sans", "DejaVu Sans")
MONOSPACE = ("JetBrains Mono", "Cascadia Mono", "SF Mono", "Menlo", "DejaVu Sans Mono")

_ROLE = QPalette.ColorRole
ROLES = {
    _ROLE.Window: "window",
    _ROLE.AlternateBase: "panel",
    _ROLE.Base: "well",
    _ROLE.Button: "raised",
    _ROLE.Light: "hover",
    _ROLE.Dark: "pressed",
    _ROLE.Midlight: "line",
    _ROLE.Mid: "line_strong",
    _ROLE.Shadow: "window",
    _ROLE.WindowText: "text",
    _ROLE.Text: "text",
    _ROLE.ButtonText: "text",
    _ROLE.BrightText: "text",
    _ROLE.ToolTipText: "text",
    _ROLE.ToolTipBase: "tip",
    _ROLE.PlaceholderText: "faint",
    _ROLE.Highlight: "accent",
    _ROLE.HighlightedText: "on_accent",
    _ROLE.Link: "accent",
    _ROLE.LinkVisited: "accent",
    _ROLE.Accent: "accent",
}


class Theme(QObject):
    """The one look of the app, dark or light. `changed` is emitted after palette and fonts are in place."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.dark = True
        self.mode: Mode = "system"
        self._colors: dict[str, QColor] = {}
        self._following = False

    def color(self, token: str) -> QColor:
        if token not in self._colors:
            self._colors[token] = QColor(COLORS[token][not self.dark])
        return self._colors[token]

    def run(self, number: int) -> QColor:
        """Colour of run `number`, counted from 1; the ninth has the first again (and is dashed)."""
        colors = RUNS[not self.dark]
        return QColor(colors[(number - 1) % len(colors)])

    def ramp(self, name: Ramp) -> "np.ndarray":
        """(256, 4) uint8 RGBA: index 0 is probability 0 or the value -1, index 255 is 1."""
        return _table(name, self.dark)

    def on_ramp(self, name: Ramp, share: float) -> QColor:
        """One colour of a ramp, share 0 ... 1 of the way along it."""
        return along(RAMPS[name][not self.dark].split(), share)

    @property
    def probability_bar(self) -> QColor:
        return self.on_ramp("probability", BAR_AT[not self.dark])

    def surprise(self, bits: float) -> QColor:
        """Ground behind a token that came with `bits` of surprise, 0 ... 8; text stays readable on all of it."""
        share = 0.92 * min(max(bits / SURPRISE_BITS, 0.0), 1.0)
        return mixed(self.color("panel"), self.on_ramp("probability", SURPRISE_AT[not self.dark]), share)

    def ink(self, ground: QColor) -> QColor:
        """Black or white, whichever reads on `ground`: at least 4.58 : 1."""
        return QColor(Qt.GlobalColor.black) if luminance(ground) > 0.179 else QColor(Qt.GlobalColor.white)

    def font(self, size: int = 13, weight: int = 400) -> QFont:
        """The text face, in pixels, with digits of one width."""
        return QFont(_font(PROPORTIONAL, size, weight))

    def mono(self, size: int = 12, weight: int = 400) -> QFont:
        """The face of tokens, paths and code, in pixels."""
        return QFont(_font(MONOSPACE, size, weight))

    def palette(self) -> QPalette:
        palette = QPalette()
        for role, token in ROLES.items():
            palette.setColor(role, self.color(token))
        for role in (_ROLE.WindowText, _ROLE.Text, _ROLE.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("faint"))
        return palette

    def apply(self, mode: Mode) -> None:
        """Dress the application. `system` follows the desktop, dark where it does not say."""
        app = QApplication.instance()
        assert isinstance(app, QApplication), "There is no QApplication to dress."
        self.mode = mode
        hints = app.styleHints()
        if not self._following:
            hints.colorSchemeChanged.connect(self._follow)
            self._following = True
        self.dark = mode == "dark" if mode != "system" else hints.colorScheme() != Qt.ColorScheme.Light
        self._colors.clear()
        app.setPalette(self.palette())
        app.setFont(self.font())
        self.changed.emit()

    def _follow(self) -> None:
        if self.mode == "system":
            self.apply("system")


def mixed(a: QColor, b: QColor, share: float) -> QColor:
    """`share` of b over a, as a half-transparent layer would look."""
    pairs = zip(a.getRgb()[:3], b.getRgb()[:3], strict=True)
    return QColor(*(round(x + (y - x) * share) for x, y in pairs))


def faded(color: QColor, opacity: float) -> QColor:
    other = QColor(color)
    other.setAlphaF(opacity)
    return other


@cache
def _table(name: Ramp, dark: bool) -> "np.ndarray":
    import numpy as np  # 0.1 s: after the window is painted

    stops = RAMPS[name][not dark].split()
    table = np.array([along(stops, i / 255).getRgb() for i in range(256)], dtype=np.uint8)
    table.setflags(write=False)
    return table


@cache
def _families(wanted: tuple[str, ...]) -> list[str]:
    here = set(QFontDatabase.families())
    return [name for name in wanted if name in here or name.startswith(".")] or [wanted[-1]]


@cache
def _font(wanted: tuple[str, ...], size: int, weight: int) -> QFont:
    font = QFont(_families(wanted))
    font.setPixelSize(size)
    font.setWeight(QFont.Weight(weight))
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


theme = Theme()
