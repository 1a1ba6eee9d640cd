"""Finding the files that hold text among what a person dropped: plain text, markdown and source code."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from .encoding import Detected as Detected
from .encoding import NotText as NotText
from .encoding import detect as detect
from .encoding import read as read
from .faults import reason

PROSE = ".txt .text .md .markdown .mdown .rst .adoc .asciidoc .org .tex .bib .srt .vtt .log .po .fountain"
CODE = (
    ".py .pyi .pyx .c .h .cc .cpp .cxx .hpp .hh .hxx .ino .cu .cuh .m .mm .java .kt .kts .scala .groovy .gradle "
    ".js .mjs .cjs .jsx .ts .mts .cts .tsx .vue .svelte .css .scss .sass .less .rs .go .swift .cs .fs .fsx .vb "
    ".rb .php .pl .pm .t .lua .r .jl .hs .lhs .elm .ml .mli .ex .exs .erl .hrl .clj .cljs .cljc .edn .lisp .lsp "
    ".el .scm .rkt .sh .bash .zsh .fish .ps1 .psm1 .bat .cmd .sql .dart .zig .nim .cr .d .pas .pp .f .f90 .f95 "
    ".f03 .for .asm .s .v .sv .vhd .vhdl .tcl .awk .sed .vim .prolog .pro .coffee .hx .odin .sol .proto .thrift "
    ".graphql .gql .cmake .mk .make .dockerfile .tf .nix .bzl .ini .cfg .conf .toml .yaml .yml .json .json5 "
    ".properties .gd .glsl .vert .frag .hlsl .wgsl .metal .ps .ly"
)
SUFFIXES = frozenset(f"{PROSE} {CODE}".split())
SKIPPED = frozenset(("node_modules", "__pycache__"))  # beside whatever is hidden, .git among it
READABLE = "plain text (.txt), markdown (.md) and source code can be read."


class Found(Struct, frozen=True, kw_only=True):
    path: Path
    name: str  # as the person knows it: below a dropped folder, "folder/chapter/one.txt"


class Refused(Struct, frozen=True, kw_only=True):
    """A path that was left out. `reason` goes on after "name left out:" and ends with a full stop."""

    path: Path
    reason: str


def find(paths: Iterable[Path]) -> tuple[list[Found], list[Refused]]:
    """The files with text at `paths`: files as they are, folders with all that is below them, in order of their names.

    Hidden files and folders, node_modules and __pycache__ are passed over. A link inside a folder is refused, so that
    nothing outside what was dropped is ever read; a link that was itself dropped is followed.
    """
    found: list[Found] = []
    refused: list[Refused] = []
    for path in paths:
        path = Path(path)
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            why = reason(error) if isinstance(error, OSError) else "its name cannot be used on this computer."
            refused.append(Refused(path=path, reason=why))
            continue
        if not stat.S_ISDIR(mode):
            _sort(path, path.name, mode, found, refused)
            continue
        kept, left = len(found), len(refused)
        for file, mode in _walk(path, refused):
            _sort(file, file.relative_to(path.parent).as_posix(), mode, found, refused)
        if len(found) == kept and len(refused) == left:
            refused.append(Refused(path=path, reason=f"there is no text in this folder; {READABLE}"))
    return found, refused


def _walk(folder: Path, refused: list[Refused]) -> Iterator[tuple[Path, int]]:
    """(file, mode) of all that is below `folder`, however deep."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        if here == folder or (here.is_dir() and not here.is_symlink()):
            try:
                names = sorted(os.listdir(here))
            except OSError as error:
                refused.append(Refused(path=here, reason=reason(error)))
                continue
            waiting.extend(here / name for name in reversed(names) if not name.startswith(".") and name not in SKIPPED)
            continue
        try:
            yield here, here.lstat().st_mode
        except OSError as error:
            refused.append(Refused(path=here, reason=reason(error)))


def _sort(path: Path, name: str, mode: int, found: list[Found], refused: list[Refused]) -> None:
    if why := _unreadable(path, mode):
        refused.append(Refused(path=path, reason=why))
    else:
        found.append(Found(path=path, name=shown(name)))


def _unreadable(path: Path, mode: int) -> str | None:
    if stat.S_ISLNK(mode):
        return "it is a link, and links inside a folder are not followed. Drop what it leads to instead."
    if not stat.S_ISREG(mode):
        return "it is not an ordinary file."
    suffix = path.suffix.lower()
    if suffix and suffix not in SUFFIXES:  # no suffix: README, LICENSE, Makefile; what is inside decides
        return f"{suffix} files are not read; {READABLE}"
    return None


def shown(name: str) -> str:
    """`name` with the bytes that are no text in the file system's encoding replaced, for drawing and saving."""
    return os.fsencode(name).decode("utf-8", "replace")
