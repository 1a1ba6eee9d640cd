"""JSON as we keep it: reading what may be damaged, or written by hand, with what is wrong and where in plain words."""

import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a group of fields",
    "null": "nothing",
}
MARK = "\ufeff".encode()  # some editors put it at the start of a file
PLACE = re.compile(r"(?P<text>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)


def decode(data: bytes | str, kind: type[T]) -> T:
    """The JSON text `data` as a `kind`. ValueError with what is wrong and where: a phrase without a full stop."""
    mark: Any = "\ufeff" if isinstance(data, str) else MARK
    try:
        return msgspec.json.decode(data.removeprefix(mark), type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ValueError(_plain(error)) from error


def fit(value: Any, kind: type[T]) -> T:
    """What was decoded, or is being put together, as a `kind`. ValueError as of `decode`."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ValueError(_plain(error)) from error


def encode(value: Any) -> bytes:
    """`value` as JSON. Halves of surrogate pairs, which a line edit can hold and no file, become "?"."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_sound(msgspec.to_builtins(value)))


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_sound(key): _sound(each) for key, each in value.items()}
    return [_sound(each) for each in value] if isinstance(value, list | tuple) else value


def _plain(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeError):
        return "it is not UTF-8 text"
    found = PLACE.fullmatch(str(error))
    assert found
    text = found["text"].replace("Input data was truncated", "it is empty or breaks off")
    text = text.replace("Invalid enum value", "there is no choice named")
    text = re.sub(r"`(\w+)(?: \| null)?`", lambda word: WORDS.get(word[1], word[1]), text)
    text = text[:1].lower() + text[1:] if not text.startswith("JSON") else text
    return f"{found['path']}: {text}" if found["path"] else text
