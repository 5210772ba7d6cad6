"""A document's contents -> what it declares: an assistant, or an environment, a memory store or a skill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.syntax.yaml_values import Path, dotted, value_at
from assistctl.model.assistant import USE_FIELDS, Desired, Lifecycle, Use
from assistctl.model.kind import Kind
from assistctl.ownership.canonical import PLATFORMS

if TYPE_CHECKING:
    from assistctl.checkout.pinned_folder import PinnedFolder
    from assistctl.manifest.files.entries import FileEntry
    from assistctl.manifest.files.expand import AttachedFile
    from assistctl.model.checks import Check
    from assistctl.model.knowledge import DesiredStore
    from assistctl.model.mcp_server import McpServer
    from assistctl.model.resource import DesiredResource

_RULES = frozenset({"kind", "key", "import", "moved_from", "lifecycle", "checks", "platforms"})
_NOT_FIELDS = _RULES | {"files", "vector_store"} | USE_FIELDS.keys()
_TOOLS = frozenset({"code_interpreter", "file_search", "function", "mcp"})
_NOT_FIELDS_OF_RESOURCES = frozenset(
    {"kind", "key", "import", "moved_from", "lifecycle", "platforms", "folder", "source"}
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """The declaration of one document: an assistant, with its files' vector store if any, or another thing.

    None is there when the document has an error. ``files`` are what was found for it, if it was looked for.
    """

    kind: Kind
    key: str
    position: Position
    assistant: Desired | None = None
    store: DesiredStore | None = None
    files: tuple[AttachedFile, ...] = ()
    server: McpServer | None = None
    resource: DesiredResource | None = None

    @property
    def is_sound(self) -> bool:
        """Whether the document has no error."""
        return any(thing is not None for thing in (self.assistant, self.store, self.server, self.resource))


def assistant(
    key: str,
    contents: Contents,
    entries: Sequence[FileEntry],
    store: str | None = None,
    checks: tuple[Check, ...] = (),
) -> Desired:
    """The assistant in contents that have no error.

    ``entries`` are those of its ``files``, ``store`` is the key of the vector store that it searches.
    """
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
        store=store,
        templates=templates,
        file_places={str(entry.reader): dotted(entry.place) for entry in reversed(entries)},
        checks=checks,
        uses=tuple(_uses_in(value)) if USE_FIELDS.keys() & value.keys() else (),
    )


def resource(kind: Kind, key: str, contents: Contents) -> DesiredResource:
    """The environment, memory store or skill in contents that have no error."""
    from assistctl.model.resource import DesiredResource

    value = contents.value if isinstance(contents.value, dict) else {}
    fields: dict[str, Json] = {"name": key}
    fields |= {name: field for name, field in value.items() if name not in _NOT_FIELDS_OF_RESOURCES}
    templates = {
        dotted(path): made
        for path, made in contents.secret.items()
        if path and path[0] not in _NOT_FIELDS_OF_RESOURCES - {"platforms"}
    }
    return DesiredResource(
        kind,
        key,
        _with_references(fields),
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


def refuse_twins(contents: Contents) -> None:
    """The second of two tools, or of two references to one thing, is an error.

    A tool is known by its type, a function by its name, wherever it is declared: all are sent in one list.
    """
    value = contents.value if isinstance(contents.value, dict) else {}
    if "tools" in value:
        _refuse_twins_in(contents, "tools", value["tools"], "tool", _identity)
    for platform in _platform_fields(value["platforms"]) if "platforms" in value else ():
        _refuse_functions_twice(contents, platform)
    for field in (name for name in USE_FIELDS if name in value):
        kind = USE_FIELDS[field]
        _refuse_twins_in(contents, field, value[field], kind.noun, partial(_key, kind))


def lifecycle(declared: Json) -> Lifecycle:
    """The rules that a document declares for its own thing."""
    rules = declared if isinstance(declared, dict) else {}
    prevent, ignored = rules.get("prevent_destroy"), rules.get("ignore_changes")
    return Lifecycle(
        prevent_destroy=prevent if isinstance(prevent, bool) else None,
        ignore_changes=tuple(str(path) for path in ignored) if isinstance(ignored, list) else (),
    )


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


def _refuse_functions_twice(contents: Contents, platform: str) -> None:
    first: dict[str, Path] = {}
    for field in (("tools",), (PLATFORMS, platform, "tools")):
        listed = value_at(contents.value, field)
        for place, tool in enumerate(listed if isinstance(listed, list) else ()):
            path, name = (*field, place), _function_name(tool)
            if name is None:
                continue
            other = first.setdefault(name, path)
            if other != path and path[0] == PLATFORMS:
                where = contents.positions[dotted(other)]
                contents.report(path, f"this function is there twice: first at {where}", "Keep one of the two.")


def _function_name(tool: Json) -> str | None:
    """The name of a function, in whatever form platforms have it; ``None`` for what is none."""
    if not isinstance(tool, dict) or tool.get("type") not in ("function", "custom"):
        return None
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else tool.get("name")
    return name if isinstance(name, str) else None


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


def _text(declared: Json) -> str | None:
    return declared if isinstance(declared, str) else None


def _platform_fields(declared: Json) -> dict[str, dict[str, Json]]:
    platforms = declared if isinstance(declared, dict) else {}
    return {name: fields for name, fields in platforms.items() if isinstance(fields, dict)}


def _is_outside_fields(path: Path) -> bool:
    """Whether the text at ``path`` is not sent: a check, a rule, the name of a file."""
    is_file_name = path[-1] == "file" and (path[0] == "instructions" or path[2:3] == ("function",))
    return is_file_name or path[0] in _NOT_FIELDS - {"platforms"}


def _uses_in(value: Mapping[str, Json]) -> Iterator[Use]:
    """Each thing that an assistant's document names in these fields."""
    for field, kind in USE_FIELDS.items():
        declared = value.get(field)
        if isinstance(declared, str):
            yield Use(kind, declared, field)
        for place, item in enumerate(declared if isinstance(declared, list) else ()):
            path = f"{field}[{place}]"
            if isinstance(item, str):
                yield Use(kind, item, path)
            elif isinstance(item, dict):
                yield _use(kind, item, path)


def _with_references(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The fields of another document, with each key in its ``skills`` as a reference."""
    skills = fields.get("skills")
    if not isinstance(skills, list):
        return dict(fields)
    references: list[Json] = [{"skill": item} if isinstance(item, str) else item for item in skills]
    return {**fields, "skills": references}


def _use(kind: Kind, item: Mapping[str, Json], path: str) -> Use:
    version = item.get("version")
    settings = {name: value for name, value in item.items() if name not in {str(kind), "version"}}
    return Use(kind, str(item.get(kind)), path, None if version is None else str(version), settings)


def _source(declared: Json) -> PinnedFolder | None:
    if not isinstance(declared, dict):
        return None
    from assistctl.checkout.pinned_folder import PinnedFolder

    path = declared.get("path")
    return PinnedFolder(
        str(declared["repository"]), str(declared["commit"]), path if isinstance(path, str) else "."
    )
