from collections.abc import Callable
from math import inf

import pytest
from msgspec.structs import replace

from llmstudio.core.model import spec as S
from llmstudio.core.train import doctor
from llmstudio.core.train.doctor import Finding
from llmstudio.core.train.events import Health, Part
from tests.core.train.courses import course, falling

SOUND = Part(gradient=0.05, update=1e-3, activation=1.0)
PATHS = ["embed", *(f"blocks.{i}.{kind}" for i in range(4) for kind in ("attn", "mlp")), "head"]
RELU = S.Model(blocks=(S.Block(mlp=S.MLP(activation="relu2")),) * 4)


def looks(change: Callable[[str, Part], Part], steps: tuple[int, ...] = (960, 980, 1000)) -> list[Health]:
    parts = {path: replace(SOUND, dead=0.1 if path.endswith("mlp") else None) for path in PATHS}
    return [Health(step=step, parts={path: change(path, part) for path, part in parts.items()}) for step in steps]


def found(change: Callable[[str, Part], Part], model: S.Model = RELU, **kind: tuple[int, ...]) -> Finding:
    findings = doctor.during(course(falling(1000), health=looks(change, **kind), model=model))
    assert len(findings) == 1
    return findings[0]


def at(where: str, **fields: float) -> Callable[[str, Part], Part]:
    return lambda path, part: replace(part, **fields) if path == where else part


def test_sound_parts_are_left_alone_also_with_very_unlike_gradients() -> None:
    assert found(lambda path, part: part).kind == "learning"
    sizes = {path: 10.0 ** -(i % 4) for i, path in enumerate(PATHS)}
    assert found(lambda path, part: replace(part, gradient=sizes[path])).kind == "learning"


@pytest.mark.parametrize(("share", "severity"), [(0.6, "care"), (0.95, "bad")])
def test_dead_units_and_an_activation_that_cannot_die(share: float, severity: str) -> None:
    finding = found(at("blocks.2.mlp", dead=share))
    assert (finding.kind, finding.severity, finding.where) == ("dead", severity, ("blocks.2.mlp",))
    assert f"{share:.0%} of the units in the MLP of block 3" in finding.text
    assert finding.cure and finding.cure.model
    kinds = [block.mlp.activation for block in finding.cure.model.blocks if block.mlp]
    assert kinds == ["relu2", "relu2", "gelu", "relu2"]
    assert found(at("blocks.2.mlp", dead=share), S.Model()).cure is None  # has GELU already


def test_a_part_without_gradient() -> None:
    finding = found(at("blocks.0.attn", gradient=1e-7))
    assert (finding.kind, finding.severity, finding.where) == ("vanishing", "care", ("blocks.0.attn",))
    assert "the attention of block 1" in finding.text and finding.cure is None
    bare = S.Model(blocks=(S.Block(norm="none"),) * 4)
    cure = found(at("blocks.0.attn", gradient=1e-7), bare).cure
    assert cure and cure.model and {block.norm for block in cure.model.blocks} == {"rms"}


def test_steps_too_small_to_count() -> None:
    finding = found(lambda path, part: replace(part, update=1e-8))
    assert finding.kind == "vanishing" and set(finding.where) == set(PATHS)
    assert finding.text.startswith("The embedding hardly moves") and finding.cure
    assert finding.cure.action == "find_rate"


@pytest.mark.parametrize(
    ("where", "fields", "words"),
    [
        ("blocks.3.mlp", {"gradient": 500.0}, "The MLP of block 4 gets far larger gradients"),
        ("blocks.1.attn", {"activation": 1e6}, "The attention of block 2 puts out very large numbers"),
        ("blocks.1.attn", {"activation": inf}, "very large numbers"),
        ("embed", {"update": 0.8}, "Each step changes the embedding by more than half"),
    ],
)
def test_what_explodes(where: str, fields: dict[str, float], words: str) -> None:
    finding = found(at(where, **fields))
    assert (finding.kind, finding.severity, finding.where) == ("exploding", "bad", (where,))
    assert words in finding.text and finding.cure and finding.cure.fields["learning_rate"] == 5e-4


def test_one_wild_look_and_those_of_the_warm_up_do_not_count() -> None:
    parts = [looks(lambda path, part: part), looks(at("embed", update=0.8))]
    mixed = [parts[0][0], parts[1][1], parts[0][2]]
    assert doctor.during(course(falling(1000), health=mixed))[0].kind == "learning"
    assert found(at("embed", update=0.8), steps=(10, 20, 30)).kind == "learning"
