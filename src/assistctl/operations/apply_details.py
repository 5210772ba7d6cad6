"""The fields that an apply on record changed, with old and new values.

A journal has what was there before, digests of what was sent, and the new values among that. Where it has no new
value (an earlier version wrote it, or answers need not show it), a later apply may have found it: its own
before-image has a value of that digest then.

Tools are told apart as in a plan: each by itself, and of a changed one what has changed in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assistctl.errors import ProjectError
from assistctl.journal import Apply, BeforeImage, Entry
from assistctl.journal.redact import short_digest
from assistctl.json_value import Json
from assistctl.model.capabilities import ASSISTANTS_API, FieldDefaults
from assistctl.model.change import Action, FieldDiff, Origin, QualifiedKey
from assistctl.ownership.canonical import TOOLS, canonical, dotted
from assistctl.ownership.mark import users_pairs
from assistctl.planning.comparison.leaf_diff import Difference, differences
from assistctl.platforms.registry import capabilities_of
from assistctl.secrets.redaction import SECRET


@dataclass(frozen=True, slots=True)
class EntryDetails:
    """An operation with the fields it changed; of those ``unrecorded``, nobody knows any more what was sent."""

    entry: Entry
    diffs: tuple[FieldDiff, ...] = ()
    unrecorded: frozenset[str] = frozenset()


def apply_details(apply: Apply, later: Sequence[Apply]) -> tuple[EntryDetails, ...]:
    """The operations of an apply; ``later`` are the applies after it, the earliest first."""
    details = (_details(entry, _found_later(entry, later)) for entry in apply.entries)
    defaults = _defaults_of(apply.header.target.platform)
    return tuple(replace(each, diffs=tuple(_in_parts(each, defaults))) for each in details)


def _defaults_of(platform: str) -> FieldDefaults:
    try:
        return capabilities_of(platform).field_defaults
    except ProjectError:
        # Its package may not be there any more: what is on record can be read all the same.
        return ASSISTANTS_API


def _in_parts(details: EntryDetails, defaults: FieldDefaults) -> Iterator[FieldDiff]:
    """The differences, that of all tools parted into those of each."""
    for diff in details.diffs:
        if diff.path != dotted(TOOLS) or diff.secret or diff.path in details.unrecorded:
            yield diff
            continue
        old, new = (canonical(diff.path, value, defaults) for value in (diff.old, diff.new))
        yield from (replace(diff, path=dotted(part.path), old=part.old, new=part.new) for part in _tools(old, new))


def _tools(old: Json, new: Json) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from differences((*TOOLS, name), old.get(name), new.get(name))


def _found_later(entry: Entry, later: Sequence[Apply]) -> BeforeImage | None:
    about = QualifiedKey(entry.kind, entry.key)
    images = (apply.before_images().get(about) for apply in later)
    return next((image for image in images if image is not None), None)


def _details(entry: Entry, found: BeforeImage | None) -> EntryDetails:
    if entry.action is Action.DELETE:
        lost = (FieldDiff(path, old, None, Origin.MANIFEST) for path, old in _units(entry.before).items() if old)
        return EntryDetails(entry, tuple(lost))
    after = _units(found)
    diffs, unrecorded = [], set()
    for path, sent in _sent(entry):
        old = _old(entry, path)
        if sent and short_digest(path, old) == sent:
            continue
        candidates = ((entry.values or {}).get(path), after.get(path))
        new = next((value for value in candidates if sent and short_digest(path, value) == sent), _UNKNOWN)
        if not sent:
            diffs.append(FieldDiff(path, SECRET, SECRET, Origin.MANIFEST, secret=True))
        elif new is _UNKNOWN:
            unrecorded.add(path)
            diffs.append(FieldDiff(path, old, None, Origin.MANIFEST))
        else:
            diffs.append(FieldDiff(path, old, new, Origin.MANIFEST))
    return EntryDetails(entry, tuple(diffs), frozenset(unrecorded))


_UNKNOWN: Json = ["?"]


def _sent(entry: Entry) -> Iterator[tuple[str, str]]:
    pairs = {path.removeprefix("metadata."): "" for path in entry.sent if path.startswith("metadata.")}
    users = {f"metadata.{name}" for name in users_pairs(pairs)}
    for path, digest in entry.sent.items():
        if not path.startswith("metadata.") or path in users:
            yield path, digest


def _old(entry: Entry, path: str) -> Json:
    if entry.before is not None and path in entry.before.withheld:
        return SECRET
    return _units(entry.before).get(path)


def _units(image: BeforeImage | None) -> Mapping[str, Json]:
    if image is None:
        return {}
    pairs: dict[str, Json] = {f"metadata.{name}": value for name, value in users_pairs(image.metadata).items()}
    return {**image.fields, **pairs}
