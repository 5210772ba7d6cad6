"""Assistants that others name by key: ``{assistant: KEY}``, in a manifest's fields of one platform.

On a platform they are named by ids, and some pin the version as well. Both sides are compared as tokens, as with
files and vector stores: the manifest's reference, and the id (and version) of the assistant that has the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from assistctl.model.capabilities import RosterEntry
from assistctl.model.plan import FieldDiff, Json
from assistctl.ownership.canonical import PLATFORMS
from assistctl.ownership.field_paths import Path
from assistctl.ownership.projection import is_own_tool

_REFERENCE = "assistant"
_ID_TOKEN = "assistctl:assistant:"  # noqa: S105  # no password, whatever it sounds like
_REVISION_TOKEN = "assistctl:revision:"  # noqa: S105  # nor is this
# What tools have for the model to read is no place for ids; schemas have properties of any name.
_PROSE = frozenset({"function", "parameters", "input_schema", "description", "instructions"})


def references_in(value: Json, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Each ``{assistant: KEY}`` in a platform's own fields: where it stands, and the key."""
    key = _key_in(value)
    if key is not None:
        yield path, key
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in _PROSE:
                yield from references_in(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from references_in(inner, (*path, place))


def keys_named(own: Mapping[str, Json]) -> frozenset[str]:
    """The keys of the assistants that a platform's own fields name."""
    return frozenset(key for _, key in references_in(dict(own)))


def with_entries(own: Mapping[str, Json], roster_entry: RosterEntry | None) -> dict[str, Json]:
    """A platform's own fields with tokens in the place of keys: the item of a list as its entry, else the id."""

    def entry(key: str, *, is_item: bool) -> Json:
        if not is_item or roster_entry is None:
            return id_token(key)
        pinned: dict[str, Json] = {roster_entry.revision: revision_token(key)} if roster_entry.revision else {}
        return {**roster_entry.fixed, roster_entry.id: id_token(key), **pinned}

    return {name: _replaced(value, entry) for name, value in own.items()}


def without_keys(own: Mapping[str, Json], roster_entry: RosterEntry | None) -> dict[str, Json]:
    """The same with the keys for ids and no versions: the shapes that a platform is given."""

    def entry(key: str, *, is_item: bool) -> Json:
        return {**roster_entry.fixed, roster_entry.id: key} if is_item and roster_entry is not None else key

    return {name: _replaced(value, entry) for name, value in own.items()}


def id_token(key: str) -> str:
    """The token of the id of the assistant with that key."""
    return _ID_TOKEN + key


def revision_token(key: str) -> str:
    """The token of its newest version."""
    return _REVISION_TOKEN + key


def key_of(token: str) -> str:
    """The key in either token."""
    return token.removeprefix(_ID_TOKEN).removeprefix(_REVISION_TOKEN)


def named_by_key(
    fields: Mapping[str, Json], keys: Mapping[str, str], roster_entry: RosterEntry | None
) -> Mapping[str, Json]:
    """An answer's fields with tokens for the ids that ``keys`` has, and for the versions beside them."""
    if not keys:
        return fields
    return _in_own_fields(fields, lambda value: _tokens_for(value, keys, roster_entry))


def pinned_revisions(
    fields: Mapping[str, Json], keys: Mapping[str, str], roster_entry: RosterEntry | None
) -> list[tuple[Path, str, Json]]:
    """The versions that an answer pins of assistants that ``keys`` has by id: each with its place and the key."""
    if roster_entry is None or not roster_entry.revision:
        return []
    own = {PLATFORMS: fields.get(PLATFORMS), "tools": fields.get("tools")}
    return list(_pinned(own, (), keys, roster_entry))


def tokens_in_own_fields(value: Json | Mapping[str, Json]) -> set[str]:
    """All tokens of assistants in a request's fields."""
    if isinstance(value, str):
        return {value} if value.startswith((_ID_TOKEN, _REVISION_TOKEN)) else set()
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return set[str]().union(*(tokens_in_own_fields(part) for part in parts))


def with_ids(fields: Mapping[str, Json], ids: Mapping[str, str]) -> Mapping[str, Json]:
    """A request's fields with what their tokens stand for. Raises ``KeyError`` for one that is not in ``ids``."""
    if not tokens_in_own_fields({name: fields.get(name) for name in (PLATFORMS, "tools")}):
        return fields

    def fill(value: Json) -> Json:
        if isinstance(value, str) and value.startswith(_ID_TOKEN):
            return ids[value]
        if isinstance(value, str) and value.startswith(_REVISION_TOKEN):
            # Whoever counts versions takes them as numbers.
            return int(ids[value]) if ids[value].isdecimal() else ids[value]
        return _inside(value, fill)

    return _in_own_fields(fields, fill)


def shown_by_key(diff: FieldDiff) -> FieldDiff:
    """A diff as the manifest has it: ``{assistant: KEY}`` for tokens."""
    if not tokens_in_own_fields([diff.old, diff.new]):
        return diff
    return replace(diff, old=_shown(diff.old), new=_shown(diff.new))


def _key_in(value: Json) -> str | None:
    if not isinstance(value, dict) or value.keys() != {_REFERENCE}:
        return None
    key = value[_REFERENCE]
    return key if isinstance(key, str) else None


def _replaced(value: Json, entry: Callable[..., Json], *, is_item: bool = False) -> Json:
    key = _key_in(value)
    if key is not None:
        return entry(key, is_item=is_item)
    if isinstance(value, list):
        return [_replaced(one, entry, is_item=True) for one in value]
    if isinstance(value, dict):
        return {name: inner if name in _PROSE else _replaced(inner, entry) for name, inner in value.items()}
    return value


def _inside(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, list):
        return [change(one) for one in value]
    if isinstance(value, dict):
        return {name: inner if name in _PROSE else change(inner) for name, inner in value.items()}
    return value


def _in_own_fields(fields: Mapping[str, Json], change: Callable[[Json], Json]) -> Mapping[str, Json]:
    """``fields`` with what only their platform has changed."""
    changed = dict(fields)
    if PLATFORMS in fields:
        changed[PLATFORMS] = change(fields[PLATFORMS])
    tools = fields.get("tools")
    if isinstance(tools, list):
        changed["tools"] = [change(tool) if is_own_tool(tool) else tool for tool in tools]
    return changed


def _tokens_for(value: Json, keys: Mapping[str, str], roster_entry: RosterEntry | None) -> Json:
    if isinstance(value, str):
        return id_token(keys[value]) if value in keys else value
    changed = _inside(value, lambda inner: _tokens_for(inner, keys, roster_entry))
    key = _key_of_entry(value, keys, roster_entry)
    if key is None or roster_entry is None or not isinstance(changed, dict):
        return changed
    return {**changed, roster_entry.revision: revision_token(key)}


def _key_of_entry(value: Json, keys: Mapping[str, str], roster_entry: RosterEntry | None) -> str | None:
    """Whose entry ``value`` is, if it is one that pins a version."""
    if roster_entry is None or not isinstance(value, dict) or roster_entry.revision not in value:
        return None
    named = value.get(roster_entry.id)
    return keys.get(named) if isinstance(named, str) else None


def _pinned(
    value: Json | Mapping[str, Json], path: Path, keys: Mapping[str, str], roster_entry: RosterEntry
) -> Iterator[tuple[Path, str, Json]]:
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _pinned(inner, (*path, place), keys, roster_entry)
    elif isinstance(value, dict):
        key = _key_of_entry(value, keys, roster_entry)
        if key is not None:
            yield (*path, roster_entry.revision), key, value[roster_entry.revision]
        for name, inner in value.items():
            if name not in _PROSE:
                yield from _pinned(inner, (*path, name), keys, roster_entry)


def _shown(value: Json) -> Json:
    if isinstance(value, str) and value.startswith(_ID_TOKEN):
        return {_REFERENCE: key_of(value)}
    if isinstance(value, dict):
        named = [key_of(one) for one in value.values() if isinstance(one, str) and one.startswith(_ID_TOKEN)]
        is_entry = any(isinstance(one, str) and one.startswith(_REVISION_TOKEN) for one in value.values())
        if named and is_entry:
            return {_REFERENCE: named[0]}
        return {name: _shown(inner) for name, inner in value.items()}
    return [_shown(one) for one in value] if isinstance(value, list) else value
