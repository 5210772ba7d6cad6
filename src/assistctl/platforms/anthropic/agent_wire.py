"""An assistant as Anthropic's managed agents API has it on the wire, and back.

Names and shapes: ``anthropic/types/beta/agent_create_params.py``, ``agent_update_params.py`` and
``beta_managed_agents_agent.py`` of anthropic 2.14.0. The newer kind of ``multiagent``
(``BetaManagedAgentsMultiagent20261001Params``) is merged by an update into what is there, level by level: a key
that is left out keeps its value, and one that is null takes its default.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.platforms.anthropic.code_tools import INTERPRETER
from assistctl.platforms.translation import (
    Object,
    as_object,
    is_function,
    objects_in,
    refuse_inexpressible,
    without_nulls,
)

NAME = "anthropic-agents"
OWN = ("mcp_servers", "skills", "multiagent", "execution_identity")
OF_MODEL = ("speed", "inference_geo")

_SAME = ("name", "description")
_FIELDS = (
    *_SAME,
    "model",
    "instructions",
    "tools",
    "tool_resources",
    "reasoning_effort",
    "response_format",
    "platforms",
)
_LISTS = ("mcp_servers", "skills")

_MERGED = "multiagent_20261001"
# What each part may have when it is enabled; disabled, it has nothing but its type.
_MEMBERS = {
    "subagents": ("inline_agents", "predefined_agents"),
    "workflows": ("inline_agents", "predefined_agents"),
}
_SELF: Object = {"type": "self"}


def to_wire(fields: Mapping[str, Json]) -> Object:
    """The body of a request, but for the metadata. Raises ``PlatformError`` for what would be lost."""
    refuse_inexpressible(fields, _FIELDS, NAME)
    if inexpressible_resources(fields.get("tool_resources")):
        raise PlatformError(f"{NAME} cannot express tool_resources", "Nothing was sent.")
    if _is_structured(fields.get("response_format")):
        raise PlatformError(f"{NAME} cannot express response_format", "Nothing was sent.")
    own = as_object(as_object(fields.get("platforms")).get(NAME))
    body: Object = {name: fields[name] for name in _SAME if name in fields}
    if "instructions" in fields:
        body["system"] = fields["instructions"]
    if "tools" in fields:
        body["tools"] = [_tool(tool) for tool in objects_in(fields["tools"])]
    body |= {name: own[name] or [] if name in _LISTS else _own(name, own[name]) for name in OWN if name in own}
    model = _model(fields, own)
    return {**body, "model": model} if model else body


def from_wire(answer: Object) -> Object:
    """The fields of an answer in the Assistants API's shapes; what it does not have is left out."""
    fields: Object = {name: answer[name] for name in _SAME if name in answer}
    own: Object = {name: answer[name] for name in OWN if name in answer}
    if "multiagent" in own:
        own["multiagent"] = _multiagent_from_wire(own["multiagent"], answer.get("id"))
    if "system" in answer:
        fields["instructions"] = answer["system"]
    if "tools" in answer:
        fields["tools"] = [_manifest_tool(tool) for tool in objects_in(answer["tools"])]
    model = answer.get("model")
    config = as_object(model)
    fields["model"] = config.get("id", model if isinstance(model, str) else None)
    if "effort" in config:
        effort = config["effort"]
        fields["reasoning_effort"] = effort.get("type") if isinstance(effort, dict) else effort
    own |= {name: config[name] for name in OF_MODEL if name in config}
    fields["platforms"] = {NAME: own}
    return fields


def inexpressible_resources(resources: Json) -> list[str]:
    """The tools for which ``tool_resources`` has what a session cannot be started with."""
    return [tool for tool, resource in as_object(resources).items() if resource and tool != INTERPRETER]


def _model(fields: Mapping[str, Json], own: Object) -> Json:
    settings = {name: own[name] for name in OF_MODEL if own.get(name) is not None}
    if "reasoning_effort" in fields:
        # Left out, it would stay as it is; null is the model's default.
        settings["effort"] = fields["reasoning_effort"]
    if "model" not in fields:
        if settings or any(name in own for name in OF_MODEL):
            raise PlatformError(f"{NAME} takes the settings of a model only with the model", "Nothing was sent.")
        return None
    return {"id": fields["model"], **settings}


def _own(name: str, value: Json) -> Json:
    if name == "multiagent":
        return _multiagent_to_wire(value)
    if not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if part is not None} or None


def _tool(tool: Object) -> Object:
    if not is_function(tool):
        return tool
    function = as_object(tool["function"])
    parameters: Object = {"type": "object", **as_object(function.get("parameters"))}
    described = {} if function.get("description") is None else {"description": function["description"]}
    return {"type": "custom", "name": function.get("name"), **described, "input_schema": parameters}


def _manifest_tool(tool: Object) -> Object:
    if tool.get("type") != "custom":
        return tool
    schema = as_object(tool.get("input_schema"))
    parameters: Object = {name: part for name, part in schema.items() if part is not None}
    if parameters == {"type": "object"}:
        parameters["properties"] = {}
    function: Object = {name: tool[name] for name in ("name", "description") if name in tool}
    return {"type": "function", "function": {**function, "parameters": parameters}}


def _is_structured(response_format: Json) -> bool:
    return response_format not in (None, "auto") and as_object(response_format).get("type") != "text"


def _multiagent_to_wire(value: Json) -> Json:
    """The setting as it is sent: where it is merged, with null for what a part no longer has."""
    if not isinstance(value, dict):
        return value
    if value.get("type") != _MERGED:
        return without_nulls(value) or None
    return {name: _whole(name, part) for name, part in value.items()}


def _multiagent_from_wire(value: Json, agent_id: Json) -> Json:
    """The setting of an answer, in which the agent with ``agent_id`` is ``self`` again."""
    if isinstance(value, list):
        return [_multiagent_from_wire(item, agent_id) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "agent" and value.get("id") == agent_id:
        return dict(_SELF)
    return {name: _multiagent_from_wire(part, agent_id) for name, part in value.items()}


def _whole(name: str, part: Json) -> Json:
    if name not in _MEMBERS or as_object(part).get("type") != "enabled":
        return part
    return {**dict.fromkeys(_MEMBERS[name]), **as_object(part)}
