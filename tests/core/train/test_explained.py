"""Every choice is explained, by the name it has in the form."""

from typing import get_args

from llmstudio.core.train.explained import EXPLAINED
from llmstudio.core.train.recipe import OPTIMIZERS, SCHEDULES, Optimizer, Recipe, Schedule

NAMES = {**{("optimizer", k): t for k, t in OPTIMIZERS.items()}, **{("schedule", k): t for k, t in SCHEDULES.items()}}


def test_every_choice_is_explained() -> None:
    choices = {("optimizer", kind) for kind in get_args(Optimizer)} | {
        ("schedule", kind) for kind in get_args(Schedule)
    }
    assert choices == {key for key in EXPLAINED if key[1]} == set(NAMES)
    plain = {name for name, value in EXPLAINED if not value}
    assert plain >= {"clip", "accumulate", "ema", "label_smoothing", "z_loss", "dropout", "recompute", "early_stop"}
    assert plain <= set(Recipe.__struct_fields__)


def test_in_plain_words_with_a_source() -> None:
    for key, told in EXPLAINED.items():
        assert told.title == NAMES.get(key, told.title)
        assert told.text.endswith(".") and 30 < len(told.text) < 300, key
        assert told.formula == told.formula.strip() and told.formula.count("\n") <= 4, key
        assert any(c.isdigit() for c in told.source) or key == ("accumulate", ""), key
        assert not set("!—…") & set(told.text), key
