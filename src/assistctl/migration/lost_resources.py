"""The uploads and vector stores that an assistant reads and that are not taken along.

With a vector store goes what was set on it and on its files: that is told by itself, because it can be declared.

Files with the purpose ``assistants`` cannot be downloaded
(https://platform.openai.com/docs/api-reference/files/retrieve-contents), and their ids mean nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.json_value import Json
from assistctl.migration.report import FieldOutcome, Outcome
from assistctl.model.capabilities import Capabilities, Level
from assistctl.model.knowledge import ObservedStore, StoreFile
from assistctl.ownership.canonical import RESOURCE_LISTS
from assistctl.ownership.file_marks import same_chunking
from assistctl.ownership.mark import users_pairs

_NO_PLACE = "It is not the Assistants API's: manifests have no place for it."
_NO_PLACE_THERE = "There is nothing like it there."
_DECLARED_AS = {
    "expires_after": "`vector_store: {expires_after: {anchor: last_active_at, days: DAYS}}`.",
    "metadata": "`vector_store: {metadata: {NAME: VALUE}}`.",
    "chunking_strategy": "`vector_store: {chunking_strategy: {type: static, static: …}}`.",
    "attributes": "`files: [{path: PATH, tool: file_search, attributes: {NAME: VALUE}}]`.",
}
_NO_DOWNLOAD = "Uploads for assistants cannot be downloaded."
_SKILLS = "skills"
_AS_A_SKILL = "Files that the agent always needs can become a skill."
# What an answer says of files whose chunking the platform does not know any more.
_UNKNOWN_CHUNKING = "other"


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file; ``is_extracted``: they are the text that was read from it."""

    data: bytes
    is_extracted: bool = False


