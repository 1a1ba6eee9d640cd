import io
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmstudio.cli import main
from llmstudio.session.session import Session
from tests.material import make_small, sample_text
from tests.session.answers import Say


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


@pytest.fixture(scope="package")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a finished run of 12 steps, to be copied."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMSTUDIO_HOME", str(folder / "home"))
        text = folder / "text.txt"
        text.write_text(sample_text(), "utf-8")
        session = Session()
        session.wait(session.new(folder / "P", preset="nanogpt-shakespeare-cpu"))
        session.wait(session.data.add([text]))
        make_small(session)
        session.wait(session.train.start())
        assert session.train.run and session.train.run.job
        session.wait(session.train.run.job)
        session.close()
        yield folder / "P"


@pytest.fixture
def place(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "Jörg Müller 文"))


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run a verb: exit code, stdout, stderr."""

    def run(*words: object, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err and "Something went wrong" not in err
        return code, out, err

    return run
