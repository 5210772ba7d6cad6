"""JSON values -> the assistants among them, and the names of the files and vector stores they read.

An answer is known by its ``object`` (https://platform.openai.com/docs/api-reference/assistants/object); a page is
an object with a list under ``data``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistctl.errors import ProjectError
from assistctl.json_value import Json
from assistctl.migration.json_stream import Found, values_at
from assistctl.migration.lost_resources import ResourceNames, library_of
from assistctl.model.assistant import Observed
from assistctl.model.knowledge import ObservedStore, StoreFile
from assistctl.platforms.openai.assistants import OpenAIAssistants, observed_assistant
from assistctl.platforms.openai.assistants_fields import FIELDS
from assistctl.platforms.openai.knowledge_answers import observed_store, store_file

PLATFORM = OpenAIAssistants.name
"""Whose shapes exported assistants have."""

_HINT = (
    "It takes JSON as client.beta.assistants.list() returned it: a list, a page with `data`, one assistant on "
    "each line, or a file for each."
)
_OF_EVERY_OBJECT = frozenset({"id", "object", "created_at", "metadata"})


@dataclass(frozen=True, slots=True)
class Exported:
    """The contents of an export: the assistants, oldest first, and the facts about what they read.

    ``strange`` are the fields, by assistant's id, that the Assistants API v2 does not have. ``doubts`` are
    sentences about what may be missing or does not belong.
    """

    assistants: tuple[Observed, ...]
    resource_names: ResourceNames = field(default_factory=ResourceNames)
    strange: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


def read_exported(path: Path, root: Path) -> Exported:
    """The export at ``path``, a file or a folder, for the project in ``root``.

    Raises ``ProjectError`` for what cannot be read, or has no assistant in it.
    """
    reading = _Reading()
    for found in values_at(path, root):
        reading.take(found)
    if not reading.assistants:
        raise ProjectError(f"there are no assistants in {path}", _HINT)
    return reading.exported()


@dataclass(slots=True)
class _Reading:
    """The objects read so far, by id."""

    assistants: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    stores: dict[str, ObservedStore] = field(default_factory=dict)
    contents: dict[str, dict[str, StoreFile]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    more_to_come: str = ""
    has_last_page: bool = False

    def take(self, found: Found) -> None:
        """Take in a value: a page or list of things, or one of them."""
        value = found.value
        if isinstance(value, list):
            for item in value:
                self.take(Found(item, found.place))
        elif isinstance(value, dict) and isinstance(items := value.get("data"), list):
            if any(isinstance(item, dict) and "model" in item for item in items):
                self._note_page(value, found.place)
            self.take(Found(items, found.place))
        elif isinstance(value, dict) and isinstance(value.get("id"), str) and value["id"]:
            self._take_thing(value, str(value["id"]), found.place)
        else:
            self.doubts.append(f"{found.place}: this is not an assistant, and was skipped")

    def exported(self) -> Exported:
        """All of it."""
        if self.more_to_come and not self.has_last_page:
            self.doubts.append(
                f"{self.more_to_come}: a page that says there are more, and no page is the last one"
            )
        ordered = sorted(self.assistants.values(), key=_age)
        strange = {str(assistant["id"]): dict(_strange(assistant)) for assistant in ordered}
        contents = {store_id: list(held.values()) for store_id, held in self.contents.items()}
        resource_names = library_of(self.files, self.stores.values(), contents)
        return Exported(
            tuple(map(observed_assistant, map(dict, ordered))), resource_names, strange, tuple(self.doubts)
        )

    def _note_page(self, page: Mapping[str, Json], place: str) -> None:
        if page.get("has_more") is True:
            self.more_to_come = self.more_to_come or place
        elif page.get("has_more") is False:
            self.has_last_page = True

    def _take_thing(self, thing: Mapping[str, Json], identity: str, place: str) -> None:
        kind = thing.get("object")
        if kind == "file":
            self.files[identity] = str(thing.get("filename") or "")
        elif kind == "vector_store":
            self.stores[identity] = observed_store({**thing})
        elif kind == "vector_store.file":
            self.contents.setdefault(str(thing.get("vector_store_id")), {})[identity] = store_file({**thing})
        elif kind in {"assistant", None} and isinstance(thing.get("model"), str):
            self._take_assistant(thing, identity, place)
        else:
            self.doubts.append(f"{place}: {identity} is not an assistant, and was skipped")

    def _take_assistant(self, assistant: Mapping[str, Json], identity: str, place: str) -> None:
        before = self.assistants.setdefault(identity, assistant)
        if before != assistant:
            self.doubts.append(f"{place}: {identity} is there twice and not the same; the first one counts")


def _age(assistant: Mapping[str, Json]) -> float:
    created = assistant.get("created_at")
    return created if isinstance(created, int | float) else 0


def _strange(assistant: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for name, value in assistant.items():
        if name not in {*FIELDS, *_OF_EVERY_OBJECT} and value not in (None, [], {}, ""):
            yield name, value
