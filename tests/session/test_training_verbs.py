"""The verbs of the command line that train, compare and export runs."""

import csv
import json

import pytest

from llmstudio.session.session import Session
from tests.session.answers import contents, refused


def answer(say, *words):
    code, out, err = say(*words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_any_field_can_be_set(say, place):
    sets = ("batch=2", "optimizer=lion", "dropout=0.1", "recipe.clip=0.5", "model.width=32", "blocks.*.mlp.hidden=24")
    facts = answer(say, "train", place, "--steps", 2, *(word for pair in sets for word in ("--set", pair)))
    assert (facts["state"], facts["step"]) == ("finished", 2)
    recipe = json.loads((place / "runs" / facts["run"] / "recipe.json").read_text())
    assert (recipe["batch"], recipe["optimizer"], recipe["dropout"], recipe["clip"]) == (2, "lion", 0.1, 0.5)
    design = json.loads((place / "runs" / facts["run"] / "spec.json").read_text())
    assert design["width"] == 32 and {block["mlp"]["hidden"] for block in design["blocks"]} == {24}


def test_off_and_none_are_typed_as_in_a_sweep(say, place):
    sets = ("dropout=off", "compile=off", "roll_back=on")
    facts = answer(say, "train", place, "--steps", 1, *(word for pair in sets for word in ("--set", pair)))
    recipe = json.loads((place / "runs" / facts["run"] / "recipe.json").read_text())
    assert (recipe["dropout"], recipe["compile"], recipe["roll_back"]) == (None, False, True)


def test_from_a_snapshot(say, place):
    facts = answer(say, "train", place, "--from", "run 1@4", "--steps", 1, "--run", "second")
    assert facts["run"] == "second" and facts["step"] == 1
    kept = json.loads((place / "runs" / "second" / "run.json").read_text())
    assert kept["about"]["origin"]["run"] == "run 1" and kept["about"]["origin"]["step"] == 4
    assert answer(say, "train", place, "--from", "run 1", "--steps", 1)["state"] == "finished"  # its last weights


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "run 1@9"), ("--from", "none@4"), ("--from", "run 1@four"), ("--from", "none"),
        ("--from", "run 1@4", "--set", "model.width=32"), ("--resume", "--repeat", "run 1"), ("--resume", "--steps", 5),
        ("--set", "learning_rate=off"), ("--set", "compile=maybe"),
        ("--repeat", "none"), ("--repeat", "run 1", "--steps", "3"), ("--repeat", "run 1", "--set", "batch=2"),
        ("--resume", "--set", "seed=3"), ("--resume", "--set", "model.width=32"), ("--resume", "--set", "clip=-1"),
        ("--set", "blocks.*.mlp.hidden=banana"), ("--set", "blocks.9.mlp.hidden=8"), ("--set", "blocks.*.nonsense=8"),
    ],
)  # fmt: skip
def test_what_does_not_go_is_refused_and_changes_nothing(say, place, words):
    before = contents(place)
    refused(say("train", place, *words))
    assert contents(place) == before


@pytest.mark.parametrize("wrong", ["model.vocab=7", "model.context=9999"])
def test_what_to_type_is_told(say, place, wrong):
    answer = say("train", place, "--set", wrong)
    refused(answer, f"Mend it with --set {wrong.partition('=')[0]}=")
    typed = answer[2].rpartition("Mend it with ")[2].rstrip(".\n").split()
    assert say("train", place, "--set", wrong, *typed, "--set", "batch=1", "--steps", 1)[0] == 0


@pytest.mark.parametrize("words", [("--repeat", "run 1"), ("--from", "run 1@4")])
def test_another_tokenizer_is_told_as_such(say, place, words):
    assert say("tokenize", place, "--kind", "byte")[0] == 0
    refused(say("train", place, *words), "The tokenizer changed since run 1 began")


def test_a_run_is_repeated_exactly(say, place):
    first = answer(say, "runs", place)["runs"][0]
    again = answer(say, "train", place, "--repeat", "run 1", "--run", "again")
    assert again["run"] == "again"
    for name in ("loss", "validation_whole", "step", "steps"):
        assert again[name] == first[name]


