from importlib.resources import files

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon

from llmstudio.ui import icons
from llmstudio.ui.theme import theme

FOLDER = files("llmstudio") / "resources" / "icons"
NAMES = sorted(path.name[:-4] for path in FOLDER.iterdir() if path.name.endswith(".svg"))


def colors(image):
    found = set()
    for y in range(image.height()):
        for x in range(image.width()):
            color = image.pixelColor(x, y)
            if color.alpha() > 250:
                found.add(color.name())
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_is_drawn_in_the_colour_asked_for(qapp, name):
    theme.apply("dark")
    picture = icons.pixmap(name, "accent", 32, 1.0).toImage()
    assert theme.color("accent").name() in colors(picture)


def test_sharp_at_twice_the_size(qapp):
    picture = icons.pixmap("close", "text", 16, 2.0)
    assert picture.size() == QSize(32, 32) and picture.devicePixelRatio() == 2


def test_icon_follows_the_theme(qapp):
    icon = icons.icon("check", "text")
    seen = []
    for mode in ("dark", "light"):
        theme.apply(mode)
        seen.append(colors(icon.pixmap(QSize(16, 16), 2.0).toImage()))
    assert theme.color("text").name() in seen[1] and not seen[0] & seen[1]


def test_states_have_their_colours(qapp):
    theme.apply("dark")
    icon = icons.icon("eye")
    for mode, state, token in (
        (QIcon.Mode.Disabled, QIcon.State.Off, "faint"),
        (QIcon.Mode.Normal, QIcon.State.On, "accent"),
        (QIcon.Mode.Normal, QIcon.State.Off, "muted"),
    ):
        assert theme.color(token).name() in colors(icon.pixmap(QSize(32, 32), 1.0, mode, state).toImage())
