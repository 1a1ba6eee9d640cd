"""What is selected and copied in the room of the design."""

import pytest
from msgspec.structs import replace

from llmstudio.core.model import edits, spec
from llmstudio.core.model.spec import MLP, Attention, Block, Group, Model
from llmstudio.session.build import BuildRoom
from tests.session.editing import Data, Hall

MODEL = Model(blocks=tuple(Block(mlp=MLP(hidden=n)) for n in (10, 20, 30, 40)))


@pytest.fixture
def build() -> BuildRoom:
    room = BuildRoom(Hall(), Data())  # type: ignore[arg-type]
    room.edit(MODEL)
    return room


def hidden(build: BuildRoom) -> list[int | None]:
    return [block.mlp.hidden if block.mlp else None for block in build.model.blocks]


def test_several_paths_are_selected_the_last_foremost(build: BuildRoom) -> None:
    told = []
    build.selected_changed.connect(lambda: told.append(build.selection))
    build.select("blocks.1")
    build.select("blocks.3.mlp", more=True)
    assert (build.selected, build.selected_blocks) == ("blocks.3.mlp", [1, 3])
    build.select("blocks.3.mlp", more=True)
    assert build.selection == ("blocks.1",)
    build.select("blocks.1")
    build.select_all()
    build.select("")
    assert told == [
        ("blocks.1",), ("blocks.1", "blocks.3.mlp"), ("blocks.1",),
        ("blocks.0", "blocks.1", "blocks.2", "blocks.3"), (),
    ]  # fmt: skip


def test_a_selected_group_stands_for_its_blocks(build: BuildRoom) -> None:
    build.edit(replace(MODEL, groups=(Group(first=1, last=2),)), select=["groups.0"])
    assert build.selected_blocks == [1, 2]
    build.cut()
    assert hidden(build) == [10, 40] and build.model.groups == ()
    build.paste(0)
    assert hidden(build) == [20, 30, 10, 40] and build.selection == ("blocks.0", "blocks.1")
    assert build.model.groups == (Group(first=0, last=1),)


def test_what_is_gone_is_no_longer_selected(build: BuildRoom) -> None:
    build.select_all(["embed", "blocks.0.attn", "blocks.3"])
    build.edit(spec.remove(MODEL, 3))
    assert build.selection == ("embed", "blocks.0.attn")
    build.edit(spec.change(build.model, "blocks.0.attn", None))
    assert build.selection == ("embed",)


def test_undo_and_redo_bring_the_selection_back(build: BuildRoom) -> None:
    build.select("blocks.2")
    build.edit(spec.duplicate(build.model, 2), select=["blocks.3"])
    build.select("head")
    build.undo()
    assert build.selection == ("blocks.2",)
    build.redo()
    assert build.selection == ("head",) and hidden(build) == [10, 20, 30, 30, 40]


def test_copies_go_after_the_selection_or_to_the_end(build: BuildRoom) -> None:
    told = []
    build.copied.connect(lambda: told.append(build.clipboard))
    build.select_all(["blocks.0", "blocks.1"])
    build.copy()
    build.paste()
    assert hidden(build) == [10, 20, 10, 20, 30, 40] and build.selected_blocks == [2, 3]
    build.select("")
    build.paste()
    assert hidden(build)[-2:] == [10, 20] and len(told) == 1
    assert edits.from_text(told[0]).blocks == MODEL.blocks[:2]


def test_a_lone_part_goes_into_the_selected_blocks(build: BuildRoom) -> None:
    build.select("blocks.3.mlp")
    build.copy()
    build.select_all(["blocks.0", "blocks.1.attn"])
    build.paste()
    assert hidden(build) == [40, 40, 30, 40] and build.selection == ("blocks.0.mlp", "blocks.1.mlp")
    build.paste(0)
    assert build.model.blocks[0] == Block(attention=None, mlp=MLP(hidden=40))
    build.select("skips.0")
    assert not build.can_copy


def test_other_text_on_the_clipboard_is_told_and_changes_nothing(build: BuildRoom) -> None:
    build.clipboard = "a poem"
    build.paste()
    assert build.model == MODEL and "not a piece of a design" in build._hall.told[-1]  # type: ignore[attr-defined]


def test_blocks_from_a_project_of_another_width_fit(build: BuildRoom) -> None:
    other = BuildRoom(Hall(), Data())  # type: ignore[arg-type]
    other.edit(Model(width=384, blocks=(Block(attention=Attention(heads=12, kv_heads=4), mlp=MLP(hidden=1536)),)))
    other.select("blocks.0")
    other.copy()
    build.clipboard = other.clipboard
    build.paste()
    came = build.model.blocks[-1]
    assert came == Block(attention=Attention(heads=4, kv_heads=1), mlp=MLP(hidden=512)) and build.problems == []
