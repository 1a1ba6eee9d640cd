"""Every part and every choice of a design is explained: a sentence, a formula, a paper."""

from typing import get_args, get_type_hints

import pytest

from llmstudio.core.model import explained
from llmstudio.core.model.spec import (
    PARTS,
    Activation,
    Attention,
    Block,
    Experts,
    Model,
    Norm,
    Skip,
    parts,
)

EVERY = [*explained.PARTS.values(), *explained.OPTIONS.values()]
EVERY += [
    told
    for name in ("norm", "activation", "position", "placement", "rope_scaling")
    for told in explained.choices(name).values()
]


@pytest.mark.parametrize("told", EVERY, ids=lambda told: told.title)
def test_in_plain_words_with_a_source(told: explained.Explained) -> None:
    assert told.text.endswith(".") and 30 < len(told.text) < 300
    assert told.formula == told.formula.strip() and told.formula.count("\n") <= 2
    assert told.title == "Group" or any(c.isdigit() for c in told.source)
    assert not set("!—") & set(told.text)


def test_every_part_is_explained() -> None:
    assert [explained.part(f"blocks.1.{name}") for name in PARTS] == [explained.PARTS[name] for name in PARTS]
    titles = [explained.part(path).title for path in ("", "blocks.0", "skips.0", "groups.0", "embed", "head")]
    assert titles == ["Block", "Block", "Extra wire", "Group", "Embedding", "Norm, unembed"]


def test_every_choice_is_explained() -> None:
    assert {*explained.choices("norm")} == {*get_args(Norm)}
    assert {*explained.choices("activation")} == {*get_args(Activation)}
    hints = get_type_hints(Model)
    assert {*explained.choices("position")} == {*get_args(hints["position"])}
    assert {*explained.choices("rope_scaling")} == {*get_args(hints["rope_scaling"])} - {"none"}
    assert {*explained.choices("placement")} == {*get_args(get_type_hints(Block)["placement"])}


def test_an_option_tells_of_the_value_it_has() -> None:
    told = explained.option(Model(position="alibi"), "position")
    assert told is not None and told.title == "ALiBi" and "Press" in told.source
    assert "Rotates" in getattr(explained.option(Attention(position="rope"), "position"), "text", "")
    assert explained.option(Attention(), "position") is None  # as the whole model
    assert "Ainslie" in explained.said(explained.OPTIONS["Attention", "kv_heads"])


def test_options_are_those_of_the_spec() -> None:
    kinds = {kind.__name__: kind for kind in (Attention, Block, Experts, Model, Skip)}
    kinds |= {kind.__name__: kind for kind in [type(part) for part in parts(Block(experts=Experts())).values()]}
    for kind, name in explained.OPTIONS:
        assert name in kinds[kind].__struct_fields__
