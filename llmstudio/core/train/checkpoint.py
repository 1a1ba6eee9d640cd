"""Weights on disk: snapshots for the time machine, checkpoints to go on from. safetensors only; nothing is unpickled.

A file carries in its header what it is: version, step, spec; a checkpoint also the optimiser's moments and the clock.
Each is written whole or not at all (`files.write_atomic`), and the older of two checkpoints stays until the next.
"""

import struct
from pathlib import Path
from typing import Any

import msgspec
import torch
from msgspec import Struct
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from llmstudio.core.data.faults import reason
from llmstudio.core.files import write_atomic
from llmstudio.core.model import spec as S
from llmstudio.core.model.network import GPT

VERSION = 1
KEPT = 2  # checkpoints: the newest, and the one before in case it cannot be read
Tensors = dict[str, Tensor]
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


class Header(Struct, frozen=True, kw_only=True):
    """What a file says of itself. `told`: the news of this step (evaluation, sample, snapshot) is out."""

    step: int
    spec: S.Model
    version: int = VERSION
    seconds: float = 0.0
    told: bool = True
    fused: tuple[bool, ...] = ()  # the way attention was computed, block by block
    threads: int = 0


class NewerError(ValueError):
    """The file was written by a newer version: older files beside it are no substitute."""


def save_snapshot(gpt: GPT, path: Path, step: int) -> None:
    """Keep the weights of this step. OSError where the disk refuses; then there is no file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, _bytes(_weights(gpt), Header(step=step, spec=gpt.spec)))


def load_snapshot(gpt: GPT, path: Path) -> int:
    """Fill `gpt` with the weights of this file; their step comes back. ValueError: `gpt` stays as it was."""
    header, tensors = _read(path)
    _fill(path, gpt, header, tensors)
    return header.step


def save_resume(folder: Path, gpt: GPT, optimizer: torch.optim.Optimizer, header: Header) -> None:
    """Write all that is needed to go on from here, then let go of all but the newest two. OSError: nothing is lost."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"weights.{name}": tensor for name, tensor in _weights(gpt).items()}
    for name, p in gpt.named_parameters():
        tensors |= {f"optimizer.{key}.{name}": t.detach() for key, t in optimizer.state.get(p, {}).items()}
    write_atomic(folder / f"{header.step:09}.safetensors", _bytes(tensors, header))
    ours = [path for path in _checkpoints(folder) if path.stem <= f"{header.step:09}"]  # beyond it: one that is damaged
    for old in ours[KEPT:]:
        old.unlink(missing_ok=True)


def load_resume(folder: Path) -> tuple[Header, Tensors, Path] | None:
    """The newest checkpoint that can be read; None where there is none. ValueError where there are, and none can be."""
    first: ValueError | None = None
    for path in _checkpoints(folder):
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
    return [path.name for path in _checkpoints(folder) if _step(path) > step]


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
        own = {name.removeprefix("weights."): t for name, t in tensors.items() if not name.startswith("optimizer.")}
        _fill(path, gpt, header, own)
        return header.step
    raise first or ValueError(f"{folder.parent.name} has no weights yet: train it for a moment first.")


def restore(path: Path, header: Header, tensors: Tensors, gpt: GPT, optimizer: torch.optim.Optimizer) -> None:
    """Put a checkpoint's weights and moments back. ValueError where it belongs to another model."""
    parts: dict[str, Tensors] = {"weights": {}, "optimizer": {}}
    for key, tensor in tensors.items():
        part, _, name = key.partition(".")
        parts.setdefault(part, {})[name] = tensor
    _fill(path, gpt, header, parts["weights"])
    for name, p in gpt.named_parameters():
        for key in ("step", "exp_avg", "exp_avg_sq"):
            if (moment := parts["optimizer"].get(f"{key}.{name}")) is not None:
                optimizer.state[p][key] = moment.to(p.device, copy=True)


def tidy(folder: Path) -> None:
    """Remove what a save that was cut off by a crash left in `folder`. Nobody else may be saving there."""
    for part in folder.glob(".*.safetensors.*.part"):
        part.unlink(missing_ok=True)


def _weights(gpt: nn.Module) -> Tensors:
    return {name: p.detach() for name, p in gpt.named_parameters()}  # a tied head is named once


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.safetensors"), reverse=True) if folder.is_dir() else []


def _step(path: Path) -> int:
    return int(path.stem) if path.stem.isdecimal() else -1


def _bytes(tensors: Tensors, header: Header) -> bytes:
    cpu = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    return bytes(save(cpu, metadata={"llmstudio": msgspec.json.encode(header).decode()}))


def _read(path: Path) -> tuple[Header, Tensors]:
    """Header and tensors of a file, checked. ValueError with one sentence that names it."""
    try:
        data = path.read_bytes()
        header = _header(data)
        return header, load(data)
    except NewerError as error:
        raise NewerError(f"{path.name} {error}") from error
    except FileNotFoundError as error:
        raise ValueError(f"{path.name} is missing from {path.parent.name}: choose another moment.") from error
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {reason(error)}") from error
    except DAMAGE as error:
        raise ValueError(f"{path.name} in {path.parent} is damaged or cut short: take an older one.") from error


def _header(data: bytes) -> Header:
    (size,) = struct.unpack_from("<Q", data)
    fields: Any = msgspec.json.decode(msgspec.json.decode(data[8 : 8 + size])["__metadata__"]["llmstudio"])
    if (version := fields.get("version", 1)) > VERSION:
        raise NewerError(f"was written by a newer LLM Studio (format {version}); this one reads format {VERSION}.")
    return msgspec.convert(fields, Header)


def _fill(path: Path, gpt: GPT, header: Header, weights: Tensors) -> None:
    own = _weights(gpt)
    if {name: t.shape for name, t in weights.items()} != {name: t.shape for name, t in own.items()}:
        raise ValueError(f"{path.name} belongs to another model ({header.spec.name}): start a new run.")
    for name, tensor in own.items():
        tensor.copy_(weights[name])
