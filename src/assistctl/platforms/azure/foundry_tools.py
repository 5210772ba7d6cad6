"""Tools, with the files and vector stores they read, as Foundry has them: in the tools themselves.

Names and shapes: ``FunctionTool``, ``CodeInterpreterTool`` and ``FileSearchTool`` of azure-ai-projects 2.10.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.model.capabilities import ASSISTANTS_API, Finding
from assistctl.ownership.canonical import RESOURCE_LISTS
from assistctl.platforms.translation import Object, as_object, is_function, objects_in, without_nulls

_NO_PARAMETERS: Object = {"type": "object", "properties": {}}
# A function that has one of these is none of the Assistants API's.
_MORE = ("defer_loading", "async", "output_schema", "allowed_callers")
_SEARCH = ("max_num_results", "ranking_options")
# As the Assistants API calls the platform's choice, and as this one does.
_DEFAULT_RANKERS = (*ASSISTANTS_API.rankers, "default-2024-11-15")
# What a container has that nobody asked for anything (https://platform.openai.com/docs/guides/tools-code-interpreter).
_DEFAULT_MEMORY = "1g"


def wire_tools(tools: Json, resources: Object) -> list[Json]:
    """The tools of a request, with what ``resources`` (``tool_resources``) gives them to read."""
    return [_wire_tool(tool, resources) for tool in objects_in(tools)]


def manifest_tools(tools: Json) -> list[Json]:
    """The tools of an answer in the Assistants API's shapes; those it does not have are as they are."""
    return [_manifest_tool(tool) for tool in objects_in(tools)]


def resources_of(tools: Json) -> Object:
    """``tool_resources`` of the tools in an answer."""
    return {
        str(tool["type"]): {RESOURCE_LISTS[str(tool["type"])]: _ids(tool)}
        for tool in objects_in(tools)
        if tool.get("type") in RESOURCE_LISTS
    }


def refuse_unread(resources: Object, tools: Json) -> None:
    """Raise ``PlatformError`` for ids that no tool would read: only tools have a place for them."""
    for kind in _unread(resources, tools):
        raise PlatformError(f"there is no tool {kind} for what it is to read", "Nothing was sent.")


def tool_findings(fields: Mapping[str, Json], own: Mapping[str, Json], platform: str) -> Iterator[Finding]:
    """The tools of a manifest, those for this platform alone included, that cannot be had."""
    declared = [*objects_in(fields.get("tools")), *objects_in(own.get("tools"))]
    for kind in _unread(as_object(fields.get("tool_resources")), [*declared]):
        where = f"tool_resources.{kind}"
        yield Finding(where, f"{where} needs the tool on {platform}", f"Declare {{type: {kind}}} under `tools`.")
    for place, tool in enumerate(objects_in(own.get("tools"))):
        where = f"platforms.{platform}.tools[{place}]"
        if tool.get("type") == "function" and not _has_more(tool):
            advice = f"Declare it under `tools`; only functions with {', '.join(_MORE)} stand here."
            yield Finding(where, f"{where} is a function like any other", advice)
        for inner, kind in (("vector_store_ids", "file_search"), ("container.file_ids", "code_interpreter")):
            if tool.get("type") == kind and _at(tool, inner):
                place_for_ids = f"tool_resources.{kind}.{RESOURCE_LISTS[kind]}"
                advice = f"Name them in `{place_for_ids}`, or declare `files`: what a tool reads is managed there."
                yield Finding(f"{where}.{inner}", f"{where}.{inner} would not be sent", advice)
        if as_object(tool.get("container")).get("memory_limit") == _DEFAULT_MEMORY:
            where = f"{where}.container.memory_limit"
            yield Finding(where, f"{where} is the default", "Leave it out: it is not told from none.")


def _at(tool: Object, path: str) -> Json:
    value: Json = tool
    for name in path.split("."):
        value = as_object(value).get(name)
    return value


def _unread(resources: Object, tools: Json) -> list[str]:
    types = {tool.get("type") for tool in objects_in(tools)}
    return [
        kind
        for kind, name in RESOURCE_LISTS.items()
        if as_object(resources.get(kind)).get(name) and kind not in types
    ]


def _wire_tool(tool: Object, resources: Object) -> Object:
    kind = str(tool.get("type"))
    if is_function(tool):
        return _wire_function(as_object(tool["function"]))
    if kind == "function":
        return _wire_function(tool)
    read = as_object(resources.get(kind)).get(RESOURCE_LISTS.get(kind, "")) or []
    if kind == "code_interpreter":
        return {**tool, "container": _container(tool.get("container"), read)}
    if kind == "file_search":
        search = _wire_search(as_object(tool.get("file_search")))
        return {**_without(tool, "file_search"), **search, "vector_store_ids": read}
    return tool


def _wire_function(function: Object) -> Object:
    kept = without_nulls(function)
    return {
        **kept,
        "type": "function",
        "parameters": kept.get("parameters") or _NO_PARAMETERS,
        # Required here, and false where the Assistants API leaves it out.
        "strict": bool(kept.get("strict")),
    }


def _container(container: Json, file_ids: Json) -> Json:
    if not isinstance(container, str):
        return {"type": "auto", **as_object(container), "file_ids": file_ids}
    if file_ids:
        raise PlatformError(f"the container {container} has files of its own", "Nothing was sent.")
    return container


def _wire_search(search: Object) -> Object:
    found = without_nulls(search)
    ranking = without_nulls(as_object(found.pop("ranking_options", None)))
    if ranking.get("ranker") in _DEFAULT_RANKERS:
        del ranking["ranker"]
    return {**found, "ranking_options": ranking} if ranking else found


def _manifest_tool(tool: Object) -> Object:
    kept = without_nulls(tool)
    kind = kept.get("type")
    if kind == "function" and not _has_more(kept):
        return {"type": "function", "function": _without(kept, "type", *_MORE)}
    if kind == "code_interpreter":
        return _manifest_interpreter(kept)
    return _manifest_search(kept) if kind == "file_search" else kept


def _manifest_interpreter(tool: Object) -> Object:
    container = tool.get("container")
    if isinstance(container, str):
        return tool
    settings: Object = {
        name: part
        for name, part in _without(as_object(container), "type", "file_ids").items()
        if part is not None and (name, part) != ("memory_limit", _DEFAULT_MEMORY)
    }
    plain = _without(tool, "container")
    return {**plain, "container": settings} if settings else plain


def _manifest_search(tool: Object) -> Object:
    search = _wire_search({name: tool[name] for name in _SEARCH if name in tool})
    plain = _without(tool, "vector_store_ids", *_SEARCH)
    return {**plain, "file_search": search} if search else plain


def _has_more(function: Object) -> bool:
    return any(function.get(name) for name in _MORE)


def _ids(tool: Object) -> Json:
    ids = as_object(tool.get("container")).get("file_ids") if tool["type"] == "code_interpreter" else None
    return (ids if tool["type"] == "code_interpreter" else tool.get("vector_store_ids")) or []


def _without(tool: Object, *names: str) -> Object:
    return {name: part for name, part in tool.items() if name not in names}
