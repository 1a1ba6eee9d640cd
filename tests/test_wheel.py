"""`pip install .` gives the same `llmstudio` command, resources included."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import llmstudio
from tests.source import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: setuptools leaves its build folder beside the source."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    shutil.copytree(ROOT / "llmstudio", copy / "llmstudio", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, copy]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return next(folder.glob("llmstudio-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    options = ["--no-deps", "--no-index", "--no-compile", "--quiet", "--target", target]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, wheel], check=True)
    return target


def test_the_wheel_holds_every_resource(wheel: Path) -> None:
    resources = ROOT / "llmstudio" / "resources"
    files = {path.relative_to(ROOT).as_posix() for path in resources.rglob("*") if path.is_file()}
    assert files and files <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    top = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert top == {"llmstudio", f"llmstudio-{llmstudio.__version__}.dist-info"}


def test_the_installed_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    run = command(installed, tmp_path, "--version")
    assert (run.returncode, run.stderr) == (0, "") and llmstudio.__version__ in run.stdout


def test_the_installed_doctor_answers(installed: Path, tmp_path: Path) -> None:
    run = command(installed, tmp_path, "doctor", "--json")
    assert run.returncode == 0 and str(installed) in run.stdout, run.stdout + run.stderr


def command(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start the installed `llmstudio` far from the source."""
    environment = os.environ | {"PYTHONPATH": str(installed)}
    script = installed / ("Scripts" if os.name == "nt" else "bin") / "llmstudio"
    run = [sys.executable, "-P", script, *arguments]
    return subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True)
