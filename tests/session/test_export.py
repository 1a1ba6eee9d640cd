import csv
import json
from pathlib import Path

import pytest
from pyarrow import parquet
from tensorboardX.proto import event_pb2

from llmstudio.core.model.spec import Model
from llmstudio.core.train.events import (
    Changed,
    Evaluated,
    Event,
    Health,
    Histogram,
    Histograms,
    Part,
    RolledBack,
    Sampled,
    Step,
)
from llmstudio.core.train.recipe import Recipe
from llmstudio.session import export
from llmstudio.session.about import About
from llmstudio.session.export import Kind, collect, write
from llmstudio.session.run import Run


def step(n: int) -> Step:
    return Step(step=n, loss=3.0 / n, learning_rate=1e-3, gradient=2.0, seconds=0.5 * n)


def run(name: str = "run 1", steps: int = 5, note: str = "it jumped") -> Run:
    log: list[Event] = [Evaluated(step=0, loss=4.25), *map(step, range(1, steps + 1))]
    log += [RolledBack(step=steps - 1, bad=steps, text=note), step(steps)]
    log += [Changed(step=steps, fields={"learning_rate": 5e-4}), Sampled(step=4, prompt="a", text="bc", seed=1)]
    log.append(Health(step=4, parts={"embed": Part(gradient=0.5, update=1e-3, activation=1.0)}))
    counts = Histogram(low=-1.0, high=1.0, counts=(1, 2, 3, 4))
    log.append(Histograms(step=4, weights={"embed": counts}, gradients={}))
    log.append(Evaluated(step=steps, loss=0.625, whole=True))
    return Run(name=name, number=1, model=Model(), recipe=Recipe(), log=log, about=About(created=1e9))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


def test_csv_has_a_row_for_each_step_and_what_was_not_measured_is_empty(tmp_path: Path) -> None:
    found = rows(write([collect(run())], "csv", tmp_path / "new" / "out.csv"))
    assert [row["step"] for row in found] == ["0", "1", "2", "3", "4", "5"]
    assert [row["validation"] for row in found] == ["4.25", "", "", "", "", "0.625"]
    assert [float(row["loss"]) for row in found[1:]] == [3.0 / n for n in range(1, 6)]  # to the last digit
    assert {row["loss"] for row in found[:1]} == {""} and found[4]["gradient/embed"] == "0.5"
    assert found[1]["gradient_clipped"] == "1.0" and found[5]["seconds"] == "2.5"
    assert "it jumped" in found[4]["marks"] and "learning rate 0.0005" in found[5]["marks"]
    assert "dead/embed" not in found[0]


def test_several_runs_in_one_file(tmp_path: Path) -> None:
    found = rows(write([collect(run()), collect(run("=run 2", 4))], "csv", tmp_path / "out.csv"))
    assert [row["run"] for row in found] == ["run 1"] * 6 + ["'=run 2"] * 5  # no formula for a spreadsheet


def test_parquet_keeps_the_numbers_and_what_was_run(tmp_path: Path) -> None:
    path = write([collect(run()), collect(run("run 2", 4))], "parquet", tmp_path / "out.parquet")
    table = parquet.read_table(path)
    losses = table.column("loss").to_pylist()
    assert losses == [None, *[3.0 / n for n in range(1, 6)], None, *[3.0 / n for n in range(1, 5)]]
    assert table.column("run").to_pylist() == ["run 1"] * 6 + ["run 2"] * 5
    assert str(table.schema.field("step").type) == "int64"
    about = json.loads(table.schema.metadata[b"llmstudio"])
    assert about["run 2"]["recipe"]["batch"] == Recipe().batch and about["run 1"]["model"]["width"] == Model().width


def events(folder: Path) -> list[event_pb2.Event]:
    """TensorBoard's own record format: length, checksum, bytes, checksum."""
    (path,) = folder.iterdir()
    data, found = path.read_bytes(), []
    while data:
        length = int.from_bytes(data[:8], "little")
        found.append(event_pb2.Event.FromString(data[12 : 12 + length]))
        data = data[16 + length :]
    return found


def test_tensorboard_has_a_folder_for_each_run(tmp_path: Path) -> None:
    for _ in range(2):  # the second time replaces the first
        write([collect(run()), collect(run("run 2", 4))], "tensorboard", tmp_path / "logs")
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["run 1", "run 2"]
    found = events(tmp_path / "logs" / "run 1")
    values = [(event.step, event.wall_time, value) for event in found for value in event.summary.value]
    losses = [(at, value.simple_value) for at, _, value in values if value.tag == "loss"]
    assert losses == [(n, pytest.approx(3.0 / n)) for n in range(1, 6)]
    assert {when for at, when, value in values if value.tag == "loss" and at == 4} == {1e9 + 2.0}
    (histogram,) = [value.histo for _, _, value in values if value.tag == "weights/embed"]
    assert list(histogram.bucket) == [1, 2, 3, 4] and list(histogram.bucket_limit) == [-0.5, 0, 0.5, 1]
    assert histogram.num == 10 and histogram.sum == pytest.approx(-0.75 - 0.5 + 0.75 + 3)
    texts = {value.tag for _, _, value in values if value.tensor.string_val}
    assert {"samples/text_summary", "marks/text_summary", "design and recipe/text_summary"} <= texts


def test_the_copy_does_not_grow_with_the_run(tmp_path: Path) -> None:
    grown = run()
    table = collect(grown)
    grown.log.append(step(6))
    grown.refresh()
    assert len(rows(write([table], "csv", tmp_path / "out.csv"))) == 6


@pytest.mark.parametrize("kind", export.KINDS)
def test_what_cannot_be_written_is_said_and_leaves_what_was_there(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="nothing to export yet"):
        write([collect(Run(name="a", number=1, model=Model(), recipe=Recipe()))], kind, tmp_path / "out")
    (tmp_path / "file").write_text("mine", "utf-8")
    with pytest.raises(ValueError, match=r"cannot be written: .*\.$"):
        write([collect(run())], kind, tmp_path / "file" / "out")
    assert (tmp_path / "file").read_text("utf-8") == "mine"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    write([collect(run())], kind, tmp_path / "out")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(ValueError, match="the disk is full"):
        write([collect(run(steps=4))], kind, tmp_path / "out")
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_an_unknown_kind_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no kind of export named xls: take csv, parquet, tensorboard"):
        write([collect(run())], "xls", tmp_path / "out")  # type: ignore[arg-type]
