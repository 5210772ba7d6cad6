"""Problems in a platform's capabilities: a name that is misspelt there would be ignored in silence."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.model.capabilities import Capabilities, Level
from assistctl.model.kind import RESOURCE_KINDS, Kind

_OWN = "platforms."
_EVERYWHERE = ("name", "model", "metadata")
# What the marks of ownership take (``ownership/mark.py`` and ``file_marks.py``).
_NEEDED = {"open_pairs": 4, "key_characters": 32, "value_characters": 512}


def problems_in(capabilities: Capabilities) -> list[str]:
    """Each problem as a sentence without its full stop; none where all is well."""
    rules = (_unsupported, _silent, _unknown, _entries, _resources, _metadata)
    return [problem for rule in rules for problem in rule(capabilities)]


def _unsupported(capabilities: Capabilities) -> Iterator[str]:
    for name in _EVERYWHERE:
        support = capabilities.fields.get(name)
        if support is None or support.level is Level.UNSUPPORTED:
            yield f"fields lacks {name}, which every platform has to keep"


def _silent(capabilities: Capabilities) -> Iterator[str]:
    for name, support in capabilities.fields.items():
        if support.level is not Level.NATIVE and not support.note:
            yield f"fields[{name}] has no note: how it is mapped, or what to do instead"


def _unknown(capabilities: Capabilities) -> Iterator[str]:
    """Names in other tables that no field has."""
    fields = {*capabilities.fields, *(name.partition(".")[0] for name in capabilities.fields)}
    for table in ("computed", "write_only"):
        for name in sorted(getattr(capabilities, table) - fields):
            yield f"{table} names {name}, which is not one of the fields"
    for table in ("defaults", "serving_fields"):
        for name in sorted(set(getattr(capabilities, table)) - capabilities.platform_fields):
            yield f"{table} names {name}, which is not one of the platform_fields"
    for group in capabilities.replaced_together:
        for name in group:
            known = capabilities.platform_fields if name.startswith(_OWN) else fields
            if name.removeprefix(_OWN) not in known:
                where = "platform_fields" if name.startswith(_OWN) else "fields"
                yield f"replaced_together names {name}, which is not one of the {where}"


def _entries(capabilities: Capabilities) -> Iterator[str]:
    for kind, entry in capabilities.entries.items():
        if not entry.id or entry.id == entry.revision:
            where = "roster_entry" if kind is Kind.ASSISTANT else f"resource_entries[{kind}]"
            yield f"{where} needs a field for the id, and another one for the version"


def _resources(capabilities: Capabilities) -> Iterator[str]:
    """Problems in the tables of what is kept beside assistants."""
    for kind, table in capabilities.resources.items():
        if kind not in RESOURCE_KINDS:
            yield f"resources names {kind}, which is not one of {', '.join(RESOURCE_KINDS)}"
        for problem in (*_silent(table), *_unknown(table), *_entries(table)):
            yield f"resources[{kind}]: {problem}"
    for kind, name in capabilities.uses_in.items():
        if name not in capabilities.platform_fields:
            yield f"uses_in[{kind}] names {name}, which is not one of the platform_fields"


def _metadata(capabilities: Capabilities) -> Iterator[str]:
    """Without its marks, nothing on a platform could be known as a project's own."""
    for name, needed in _NEEDED.items():
        limit = getattr(capabilities.metadata_limits, name)
        if limit is not None and limit < needed:
            yield f"metadata_limits has {limit} {name}, and the marks of ownership take {needed}"
