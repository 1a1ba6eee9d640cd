"""Designs that are wrong, empty or huge on a real canvas, and deeds in an odd order: no fault, and nothing is lost."""

import pytest
from msgspec.structs import replace

from llmstudio.core.model.spec import Group
from llmstudio.ui.canvas import verbs
from tests.ui.build.conftest import FOUR, HIDDEN


@pytest.mark.parametrize("chosen", [("groups.0",), ("blocks.1",), ("blocks.0", "groups.0", "blocks.3")])
def test_ungrouping_keeps_the_blocks(session, panel, hand, chosen) -> None:
    session.build.edit(replace(FOUR, groups=(Group(first=1, last=2), Group(first=3, last=3))), select=chosen)
    hand.key("Ctrl+Shift+G")
    assert hand.hidden() == [*HIDDEN]
    assert all(verbs.block_of(path) in range(4) for path in session.build.selection)
    assert len(session.build.model.groups) == (0 if "blocks.3" in chosen else 1)
