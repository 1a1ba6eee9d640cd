"""What the room of the text shares between its views: the source looked at, what work is for, counts, refusals."""

from collections import Counter
from pathlib import Path

from llmstudio.core.data.tokens import Tokens
from llmstudio.session.session import Session


def test_the_shown_source_is_the_selected_one_else_the_first(project: Session) -> None:
    data = project.data
    project.wait(data.paste("a second text", "second"))
    heard: list[str] = []
    data.selected_changed.connect(lambda: heard.append(data.selected))
    assert data.shown == data.sources[0]
    data.select(data.sources[1].id)
    data.select(data.sources[1].id)
    assert data.shown == data.sources[1] and heard == [data.sources[1].id]
    data.remove(data.sources[1].id)
    assert data.shown == data.sources[0]


def test_it_says_what_the_work_is_for(project: Session) -> None:
    data = project.data
    assert data.doing == ""
    heard: list[str] = []
    data.changed.connect(lambda: heard.append(data.doing))
    work = data.prepare()
    second = data.paste("a second text", "second")  # waits its turn
    assert data.doing == "preparing"
    project.wait(work)
    project.wait(second)
    started = [doing for n, doing in enumerate(heard) if doing and doing != (heard[n - 1] if n else "")]
    assert set(started) <= {"preparing", "adding"} and started[0] == "preparing"
    assert data.doing == "" and len(data.sources) == 2


def test_tokens_are_counted_once_for_each_making(project: Session) -> None:
    data = project.data
    project.wait(data.prepare())
    first = data.count()
    assert data.count() is first
    counted = Counter(Tokens(project.folder.tokens).train.tolist())
    found = project.wait(first)
    assert {id: int(n) for id, n in enumerate(found.counts) if n} == counted
    project.wait(data.prepare())
    assert data.count() is not first


def test_a_refusal_can_be_dismissed(project: Session, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    project.wait(project.data.add([tmp_path / "empty.txt"]))
    [refused] = project.data.refused
    project.data.dismiss(refused)
    assert project.data.refused == []
