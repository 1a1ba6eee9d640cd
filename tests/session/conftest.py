from collections.abc import Iterator
from pathlib import Path

import pytest

from llmstudio.session.session import Session
from tests.material import make_small, sample_text


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


@pytest.fixture
def project(session: Session, tmp_path: Path) -> Session:
    """A small project with text, ready to train."""
    text = tmp_path / "Jörg Müller 文.txt"
    text.write_text(sample_text(), "utf-8")
    session.wait(session.new(tmp_path / "P", preset="nanogpt-shakespeare-cpu"))
    session.wait(session.data.add([text]))
    make_small(session)
    return session
