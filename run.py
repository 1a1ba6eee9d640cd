#!/usr/bin/env python3
"""The one command. It sets up what is missing, once, beside this file (.venv), then gets out of the way.

    python3 run.py                open the studio
    python3 run.py test [ARGS]    run the tests; ARGS go to pytest
    python3 run.py bench [NAME]   measure: engine (without a name), time, curves ...
    python3 run.py setup          only set up
    python3 run.py train P ...    any other verb of the studio's command line (python3 run.py help)

Written so that an old Python can read it far enough to be told that it is too old.
"""

import os
import sys

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, *(["Scripts", "python.exe"] if os.name == "nt" else ["bin", "python"]))


def main(arguments):
    if sys.version_info[:2] < OLDEST:
        sys.exit(too_old())
    verb = arguments[0] if arguments else ""
    part = part_needed(verb)
    if not is_ready(part):
        preparation().prepare(part)
    if verb == "test":
        sys.exit(preparation().run_tests(arguments[1:]))
    if verb == "setup":
        print("LLM Studio is ready: python3 run.py opens it.")
    elif verb == "bench":
        os.chdir(ROOT)
        start(["-c", "import sys; sys.path.insert(0, ''); import benchmarks.__main__"] + arguments[1:])
    else:
        start(["-m", "llmstudio"] + arguments)


def part_needed(verb):
    """runtime: what the command line needs. window: and what Qt needs on a display. test: and the tests' tools."""
    if verb == "test":
        return "test"
    display = sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return "window" if display and verb in ("", "setup") else "runtime"


def is_ready(part):
    return read(stamp(part)) == fingerprint()


def stamp(part):
    return os.path.join(VENV, "ready-" + part)


def fingerprint():
    """Everything that the set-up depends on. Kept in .venv as it is: to compare needs no more imports."""
    version = "Python {}.{}\n".format(*sys.version_info)
    files = [os.path.join(ROOT, "pyproject.toml"), os.path.join(ROOT, "packaging", "constraints.txt")]
    return version.encode() + b"\n".join(read(path) for path in files)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def preparation():
    sys.path.insert(0, os.path.join(ROOT, "packaging"))
    import prepare

    return prepare.Preparation(ROOT, PYTHON, fingerprint())


def start(arguments):
    """Become the studio. -P: a file in the user's folder that is named like a library is not taken for it."""
    command = [PYTHON, "-P"] + arguments
    try:
        if os.name != "nt":
            os.execv(PYTHON, command)
        import subprocess  # on Windows, exec would hand the console back while the studio still runs

        sys.exit(subprocess.call(command))
    except OSError as error:
        sys.exit("The Python in %s does not start (%s): delete that folder and start again." % (VENV, error.strerror))


def too_old():
    have = "%d.%d" % sys.version_info[:2]
    folders = os.environ.get("PATH", "").split(os.pathsep)
    for minor in (14, 13, 12, 11):
        name = "python3.%d" % minor
        if any(os.path.exists(os.path.join(folder, name)) for folder in folders):
            return "LLM Studio needs Python 3.11 or newer and this is %s: start it with %s run.py." % (have, name)
    cure = "install a newer one from python.org or with your system's package manager, then start again with it"
    return "LLM Studio needs Python 3.11 or newer and this is %s: %s." % (have, cure)


if __name__ == "__main__":
    main(sys.argv[1:])