def test_a_run_goes_on_for_longer_with_another_rate(say, place):
    facts = answer(say, "train", place, "--resume", "--steps", 20, "--set", "learning_rate=5e-4")
    assert (facts["state"], facts["step"], facts["steps"]) == ("finished", 20, 20)
    assert facts["changes"] == [
        {"type": "changed", "step": 12, "fields": {"steps": 20, "learning_rate": 5e-4}, "why": "person", "rolled": 0}
    ]


def test_a_sweep_with_seeds_is_summed_up(say, place):
    words = ("--set", "learning_rate=1e-3,3e-3", "--set", "steps=2", "--seeds", 2)
    facts = answer(say, "sweep", place, *words)
    assert len(facts["runs"]) == 4 and all(run["state"] == "finished" for run in facts["runs"])
    assert [len(setting["losses"]) for setting in facts["settings"]] == [2, 2]
    losses = [setting["loss"] for setting in facts["settings"]]
    assert losses == sorted(losses)
    code, out, _ = say("runs", place)
    assert code == 0 and "learning_rate 0.003" in out.replace("learning rate", "learning_rate")


def test_a_random_sweep_draws_from_ranges(say, place):
    facts = answer(say, "sweep", place, "--set", "learning_rate=1e-4..1e-2", "--set", "steps=1", "--random", 3)
    rates = {
        json.loads((place / "runs" / run["run"] / "recipe.json").read_text())["learning_rate"] for run in facts["runs"]
    }
    assert len(rates) == 3 and all(1e-4 <= rate <= 1e-2 for rate in rates)


@pytest.mark.parametrize(
    "words",
    [(), ("--set", "nonsense=1,2"), ("--set", "learning_rate=1e-4..1e-2"), ("--set", "batch=2,x"), ("--seeds", "0"),
     ("--random", "0", "--set", "batch=2,3"), ("--seeds", "101"), ("--set", "batch=1,2,3", "--limit", "2"),
     ("--set", "model.width=7"), ("--set", "batch")],
)  # fmt: skip
def test_a_sweep_that_does_not_go_is_refused(say, place, words):
    before = contents(place)
    refused(say("sweep", place, *words))
    assert contents(place) == before


def test_what_waits_is_listed_trained_and_dropped(say, place):
    session = Session()
    session.wait(session.open(place))
    session.train.held = True
    recipe = session.train.recipe
    for name in ("a", "b"):
        order = session.train.order(session.build.model, recipe, name)
        session.edit_project(queue=(*session.train.queue, order))
    session.close()
    assert [each["name"] for each in answer(say, "runs", place)["waiting"]] == ["a", "b"]
    facts = answer(say, "queue", place)
    assert [(run["run"], run["state"]) for run in facts["runs"]] == [("a", "finished"), ("b", "finished")]
    assert say("queue", place)[1] == "Nothing waits.\n"
    assert answer(say, "queue", place, "--clear") == {"dropped": 0}


def test_a_rate_is_looked_for(say, place):
    facts = answer(say, "rate", place)
    assert len(facts["rates"]) == len(facts["losses"]) > 16 and "suggestion" in facts
    assert len(answer(say, "runs", place)["runs"]) == 1  # it is no run


def test_numbers_go_out_as_csv(say, place, tmp_path):
    assert answer(say, "export", place, tmp_path / "out.csv")["runs"] == ["run 1"]
    with open(tmp_path / "out.csv", newline="", encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    assert [float(row["loss"]) for row in rows if row["loss"]] and {row["run"] for row in rows} == {"run 1"}
    refused(say("export", place, tmp_path / "out.csv", "--run", "none"))


def test_runs_trained_elsewhere_are_called_so(say, place):
    session = Session()
    session.wait(session.open(place))
    session.wait(session.files.ask(session.opened.history.set_state, "run 1", "training"))
    assert answer(say, "runs", place)["runs"][0]["state"] == "training"
    session.close()
    assert answer(say, "runs", place)["runs"][0]["state"] == "interrupted"
