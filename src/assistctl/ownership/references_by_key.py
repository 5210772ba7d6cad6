"""Things that manifests name by key: ``{assistant: KEY}``, ``{skill: KEY, version: 3}`` and their like.

On a platform they are named by ids, and some pin the version as well. Both sides are compared as tokens, as with
files and vector stores: the manifest's reference, and the id (and version) of the thing that has the key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from assistctl.json_value import Json
from assistctl.model.capabilities import RosterEntry
from assistctl.model.change import FieldDiff, QualifiedKey
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.ownership.canonical import PLATFORMS, Path
from assistctl.ownership.projection import is_own_tool

REFERABLE = (Kind.ASSISTANT, *RESOURCE_KINDS)
"""The kinds whose things are named by key in fields."""

_VERSION = "version"
_ID_TOKENS = {kind: f"assistctl:{kind}:" for kind in REFERABLE}
_REVISION_TOKENS = {
    Kind.ASSISTANT: "assistctl:revision:",
    **{kind: f"assistctl:{kind}_revision:" for kind in RESOURCE_KINDS},
}
_KINDS_OF_TOKENS = {prefix: kind for tokens in (_ID_TOKENS, _REVISION_TOKENS) for kind, prefix in tokens.items()}
_IDS, _REVISIONS = tuple(_ID_TOKENS.values()), tuple(_REVISION_TOKENS.values())
_REFERRING = (PLATFORMS, "skills")
REFERRING_FIELDS = (*_REFERRING, "tools")
"""The fields that may hold ids of what is named by key; of tools, only a platform's own do."""

NEWEST = "newest"
"""What a plan shows for the version that something is to be named with: it may only come with the plan."""

# What tools have for the model to read is no place for ids; schemas have properties of any name.
_PROSE = frozenset({"function", "parameters", "input_schema", "description", "instructions"})

Entries = Mapping[Kind, RosterEntry]
"""How a platform's lists name things of each kind; those of other kinds are ids alone there."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A thing that a manifest names by its key; ``version`` is the one that it pins, the newest without it."""

    about: QualifiedKey
    version: str | None = None


