"""Files -> the JSON values in them, whatever way they were written there.

One value, one on each line (https://jsonlines.org), or one after the other: ``json`` reads them all alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistctl.checkout.untrusted_files import NeverReadError, read_regular, refuse_path
from assistctl.errors import ProjectError
from assistctl.json_value import Json
from assistctl.model.strict_json import decoder

_LARGEST = 1024 * 1024 * 1024
_ENDINGS = (".json", ".jsonl", ".ndjson")
_WHITE_SPACE = " \t\n\r"


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and where it begins: ``export.jsonl:3``."""

    value: Json
    place: str


def values_at(path: Path, root: Path) -> Iterator[Found]:
    """The values in a file, or in all JSON files below a folder by their names; ``root`` is the project's folder.

    Raises ``ProjectError`` for what is not there, cannot or must not be read or is no JSON, naming file, line and
    column.
    """
    if not path.is_dir():
        yield from _values_in(path, path.name, root)
        return
    for file in _files_below(path):
        yield from _values_in(file, file.relative_to(path).as_posix(), root)


def _files_below(folder: Path) -> list[Path]:
    def is_wanted(path: Path) -> bool:
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        return path.suffix.lower() in _ENDINGS and not hidden and not path.is_dir()

    return sorted(filter(is_wanted, folder.rglob("*")))


def _values_in(path: Path, shown: str, root: Path) -> Iterator[Found]:
    text = _text_of(path, root)
    decode = decoder().raw_decode
    at = _after_space(text, 0)
    while at < len(text):
        place = f"{shown}:{text.count(chr(10), 0, at) + 1}"
        try:
            value, end = decode(text, at)
        except json.JSONDecodeError as error:
            raise ProjectError(
                f"{path}:{error.lineno}:{error.colno}: this is not valid JSON: {error.msg}",
                "An export is what the API answered, or one assistant as JSON on each line.",
            ) from error
        except (ValueError, RecursionError) as error:
            raise ProjectError(f"{path}: this is not valid JSON: {error}") from error
        yield Found(value, place)
        at = _after_space(text, end)


def _text_of(path: Path, root: Path) -> str:
    try:
        refuse_path(path, root)
        data = read_regular(path, _LARGEST)
    except NeverReadError as error:
        raise ProjectError(f"{path}: {error.summary}", error.detail) from error
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from error
    try:
        # Some shells write UTF-16 when output is redirected.
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        wrong = f"{path} is not text: {error.reason} at byte {error.start}"
        raise ProjectError(wrong, "Save it as UTF-8.") from error


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _WHITE_SPACE:
        at += 1
    return at
