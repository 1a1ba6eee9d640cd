"""run.py on machines that lack something: one sentence with the cure, exit code 1, no traceback; then it goes on."""

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.source import ROOT

sys.path.insert(0, str(ROOT / "packaging"))
import prepare
import system

CLOSED = "http://127.0.0.1:9/simple"  # nothing listens there
HOST = getattr(sys, "_base_executable", sys.executable)  # the Python that a user would start run.py with
Run = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the machines are made with POSIX links and scripts")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A fresh clone, as far as run.py looks at it."""
    folder = tmp_path / "Jörg Müller 文"
    shutil.copytree(ROOT / "packaging", folder / "packaging", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("run.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "llmstudio").mkdir()
    (folder / "llmstudio" / "__init__.py").touch()
    (folder / "llmstudio" / "__main__.py").write_text("import sys; print('studio', *sys.argv[1:])")
    return folder


@pytest.fixture
def run(copy: Path, tmp_path: Path) -> Run:
    """Run run.py there; `modules`: what the standard library's modules of that name hold on this machine."""

    def call(*arguments: str, modules: dict[str, str] | None = None, **variables: str):  # type: ignore[no-untyped-def]
        fakes = tmp_path / "fakes"
        fakes.mkdir(exist_ok=True)
        for name, code in (modules or {}).items():
            (fakes / f"{name}.py").write_text(code)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
        offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": CLOSED, "PIP_RETRIES": "1", "PIP_NO_CACHE_DIR": "1"}
        environment = clean | offline | {"PYTHONPATH": str(fakes)} | variables
        command = [HOST, copy / "run.py", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)

    return call


def pretend_ready(copy: Path, part: str = "runtime") -> None:
    """An environment that passes for a finished one: this Python, and the stamp."""
    (copy / ".venv" / "bin").mkdir(parents=True)
    (copy / ".venv" / "bin" / "python").symlink_to(HOST)
    files = [(copy / "pyproject.toml").read_bytes(), (copy / "packaging" / "constraints.txt").read_bytes()]
    stamp = "Python {}.{}\n".format(*sys.version_info).encode() + b"\n".join(files)
    (copy / ".venv" / f"ready-{part}").write_bytes(stamp)


def one_sentence(run: subprocess.CompletedProcess[str]) -> str:
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Traceback" not in run.stderr + run.stdout
    lines = run.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].endswith("."), run.stderr
    return lines[0]


def test_a_python_without_venv(run: Run) -> None:
    said = one_sentence(run("setup", modules={"venv": "raise ImportError"}))
    assert "without its venv module" in said and "-venv" in said


def test_a_python_without_pip(run: Run, copy: Path) -> None:
    missing = {"ensurepip": "raise ImportError", "pip": "raise ImportError"}
    assert "without its pip module" in one_sentence(run("setup", modules=missing))
    assert not list((copy / ".venv").glob("ready-*"))


def test_cut_off_then_no_network_then_no_build(run: Run, copy: Path, tmp_path: Path) -> None:
    """One set-up that is taken up again and again: making an environment takes seconds."""
    (copy / ".venv" / "bin").mkdir(parents=True)
    (copy / ".venv" / "bin" / "python").write_text("cut off")
    (copy / ".venv" / "rubbish").touch()
    said = one_sentence(run("train", "P"))
    log = copy / ".venv" / "setup.log"
    assert "connect this computer to the internet" in said and str(log) in said
    assert "torch" in log.read_text("utf-8") and not (copy / ".venv" / "rubbish").exists()
    again = run("setup", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    assert "an environment of its own" not in again.stdout
    assert "No ready-made build of torch" in one_sentence(again)
    assert not list((copy / ".venv").glob("ready-*"))


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(run: Run, copy: Path) -> None:
    copy.chmod(0o500)
    assert "move the folder" in one_sentence(run("setup"))
    copy.chmod(0o700)


def test_a_disk_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(prepare.Path, "mkdir", refuse)
    with pytest.raises(SystemExit, match="cannot be written to: move the folder"):
        prepare.Preparation(str(tmp_path), str(tmp_path / "python"), b"").prepare("runtime")


def test_ready_starts_at_once_with_the_arguments(run: Run, copy: Path) -> None:
    pretend_ready(copy)
    done = run("chat", "My Project", "--json", PYTHONPATH=str(copy))
    assert (done.returncode, done.stdout) == (0, "studio chat My Project --json\n")


def test_a_ready_start_costs_next_to_nothing(run: Run, copy: Path) -> None:
    pretend_ready(copy)
    (copy / ".venv" / "bin" / "python").unlink()
    (copy / ".venv" / "bin" / "python").symlink_to("/bin/true")
    assert min(seconds(lambda: run("chat")) for _ in range(5)) < 0.06 + min(
        seconds(lambda: subprocess.run([HOST, "-c", "pass"])) for _ in range(5)
    )


def test_changed_pins_are_installed(run: Run, copy: Path) -> None:
    pretend_ready(copy)
    with (copy / "packaging" / "constraints.txt").open("a") as pins:
        pins.write("# changed\n")
    assert "Setting up" in run("chat").stdout


def test_tests_and_window_have_their_own_stamp(run: Run, copy: Path) -> None:
    pretend_ready(copy, "runtime")
    assert "Setting up" in run("test").stdout
    assert "Setting up" in run(DISPLAY=":77").stdout


def test_an_old_python_is_told(copy: Path, tmp_path: Path) -> None:
    code = "import runpy, sys; sys.version_info = (3, 8); runpy.run_path(sys.argv[1], run_name='__main__')"
    command = [HOST, "-c", code, copy / "run.py"]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert "needs Python 3.11 or newer and this is 3.8: install a newer one" in one_sentence(done)
    (tmp_path / "python3.12").touch()
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert "start it with python3.12 run.py" in one_sentence(done)


def test_no_room_is_said_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 10**12, 3 * 10**8))
    with pytest.raises(SystemExit, match=r"about 2 GB .* and 0.3 GB are free: make room"):
        prepare.Preparation(str(tmp_path), str(tmp_path / "python"), b"").prepare("runtime")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("[Errno 30] Read-only file system: 'x'", "cannot be written to"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "could not be trusted"),
        ("Retrying ... NewConnectionError\nERROR: No matching distribution found for torch==2.13.0", "internet"),
        ("ERROR: No matching distribution found for torch==2.13.0", "No ready-made build of torch was"),
        ("ERROR: something new", "Set-up did not finish (something new)"),
    ],
)
def test_words_of_pip_in_a_sentence(words: str, said: str, tmp_path: Path) -> None:
    sentence = prepare.Preparation(str(tmp_path), "python", b"")._sentence(words)
    assert said in sentence and "\n" not in sentence and sentence.count(". ") == 0


