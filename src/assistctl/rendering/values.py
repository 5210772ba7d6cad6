"""Names and short values from outside in a few words on one line, so that none can be taken for anything else.

Tools are told by their signatures, lists by the items that they gain and lose. Of two words that only look the
same (letters of another script, accents composed or not) the letters that differ are shown by their code points,
because somebody who compares the lines sees no difference.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from assistctl.json_value import Json
from assistctl.model.counting import first_named
from assistctl.secrets.escaping import visible
from assistctl.secrets.redaction import mask

NOT_SET = "(not set)"
# What stands for a secret.
_SECRET_LABEL = re.compile(r"\(secret(?: [A-Za-z_][\w.-]*)?\)")
_PLAIN = re.compile(r"[^\W_](?:[\w .,:/@+$=\u0300-\u036f\[\]-]*[\w.:/@+$=\u0300-\u036f\]-])?")
_ITEM = re.compile(r".*\[\d+\]")
_LONGEST = 100


def label(text: str) -> str:
    """A name from outside: as it is if it cannot be taken for anything else, else as a JSON string."""
    text = mask(text)
    plain = is_secret(text) or (_PLAIN.fullmatch(text) and "  " not in text and visible(text) == text)
    return text if plain else quoted(text)


def value_text(value: Json) -> str:
    """A value on one line. A string is quoted when bare it would look like something else, or hide spaces."""
    if value is None:
        return NOT_SET
    if isinstance(value, str):
        return quoted(value) if _is_json(value) else label(value)
    if isinstance(value, dict) and value.keys() == {"type"} and isinstance(value["type"], str):
        return label(value["type"])
    return visible(json.dumps(value, ensure_ascii=False))


def is_secret(text: str) -> bool:
    """Whether the text is nothing but what stands for a secret."""
    return _SECRET_LABEL.fullmatch(text) is not None


def quoted(text: str) -> str:
    """``text`` as a JSON string, white space but for single spaces as escapes."""
    spaces_seen = re.sub(r"[^\S ]", lambda match: _code(match.group()), json.dumps(text, ensure_ascii=False))
    return visible(spaces_seen)


def _code(char: str) -> str:
    return json.dumps(char)[1:-1]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def tool_in_words(tool: Json) -> tuple[str, ...]:
    """A tool as people call it: ``order_status(order_id: string, limit?: integer)`` and its description.

    Nothing for what is no tool.
    """
    if not isinstance(tool, Mapping):
        return ()
    function = tool.get("function", tool)
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        kind = tool.get("type")
        return (kind,) if isinstance(kind, str) else ()
    description = function.get("description")
    signature = f"{function['name']}({', '.join(_parameters(function.get('parameters')))})"
    return (signature, *(description.splitlines() if isinstance(description, str) else ()))


def _parameters(schema: Json) -> Iterator[str]:
    """The parameters that a JSON Schema of an object declares; those that may be left out with a question mark."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    required = schema.get("required") if isinstance(schema, Mapping) else None
    must = [str(name) for name in required] if isinstance(required, Sequence) else []
    for name, part in properties.items() if isinstance(properties, Mapping) else ():
        kind = part.get("type") if isinstance(part, Mapping) else None
        shown = " | ".join(map(str, kind)) if isinstance(kind, list) else str(kind or "any")
        yield f"{name}{'' if name in must else '?'}: {shown}"


def list_changes(path: str, old: Json, new: Json, *, most: int | None) -> str:
    """The items that a list gained and lost; empty where that would not tell all.

    ``most`` items are named of each (``None``: all).
    """
    before: list[Json]
    after: list[Json]
    if _ITEM.fullmatch(path) and (old is None) is not (new is None):
        before, after = [] if old is None else [old], [] if new is None else [new]
    elif isinstance(old, list) and isinstance(new, list):
        before, after = old, new
    else:
        return ""
    if not (_are_short(before) and _are_short(after)):
        return ""
    return _gained_and_lost([value_text(item) for item in before], [value_text(item) for item in after], most)


def _gained_and_lost(before: Sequence[str], after: Sequence[str], most: int | None) -> str:
    added = [item for item in after if item not in before]
    removed = [item for item in before if item not in after]
    if [item for item in after if item not in added] != [item for item in before if item not in removed]:
        return ""
    told = (("added", added), ("removed", removed))
    return ", ".join(f"{word} {named(items, most)}" for word, items in told if items)


def short_items(value: Json) -> list[str]:
    """The items of a list of short values, as they are shown; none of anything else."""
    return [value_text(item) for item in value] if isinstance(value, list) and _are_short(value) else []


def named(items: Sequence[str], most: int | None) -> str:
    """The items one after the other, and how many are left out after ``most`` of them."""
    return first_named(items, len(items) if most is None else most)


def _are_short(items: Sequence[Json]) -> bool:
    return not any(isinstance(item, list | dict) or len(str(item)) > _LONGEST for item in items)


def look_alike(old: str, new: str) -> bool:
    """Whether two different texts look the same to a reader."""
    return old != new and not old.isspace() and _skeleton(old) == _skeleton(new)


def told_apart(old: str, new: str) -> tuple[str, str]:
    r"""Both, with ``\u0430`` for each letter beyond ASCII."""
    return _escaped(old), _escaped(new)


def _escaped(text: str) -> str:
    return "".join(char if char.isascii() else _code_point(char) for char in text)


def _code_point(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= _BMP else f"\\U{ord(char):08x}"


_BMP = 0xFFFF


def _skeleton(text: str) -> str:
    """The text as it looks: letters that are drawn alike as the Latin one (UTS #39, section 4)."""
    return unicodedata.normalize("NFKC", text).translate(_latin())


@cache
def _latin() -> dict[int, str]:
    return {ord(char): latin for char, latin in zip(_DRAWN_ALIKE, _AS_LATIN, strict=True)}


_DRAWN_ALIKE = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0405\u0406\u0408\u0423"
    "\u03bf\u03bd\u03c1\u03b1\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u2010\u2011\u2013\u2212\u2018\u2019\u201c\u201d"
)
_AS_LATIN = "aeopcyxijshdqwABEKMHOPCTXSIJYovpaABEZHIKMNOPTYX----''\"\""