@dataclass(frozen=True, slots=True)
class ResourceNames:
    """Known uploads and vector stores: names by id, and the ids of the files in each store.

    ``settings`` are those of the stores by id, ``file_settings`` those of their files by the ids of both, as
    ``_store_settings`` and ``_file_settings`` tell them. ``downloaded`` are the files that can be had, by id.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    stores: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, Sequence[str]] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    file_settings: Mapping[tuple[str, str], Mapping[str, Json]] = field(default_factory=dict)
    downloaded: Mapping[str, Content] = field(default_factory=dict)

    def file(self, file_id: str) -> dict[str, Json]:
        """A file as reports have it: ``{"id", "name"}``, the name null where it is not known."""
        return {"id": file_id, "name": self.files.get(file_id)}

    def store(self, store_id: str) -> dict[str, Json]:
        """A vector store as reports have it: ``{"id", "name"}``, with its ``files`` where they are known."""
        found: dict[str, Json] = {"id": store_id, "name": self.stores.get(store_id)}
        if store_id in self.contents:
            found["files"] = [self.file(content) for content in self.contents[store_id]]
        return found

    def files_with(self, setting: str, store_id: str) -> list[dict[str, Json]]:
        """The files of a vector store that have a ``setting``, with it."""
        return [
            {**self.file(file_id), setting: known[setting]}
            for file_id in self.contents.get(store_id, ())
            if setting in (known := self.file_settings.get((store_id, file_id), {}))
        ]


def library_of(
    files: Mapping[str, str], stores: Iterable[ObservedStore], contents: Mapping[str, Sequence[StoreFile]]
) -> ResourceNames:
    """The known resources, from the names of uploads by id, vector stores, and the files in each by its id."""
    listed = list(stores)
    return ResourceNames(
        files,
        {store.id: str(store.fields.get("name") or "") for store in listed},
        {store_id: [file.id for file in held] for store_id, held in contents.items()},
        {store.id: _store_settings(store) for store in listed},
        {(store_id, file.id): _file_settings(file) for store_id, held in contents.items() for file in held},
    )


def ids_in(resources: Json, tool: str) -> list[str]:
    """The ids that ``tool_resources`` has for a tool."""
    resource = resources.get(tool) if isinstance(resources, dict) else None
    ids = resource.get(RESOURCE_LISTS[tool]) if isinstance(resource, dict) else None
    return [str(resource_id) for resource_id in ids] if isinstance(ids, list) else []


def left_behind(
    resources: Json, resource_names: ResourceNames, capabilities: Capabilities
) -> Iterator[FieldOutcome]:
    """The outcome of ``tool_resources``: lost, with all that is known of what they are."""
    for tool, described in (("code_interpreter", resource_names.file), ("file_search", resource_names.store)):
        ids = ids_in(resources, tool)
        if ids:
            path = f"tool_resources.{tool}.{RESOURCE_LISTS[tool]}"
            value: list[Json] = [described(resource_id) for resource_id in ids]
            yield FieldOutcome(path, path, Outcome.LOST, way_on(tool, capabilities), value)
    for store_id in dict.fromkeys(ids_in(resources, "file_search")):
        yield from _settings(store_id, resource_names, capabilities)
    yield from _others(resources)


def way_on(tool: str, capabilities: Capabilities) -> str:
    """The advice about files that ``tool`` reads."""
    support = capabilities.fields.get(f"files.{tool}")
    if support is None or support.level is Level.UNSUPPORTED:
        # Skills are for good, as vector stores are (``BetaManagedAgentsSkillParams`` of anthropic 2.14.0).
        skill = _AS_A_SKILL if _SKILLS in capabilities.platform_fields else ""
        note = support.note if support else ""
        return " ".join(filter(None, (_NO_DOWNLOAD, "Keep the originals.", note, skill)))
    entry = f"`files: [{{path: PATH, tool: {tool}}}]`."
    return " ".join(filter(None, (_NO_DOWNLOAD, "Put the originals into the project, with", entry, support.note)))


def _settings(store_id: str, resource_names: ResourceNames, capabilities: Capabilities) -> Iterator[FieldOutcome]:
    """The settings of a vector store and of its files; files with the same settings together."""
    support = capabilities.fields.get("files.file_search")
    nowhere = None if support and support.level is not Level.UNSUPPORTED else support.note if support else ""
    known: dict[str, Json] = dict(resource_names.settings.get(store_id, {}))
    for setting, entry in _DECLARED_AS.items():
        files: list[Json] = [*resource_names.files_with(setting, store_id)]
        value = known.get(setting) or files
        if value:
            note = f"Declare it with the originals: {entry}" if nowhere is None else nowhere or _NO_PLACE_THERE
            about = f"vector_stores.{setting}"
            yield FieldOutcome(f"vector_stores[{store_id}].{setting}", about, Outcome.LOST, note, value)


def _others(resources: Json) -> Iterator[FieldOutcome]:
    """The resources only some dialects have: indexes of other searches, data sources of the interpreter."""
    for tool, resource in resources.items() if isinstance(resources, dict) else ():
        ids = RESOURCE_LISTS.get(tool)
        if resource and not isinstance(resource, dict):
            path = f"tool_resources.{tool}"
            yield FieldOutcome(path, path, Outcome.LOST, _NO_PLACE, resource)
        for name, value in resource.items() if isinstance(resource, dict) else ():
            if name != ids and value:
                path = f"tool_resources.{tool}.{name}"
                yield FieldOutcome(path, path, Outcome.LOST, _NO_PLACE, value)


def _store_settings(store: ObservedStore) -> dict[str, Json]:
    """``expires_after`` and ``metadata``, as far as they are set."""
    found = {
        "expires_after": store.fields.get("expires_after"),
        "metadata": users_pairs(dict(store.metadata)),
    }
    return {name: value for name, value in found.items() if value}


def _file_settings(file: StoreFile) -> dict[str, Json]:
    """``attributes`` and ``chunking_strategy``, as far as they are set."""
    found: dict[str, Json] = {"attributes": users_pairs(dict(file.attributes))}
    chunking = file.chunking
    if chunking and chunking.get("type") != _UNKNOWN_CHUNKING and not same_chunking(chunking, None):
        found["chunking_strategy"] = dict(chunking)
    return {name: value for name, value in found.items() if value}
