import os
from pathlib import Path

import pytest

from llmstudio.core.data.documents import find


def names(paths: list[Path]) -> list[str]:
    return [found.name for found in find(paths)[0]]


def reasons(paths: list[Path]) -> dict[str, str]:
    return {refused.path.name: refused.reason for refused in find(paths)[1]}


def test_a_folder_is_walked_in_order_without_what_is_hidden(tmp_path: Path) -> None:
    top = tmp_path / "Jörg Müller 文"
    for name in ("b.txt", "a.md", "src/main.py", "src/deep/er/x.rs", "README", "Z.TXT",
                 ".hidden.txt", ".git/config.txt", "node_modules/x.js", "src/__pycache__/m.py"):  # fmt: skip
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("text")
    found = names([top])
    assert found == [f"{top.name}/{n}" for n in ("README", "Z.TXT", "a.md", "b.txt", "src/deep/er/x.rs", "src/main.py")]
    assert reasons([top]) == {}


def test_what_is_not_text_is_refused_by_its_kind(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"%PDF")
    (tmp_path / "ok.txt").write_text("text")
    assert names([tmp_path]) == [f"{tmp_path.name}/ok.txt"]
    assert ".pdf files are not read" in reasons([tmp_path])["scan.pdf"]
    assert ".txt" in reasons([tmp_path])["scan.pdf"]


def test_a_folder_without_text_says_so(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".only.txt").write_text("hidden")
    assert "no text in this folder" in reasons([tmp_path])[tmp_path.name]


def test_links_out_of_a_dropped_folder_are_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (inside / "file.txt").symlink_to(outside / "secret.txt")
    (inside / "folder").symlink_to(outside)
    (inside / "round").symlink_to(inside)
    assert names([inside]) == []
    assert set(reasons([inside])) == {"file.txt", "folder", "round"}
    assert all("link" in reason for reason in reasons([inside]).values())
    assert names([inside / "file.txt"]) == ["file.txt"], "a link that was itself dropped is meant"


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert "not an ordinary file" in reasons([tmp_path])["pipe.txt"]


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    assert "not there" in reasons([tmp_path / "gone.txt"])["gone.txt"]
    assert "name" in reasons([tmp_path / "a\0b.txt"])["a\0b.txt"]


def test_a_folder_that_may_not_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ok.txt").write_text("text")
    (tmp_path / "closed").mkdir()
    real = os.listdir

    def listdir(path: Path) -> list[str]:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "listdir", listdir)
    assert names([tmp_path]) == [f"{tmp_path.name}/ok.txt"]
    assert "permission" in reasons([tmp_path])["closed"]


def test_a_name_in_no_encoding_can_be_shown(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    try:
        path.write_text("text")
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    assert names([path]) == ["caf\ufffd.txt"]
