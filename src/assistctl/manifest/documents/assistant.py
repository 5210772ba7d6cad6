"""A document's contents -> the assistant it declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.documents.declaration import lifecycle
from assistctl.manifest.documents.uses import uses_in
from assistctl.manifest.syntax.node import Path, dotted
from assistctl.model.assistant import USE_FIELDS, Desired, Lifecycle
from assistctl.model.kind import Kind

if TYPE_CHECKING:
    from assistctl.manifest.files.entries import FileEntry
    from assistctl.model.checks import Check

_RULES = frozenset({"kind", "key", "import", "moved_from", "lifecycle", "checks", "platforms"})
_NOT_FIELDS = _RULES | {"files", "vector_store"} | USE_FIELDS.keys()
_TOOLS = frozenset({"code_interpreter", "file_search", "function", "mcp"})


def assistant(
    key: str, contents: Contents, entries: Sequence[FileEntry], checks: tuple[Check, ...] = ()
) -> Desired:
    """The assistant in contents that have no error; ``entries`` are those of its ``files``."""
    value = contents.value if isinstance(contents.value, dict) else {}
    fields: dict[str, Json] = {"name": key}
    fields |= {name: field for name, field in value.items() if name not in _NOT_FIELDS}
    secret = contents.secret
    templates = (
        {dotted(path): made for path, made in secret.items() if not _is_outside_fields(path)} if secret else {}
    )
    return Desired(
        key=key,
        fields=fields,
        position=contents.position,
        lifecycle=lifecycle(value["lifecycle"]) if "lifecycle" in value else Lifecycle(),
        secret_paths=frozenset(templates),
        platform_fields=_platform_fields(value["platforms"]) if "platforms" in value else {},
        import_id=_text(value.get("import")),
        moved_from=_text(value.get("moved_from")),
        positions=contents.positions,
        store=_searched_store(key, value, entries) if entries or "vector_store" in value else None,
        templates=templates,
        file_places={str(entry.reader): dotted(entry.place) for entry in reversed(entries)},
        checks=checks,
        uses=tuple(uses_in(value)) if USE_FIELDS.keys() & value.keys() else (),
    )


def refuse_twins(contents: Contents) -> None:
    """The second of two tools, or of two references to one thing, is an error.

    A tool is known by its type, a function by its name.
    """
    value = contents.value if isinstance(contents.value, dict) else {}
    if "tools" in value:
        _refuse_twins_in(contents, "tools", value["tools"], "tool", _identity)
    for field in (name for name in USE_FIELDS if name in value):
        kind = USE_FIELDS[field]
        _refuse_twins_in(contents, field, value[field], kind.noun, partial(_key, kind))


def _refuse_twins_in(
    contents: Contents, field: str, items: Json, noun: str, identity_of: Callable[[Json], object]
) -> None:
    first: dict[object, int] = {}
    for place, item in enumerate(items if isinstance(items, list) else ()):
        identity = identity_of(item)
        if identity is None:
            continue
        other = first.setdefault(identity, place)
        if other != place:
            where = contents.positions[f"{field}[{other}]"]
            contents.report(
                (field, place), f"this {noun} is there twice: first at {where}", "Keep one of the two."
            )


def _key(kind: Kind, item: Json) -> str | None:
    key = item.get(str(kind)) if isinstance(item, dict) else item
    return key if isinstance(key, str) else None


def _identity(tool: Json) -> tuple[str, str] | None:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if not isinstance(tool, dict) or not isinstance(kind, str) or kind not in _TOOLS:
        return None
    if kind == "mcp":
        server = tool.get("server")
        return (kind, server) if isinstance(server, str) else None
    if kind != "function":
        return kind, ""
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    return ("function", name) if isinstance(name, str) else None


def _searched_store(key: str, value: Mapping[str, Json], entries: Sequence[FileEntry]) -> str | None:
    from assistctl.manifest.documents.vector_store import searched_store

    return searched_store(key, value, entries)


def _text(declared: Json) -> str | None:
    return declared if isinstance(declared, str) else None


def _platform_fields(declared: Json) -> dict[str, dict[str, Json]]:
    platforms = declared if isinstance(declared, dict) else {}
    return {name: fields for name, fields in platforms.items() if isinstance(fields, dict)}


def _is_outside_fields(path: Path) -> bool:
    """Whether the text at ``path`` is not sent: a check, a rule, the name of a file."""
    is_file_name = path[-1] == "file" and (path[0] == "instructions" or path[2:3] == ("function",))
    return is_file_name or path[0] in _NOT_FIELDS - {"platforms"}
