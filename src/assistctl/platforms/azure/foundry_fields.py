"""An assistant as a version of a Foundry prompt agent, and back.

Names and shapes of the wire: ``PromptAgentDefinition`` and ``AgentVersionDetails`` of azure-ai-projects 2.10.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.json_value import Json
from assistctl.model.capabilities import (
    EMPTY_TEXTS,
    NOTHING_BESIDE,
    Capabilities,
    Finding,
    Level,
    MetadataLimits,
    Support,
)
from assistctl.ownership.mark import METADATA_PAIRS, OUR_PAIRS
from assistctl.platforms.azure.counterparts import counterpart
from assistctl.platforms.azure.credential import ADDRESS_VARIABLE, SECRET_VARIABLE
from assistctl.platforms.azure.foundry_endpoint import (
    ALL_TO_NEWEST,
    ENABLED,
    ENDPOINT,
    OWN_FIELDS,
    STATE,
    endpoint_fields,
    endpoint_findings,
    serving_after,
)
from assistctl.platforms.azure.foundry_tools import (
    manifest_tools,
    refuse_unread,
    resources_of,
    tool_findings,
    wire_tools,
)
from assistctl.platforms.mcp_tools import renamed, with_servers_as
from assistctl.platforms.translation import (
    Object,
    as_object,
    own_tool_findings,
    refuse_inexpressible,
    without_nulls,
)

NAME = "azure-foundry"
KIND = "prompt"
"""The kind of agent that is declared and not deployed as code."""

_SAME = ("model", "instructions", "temperature", "top_p")
_FIELDS = (
    *_SAME,
    "name",
    "description",
    "tools",
    "tool_resources",
    "reasoning_effort",
    "response_format",
    "platforms",
)
_OWN = ("tool_choice", "structured_inputs", "rai_config", "skills", "harness")
# Settings of ``Reasoning`` that manifests have by names of their own.
_REASONING = {"reasoning_summary": "summary", "reasoning_mode": "mode", "reasoning_context": "context"}
# A name that is not the agent's own is kept in the metadata.
_LIMITS = MetadataLimits(reserved=1)


def definition(fields: Mapping[str, Json], before: Object) -> Object:
    """The definition of a version: that of ``before`` (empty for the first one) with ``fields`` put in.

    A version has all of an agent, so what is not among ``fields`` is taken over. Raises ``PlatformError`` for what
    would be lost.
    """
    refuse_inexpressible(fields, _FIELDS, NAME)
    own = as_object(as_object(fields.get("platforms")).get(NAME))
    made: Object = {**before, "kind": KIND, **{name: fields[name] for name in _SAME if name in fields}}
    if "tools" in fields or "tool_resources" in fields:
        made["tools"] = _tools(fields, before.get("tools"))
    if "response_format" in fields:
        text = {**as_object(before.get("text")), "format": _format(fields["response_format"])}
        made["text"] = without_nulls(text) or None
    made["reasoning"] = _reasoning(fields, own, as_object(before.get("reasoning"))) or None
    made |= {name: _own(name, own[name], before) for name in _OWN if name in own}
    return without_nulls(made)


def from_wire(version: Object, agent: Object) -> Object:
    """The fields of a version of ``agent`` in the Assistants API's shapes, but for its name."""
    definition = as_object(version.get("definition"))
    fields: Object = {name: definition[name] for name in _SAME if name in definition}
    if "description" in version:
        fields["description"] = version["description"]
    fields["tools"] = manifest_tools(definition.get("tools"))
    resources = resources_of(definition.get("tools"))
    if resources:
        fields["tool_resources"] = resources
    reasoning, text = as_object(definition.get("reasoning")), as_object(definition.get("text"))
    own: Object = {name: definition[name] for name in _OWN if name in definition}
    if "effort" in reasoning:
        fields["reasoning_effort"] = reasoning["effort"]
    own |= {ours: reasoning[theirs] for ours, theirs in _REASONING.items() if theirs in reasoning}
    if "format" in text:
        fields["response_format"] = _response_format(as_object(text["format"]))
    fields["platforms"] = {NAME: {**own, **endpoint_fields(agent)}}
    return fields


def findings(fields: Mapping[str, Json], own: Mapping[str, Json]) -> Iterator[Finding]:
    """The values in a manifest that this API does not have."""
    if not fields.get("name"):
        yield Finding("name", f"{NAME} needs a name", "Give it one, or leave `name` out for the key.")
    yield from own_tool_findings(own.get("tools"), f"platforms.{NAME}.tools")
    yield from tool_findings(fields, own, NAME)
    yield from endpoint_findings(own, NAME)


