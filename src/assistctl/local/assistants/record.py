"""Assistants: defaults filled in, changes merged, and the assistant as it is answered.

The defaults are those api.openai.com was recorded with: ``temperature`` and ``top_p`` 1.0, ``response_format``
``"auto"``, ``metadata`` ``{}``; a function's ``strict`` false; ``ranking_options`` of
``default_2024_08_21`` and 0.0, where the OpenAPI description speaks of ``auto``. ``tool_resources`` was ``{}``
without tools, and had an empty list for each tool that could have files (quoted SDK output of 2024 and 2025:
``ToolResources(code_interpreter=ToolResourcesCodeInterpreter(file_ids=[]), file_search=None)``).
"""

from __future__ import annotations

from assistctl.json_value import Json
from assistctl.local.database.collection import Collection, Stored
from assistctl.local.http.errors import ApiError
from assistctl.model.model_catalog import takes_sampling

Fields = dict[str, Json]

ASSISTANTS = Collection("assistant")

_SAMPLING = ("temperature", "top_p")
_UNSET: Fields = {
    "name": None,
    "description": None,
    "instructions": None,
    "tools": [],
    "tool_resources": {},
    "metadata": {},
    "temperature": None,
    "top_p": None,
    "response_format": "auto",
    "reasoning_effort": None,
}
_EMPTY_RESOURCES: dict[str, Fields] = {
    "code_interpreter": {"file_ids": []},
    "file_search": {"vector_store_ids": []},
}


def created(sent: Fields) -> Fields:
    """The fields of a new assistant. ``sent`` fits ``fields.CREATE``. Raises ``ApiError``."""
    return _settled({**_UNSET, **sent}, sent)


def updated(stored: Fields, sent: Fields) -> Fields:
    """The fields after an update: what is not sent is kept, null goes back to the default.

    ``metadata`` and ``tools`` are replaced whole, ``tool_resources`` tool by tool. ``sent`` fits
    ``fields.UPDATE``. Raises ``ApiError``, also when a kept value is none that a new model takes.
    """
    merged = {**stored, **sent}
    old, new = stored["tool_resources"], sent.get("tool_resources")
    if isinstance(old, dict) and isinstance(new, dict):
        merged["tool_resources"] = {**old, **new}
    return _settled(merged, sent)


def view(stored: Stored) -> Fields:
    """The ``AssistantObject``, with the ``reasoning_effort`` that the API answered and its description left out.

    https://github.com/openai-php/client/issues/519 shows two answers of it.
    """
    fields = stored.body
    return {
        "id": stored.id,
        "object": "assistant",
        "created_at": stored.created_at,
        **fields,
        "tool_resources": _with_empty_resources(fields),
    }


def filled_in(tool: Fields) -> Fields:
    """A tool as it is answered, with its defaults."""
    if tool["type"] == "function":
        function = {**_object(tool["function"])}
        function["strict"] = bool(function.get("strict"))
        return {**tool, "function": function}
    if tool["type"] == "file_search":
        settings = _object(tool.get("file_search", {}))
        ranking: Fields = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
        ranking_options: Fields = {**ranking, **_object(settings.get("ranking_options", {}))}
        return {**tool, "file_search": {**settings, "ranking_options": ranking_options}}
    return tool


def _settled(fields: Fields, sent: Fields) -> Fields:
    """``fields`` with every null that has a default replaced by it."""
    settled = {key: _UNSET.get(key) if value is None else value for key, value in fields.items()}
    settled["tools"] = [filled_in(tool) for tool in _objects(settled["tools"])]
    for name in _SAMPLING:
        settled[name] = _sampling(name, settled, sent)
    return settled


def _sampling(name: str, fields: Fields, sent: Fields) -> Json:
    model, value = str(fields["model"]), fields[name]
    if value is None:
        return 1.0 if takes_sampling(model) else None
    if takes_sampling(model, fields["reasoning_effort"]):
        return float(value) if isinstance(value, int | float) else 1.0
    # For a value kept from before, the service blames the model (openai/openai-python issue 2072).
    blamed = next((field for field in (name, "model", "reasoning_effort") if field in sent), "model")
    raise ApiError(
        f"Unsupported parameter: '{name}' is not supported with this model.",
        param=blamed,
        code="unsupported_parameter",
    )


def _with_empty_resources(fields: Fields) -> Fields:
    types = {tool["type"] for tool in _objects(fields["tools"])}
    empty = {kind: resources for kind, resources in _EMPTY_RESOURCES.items() if kind in types}
    given = _object(fields["tool_resources"])
    return {kind: {**empty.get(kind, {}), **_object(given.get(kind, {}))} for kind in (*empty, *given)}


def _objects(value: Json) -> list[Fields]:
    return [_object(item) for item in value] if isinstance(value, list) else []


def _object(value: Json) -> Fields:
    return value if isinstance(value, dict) else {}
