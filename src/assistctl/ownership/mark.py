"""The owner of a thing and its last applied state, written inseparably: in its metadata.

The mark is one metadata pair that a person can read in a dashboard::

    assistctl: project=acme target=prod key=order-desk prevent_destroy=true

The baseline is another, unit by unit and short enough for one metadata value. Values do not fit in 512 characters,
and need not: to tell who moved a field it is enough to know whether it still is what was applied. An entry is five
characters of the unit's digest and six of its value's; a unit is in the baseline if, and only if, the manifest
declared it. Tools have an entry each as well, as long as they fit, so that a foreign tool is told from our own.
Behind a ``!`` stand the units that were given a secret, so that their values stay hidden when the manifest no
longer says so.

Whoever reads a baseline reads the values too, beside it; secrets that no answer shows have labels in it
(``UnseenSecrets``). Where it goes without the values, the digests of secret units are left out (``hidden``): a
short secret could be found by trying.

A platform may keep a text in another form: other line ends, nothing around it, composed letters. Unlike what says
nothing (``canonical``), that can be meant: a prompt is sent verbatim, its last newline included. So it counts only
beside the baseline: what was applied and is there in another form was changed by nobody.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import product

from assistctl.json_value import Json
from assistctl.ownership.canonical import TOOLS, Path, digest, dotted

MARK = "assistctl"
BASELINE = "assistctl_baseline"
# Every pair whose key starts so is ours; at most four of an object's 16 ever are.
OUR_PREFIX = "assistctl"
METADATA_PAIRS = 16
OUR_PAIRS = 4
MAX_VALUE = 512
"""How many characters the value of a pair may have."""

# Anybody can edit metadata; what no manifest could be named is no key.
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

_UNIT_CHARACTERS = 5
_VALUE_CHARACTERS = 6
_ENTRY_CHARACTERS = _UNIT_CHARACTERS + _VALUE_CHARACTERS
# The format's version, then whether each tool has its own entry.
_BY_TOOL = "1t:"
_BY_UNIT = "1u:"
# What stands for a digest that is left out; no digest looks like it.
_HIDDEN = "." * _VALUE_CHARACTERS
# A server that stores single precision.
_PRECISION = 1e-6


@dataclass(frozen=True, slots=True)
class Mark:
    """The owner of an assistant: a project's target and the key there; and whether it is protected."""

    project: str
    target: str
    key: str
    prevent_destroy: bool = False

    def __str__(self) -> str:
        text = f"project={self.project} target={self.target} key={self.key}"
        return f"{text} prevent_destroy=true" if self.prevent_destroy else text

    def owned_by(self, project: str, target: str) -> bool:
        """Whether that project's target owns what carries this mark."""
        return (self.project, self.target) == (project, target)


def words_in(text: str) -> dict[str, str]:
    """The values in a mark, and in what is written like one, by their names."""
    return dict(word.partition("=")[::2] for word in text.split())


def is_marked(metadata: Mapping[str, object]) -> bool:
    """Whether somebody's assistctl owns it, even if the mark cannot be read."""
    return MARK in metadata


def read_mark(metadata: Mapping[str, object]) -> Mark | None:
    """The mark in an object's metadata; ``None`` when there is none or it cannot be read."""
    text = metadata.get(MARK)
    return _mark_in(text) if isinstance(text, str) else None


def users_pairs(metadata: Mapping[str, Json]) -> dict[str, Json]:
    """The pairs that are not ours."""
    return {key: value for key, value in metadata.items() if not key.startswith(OUR_PREFIX)}


@dataclass(frozen=True, slots=True)
class Baseline:
    """The digests of what was applied. ``by_tool`` says whether single tools have entries."""

    entries: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    by_tool: bool = False

    def has(self, path: Path) -> bool:
        """Whether this project applied that unit (or tool)."""
        return _unit_digest(path) in self.entries

    def has_others_than(self, paths: Iterable[Path]) -> bool:
        """Whether this project applied something that is not among ``paths`` (units, and tools)."""
        return not self.entries.keys() <= {_unit_digest(path) for path in paths}

    def is_still(self, path: Path, value: Json) -> bool:
        """Whether ``value`` (canonical) is what was applied to that unit (or tool)."""
        return self.entries.get(_unit_digest(path)) == _value_digest(path, value)

    def is_still_in_some_form(self, path: Path, value: Json) -> bool:
        """Whether ``value`` is what was applied, or what a platform may have made of it."""
        return any(self.is_still(path, sent) for sent in before_it_was_kept(value))

    def is_secret(self, unit: Path) -> bool:
        """Whether the unit was given a secret."""
        return _unit_digest(unit) in self.secrets


def write_baseline(units: Mapping[Path, Json], secret_units: Iterable[Path] = ()) -> str:
    """The metadata value that records the canonical ``units`` as applied."""
    entries = _entries(units.items())
    secrets = "".join(["!", *(_unit_digest(unit) for unit in sorted(set(secret_units), key=dotted))])
    ending = secrets if len(secrets) > 1 else ""
    if not isinstance(units.get(TOOLS), dict):
        return _BY_UNIT + entries + ending
    by_tool = _BY_TOOL + entries + _entries(_single_tools(units)) + ending
    return by_tool if len(by_tool) <= MAX_VALUE else _BY_UNIT + entries + ending