def to_platform(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The fields with MCP servers as ``MCPTool`` has them: a credential is a connection of the project."""
    if "tools" not in fields:
        return dict(fields)
    return {**fields, "tools": with_servers_as(fields["tools"], _mcp_tool)}


def _mcp_tool(server: Object) -> Object:
    connection = renamed(server, {"credential": "project_connection_id"})
    return {**{name: part for name, part in server.items() if name != "credential"}, **connection}


CAPABILITIES = Capabilities(
    fields={
        "name": Support(
            note="The agent is called after the key, once and for all (letters, digits and inner hyphens, 63 at "
            "most; with a suffix if that is taken). A name that is another is kept in the metadata.",
        ),
        "description": Support(),
        "model": Support(note="It is the name of a deployment there."),
        "instructions": Support(),
        "metadata": Support(note=f"{METADATA_PAIRS - OUR_PAIRS - _LIMITS.reserved} pairs: the name takes one."),
        "temperature": Support(),
        "top_p": Support(),
        "reasoning_effort": Support(note="It is reasoning.effort there."),
        "response_format": Support(note="It is text.format there."),
        "tools.function": Support(),
        "tools.code_interpreter": Support(),
        "tools.file_search": Support(note="The ranker is the platform's own."),
        "tools.mcp": Support(note="`credential` is its project_connection_id."),
        "tool_resources": Support(note="They are in the tools there: container.file_ids and vector_store_ids."),
        "files.code_interpreter": Support(),
        "files.file_search": Support(),
        **NOTHING_BESIDE,
        "skills": Support(Level.UNSUPPORTED, f"Name a skill that is there, under platforms.{NAME}.skills."),
    },
    platform_fields=frozenset({*_OWN, *OWN_FIELDS, *_REASONING, "tools"}),
    # MCPTool: "authorization" and "headers" are secrets.
    write_only_in_tools=frozenset({"authorization", "headers"}),
    computed=frozenset({"reasoning_effort"}),
    defaults={
        "tool_choice": "auto",
        "skills": [],
        "structured_inputs": {},
        STATE: ENABLED,
        ENDPOINT: {"version_selector": ALL_TO_NEWEST, "protocol_configuration": {"responses": {}}},
    },
    address_variable=ADDRESS_VARIABLE,
    extra="azure",
    credential_variables=(SECRET_VARIABLE,),
    tells_account="address",
    lists_every_model=False,
    metadata_limits=_LIMITS,
    field_defaults=EMPTY_TEXTS,
    converses=Support(note="A conversation's responses name the agent, in its latest version."),
    serving_fields=frozenset({STATE, ENDPOINT}),
    serving_after=serving_after,
    counterpart=counterpart,
    findings=findings,
    to_platform=to_platform,
)


def _tools(fields: Mapping[str, Json], before: Json) -> list[Json]:
    given = as_object(fields.get("tool_resources"))
    tools = fields["tools"] if "tools" in fields else manifest_tools(before)
    refuse_unread(given, tools)
    return wire_tools(tools, {**resources_of(before), **given})


def _reasoning(fields: Mapping[str, Json], own: Object, before: Object) -> Object:
    reasoning = {**before}
    if "reasoning_effort" in fields:
        reasoning["effort"] = fields["reasoning_effort"]
    reasoning |= {theirs: own[ours] for ours, theirs in _REASONING.items() if ours in own}
    return without_nulls(reasoning)


def _own(name: str, value: Json, before: Object) -> Json:
    if name == "structured_inputs" and isinstance(value, dict):
        # Each is managed by itself, and those of others stay.
        value = {**as_object(before.get(name)), **value}
    return without_nulls(value) or None if isinstance(value, dict) else value


def _format(value: Json) -> Json:
    """A response format as a text format, which has no ``json_schema`` around a schema and its name."""
    if value in (None, "auto"):
        return None
    schema = as_object(as_object(value).get("json_schema"))
    return {"type": "json_schema", **without_nulls(schema)} if schema else value


def _response_format(value: Object) -> Json:
    if value.get("type") == "text":
        return "auto"
    if value.get("type") != "json_schema":
        return value
    return {"type": "json_schema", "json_schema": {name: part for name, part in value.items() if name != "type"}}
