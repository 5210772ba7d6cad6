"""A document's contents -> the environment, memory store or skill that it declares."""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.checkout.pinned_folder import PinnedFolder
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.documents.declaration import lifecycle
from assistctl.manifest.documents.uses import with_references
from assistctl.manifest.syntax.node import dotted
from assistctl.model.kind import Kind
from assistctl.model.resource import DesiredResource

_NOT_FIELDS = frozenset({"kind", "key", "import", "moved_from", "lifecycle", "platforms", "folder", "source"})


def resource(kind: Kind, key: str, contents: Contents) -> DesiredResource:
    """What a document without errors declares."""
    value = contents.value if isinstance(contents.value, dict) else {}
    fields: dict[str, Json] = {"name": key}
    fields |= {name: field for name, field in value.items() if name not in _NOT_FIELDS}
    templates = {
        dotted(path): made
        for path, made in contents.secret.items()
        if path and path[0] not in _NOT_FIELDS - {"platforms"}
    }
    return DesiredResource(
        kind,
        key,
        with_references(fields),
        contents.position,
        lifecycle(value.get("lifecycle")),
        frozenset(templates),
        _platform_fields(value.get("platforms")),
        _text(value.get("import")),
        _text(value.get("moved_from")),
        contents.positions,
        templates,
        source=_source(value.get("source")),
    )


def _source(declared: Json) -> PinnedFolder | None:
    if not isinstance(declared, dict):
        return None
    path = declared.get("path")
    return PinnedFolder(
        str(declared["repository"]), str(declared["commit"]), path if isinstance(path, str) else "."
    )


def _text(declared: Json) -> str | None:
    return declared if isinstance(declared, str) else None


def _platform_fields(declared: Json) -> Mapping[str, Mapping[str, Json]]:
    platforms = declared if isinstance(declared, dict) else {}
    return {name: fields for name, fields in platforms.items() if isinstance(fields, dict)}