def hidden(text: str, units: Mapping[Path, Json], is_secret: Callable[[Path], bool] = lambda _: False) -> str:
    """A baseline without the digests of units that were given a secret, or of which ``is_secret`` says so.

    ``units`` are the canonical ones of the thing that it stands beside. What is not among them is left out too:
    a tool may have been the secret one.
    """
    baseline = read_baseline(text)
    plain = [unit for unit in units if not baseline.is_secret(unit) and not is_secret(unit)]
    if len(plain) == len(units) and not baseline.secrets:
        return text
    tools = [path for path, _ in _single_tools(units)] if TOOLS in plain else []
    kept = {_unit_digest(path) for path in (*plain, *tools)}
    entries = (unit + (value if unit in kept else _HIDDEN) for unit, value in baseline.entries.items())
    _, mark, secrets = text.partition("!")
    return text[: len(_BY_TOOL)] + "".join(entries) + mark + secrets


def read_baseline(text: object) -> Baseline:
    """The baseline in a metadata value; an empty one when there is none or it cannot be read."""
    if not isinstance(text, str) or text[:3] not in {_BY_TOOL, _BY_UNIT}:
        return Baseline()
    body, _, secrets = text[3:].partition("!")
    entries = ((entry[:_UNIT_CHARACTERS], entry[_UNIT_CHARACTERS:]) for entry in _cut(body, _ENTRY_CHARACTERS))
    return Baseline(dict(entries), frozenset(_cut(secrets, _UNIT_CHARACTERS)), by_tool=text.startswith(_BY_TOOL))


def differs_in_form_alone(left: Json, right: Json) -> bool:
    """Whether two values that are not equal say the same, but for the form of their texts and numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return _form(left) == _form(right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(differs_in_form_alone(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(differs_in_form_alone, left, right))
    if isinstance(left, float) and isinstance(right, float | int) and not isinstance(right, bool):
        return math.isclose(left, right, rel_tol=_PRECISION)
    return type(left) is type(right) and left == right


def before_it_was_kept(value: Json, want: Json = None) -> Iterator[Json]:
    """The values that may have been sent where ``value`` is there: itself, and what platforms turn into it.

    Of texts inside of it, those that say the same as in ``want``, which is declared now, were sent as in that, and
    the others were all changed in the same way.
    """
    yield value
    if isinstance(value, str):
        texts = dict.fromkeys(as_sent(value) for as_sent in _WAYS_BACK) if value else {}
        yield from (text for text in texts if text != value)
    elif isinstance(value, dict | list):
        yield from (_sent(value, want, as_sent) for as_sent in _WAYS_BACK)


# A plan asks several times whose a thing is.
@lru_cache(maxsize=32_768)
def _mark_in(text: str) -> Mark | None:
    pairs = words_in(text)
    if not (pairs.get("project") and pairs.get("target") and _KEY.fullmatch(pairs.get("key", ""))):
        return None
    return Mark(pairs["project"], pairs["target"], pairs["key"], pairs.get("prevent_destroy") == "true")


def _single_tools(units: Mapping[Path, Json]) -> list[tuple[Path, Json]]:
    tools = units.get(TOOLS)
    return [((*TOOLS, name), tool) for name, tool in tools.items()] if isinstance(tools, dict) else []


def _cut(text: str, length: int) -> list[str]:
    return [text[start : start + length] for start in range(0, len(text) - length + 1, length)]


def _entries(units: Iterable[tuple[Path, Json]]) -> str:
    return "".join(_unit_digest(path) + _value_digest(path, value) for path, value in units)


# Assistants have the same units, so there are few of them; their values are all different.
@lru_cache(maxsize=4096)
def _unit_digest(path: Path) -> str:
    return digest(dotted(path), salt="unit", length=_UNIT_CHARACTERS)


def _value_digest(path: Path, value: Json) -> str:
    return digest(value, salt=dotted(path), length=_VALUE_CHARACTERS)


def _sent(value: Json, want: Json, as_sent: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return want if differs_in_form_alone(value, want) else as_sent(value)
    if isinstance(value, dict):
        wanted = want if isinstance(want, dict) else {}
        return {name: _sent(inner, wanted.get(name), as_sent) for name, inner in value.items()}
    if isinstance(value, list):
        items = want if isinstance(want, list) and len(want) == len(value) else [None] * len(value)
        return [_sent(inner, item, as_sent) for inner, item in zip(value, items, strict=True)]
    return value


def _as_sent(text: str, line_end: str, ending: str, *, decomposed: bool) -> str:
    letters = unicodedata.normalize("NFD", text) if decomposed else text
    lines = letters if "\r" in letters else letters.replace("\n", line_end)
    return lines + ending


_WAYS_BACK: tuple[Callable[[str], str], ...] = tuple(
    partial(_as_sent, line_end=line_end, ending=ending, decomposed=decomposed)
    for decomposed, line_end, ending in product((False, True), ("\n", "\r\n"), ("", "\n", "\r\n"))
)


def _form(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
