"""What an assistant reads where it is, and what no API lets anybody take along: uploads and vector stores.

Files with the purpose ``assistants`` cannot be downloaded
(https://platform.openai.com/docs/api-reference/files/retrieve-contents), and their ids mean nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.migration.report import FieldOutcome, Outcome
from assistctl.model.plan import Json
from assistctl.ownership.canonical import RESOURCE_LISTS
from assistctl.planning.capability_check import Expressible

_NO_PLACE = "It is not the Assistants API's: manifests have no place for it."
_NO_DOWNLOAD = "Uploads for assistants cannot be downloaded."


@dataclass(frozen=True, slots=True)
class ResourceNames:
    """What is known of uploads and vector stores: names by id, and the ids of the files in each store."""

    files: Mapping[str, str] = field(default_factory=dict)
    stores: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def file(self, file_id: str) -> dict[str, Json]:
        """A file as reports have it: ``{"id", "name"}``, the name null where it is not known."""
        return {"id": file_id, "name": self.files.get(file_id)}

    def store(self, store_id: str) -> dict[str, Json]:
        """A vector store as reports have it: ``{"id", "name"}``, with its ``files`` where they are known."""
        found: dict[str, Json] = {"id": store_id, "name": self.stores.get(store_id)}
        if store_id in self.contents:
            found["files"] = [self.file(one) for one in self.contents[store_id]]
        return found


def ids_in(resources: Json, tool: str) -> list[str]:
    """The ids that ``tool_resources`` has for a tool."""
    resource = resources.get(tool) if isinstance(resources, dict) else None
    ids = resource.get(RESOURCE_LISTS[tool]) if isinstance(resource, dict) else None
    return [str(one) for one in ids] if isinstance(ids, list) else []


def left_behind(
    resources: Json, resource_names: ResourceNames, capabilities: Expressible
) -> Iterator[FieldOutcome]:
    """The fate of ``tool_resources``: lost, with all that is known of what they are."""
    for tool, described in (("code_interpreter", resource_names.file), ("file_search", resource_names.store)):
        ids = ids_in(resources, tool)
        if ids:
            path = f"tool_resources.{tool}.{RESOURCE_LISTS[tool]}"
            value: list[Json] = [described(one) for one in ids]
            yield FieldOutcome(path, path, Outcome.LOST, _way_on(tool, capabilities), value)
    yield from _others(resources)


def _others(resources: Json) -> Iterator[FieldOutcome]:
    """What only some dialects know: the indexes of other searches, the data sources of the code interpreter."""
    for tool, resource in resources.items() if isinstance(resources, dict) else ():
        ids = RESOURCE_LISTS.get(tool)
        for name, value in resource.items() if isinstance(resource, dict) else ():
            if name != ids and value:
                path = f"tool_resources.{tool}.{name}"
                yield FieldOutcome(path, path, Outcome.LOST, _NO_PLACE, value)


def _way_on(tool: str, capabilities: Expressible) -> str:
    support = capabilities.fields.get(f"files.{tool}")
    if support is None or support.level == "unsupported":
        return " ".join(filter(None, (_NO_DOWNLOAD, "Keep the originals.", support.note if support else "")))
    entry = f"`files: [{{path: PATH, tool: {tool}}}]`."
    return " ".join(filter(None, (_NO_DOWNLOAD, "Put the originals into the project, with", entry, support.note)))
