"""The project's own files, for the tests that read them."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = {".py", ".toml", ".md", ".txt", ".svg", ".json", ".desktop", ".cfg", ".ini", ""}


def python_files(*folders: str) -> list[Path]:
    """Every Python file of the project, or of these folders of it."""
    roots = folders or ("llmstudio", "tests", "packaging")
    found = sorted(path for folder in roots for path in (ROOT / folder).rglob("*.py"))
    return found if folders else [ROOT / "run.py", *found]


def text_files() -> list[Path]:
    """Everything a reader of the project can open, wherever it is written down."""
    roots = [path for name in ("llmstudio", "tests", "packaging", ".ci", "docs") for path in (ROOT / name).rglob("*")]
    found = [*roots, *ROOT.glob("*.*"), ROOT / ".gitignore"]
    return sorted(path for path in found if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