def test_a_package_cut_short_is_forgotten(tmp_path: Path) -> None:
    packages = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    for name, files in {"whole-1.dist-info": ["METADATA", "RECORD"], "cut-1.dist-info": ["METADATA"]}.items():
        (packages / name).mkdir(parents=True)
        for file in files:
            (packages / name / file).touch()
    prepare.Preparation(str(tmp_path), "python", b"")._sweep()
    assert sorted(path.name for path in packages.glob("*.dist-info")) == ["whole-1.dist-info"]
    line = (packages / "llmstudio.pth").read_text().strip()
    assert (packages / line).resolve() == tmp_path.resolve()


def test_missing_libraries_are_named_with_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "loads", lambda name: name not in ("libEGL.so.1", "libxcb-cursor.so.0"))
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system.shutil, "which", lambda name: f"/usr/bin/{name}")
    line = "libEGL.so.1, libxcb-cursor.so.0 .* sudo apt-get install -y libegl1 libxcb-cursor0, then start again"
    with pytest.raises(system.SetupError, match=line):
        system.install_libraries(display=True, needed=True, log=tmp_path / "log")


def test_root_gets_them_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installer = tmp_path / "apt-get"
    installer.write_text(f"#!/bin/sh\necho $@ >> {tmp_path}/asked\n")
    installer.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(system.os, "geteuid", lambda: 0)
    asked = tmp_path / "asked"
    monkeypatch.setattr(system, "loads", lambda name: name != "libEGL.so.1" or asked.exists())
    system.install_libraries(display=True, needed=True, log=tmp_path / "log")
    assert asked.read_text() == "update\ninstall -y --no-install-recommends libegl1\n"


def test_a_note_where_no_window_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system, "loads", lambda name: name != "libEGL.so.1")
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system.shutil, "which", lambda name: None)
    system.install_libraries(display=False, needed=False, log=tmp_path / "log")
    assert "libegl1" in capsys.readouterr().out


def test_what_tests_of_the_window_need_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system.shutil, "which", lambda name: None if name == "xdotool" else f"/usr/bin/{name}")
    system.install_test_tools(tmp_path / "log")
    assert "need xdotool: install what is missing with  sudo apt-get install -y xdotool." in capsys.readouterr().out


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
