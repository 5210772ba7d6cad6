"""A small Assistants service in memory: fills in defaults and refuses what the service refuses.

Written from the reference of the API and not from the embedded platform, so that the planner is held against a
second reading of the same texts (https://platform.openai.com/docs/api-reference/assistants).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities, Support

Fields = dict[str, Json]

FIELDS = (
    "name",
    "description",
    "model",
    "instructions",
    "tools",
    "tool_resources",
    "response_format",
    "temperature",
    "top_p",
    "reasoning_effort",
)
CAPABILITIES = Capabilities(
    fields={
        name: Support()
        for name in (*FIELDS, "metadata", "tools.code_interpreter", "tools.file_search", "tools.function")
    },
    write_only=frozenset({"reasoning_effort"}),
)

_DEFAULTS: Fields = {
    "name": None,
    "description": None,
    "instructions": None,
    "tools": [],
    "tool_resources": {},
    "response_format": "auto",
    "temperature": None,
    "top_p": None,
    "reasoning_effort": None,
}
_SAMPLING = ("temperature", "top_p")
_PAIRS, _LONGEST_KEY, _LONGEST_VALUE = 16, 64, 512


@dataclass(slots=True)
class Stored:
    """One assistant as the service keeps it."""

    fields: Fields
    metadata: dict[str, str]


@dataclass(slots=True)
class AssistantsStore:
    """The assistants by id, oldest first.

    Two servers of one protocol differ where it says nothing: ``keeps_other_half`` of ``tool_resources`` when an
    update names only one, ``reorders`` tools and ids in answers, ``sparse`` leaves defaults out of them.
    """

    keeps_other_half: bool = True
    reorders: bool = False
    sparse: bool = False
    assistants: dict[str, Stored] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def create(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """Keep a new one. Raises ``PlatformError`` for what the service refuses."""
        if not fields.get("model"):
            raise PlatformError("Missing required parameter: 'model'.", status=400)
        identifier = f"asst_{next(self.numbers)}"
        self.assistants[identifier] = Stored(_settled({**_DEFAULTS, **fields}), _checked(metadata))
        return self.answer(identifier)

    def update(self, identifier: str, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """Set ``fields`` and replace the metadata. Raises ``NotFoundError`` or ``PlatformError``."""
        stored = self._stored(identifier)
        merged = {**stored.fields, **fields}
        old, new = stored.fields["tool_resources"], fields.get("tool_resources")
        if self.keeps_other_half and isinstance(old, dict) and isinstance(new, dict):
            merged["tool_resources"] = {**old, **new}
        self.assistants[identifier] = Stored(_settled(merged), _checked(metadata))
        return self.answer(identifier)

    def delete(self, identifier: str) -> None:
        """Forget one. Raises ``NotFoundError``."""
        self._stored(identifier)
        del self.assistants[identifier]

    def listed(self) -> list[Observed]:
        """All of them, as answers."""
        return [self.answer(identifier) for identifier in self.assistants]

    def answer(self, identifier: str) -> Observed:
        """One of them as the service answers it: without its ``reasoning_effort``, and every default filled in."""
        stored = self._stored(identifier)
        fields = copy.deepcopy(
            {name: value for name, value in stored.fields.items() if name != "reasoning_effort"}
        )
        if self.reorders:
            fields["tools"] = list(reversed(_items(fields["tools"])))
            for resource in _object(fields["tool_resources"]).values():
                for name, ids in _object(resource).items():
                    _object(resource)[name] = list(reversed(_items(ids)))
        if self.sparse:
            fields = {name: value for name, value in fields.items() if value not in (None, [], {}, 1.0, "auto")}
        return Observed(identifier, fields, dict(stored.metadata))

    def _stored(self, identifier: str) -> Stored:
        if identifier not in self.assistants:
            raise NotFoundError(f"No assistant found with id '{identifier}'.", status=404)
        return self.assistants[identifier]


def _settled(fields: Fields) -> Fields:
    settled = {
        name: _DEFAULTS.get(name) if value is None else copy.deepcopy(value) for name, value in fields.items()
    }
    settled["tools"] = [_filled_in(_object(tool)) for tool in _items(settled["tools"])]
    for name in _SAMPLING:
        settled[name] = _sampled(str(settled["model"]), name, settled[name])
    return settled


def _sampled(model: str, name: str, value: Json) -> Json:
    if not model.startswith("o"):
        return float(value) if isinstance(value, int | float) else 1.0
    if value is not None:
        raise PlatformError(f"Unsupported parameter: '{name}' is not supported with this model.", status=400)
    return None


def _filled_in(tool: Fields) -> Fields:
    if tool["type"] == "function":
        function = _object(tool["function"])
        return {**tool, "function": {**function, "strict": bool(function.get("strict"))}}
    if tool["type"] == "file_search":
        search = _object(tool.get("file_search"))
        ranking = {
            "ranker": "default_2024_08_21",
            "score_threshold": 0.0,
            **_object(search.get("ranking_options")),
        }
        return {**tool, "file_search": {**search, "ranking_options": ranking}}
    return tool


def _checked(metadata: Mapping[str, str]) -> dict[str, str]:
    too_long = [key for key, value in metadata.items() if len(key) > _LONGEST_KEY or len(value) > _LONGEST_VALUE]
    if len(metadata) > _PAIRS or too_long:
        raise PlatformError(f"Invalid 'metadata': {len(metadata)} pairs, too long: {too_long}.", status=400)
    return dict(metadata)


def _object(value: Json) -> Fields:
    return value if isinstance(value, dict) else {}


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
