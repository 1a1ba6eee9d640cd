"""Lint, types, and what must not stand in the project: places of one machine, package registries, stray colours."""

import re
import subprocess
import sys
from pathlib import Path

from tests.source import ROOT, name, python_files, text_files

PLACES = re.compile("/" + "(work|root|home/[a-z]+|Users/[A-Za-z]+)/")
REGISTRIES = re.compile("|".join(map(re.escape, ("pypi" + ".org", "pythonhosted" + ".org", "anaconda" + ".org"))))
COLOUR = re.compile(r"""["'\s:(]#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?\b|["']#[0-9a-fA-F]{3}["']""")


def test_ruff_finds_nothing() -> None:
    run_tool("ruff", "check", "--no-cache")


def test_types_are_right() -> None:
    run_tool("mypy")


def test_no_place_of_one_machine_is_written_down() -> None:
    assert not [hit for path in text_files() for hit in lines_with(PLACES, path)]


def test_no_package_registry_is_written_down() -> None:
    assert not [hit for path in text_files() for hit in lines_with(REGISTRIES, path)]


def test_colours_come_from_the_theme() -> None:
    paths = [path for path in python_files("llmstudio") if name(path) != "llmstudio/ui/theme.py"]
    assert not [hit for path in paths for hit in lines_with(COLOUR, path)]


def test_the_patterns_bite() -> None:
    assert PLACES.search("open('/" + "root/x')") and REGISTRIES.search("https://" + "pypi" + ".org/simple")
    assert COLOUR.search('"#a1b2c3"') and COLOUR.search("color: #a1b2c3;") and not COLOUR.search("# abcdef")


def run_tool(tool: str, *arguments: str) -> None:
    run = subprocess.run([Path(sys.executable).with_name(tool), *arguments], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def lines_with(pattern: re.Pattern[str], path: Path) -> list[str]:
    lines = path.read_text("utf-8").splitlines()
    return [f"{name(path)}:{number}: {line.strip()}" for number, line in enumerate(lines, 1) if pattern.search(line)]
