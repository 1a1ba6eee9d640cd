"""Set-up for run.py, standard library only: the virtual environment, its packages, what Qt needs of the system.

Whatever is interrupted here is taken up at the next start. Each thing that a user's machine can lack ends in one
sentence that says what to do; the full words of pip are in .venv/setup.log.
"""

import importlib
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import system
from system import SetupError, say

CPU_WHEELS = "https://download.pytorch.org/whl/cpu"  # PyTorch's own; the default Linux build is for NVIDIA
ANSWER_WITHIN = 4.0  # seconds
GB = 1e9
ROOM = {"runtime": 2.0, "test": 3.0, "nvidia": 8.0}  # GB on disk, pip's working space included
PACKAGES = ("lib/python*/site-packages", "Lib/site-packages")
CAUSES = (  # what pip says -> what we say; the first that fits
    (r"No space left on device|Errno 28|not enough space",
     "The disk is full: free about {room:.0f} GB, then start again."),
    (r"Permission denied|Errno 13|Read-only file system|Errno 30",
     "{root} cannot be written to: move the folder to a place of your own, then start again."),
    (r"CERTIFICATE_VERIFY_FAILED|SSLError",
     "The package index could not be trusted (its certificate was not accepted): check the date of this computer "
     "and its proxy's certificate, then start again."),
    (r"NewConnectionError|Failed to establish|name resolution|unreachable|Connection refused|ConnectTimeout|timed out"
     r"|ConnectionResetError|ProxyError|RemoteDisconnected|Max retries|IncompleteRead",
     "The packages could not be fetched: connect this computer to the internet (or set the proxy that it needs), "
     "then start again."),
    (r"No matching distribution found for (?P<name>[\w.-]+)",
     "No ready-made build of {name} was found for Python {python} on this machine: use a usual 64-bit Python 3.11 to "
     "3.13, or an index that has it, then start again."),
)  # fmt: skip