def references_in(value: Json, path: Path = ()) -> Iterator[tuple[Path, Reference]]:
    """Each ``{KIND: KEY}`` in a platform's own fields: where it stands, and what it names."""
    named = reference_in(value)
    if named is not None:
        yield path, named
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in _PROSE:
                yield from references_in(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from references_in(inner, (*path, place))


def reference_in(value: Json) -> Reference | None:
    """The reference that ``value`` is, if it is one."""
    if not isinstance(value, dict) or not 1 <= len(value) <= 2:  # noqa: PLR2004 - the key, and a version
        return None
    kind = next((kind for kind in REFERABLE if kind in value), None)
    if kind is None or not value.keys() <= {str(kind), _VERSION}:
        return None
    key, version = value[kind], value.get(_VERSION)
    if not isinstance(key, str) or not isinstance(version, str | int | None) or version is True:
        return None
    return Reference(QualifiedKey(kind, key), None if version is None else str(version))


def with_entries(own: Mapping[str, Json], entries: Entries) -> dict[str, Json]:
    """A platform's own fields with tokens in the place of keys: the item of a list as its entry, else the id."""

    def entry(named: Reference, *, is_item: bool) -> Json:
        shape = entries.get(named.about.kind)
        if not is_item or shape is None:
            return id_token(named.about)
        version = revision_token(named.about) if named.version is None else named.version
        pinned: dict[str, Json] = {shape.revision: version} if shape.revision else {}
        return {**shape.fixed, shape.id: id_token(named.about), **pinned}

    return {name: _replaced(value, entry) for name, value in own.items()}


def without_keys(own: Mapping[str, Json], entries: Entries) -> dict[str, Json]:
    """The same with the keys for ids and no versions: the shapes that a platform is given."""

    def entry(named: Reference, *, is_item: bool) -> Json:
        shape = entries.get(named.about.kind)
        return {**shape.fixed, shape.id: named.about.key} if is_item and shape is not None else named.about.key

    return {name: _replaced(value, entry) for name, value in own.items()}


def with_keys(value: Json, keys: Mapping[str, QualifiedKey], entries: Entries) -> Json:
    """A platform's own fields with ``{KIND: KEY}`` for the ids that ``keys`` has, and for entries with them."""
    if isinstance(value, str):
        about = keys.get(value)
        return value if about is None else {str(about.kind): about.key}
    if isinstance(value, dict):
        for kind, entry in entries.items():
            about = keys.get(str(value.get(entry.id)))
            if about is not None and about.kind is kind:
                return {str(kind): about.key}
    return _inside(value, lambda inner: with_keys(inner, keys, entries))


def id_token(about: QualifiedKey) -> str:
    """The token of the id of the thing with that key."""
    return _ID_TOKENS[about.kind] + about.key


def revision_token(about: QualifiedKey) -> str:
    """The token of its newest version."""
    return _REVISION_TOKENS[about.kind] + about.key


def named_by(token: str) -> QualifiedKey:
    """The thing that either token stands for."""
    prefix = next(prefix for prefix in _KINDS_OF_TOKENS if token.startswith(prefix))
    return QualifiedKey(_KINDS_OF_TOKENS[prefix], token.removeprefix(prefix))


def named_by_key(
    fields: Mapping[str, Json],
    keys: Mapping[str, QualifiedKey],
    entries: Entries,
    pinned: Collection[QualifiedKey] = (),
) -> Mapping[str, Json]:
    """An answer's fields with tokens for the ids that ``keys`` has, and for the versions beside them.

    The versions of what is ``pinned`` stay as they are.
    """
    if not keys:
        return fields
    return _in_own_fields(fields, lambda value: _tokens_for(value, _Naming(keys, entries, pinned)))


def pinned_revisions(
    fields: Mapping[str, Json], keys: Mapping[str, QualifiedKey], entries: Entries
) -> list[tuple[Path, QualifiedKey, Json]]:
    """The versions that an answer pins of what ``keys`` has by id: each with its place and what it is of."""
    if not any(entry.revision for entry in entries.values()):
        return []
    own = {name: fields[name] for name in REFERRING_FIELDS if name in fields}
    return list(_pinned(own, (), _Naming(keys, entries)))


def tokens_in_own_fields(value: Json | Mapping[str, Json]) -> set[str]:
    """All tokens of what is named by key in a request's fields."""
    if isinstance(value, str):
        return {value} if value.startswith((*_IDS, *_REVISIONS)) else set()
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return set[str]().union(*(tokens_in_own_fields(part) for part in parts))


def with_ids(fields: Mapping[str, Json], ids: Mapping[str, str]) -> Mapping[str, Json]:
    """A request's fields with what their tokens stand for. Raises ``KeyError`` for one that is not in ``ids``."""
    if not tokens_in_own_fields({name: fields.get(name) for name in REFERRING_FIELDS}):
        return fields

    def fill(value: Json) -> Json:
        if isinstance(value, str) and value.startswith(_IDS):
            return ids[value]
        if isinstance(value, str) and value.startswith(_REVISIONS):
            # Agents count their versions, as numbers; other things have names for theirs.
            is_number = value.startswith(_REVISION_TOKENS[Kind.ASSISTANT]) and ids[value].isdecimal()
            return int(ids[value]) if is_number else ids[value]
        return _inside(value, fill)

    return _in_own_fields(fields, fill)


def shown_by_key(diff: FieldDiff) -> FieldDiff | None:
    """A diff as the manifest has it: ``{assistant: KEY}`` for tokens; ``None`` where both are a newest version.

    Then something else is named, and the diff of its id says so.
    """
    if not tokens_in_own_fields([diff.old, diff.new]):
        return diff
    if all(isinstance(value, str) and value.startswith(_REVISIONS) for value in (diff.old, diff.new)):
        return None
    return replace(diff, old=_shown(diff.old), new=_shown(diff.new))


@dataclass(frozen=True, slots=True)
class _Naming:
    """The things named by key: by their ids, and as lists have them."""

    keys: Mapping[str, QualifiedKey]
    entries: Entries
    pinned: Collection[QualifiedKey] = ()

    def entry_of(self, value: Json) -> tuple[QualifiedKey, RosterEntry] | None:
        """The thing whose entry ``value`` is, if it is an entry that pins a version."""
        if not isinstance(value, dict):
            return None
        for kind, entry in self.entries.items():
            named = value.get(entry.id)
            about = self.keys.get(named) if isinstance(named, str) else None
            if about is not None and about.kind is kind and entry.revision and entry.revision in value:
                return about, entry
        return None


def _replaced(value: Json, entry: Callable[..., Json], *, is_item: bool = False) -> Json:
    named = reference_in(value)
    if named is not None:
        return entry(named, is_item=is_item)
    if isinstance(value, list):
        return [_replaced(item, entry, is_item=True) for item in value]
    if isinstance(value, dict):
        return {name: inner if name in _PROSE else _replaced(inner, entry) for name, inner in value.items()}
    return value


def _inside(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, list):
        return [change(item) for item in value]
    if isinstance(value, dict):
        return {name: inner if name in _PROSE else change(inner) for name, inner in value.items()}
    return value


def _in_own_fields(fields: Mapping[str, Json], change: Callable[[Json], Json]) -> Mapping[str, Json]:
    """``fields`` with what only their platform has changed, and what refers to other things."""
    changed = dict(fields)
    for name in _REFERRING:
        if name in fields:
            changed[name] = change(fields[name])
    tools = fields.get("tools")
    if isinstance(tools, list):
        changed["tools"] = [change(tool) if is_own_tool(tool) else tool for tool in tools]
    return changed


def _tokens_for(value: Json, naming: _Naming) -> Json:
    if isinstance(value, str):
        return id_token(naming.keys[value]) if value in naming.keys else value
    changed = _inside(value, lambda inner: _tokens_for(inner, naming))
    found = naming.entry_of(value)
    if found is None or found[0] in naming.pinned or not isinstance(changed, dict):
        return changed
    about, entry = found
    return {**changed, entry.revision: revision_token(about)}


def _pinned(
    value: Json | Mapping[str, Json], path: Path, naming: _Naming
) -> Iterator[tuple[Path, QualifiedKey, Json]]:
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _pinned(inner, (*path, place), naming)
    elif isinstance(value, dict):
        found = naming.entry_of(value)
        if found is not None:
            about, entry = found
            yield (*path, entry.revision), about, value[entry.revision]
        for name, inner in value.items():
            if name not in _PROSE:
                yield from _pinned(inner, (*path, name), naming)


def _shown(value: Json) -> Json:
    if isinstance(value, str) and value.startswith(_IDS):
        about = named_by(value)
        return {str(about.kind): about.key}
    if isinstance(value, str) and value.startswith(_REVISIONS):
        return NEWEST
    if isinstance(value, dict):
        named = [text for text in value.values() if isinstance(text, str) and text.startswith(_IDS)]
        is_entry = any(isinstance(text, str) and text.startswith(_REVISIONS) for text in value.values())
        if named and is_entry:
            return _shown(named[0])
        return {name: _shown(inner) for name, inner in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value
