"""Weights on disk: snapshots for the time machine, checkpoints to go on from, the best. safetensors only; no pickle.

A file carries in its header what it is: version, step, spec; a checkpoint also the optimiser's state, the averaged
weights and all that a bit-exact continuation needs. Each is written whole or not at all (`files.write_atomic`), and the
older of two checkpoints stays until the next. Formats: 1 had weights and AdamW's moments, under the names still used;
up to 2, norms were named by their number.
"""

import json
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec
import torch
from msgspec import Struct
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from llmstudio.core.data.faults import reason
from llmstudio.core.files import write_atomic
from llmstudio.core.model import spec as S
from llmstudio.core.model.network import GPT

from .events import Changed
from .guard import Doubt, Trouble
from .recipe import Recipe

VERSION = 3
KEPT = 2  # checkpoints: the newest, and the one before in case it cannot be read
BEST = "best.safetensors"  # beside resume/ and snapshots/
COUNT = "count"  # beside the averaged weights: of how many steps they are the average
Tensors = dict[str, Tensor]
NAMES = {  # of number formats, in files and in torch
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
DAMAGE = (  # what reading a file raises that was cut short or written over
    SafetensorError,
    msgspec.MsgspecError,
    struct.error,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    UnicodeError,
)


class Best(Struct, frozen=True, kw_only=True):
    """The look at validation text with the lowest loss so far."""

    step: int
    loss: float  # nats per token


class Header(Struct, frozen=True, kw_only=True):
    """What a file says of itself. `told`: the news of this step (evaluation, sample, snapshot) is out.

    Batches and dropout of a step follow from the seed and the step alone, so no generator's state is kept.
    """

    step: int
    spec: S.Model
    version: int = VERSION
    seconds: float = 0.0
    told: bool = True
    fused: tuple[bool, ...] = ()  # the way attention was computed, block by block
    threads: int = 0
    recipe: Recipe | None = None  # as it was at this step; None in format 1
    changes: tuple[Changed, ...] = ()  # that led from the recipe at the start to it
    precision: str = "float32"  # that it really computed with
    compiled: bool = False
    device: str = "cpu"
    torch_version: str = ""
    best: Best | None = None
    waited: int = 0  # looks at validation text since the best
    losses: tuple[float, ...] = ()  # the latest good ones: the memory of `guard`
    troubles: tuple[Trouble, ...] = ()  # that the run was rolled back from: the memory of `guard` too
    doubt: Doubt = Doubt()  # and what else it knows


class NewerError(ValueError):
    """The file was written by a newer version: older files beside it are no substitute."""


class Optimizers(Protocol):
    """What has state beside the weights: names are "key.path of the parameter"."""

    def state(self) -> Tensors: ...

    def load(self, state: Tensors) -> None: ...


def load_snapshot(gpt: GPT, path: Path) -> int:
    """Fill `gpt` with the weights of this file; their step comes back. ValueError: `gpt` stays as it was."""
    header, tensors = _read(path)
    _fill(path, gpt, header, tensors)
    return header.step


def save_resume(folder: Path, tensors: Tensors, header: Header, kept: int = KEPT, stale: Iterable[Path] = ()) -> None:
    """Write all that is needed to go on from here, then let go of all but the newest. OSError: nothing is lost.

    `stale`: checkpoints that do not count any more, which go too.
    """
    path = folder / f"{header.step:09}.safetensors"
    write(path, tensors, header)
    for old in {*stale} - {path}:
        old.unlink(missing_ok=True)
    ours = [path for path in _checkpoints(folder) if _step(path) <= header.step]  # beyond it: one that is damaged
    for old in ours[kept:]:
        old.unlink(missing_ok=True)


def whole(gpt: GPT, optimizers: Optimizers, averaged: Tensors | None = None) -> Tensors:
    """All tensors of a checkpoint by their names in the file; views, not copies."""
    tensors = {f"weights.{name}": tensor for name, tensor in parameters(gpt).items()}
    tensors |= {f"optimizer.{name}": tensor.detach() for name, tensor in optimizers.state().items()}
    return tensors | {f"average.{name}": tensor.detach() for name, tensor in (averaged or {}).items()}


def load_resume(folder: Path, upto: int | None = None) -> tuple[Header, Tensors, Path] | None:
    """The newest checkpoint that can be read; None where there is none. ValueError where there are, and none can be.

    `upto`: only those of this step or before.
    """
    first: ValueError | None = None
    for path in _checkpoints(folder):
        if upto is not None and _step(path) > upto:
            continue
        try:
            return *_read(path), path
        except NewerError:
            raise
        except ValueError as error:
            first = first or error
    if first:
        raise first
    return None


def newer(folder: Path, step: int) -> list[str]:
    """Names of the checkpoints beyond `step`, the newest that could be read: they are damaged."""
    return [path.name for path in _beyond(folder, step)]


def newest_step(folder: Path) -> int:
    """The step from which a run would go on. ValueError where there is no checkpoint that can be read."""
    found = load_resume(folder)
    if not found:
        raise ValueError(f"There is no checkpoint in {folder.parent.name}: start a new run.")
    return found[0].step


def load_newest(gpt: GPT, folder: Path) -> int:
    """Fill `gpt` with the newest weights that can be read; their step comes back. ValueError where there are none.

    Those of the checkpoints in `folder`, or of a snapshot beside it where that is newer than any of them.
    """
    files = sorted(_checkpoints(folder) + _checkpoints(folder.with_name("snapshots")), key=_step, reverse=True)
    first: ValueError | None = None
    for path in files:
        try:
            header, tensors = _read(path)
        except NewerError:
            raise
        except ValueError as error:
            first = first or error
            continue
        parts = _parts(tensors)
        shown = parts.get("average") or parts.get("weights") or tensors
        _fill(path, gpt, header, {name: shown[name] for name in shown if name != COUNT})
        return header.step
    raise first or ValueError(f"{folder.parent.name} has no weights yet: train it for a moment first.")


def restore(path: Path, header: Header, tensors: Tensors, gpt: GPT, optimizers: Optimizers) -> Tensors:
    """Put a checkpoint's weights and the optimiser's state back; averaged weights come back, {} where there are none.

    ValueError where it belongs to another model, or to another kind of optimiser.
    """
    parts = _parts(tensors)
    _fill(path, gpt, header, parts.get("weights", {}))
    optimizers.load(parts.get("optimizer", {}))
    return parts.get("average", {})


def best(folder: Path) -> Best | None:
    """What is kept as the best weights of the run in `folder`; None where there are none. ValueError: unreadable."""
    path = folder / BEST
    return _read(path)[0].best if path.exists() else None


def forget(folder: Path, step: int) -> None:
    """Remove the snapshots that the run in `folder` kept of the steps after `step`: they do not count any more."""
    for path in _beyond(folder / "snapshots", step):
        path.unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Remove what a save that was cut off by a crash left in `folder`. Nobody else may be saving there."""
    for part in folder.glob(".*.safetensors.*.part"):
        part.unlink(missing_ok=True)


def parameters(gpt: nn.Module) -> Tensors:
    """The weights themselves by name; a tied head is named once."""
    return {name: p.detach() for name, p in gpt.named_parameters()}


def write(path: Path, tensors: Tensors, header: Header) -> None:
    """Write `tensors` to a file. OSError where the disk refuses: then there is no file, or the old one.

    safetensors' own `save_file` tells a full disk from a fault in words only, and `save` holds Python's lock meanwhile.
    """
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))  # so that each is aligned
    fields: dict[str, Any] = {"__metadata__": {"llmstudio": msgspec.json.encode(header).decode()}}
    end = 0
    for name in order:
        start, end = end, end + tensors[name].nbytes
        kind, shape = NAMES[tensors[name].dtype], list(tensors[name].shape)
        fields[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
    head = json.dumps(fields, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)

    def content(file: BinaryIO) -> None:
        file.write(struct.pack("<Q", len(head)) + head)
        for name in order:
            file.write(memoryview(_raw(tensors[name])))
        file.flush()
        if os.fstat(file.fileno()).st_size != 8 + len(head) + end:
            raise OSError(0, "Not all of it could be written")

    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content)


def _raw(tensor: Tensor) -> Any:
    """Its numbers as bytes, not copied where they lie one behind the other."""
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()


def _parts(tensors: Tensors) -> dict[str, Tensors]:
    """A checkpoint's tensors by what they belong to."""
    parts: dict[str, Tensors] = {}
    for key, tensor in tensors.items():
        part, _, name = key.partition(".")
        parts.setdefault(part, {})[name] = tensor
    return parts


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.safetensors"), reverse=True) if folder.is_dir() else []


def _beyond(folder: Path, step: int) -> list[Path]:
    return [path for path in _checkpoints(folder) if _step(path) > step]


def _step(path: Path) -> int:
    return int(path.stem) if path.stem.isdecimal() else -1


def _read(path: Path) -> tuple[Header, Tensors]:
    """Header and tensors of a file, checked. ValueError with one sentence that names it."""
    try:
        data = path.read_bytes()
        header = _header(data)
        return header, {_today(name): tensor for name, tensor in load(data).items()}
    except NewerError as error:
        raise NewerError(f"{path.name} {error}") from error
    except FileNotFoundError as error:
        raise ValueError(f"{path.name} is missing from {path.parent.name}: choose another moment.") from error
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {reason(error)}") from error
    except DAMAGE as error:
        raise ValueError(f"{path.name} in {path.parent} is damaged or cut short: take an older one.") from error


def _today(name: str) -> str:
    """The name that a tensor of format 1 or 2 has now."""
    return name.replace(".norm_1.", ".norm_attn.").replace(".norm_2.", ".norm_mlp.")


def _header(data: bytes) -> Header:
    (size,) = struct.unpack_from("<Q", data)
    fields: Any = msgspec.json.decode(msgspec.json.decode(data[8 : 8 + size])["__metadata__"]["llmstudio"])
    if (version := fields.get("version", 1)) > VERSION:
        raise NewerError(f"was written by a newer LLM Studio (format {version}); this one reads format {VERSION}.")
    return msgspec.convert(fields, Header)


def _fill(path: Path, gpt: GPT, header: Header, weights: Tensors) -> None:
    own = parameters(gpt)
    if {name: t.shape for name, t in weights.items()} != {name: t.shape for name, t in own.items()}:
        raise ValueError(f"{path.name} belongs to another model ({header.spec.name}): start a new run.")
    for name, tensor in own.items():
        tensor.copy_(weights[name])