class Preparation:
    """Makes `root`/.venv ready for a part of the studio: "runtime", "window" or "test"."""

    def __init__(self, root: str, python: str, fingerprint: bytes) -> None:
        self.root, self.python, self.fingerprint = Path(root), Path(python), fingerprint
        self.venv = self.root / ".venv"
        self.log = self.venv / "setup.log"

    def prepare(self, part: str) -> None:
        """SystemExit with one sentence when it cannot be done."""
        began = time.monotonic()
        try:
            self._prepare(part)
        except SetupError as error:
            sys.exit(self._with_log(str(error)))
        except OSError as error:
            sys.exit(self._with_log(self._sentence(str(error))))
        except KeyboardInterrupt:
            sys.exit("\nSet-up stopped; the next start goes on from here.")
        say(f"Set up in {time.monotonic() - began:.0f} s.")

    def run_tests(self, arguments: list[str]) -> int:
        """pytest's exit code."""
        try:
            return subprocess.call([str(self.python), "-m", "pytest", *arguments], cwd=self.root)
        except KeyboardInterrupt:
            return 130

    def _prepare(self, part: str) -> None:
        nvidia = system.has_nvidia()
        if any(folder for pattern in PACKAGES for folder in self.venv.glob(f"{pattern}/torch")):
            say("Completing the set-up of LLM Studio in the folder .venv")
        else:
            kind = "nvidia" if nvidia else "test" if part == "test" else "runtime"
            say(f"Setting up LLM Studio, once: some minutes, and about {ROOM[kind]:.0f} GB in the folder .venv")
            self._check_room(ROOM[kind])
        self._make_environment()
        self._sweep()
        self._install_torch(nvidia)
        self._install_rest(part)
        system.install_libraries(display=part != "runtime", needed=part != "runtime", log=self.log)
        if part == "test":
            system.install_test_tools(self.log)
        self._try_imports(window=part != "runtime")
        for each in {"runtime": ["runtime"], "window": ["runtime", "window"]}.get(part, ["runtime", "window", "test"]):
            (self.venv / f"ready-{each}").write_bytes(self.fingerprint)

    def _check_room(self, room: float) -> None:
        if (free := shutil.disk_usage(self.root).free / GB) < room:
            need = f"needs about {room:.0f} GB on the disk of {self.root}, and {free:.1f} GB are free"
            raise SetupError(f"LLM Studio {need}: make room, then start again.")

    def _make_environment(self) -> None:
        if self._runs("import pip"):
            return
        say("1 of 3: an environment of its own for Python")
        venv = self._module("venv")
        if self.venv.exists():
            shutil.rmtree(self.venv)  # half-made, or its Python is gone
        self.venv.mkdir()
        venv.EnvBuilder(symlinks=os.name != "nt", clear=False, with_pip=False).create(self.venv)
        self._own_path()
        if self._has("ensurepip"):
            self._run([self.python, "-m", "ensurepip", "--upgrade", "--default-pip"])
        elif self._has("pip"):
            self._run([sys.executable, "-m", "pip", "--python", self.python, "install", "pip"])
        else:
            raise SetupError(missing("pip"))

    def _module(self, name: str):  # type: ignore[no-untyped-def]
        try:
            return importlib.import_module(name)
        except ImportError:
            raise SetupError(missing(name)) from None

    def _has(self, name: str) -> bool:
        return subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True).returncode == 0

    def _runs(self, code: str) -> bool:
        try:
            return subprocess.run([self.python, "-c", code], capture_output=True).returncode == 0
        except OSError:
            return False

    def _packages(self) -> Path:
        return next(folder for pattern in PACKAGES for folder in self.venv.glob(pattern))

    def _own_path(self) -> None:
        """Let the environment's Python find the studio here, also after the folder has moved."""
        packages = self._packages()
        (packages / "llmstudio.pth").write_text(os.path.relpath(self.root, packages) + "\n", "ascii")

    def _sweep(self) -> None:
        """Forget packages whose installation was cut short: pip writes RECORD last."""
        self._own_path()
        for folder in self._packages().glob("*.dist-info"):
            if not (folder / "RECORD").exists():
                shutil.rmtree(folder)

    def _install_torch(self, nvidia: bool) -> None:
        lines = self._constraints().read_text("utf-8").splitlines()
        version = next(line.removeprefix("torch==") for line in lines if line.startswith("torch=="))
        if any(self._packages().glob(f"torch-{version}*.dist-info")):
            return
        build = "for your NVIDIA card: about 3 GB to fetch" if nvidia else "for the processor: about 190 MB to fetch"
        say(f"2 of 3: PyTorch {version}, {build}")
        if not nvidia and sys.platform == "linux" and not chosen_index() and answers(f"{CPU_WHEELS}/torch/"):
            try:
                self._pip("--no-deps", "--index-url", CPU_WHEELS, f"torch=={version}")
            except SetupError:
                say("   PyTorch's own index has no build for this machine: taking the usual one")
        self._pip("--no-deps", f"torch=={version}")

    def _install_rest(self, part: str) -> None:
        say("3 of 3: Qt and the other libraries: about " + ("280 MB to fetch" if part == "test" else "180 MB to fetch"))
        project = tomllib.loads((self.root / "pyproject.toml").read_text("utf-8"))["project"]
        tests = project["optional-dependencies"]["test"] if part == "test" else []
        self._pip("--constraint", str(self._constraints()), *project["dependencies"], *tests)

    def _constraints(self) -> Path:
        return self.root / "packaging" / "constraints.txt"

    def _pip(self, *arguments: str) -> None:
        options = ["--no-input", "--progress-bar=off", "--only-binary=:all:", "--disable-pip-version-check"]
        self._run([self.python, "-m", "pip", "install", *options, *arguments])

    def _run(self, command: list[str | Path]) -> None:
        """SetupError with a sentence where the command fails. Its words go to the log, its downloads to the screen."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n$ {' '.join(map(str, command))}\n")
            said = []
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
            ) as process:
                for line in process.stdout or ():
                    log.write(line)
                    said.append(line)
                    show_download(line)
        if process.returncode:
            raise SetupError(self._sentence("".join(said)))

    def _sentence(self, words: str) -> str:
        facts = {"root": self.root, "python": "{}.{}".format(*sys.version_info), "room": ROOM["runtime"]}
        for pattern, sentence in CAUSES:
            if found := re.search(pattern, words):
                return sentence.format(**facts, **found.groupdict())
        last = next((line.strip() for line in reversed(words.splitlines()) if line.strip()), "no reason was given")
        return f"Set-up did not finish ({last.removeprefix('ERROR: ')}): start again, or delete the folder .venv first."

    def _with_log(self, sentence: str) -> str:
        return f"{sentence.rstrip('.')} (details: {self.log})." if self.log.exists() else sentence

    def _try_imports(self, window: bool) -> None:
        """A first import finds what cannot work here while it can still be said, and warms the disk."""
        say("Trying it out")
        subprocess.run([self.python, "-m", "compileall", "-q", self.root / "llmstudio"], stdout=subprocess.DEVNULL)
        self._run([self.python, "-c", f"import numpy, tokenizers, torch{', pyqtgraph' if window else ''}"])


def show_download(line: str) -> None:
    if found := re.search(r"Downloading (?:\S*/)?([\w.]+?)-\d\S* \(([\d.]+) ([MG])B\)", line):
        name, size, unit = found.groups()
        if unit == "G" or float(size) >= 5:
            say(f"   {name.replace('_', '-')}, {size} {unit}B")


def missing(module: str) -> str:
    package = "python{}.{}-venv".format(*sys.version_info)
    cure = f"on Debian and Ubuntu: {system.as_root(['apt-get', 'install', '-y', package])}"
    return f"This Python came without its {module} module: install it ({cure}), then start again."


def chosen_index() -> bool:
    """Whether the user has said where packages come from; then nothing else is asked."""
    return bool(os.environ.get("PIP_INDEX_URL") or os.environ.get("PIP_NO_INDEX"))


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=ANSWER_WITHIN) as reply:
            return bool(reply.status == 200)
    except (OSError, ValueError, urllib.error.URLError):
        return False
