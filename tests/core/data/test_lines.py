import random
from pathlib import Path

import pytest

from llmstudio.core.data import lines
from llmstudio.core.data.corpus import Corpus
from llmstudio.core.data.lines import Lines


@pytest.mark.parametrize("block", [7, 1 << 20])
@pytest.mark.parametrize("end", ["", "\n"])
def test_any_lines_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, end: str) -> None:
    monkeypatch.setattr(lines, "BLOCK", block)
    dice = random.Random(0)
    expected = [f"{i} ü" * dice.choice((0, 1, 5)) for i in range(2000)] + ["last"]
    path = tmp_path / "text"
    path.write_text("\n".join(expected) + end, encoding="utf-8")
    index = Lines(path)
    for _ in range(200):
        first, count = dice.randrange(2100), dice.randrange(300)
        assert index.read(first, count) == expected[first : first + count]


def test_a_file_is_looked_through_only_as_far_as_asked(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("line\n" * 2_000_000)
    index = Lines(path)
    assert index.read(300, 2) == ["line", "line"]
    assert index._passed == lines.BLOCK


def test_an_endless_line_is_cut(corpus: Corpus) -> None:
    whole, longer = "y" * lines.LONGEST, "x" * 5_000_000
    source = corpus.add_text(f"{whole}\n{longer}\n{whole}z\nnext", "long")
    assert corpus.preview(source.id, 0, 9) == [whole, "x" * lines.LONGEST + " …", whole + " …", "next"]
    assert corpus.preview(source.id, 3, 1) == ["next"]
    assert corpus.preview("gone", 0, 9) == []
