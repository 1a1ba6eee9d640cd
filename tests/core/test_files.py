"""Saving: the old file or the new one, and an error that names the file that was meant."""

from pathlib import Path

import pytest

from llmstudio.core.files import write_atomic


def test_a_file_that_cannot_be_written_is_named_and_nothing_stays(tmp_path: Path) -> None:
    (tmp_path / "model.json").mkdir()
    for path in (tmp_path / "model.json", tmp_path / "nowhere" / "model.json"):
        with pytest.raises(OSError, match="model") as refused:
            write_atomic(path, b"{}")
        assert refused.value.filename == str(path) and refused.value.filename2 is None
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]


def test_what_goes_wrong_while_the_content_is_made_names_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(FileNotFoundError) as refused:
        write_atomic(tmp_path / "a", lambda file: file.write((tmp_path / "source").read_bytes()))
    assert refused.value.filename == str(tmp_path / "source")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}
