import random
from pathlib import Path

import pytest

from llmstudio.core.data import encoding
from llmstudio.core.data.encoding import NotText, detect, read

GERMAN = "Über den Dächern hängt früh der Nebel, und die Straße ist naß. Größere Kälte wird für morgen erwartet.\n"
RUSSIAN = "Утро в деревне было тихое и ясное, и над рекой ещё стоял туман.\n"
JAPANESE = "朝の庭は静かで、カタツムリがゆっくりと手紙をはこんでいた。\n"
CHINESE = "今天早上花园里很安静，蜗牛慢慢地送信，一封也没有丢。\n"
TAIWANESE = "今天早上花園裡很安靜，蝸牛慢慢地送信，一封也沒有丟。\n"
KOREAN = "오늘 아침 정원은 조용했고 달팽이는 천천히 편지를 날랐다.\n"
GREEK = "Το πρωί στο χωριό ήταν ήσυχο και το σαλιγκάρι πήγαινε αργά.\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "text.txt"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (GERMAN, "utf-8"), (GERMAN, "utf-8-sig"), (RUSSIAN, "utf-16"), (GERMAN, "utf-32"), (GERMAN, "cp1252"),
        (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (JAPANESE, "shift_jis"), (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"), (CHINESE, "gb18030"), (TAIWANESE, "big5"), (KOREAN, "euc_kr"), (GREEK, "cp1253"),
        (GERMAN, "utf-16-le"), (RUSSIAN, "utf-16-be"), (JAPANESE, "utf-16-le"), (GERMAN, "utf-32-be"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("times", [1, 20, 2000])
def test_found_alone_and_read_exactly(path: Path, text: str, written: str, times: int) -> None:
    data = (text * times).encode(written, "replace")
    path.write_bytes(data)
    assert "".join(read(path, detect(path).encoding)) == data.decode(written)


@pytest.mark.parametrize(("written", "sure"), [("utf-8", True), ("utf-16", True), ("cp1252", True), ("cp850", False)])
def test_says_how_sure_it_is(path: Path, written: str, sure: bool) -> None:
    path.write_bytes(GERMAN.encode(written))
    assert detect(path).confident is sure


@pytest.mark.parametrize("written", ["utf-8", "utf-16", "utf-16-le", "utf-32", "shift_jis", "gb18030", "cp1252"])
def test_line_ends_and_characters_across_pieces(path: Path, written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = GERMAN if written == "cp1252" else JAPANESE
    lines = [text.strip(), "", "two", "three", text.strip()]
    path.write_bytes((lines[0] + "\r\n\r\n" + lines[2] + "\r" + lines[3] + "\n" + lines[4]).encode(written))
    expected = "\n".join(lines)
    for size in (1, 2, 3, 5, 7, 1 << 20):
        monkeypatch.setattr(encoding, "CHUNK", size)
        assert "".join(read(path, written)) == expected


def test_an_undecodable_byte_is_named_with_its_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"x" * 1000 + "ü".encode() + b"\xff" + b"y" * 1000)
    for size in (64, 1 << 20):
        monkeypatch.setattr(encoding, "CHUNK", size)
        with pytest.raises(NotText, match=r"text\.txt .* byte 1,002 \(0xFF\) is not utf-8") as caught:
            list(read(path, "utf-8"))
        assert caught.value.position == 1002


def test_a_character_cut_off_at_the_end(path: Path) -> None:
    path.write_bytes(b"abc\xe2\x82")
    with pytest.raises(NotText, match="byte 3"):
        list(read(path, "utf-8"))


def test_looks_again_around_the_place_where_utf_8_ended(path: Path) -> None:
    plain = b"all of this is plain\n" * 20_000
    path.write_bytes(plain + GERMAN.encode("cp1252") + 3 * plain)
    assert detect(path).encoding == "utf-8"
    near = detect(path, near=len(plain)).encoding
    assert "".join(read(path, near)) == plain.decode() + GERMAN + 3 * plain.decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 50, "binary"),
        (random.Random(0).randbytes(100_000), "binary"),
        (b"a\0b", "binary"),
        (b"text with much \x01\x02\x03\x04", "binary"),
        (b"a fair \x81 start \x8d and \x90 then \x9d\n" * 5 + bytes(range(128, 256)) * 40, "encoding is not known"),
    ],
)
def test_what_is_no_text_gets_a_sentence(path: Path, data: bytes, words: str) -> None:
    path.write_bytes(data)
    with pytest.raises(ValueError, match=words) as caught:
        detect(path)
    assert str(caught.value).startswith("text.txt cannot be used: ")


def test_a_nul_beyond_the_sample(path: Path) -> None:
    path.write_bytes(b"plain\n" * 50_000 + b"\0" + b"plain\n" * 200_000)
    with pytest.raises(NotText, match="NUL"):
        list(read(path, detect(path).encoding))


def test_no_permission(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path.write_text("text")
    monkeypatch.setattr(encoding, "open", denied, raising=False)
    with pytest.raises(NotText, match="permission"):
        detect(path)
    with pytest.raises(NotText, match="permission"):
        list(read(path, "utf-8"))


@pytest.mark.parametrize("name", ["klingon", "hex", "rot13", "undefined", ""])
def test_an_encoding_that_is_none(path: Path, name: str) -> None:
    path.write_text("text")
    with pytest.raises(NotText, match="no encoding named"):
        list(read(path, name))
