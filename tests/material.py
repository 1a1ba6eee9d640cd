"""Text of our own, and projects small enough for a test."""

from msgspec.structs import replace

from llmstudio.core.model import spec
from llmstudio.session.session import Session

WORDS = "the snail carries a letter through the wet garden and the toad waits under a leaf .".split()


def sample_text(lines: int = 200) -> str:
    """Lines that a model can learn something from."""
    return "".join(" ".join(WORDS[(i * 7 + j * 3) % len(WORDS)] for j in range(9)) + "\n" for i in range(lines))


def make_small(session: Session, steps: int = 12, **recipe: object) -> None:
    """Make the open project's design and recipe small enough for a test."""
    block = spec.Block(attention=spec.Attention(heads=2), mlp=spec.MLP(hidden=32))
    session.build.edit(replace(session.build.model, width=16, context=16, blocks=(block, block)))
    looks = {"evaluate_every": 5, "evaluate_batches": 2, "sample_every": 6, "sample_tokens": 8}
    session.train.edit(replace(session.train.recipe, steps=steps, **{"batch": 4, "warmup": 2, **looks, **recipe}))
