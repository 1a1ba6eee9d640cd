"""What runs have told, for other programs: CSV, Parquet, or TensorBoard's event files.

`collect` copies a run's numbers, on the session's thread; `write` takes its time, on the file thread.
"""

import codecs
import csv
import os
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

import msgspec
from msgspec import Struct

from ..core.data.faults import reason
from ..core.files import write_atomic
from ..core.json_text import encode
from ..core.model.spec import Model
from ..core.train.events import Histogram, Histograms, Sampled
from ..core.train.recipe import Recipe
from .run import Run
from .series import Series

Kind = Literal["csv", "parquet", "tensorboard"]
KINDS = {"csv": "CSV", "parquet": "Parquet", "tensorboard": "TensorBoard"}
MARK = ".llmstudio"  # ends the names of the event files that are ours, to replace them


class Column(Struct, frozen=True, kw_only=True):
    """One number against rising steps, where it was measured."""

    name: str
    steps: Sequence[float]
    values: Sequence[float]


class Table(Struct, frozen=True, kw_only=True):
    """All that is exported of one run. `marks`: what was changed or noted, as (step, words)."""

    name: str
    model: Model
    recipe: Recipe
    created: float
    columns: tuple[Column, ...]
    marks: tuple[tuple[int, str], ...]
    samples: tuple[Sampled, ...]
    histograms: tuple[Histograms, ...]


def collect(run: Run) -> Table:
    """A copy of what the run has told so far. Losses in nats per token, seconds since its start without pauses."""
    named = {
        "loss": run.loss, "validation": run.validation, "learning_rate": run.rate, "gradient": run.gradient,
        "gradient_clipped": run.clipped, "seconds": run.seconds, "tokens": run.tokens, "tokens_per_second": run.speed,
    }  # fmt: skip
    for path, part in run.health.items():
        whole = {"gradient": part.gradient, "update": part.update, "activation": part.activation, "dead": part.dead}
        named |= {f"{name}/{path}": series for name, series in whole.items()}
    notes = [(note.step, note.text) for note in run.notes]
    return Table(
        name=run.name,
        model=run.model,
        recipe=run.recipe,
        created=run.created,
        columns=tuple(_copy(name, series) for name, series in named.items() if len(series)),
        marks=tuple(sorted({*run.flags, *notes})),
        samples=tuple(run.samples),
        histograms=tuple(run.histograms),
    )


def write(tables: Sequence[Table], kind: Kind, path: Path) -> Path:
    """Write the runs to `path`: a file with one row for each step of each run, or, for TensorBoard, a folder with one
    for each run. A file that was there is replaced whole, or not at all. Gives the path back.

    ValueError with a sentence where there is nothing to write, or it cannot be written.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"There is no kind of export named {kind}: take {', '.join(get_args(Kind))}.")
    if not any(table.columns for table in tables):
        raise ValueError("There is nothing to export yet: the run has not made a step.")
    writer: Callable[[Sequence[Table], Path], None] = {
        "csv": _csv, "parquet": _parquet, "tensorboard": _tensorboard,
    }[kind]  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(tables, path)
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {reason(error)}") from error
    except ImportError as error:
        raise ValueError(
            f"{KINDS[kind]} needs the library {error.name}, which is not installed: start run.py again."
        ) from error
    return path


def _copy(name: str, series: Series) -> Column:
    return Column(name=name, steps=series.steps[:], values=series.values[:])


def _names(tables: Sequence[Table]) -> list[str]:
    return list(dict.fromkeys(column.name for table in tables for column in table.columns))


def _rows(table: Table) -> list[int]:
    """The steps at which there is anything."""
    steps = {int(step) for column in table.columns for step in column.steps}
    return sorted(steps | {step for step, _ in table.marks})


def _aligned(column: Column | None, rows: list[int]) -> list[float | None]:
    """The column's value at each row, the last one where a step has several; None where it has none."""
    found: list[float | None] = [None] * len(rows)
    for step, value in zip(column.steps, column.values, strict=True) if column else ():
        found[bisect_left(rows, int(step))] = value
    return found


def _marked(table: Table, rows: list[int]) -> list[str | None]:
    words: dict[int, list[str]] = {}
    for step, text in table.marks:
        words.setdefault(step, []).append(text)
    return [" | ".join(words[step]) if step in words else None for step in rows]


def _csv(tables: Sequence[Table], path: Path) -> None:
    def fill(file: BinaryIO) -> None:
        writer = csv.writer(codecs.getwriter("utf-8")(file))
        writer.writerow(["run", "step", *_names(tables), "marks"])
        for table in tables:
            writer.writerows(_lines(table, _names(tables)))

    write_atomic(path, fill)


