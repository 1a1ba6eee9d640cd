import pytest
from msgspec.structs import replace

from llmstudio.core.model import spec
from llmstudio.session.session import Session

WORDS = "the snail carries a letter through the wet garden and the toad waits under a leaf . "


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def sample_text(lines=200):
    """Text of our own that a model can learn something from."""
    words = WORDS.split()
    return "".join(" ".join(words[(i * 7 + j * 3) % len(words)] for j in range(9)) + "\n" for i in range(lines))


def small(session, steps=12, **recipe):
    """Make the open project's design and recipe small enough for a test."""
    model = session.build.model
    block = spec.Block(attention=spec.Attention(heads=2), mlp=spec.MLP(hidden=32))
    session.build.edit(replace(model, width=16, context=16, blocks=(block, block)))
    fields = {"batch": 4, "warmup": 2, "evaluate_every": 5, "evaluate_batches": 2, "sample_every": 6, "sample_tokens": 8, **recipe}
    session.train.edit(replace(session.train.recipe, steps=steps, **fields))


@pytest.fixture
def project(session, tmp_path):
    """A small project with text, ready to train."""
    text = tmp_path / "Jörg Müller 文.txt"
    text.write_text(sample_text(), "utf-8")
    session.wait(session.new(tmp_path / "P", preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.add([text]))
    small(session)
    return session
