"""Words of version 1 of the Assistants API, as old exports still have them, in those of version 2.

Its ``retrieval`` became ``file_search`` with vector stores, and its ``file_ids`` became ``tool_resources``
(https://platform.openai.com/docs/assistants/migration).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from assistctl.json_value import Json
from assistctl.migration.lost_resources import ResourceNames, way_on
from assistctl.migration.report import Document, FieldOutcome, Outcome
from assistctl.model.capabilities import Capabilities

FILE_IDS = "file_ids"
_RETRIEVAL = "retrieval"
_SEARCH: dict[str, Json] = {"type": "file_search"}
_RENAMED = "Version 1 of the API called it retrieval."


def in_version_two(
    document: Document, nameless: Sequence[Json]
) -> tuple[Document, Sequence[Json], list[FieldOutcome]]:
    """``document`` with ``file_search`` where ``nameless`` has ``retrieval``, the rest of those, and what maps."""
    others = [tool for tool in nameless if _type(tool) != _RETRIEVAL]
    if len(others) == len(nameless):
        return document, nameless, []
    tools = document.get("tools")
    listed = list(tools) if isinstance(tools, list) else []
    if "file_search" not in map(_type, listed):
        listed.append(_SEARCH)
    field_outcome = FieldOutcome("tools[file_search]", "tools.file_search", Outcome.MAPPED, _RENAMED)
    return {**document, "tools": listed}, others, [field_outcome]


def lost_files(
    strange: Mapping[str, Json], tools: Json, resource_names: ResourceNames, capabilities: Capabilities
) -> Iterator[FieldOutcome]:
    """The outcome of ``file_ids``, with the names of the files; ``tools`` are those of version 2."""
    ids = strange.get(FILE_IDS)
    if not isinstance(ids, list):
        return
    readers = [str(_type(tool)) for tool in tools if _type(tool) != "function"] if isinstance(tools, list) else []
    notes = dict.fromkeys(way_on(reader, capabilities) for reader in readers or ["file_search"])
    files: list[Json] = [resource_names.file(str(file_id)) for file_id in ids]
    yield FieldOutcome(FILE_IDS, FILE_IDS, Outcome.LOST, " Or: ".join(notes), files)


def _type(tool: Json) -> Json:
    return tool.get("type") if isinstance(tool, dict) else None
