"""What may import what: ui over session over core, no cycles, nothing heavy before the window is painted."""

import subprocess
import sys
from pathlib import Path

import grimp
import networkx

from tests.source import ROOT

LOAD_ALL = """
import importlib, pkgutil, sys
import llmstudio.core, llmstudio.session
for package in (llmstudio.core, llmstudio.session):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
assert "llmstudio.core.model.network" in sys.modules and "llmstudio.session.session" in sys.modules
"""
LOADED = "print(sorted({name.split('.')[0] for name in sys.modules} & set(sys.argv[1:])))"


def test_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-logo"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_module_imports_itself_by_a_detour() -> None:
    """Also counts imports inside functions, and those between a package and its own modules."""
    graph = grimp.build_graph("llmstudio", cache_dir=None)
    imports = networkx.DiGraph(
        (importer, imported)
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    )
    cycles = [sorted(group) for group in networkx.strongly_connected_components(imports) if len(group) > 1]
    assert not cycles


def test_core_and_session_load_no_qt() -> None:
    assert loaded(LOAD_ALL, "PySide6", "shiboken6", "pyqtgraph", "torch") == "['torch']"


def test_the_window_loads_neither_torch_nor_pyqtgraph() -> None:
    assert loaded("import sys, llmstudio.ui.window", "PySide6", "pyqtgraph", "torch") == "['PySide6']"


def loaded(code: str, *libraries: str) -> str:
    """Which of `libraries` a fresh interpreter has loaded after `code`."""
    command = [sys.executable, "-c", f"{code}\n{LOADED}", *libraries]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()
