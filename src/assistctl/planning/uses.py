"""An assistant's fields that name things of other kinds, where a platform has them among its own.

A manifest says ``skills: [KEY]``; on a platform whose agents have skills these are ``platforms.NAME.skills``.
Plans call them as the manifest does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from assistctl.json_value import Json
from assistctl.model.assistant import USE_FIELDS, Desired
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import FieldDiff
from assistctl.model.kind import Kind
from assistctl.ownership.canonical import PLATFORMS, Path, dotted, parse


def own_fields(desired: Desired, platform: str, capabilities: Capabilities) -> dict[str, Json]:
    """The platform's own fields, with what the manifest uses by key in those that have it there."""
    own = dict(desired.platform_fields.get(platform, {}))
    for use in desired.uses:
        name = capabilities.uses_in.get(use.kind)
        if name is None:
            continue
        reference: Json = {str(use.kind): use.key, **({"version": use.version} if use.version else {})}
        declared = own.get(name)
        if use.kind is Kind.ENVIRONMENT:
            own[name] = reference
        else:
            own[name] = [*(declared if isinstance(declared, list) else ()), reference]
    return own


def in_words_of_manifest(
    diffs: Iterable[FieldDiff], own: Collection[str], platform: str, capabilities: Capabilities
) -> tuple[FieldDiff, ...]:
    """``diffs`` with those fields under the manifest's names, unless they are among its ``own`` for this."""
    names: dict[Path, int | str] = {
        (PLATFORMS, platform, name): field for field, name in _fields_of(capabilities).items() if name not in own
    }
    return tuple(_renamed(diff, names) for diff in diffs)


def with_ignored_uses(desired: Desired, platform: str, capabilities: Capabilities) -> Desired:
    """``desired`` with what it leaves to others by such a name, too, as the platform has it."""
    fields, ignored = _fields_of(capabilities), desired.lifecycle.ignore_changes
    paths = (parse(path) for path in ignored)
    more = [dotted((PLATFORMS, platform, fields[path[0]], *path[1:])) for path in paths if path[0] in fields]
    if not more:
        return desired
    return replace(desired, lifecycle=replace(desired.lifecycle, ignore_changes=(*ignored, *more)))


def _fields_of(capabilities: Capabilities) -> dict[int | str, str]:
    """The platform's own field for each of the manifest's."""
    return {
        field: capabilities.uses_in[kind] for field, kind in USE_FIELDS.items() if kind in capabilities.uses_in
    }


def _renamed(diff: FieldDiff, names: Mapping[Path, int | str]) -> FieldDiff:
    path = parse(diff.path)
    name = names.get(path[:3])
    return diff if name is None else replace(diff, path=dotted((name, *path[3:])))
