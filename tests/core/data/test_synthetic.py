"""The kits: what the session makes a project of."""

import pytest

from llmstudio.core.data import markov, synthetic
from llmstudio.core.model.presets import PRESETS


@pytest.mark.parametrize("name", list(synthetic.KITS))
def test_every_kit_has_text_a_preset_and_a_description(name: str) -> None:
    kit = synthetic.KITS[name]
    assert kit.name == name and kit.title and kit.text.endswith(".")
    assert kit.preset in PRESETS
    (document,) = synthetic.documents(name, 0)
    assert document[0].endswith(".txt") and len(document[1]) >= synthetic.CHARACTERS[name]
    assert list(synthetic.documents(name, 0)) == [document]


def test_only_the_source_has_a_floor_and_only_the_persona_a_template() -> None:
    assert synthetic.floor("persona", 0) is None
    assert synthetic.template("markov") is None
    floor = synthetic.floor("markov", 0)
    assert floor == markov.make(0).entropy
    ((_, text),) = synthetic.documents("markov", 0)
    assert markov.make(0).surprise(text) == pytest.approx(floor, rel=0.01)