def _lines(table: Table, names: list[str]) -> Iterator[list[Any]]:
    """Rows as they stand in the file; what was not measured is left empty."""
    rows, own = _rows(table), {column.name: column for column in table.columns}
    columns = [_aligned(own.get(name), rows) for name in names]
    for step, *values, mark in zip(rows, *columns, _marked(table, rows), strict=True):
        numbers = ["" if value is None else repr(value) for value in values]
        yield [_plain(table.name), step, *numbers, _plain(mark or "")]


def _plain(text: str) -> str:
    """A spreadsheet would take a cell that begins like this for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _parquet(tables: Sequence[Table], path: Path) -> None:
    """Design and recipe of each run stand in the file's metadata, as JSON."""
    import pyarrow as pa
    from pyarrow import parquet

    names = _names(tables)
    fields = [pa.field("run", pa.string()), pa.field("step", pa.int64()), *(pa.field(n, pa.float64()) for n in names)]
    about = {table.name: {"model": table.model, "recipe": table.recipe} for table in tables}
    schema = pa.schema([*fields, pa.field("marks", pa.string())], metadata={"llmstudio": encode(about)})

    def fill(file: BinaryIO) -> None:
        with parquet.ParquetWriter(file, schema) as writer:
            for table in tables:
                rows, own = _rows(table), {column.name: column for column in table.columns}
                columns = [_aligned(own.get(name), rows) for name in names]
                arrays = [[table.name] * len(rows), rows, *columns, _marked(table, rows)]
                made = [pa.array(values, field.type) for values, field in zip(arrays, schema, strict=True)]
                writer.write_table(pa.Table.from_arrays(made, schema=schema))

    write_atomic(path, fill)


def _tensorboard(tables: Sequence[Table], path: Path) -> None:
    for table in tables:
        folder = path / table.name
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path, prefix=".", suffix=".part") as part:
            _events(table, part)
            before = set(folder.glob(f"events.out.tfevents.*{MARK}"))
            for new in Path(part).iterdir():
                os.replace(new, folder / new.name)
                before.discard(folder / new.name)
            for old in before:
                old.unlink()


def _events(table: Table, folder: str) -> None:
    from tensorboardX import SummaryWriter
    from tensorboardX.proto.summary_pb2 import Summary

    own = {column.name: column for column in table.columns}
    when = own.get("seconds", Column(name="seconds", steps=(), values=()))

    def at(step: float) -> float:
        """Seconds since 1970 at which a step was made, as far as that is known."""
        i = min(bisect_left(when.steps, step), len(when.steps) - 1)
        return table.created + (when.values[i] if i >= 0 else 0.0)

    with SummaryWriter(folder, filename_suffix=MARK, max_queue=1000) as writer:
        about = msgspec.json.format(encode({"model": table.model, "recipe": table.recipe}), indent=2).decode()
        writer.add_text("design and recipe", f"```json\n{about}\n```", 0, at(0))
        rows = _rows(table)
        columns = [(column.name, _aligned(column, rows)) for column in table.columns]
        for i, step in enumerate(rows):  # all numbers of a step at once: one by one takes five times as long
            values = [Summary.Value(tag=name, simple_value=it[i]) for name, it in columns if it[i] is not None]
            writer.file_writer.add_summary(Summary(value=values), step, at(step))
        for step, text in table.marks:
            writer.add_text("marks", text, step, at(step))
        for sample in table.samples:
            writer.add_text("samples", f"```\n{sample.prompt}{sample.text}\n```", sample.step, at(sample.step))
        for each in table.histograms:
            for kind, parts in (("weights", each.weights), ("gradients", each.gradients)):
                for name, histogram in parts.items():
                    _histogram(writer, f"{kind}/{name}", histogram, each.step, at(each.step))


def _histogram(writer: Any, tag: str, histogram: Histogram, step: int, when: float) -> None:
    counts, bins = histogram.counts, len(histogram.counts)
    width = (histogram.high - histogram.low) / max(1, bins)
    middles = [histogram.low + (i + 0.5) * width for i in range(bins)]
    writer.add_histogram_raw(
        tag=tag,
        min=histogram.low,
        max=histogram.high,
        num=sum(counts),
        sum=sum(n * x for n, x in zip(counts, middles, strict=True)),
        sum_squares=sum(n * x * x for n, x in zip(counts, middles, strict=True)),
        bucket_limits=[histogram.low + (i + 1) * width for i in range(bins)],
        bucket_counts=list(counts),
        global_step=step,
        walltime=when,
    )
