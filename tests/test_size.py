"""Rooms one can see through: the size of files, classes and functions, and names that say what a thing is."""

import ast
import re
from pathlib import Path
from statistics import median

import pytest

from tests.source import name, python_files

FILE, CLASS, FUNCTION, MEDIAN = 400, 250, 50, 150  # lines
VAGUE = re.compile(r"(?:^|_|(?<=[a-z]))(Manager|Utils?|Helpers?|Base)(?=_|[A-Z]|$)")


def too_long(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    found = [f"{name(path)}: file of {count} lines"] if (count := len(text.splitlines())) > FILE else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > (CLASS if isinstance(node, ast.ClassDef) else FUNCTION):
                found.append(f"{name(path)}:{node.lineno}: {node.name} of {lines} lines")
    return found


def vague(path: Path) -> list[str]:
    classes = [node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]
    names = [path.stem.title(), *classes]
    return [f"{name(path)}: {each}" for each in names if VAGUE.search(each)]


def test_nothing_is_too_long() -> None:
    assert not [line for path in python_files() for line in too_long(path)]


def test_no_name_says_nothing() -> None:
    assert not [line for path in python_files() for line in vague(path)]


def test_the_usual_file_is_short() -> None:
    lengths = [len(path.read_text("utf-8").splitlines()) for path in python_files("llmstudio") if path.stat().st_size]
    assert median(lengths) <= MEDIAN


@pytest.mark.parametrize(
    ("head", "lines", "found"),
    [("def f():", FUNCTION, 1), ("def f():", FUNCTION - 1, 0), ("class C:", CLASS, 1), ("if True:", FILE, 1)],
)
def test_the_ruler_measures(head: str, lines: int, found: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.source.ROOT", tmp_path)
    (tmp_path / "code.py").write_text(f"{head}\n" + "    x = 1\n" * lines, "utf-8")
    assert len(too_long(tmp_path / "code.py")) == found


@pytest.mark.parametrize(("word", "bad"), [("RunManager", 1), ("BasePanel", 1), ("Database", 0), ("Basement", 0)])
def test_the_list_of_vague_names_bites(word: str, bad: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.source.ROOT", tmp_path)
    (tmp_path / "code.py").write_text(f"class {word}:\n    pass\n", "utf-8")
    assert len(vague(tmp_path / "code.py")) == bad
