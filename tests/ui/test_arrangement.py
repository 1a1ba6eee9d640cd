import pytest

from llmstudio.ui.arrangement import TAB, Place, column, fitted, places, row, sizes, tabs
from llmstudio.ui.panels import WORKSPACES

LAYOUT = row(
    Place("train.recipe:Recipe", 280),
    column(Place("train.loss:Loss"), Place("train.samples:Samples", 300)),
    Place("train.runs:Runs", 400),
)


def test_a_place_names_its_class():
    place = Place("train.loss.panel:LossPanel")
    assert (place.module, place.name) == ("llmstudio.ui.panels.train.loss.panel", "LossPanel")


def test_sizes_fill_the_room_exactly():
    found = sizes(LAYOUT, 1432, 800, 4)
    assert found == {"Recipe": (280, 800), "Loss": (744, 496), "Samples": (744, 300), "Runs": (400, 800)}


@pytest.mark.parametrize("width", [500, 892, 1092, 1432, 2500])
def test_the_middle_keeps_its_share(width):
    found = sizes(LAYOUT, width, 700, 4)
    assert abs(found["Recipe"][0] + found["Loss"][0] + found["Runs"][0] + 8 - width) <= 3
    assert found["Loss"][0] >= 0.29 * (width - 8)


def test_columns_without_a_free_one_grow_together():
    found = sizes(column(Place("a.b:A", 100), Place("a.c:B", 200)), 300, 504, 4)
    assert found == {"A": (300, 200), "B": (300, 300)}


def test_every_place_is_named_once():
    for stage in WORKSPACES:
        names = [place.name for place in places(stage.layout)]
        assert len(set(names)) == len(names)


def test_a_low_workspace_keeps_a_place_as_a_tab_behind_the_next() -> None:
    layout = row(Place("a:A"), column(Place("b:B"), Place("c:C", 100, needs=700), Place("d:D", 100)))
    assert fitted(layout, 700) == layout and not [*tabs(layout, 700)]
    assert [place.name for place in places(fitted(layout, 699))] == ["A", "B", "D"]
    assert [(behind.name, before.name) for behind, before in tabs(layout, 699)] == [("C", "D")]


def test_places_that_are_always_tabs_are_behind_the_next_that_is_none() -> None:
    layout = row(Place("a:A"), Place("b:B", needs=TAB), Place("c:C", needs=TAB), column(Place("d:D"), Place("e:E")))
    assert [place.name for place in places(fitted(layout, 5000))] == ["A", "D", "E"]
    assert [(behind.name, before.name) for behind, before in tabs(layout, 5000)] == [("B", "D"), ("C", "D")]
