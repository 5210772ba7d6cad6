"""An assistant as Anthropic's managed agents API has it, and back.

Names and shapes of the wire: ``anthropic/types/beta/agent_create_params.py``, ``agent_update_params.py`` and
``beta_managed_agents_agent.py`` of anthropic 2.14.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.errors import PlatformError
from assistctl.model.capabilities import EMPTY_TEXTS, Capabilities, Finding, Level, RosterEntry, Support
from assistctl.model.json_value import Json
from assistctl.model.kind import Kind
from assistctl.model.model_catalog import Vendor
from assistctl.platforms.anthropic import environments, memory_stores, skill_fields
from assistctl.platforms.anthropic.counterparts import counterpart
from assistctl.platforms.anthropic.multiagent import multiagent_from_wire, to_wire_multiagent
from assistctl.platforms.anthropic.variables import ADDRESS_VARIABLE, AUTH_TOKEN, IDENTITY_TOKEN, KEY_VARIABLE
from assistctl.platforms.mcp_tools import (
    inexpressible_in_servers,
    left_out_of_servers,
    renamed,
    servers_in,
    with_servers_as,
)
from assistctl.platforms.translation import (
    Object,
    as_object,
    function_findings,
    functions_in,
    is_function,
    objects_in,
    own_tool_findings,
    refuse_inexpressible,
    without_strict,
)

NAME = "anthropic-agents"

_SAME = ("name", "description")
_FIELDS = (*_SAME, "model", "instructions", "tools", "reasoning_effort", "response_format", "platforms")
_LISTS = ("mcp_servers", "skills")
_OWN = (*_LISTS, "multiagent", "execution_identity")
_OF_MODEL = ("speed", "inference_geo")
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_TOOLSET = f"{{type: agent_toolset_20260401}} under platforms.{NAME}.tools"
_SAMPLING = "There is nothing like it: reasoning_effort and the instructions steer there."
_NO_HEADERS = "The server is reached at its url alone; what lets a session in is in a vault."
_NO_DESCRIPTION = "Say in the instructions what the server is for."
_OF_SESSIONS = "What lets a session in is in the vaults that it is started with (vault_ids), not in the agent."
_POLICIES = {"always": "always_ask", "never": "always_allow"}
_SESSIONS_HAVE = "No agent has it there. `ask` and `check` have it as"
_RESOURCES = "Files are resources of a session there, not of an agent."


def to_wire(fields: Mapping[str, Json]) -> Object:
    """The body of a request, but for the metadata. Raises ``PlatformError`` for what would be lost."""
    refuse_inexpressible(fields, _FIELDS, NAME)
    if _is_structured(fields.get("response_format")):
        raise PlatformError(f"{NAME} cannot express response_format", "Nothing was sent.")
    own = as_object(as_object(fields.get("platforms")).get(NAME))
    body: Object = {name: fields[name] for name in _SAME if name in fields}
    if "instructions" in fields:
        body["system"] = fields["instructions"]
    if "tools" in fields:
        body["tools"] = [_tool(tool) for tool in objects_in(fields["tools"])]
    body |= {name: own[name] or [] if name in _LISTS else _own(name, own[name]) for name in _OWN if name in own}
    model = _model(fields, own)
    return {**body, "model": model} if model else body


def from_wire(answer: Object) -> Object:
    """The fields of an answer in the Assistants API's shapes; what it does not have is left out."""
    fields: Object = {name: answer[name] for name in _SAME if name in answer}
    own: Object = {name: answer[name] for name in _OWN if name in answer}
    if "multiagent" in own:
        own["multiagent"] = multiagent_from_wire(own["multiagent"], answer.get("id"))
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
    own |= {name: config[name] for name in _OF_MODEL if name in config}
    fields["platforms"] = {NAME: own}
    return fields


def to_platform(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The fields without what ``CAPABILITIES`` says is left out, and parameters as the objects they must be."""
    kept = dict(fields)
    tools = without_strict(kept.get("tools"))
    if isinstance(tools, list):
        kept["tools"] = with_servers_as([_with_typed_parameters(tool) for tool in tools], _mcp_toolset)
    servers: list[Json] = [_mcp_server(server) for _, server in servers_in(tools)]
    if servers:
        kept["platforms"] = {NAME: {"mcp_servers": servers}}
    return kept


def findings(fields: Mapping[str, Json], own: Mapping[str, Json]) -> Iterator[Finding]:
    """What in a manifest's values this API does not have."""
    if not fields.get("name"):
        yield Finding("name", f"{NAME} needs a name", "Give it one, or leave `name` out for the key.")
    effort = fields.get("reasoning_effort")
    if effort is not None and effort not in _EFFORTS:
        known = ", ".join(_EFFORTS)
        yield Finding("reasoning_effort", f"{NAME} has no effort {effort}", f"It has {known}.")
    if fields.get("response_format") not in (None, "auto") and not isinstance(fields["response_format"], dict):
        yield Finding("response_format", f"{NAME} cannot express response_format", "Leave it out.")
    yield from function_findings(fields.get("tools"), NAME)
    yield from inexpressible_in_servers(fields.get("tools"), NAME, {"headers": _NO_HEADERS})
    notes = {"server_description": _NO_DESCRIPTION, "credential": _OF_SESSIONS}
    yield from left_out_of_servers(fields.get("tools"), NAME, notes)
    for place, function in functions_in(fields.get("tools")):
        if as_object(function.get("parameters")).get("type", "object") != "object":
            where = f"tools[{place}].function.parameters.type"
            yield Finding(where, f"{where} is not object", "Arguments are an object there.")
    yield from own_tool_findings(own.get("tools"), f"platforms.{NAME}.tools")
    yield from _server_findings(own)
    yield from _roster_findings(as_object(own.get("multiagent")))


CAPABILITIES = Capabilities(
    fields={
        "name": Support(note="It must not be empty."),
        "description": Support(),
        "model": Support(),
        "instructions": Support(note="They are system there."),
        "metadata": Support(),
        "tools.function": Support(
            note="They are custom tools there: each needs a description and parameters, and strict is left out."
        ),
        "tools.mcp": Support(
            note="It is one of mcp_servers and an mcp_toolset; sessions are given its credential."
        ),
        "reasoning_effort": Support(note="It is model.effort there, from low to max."),
        "response_format": Support(),
        "response_format.text": Support(),
        "response_format.json_schema": Support(
            Level.UNSUPPORTED, "Declare a function whose parameters are the schema."
        ),
        "response_format.json_object": Support(
            Level.UNSUPPORTED, "Ask for JSON in the instructions, or declare a function."
        ),
        "temperature": Support(
            Level.UNSUPPORTED, "There is nothing like it: reasoning_effort and the instructions steer there."
        ),
        "top_p": Support(
            Level.UNSUPPORTED, "There is nothing like it: reasoning_effort and the instructions steer there."
        ),
        "tool_resources": Support(Level.UNSUPPORTED, _RESOURCES),
        "tools.code_interpreter": Support(Level.UNSUPPORTED, f"Declare {_TOOLSET}: its bash runs code."),
        "tools.file_search": Support(
            Level.UNSUPPORTED,
            f"Declare {_TOOLSET}, whose grep looks into a session's files, or an MCP server that searches.",
        ),
        "files.code_interpreter": Support(Level.UNSUPPORTED, _RESOURCES),
        "files.file_search": Support(Level.UNSUPPORTED, _RESOURCES),
        "skills": Support(note=f"Anthropic's own are named by their ids, under platforms.{NAME}.skills."),
        "environment": Support(Level.MAPPED, f"{_SESSIONS_HAVE} the environment that a session is started in."),
        "memory_stores": Support(Level.MAPPED, f"{_SESSIONS_HAVE} the resources that a session is started with."),
    },
    platform_fields=frozenset({*_OWN, *_OF_MODEL, "tools"}),
    archives=True,
    computed=frozenset({"reasoning_effort"}),
    # An update replaces the model's configuration as a whole.
    replaced_together=(("model", "reasoning_effort", *(f"platforms.{name}" for name in _OF_MODEL)),),
    defaults={
        "mcp_servers": [],
        "skills": [],
        "execution_identity": {"type": "service_account"},
        "speed": "standard",
    },
    vendor=Vendor.ANTHROPIC,
    address_variable=ADDRESS_VARIABLE,
    extra="anthropic",
    credential_variables=(KEY_VARIABLE, AUTH_TOKEN, IDENTITY_TOKEN),
    tells_account="answers",
    field_defaults=EMPTY_TEXTS,
    # ``beta_managed_agents_agent_params.py``: an entry without a version is answered with the newest one of then.
    roster_entry=RosterEntry(revision="version", fixed={"type": "agent"}),
    resource_entries={Kind.SKILL: RosterEntry("skill_id", "version", {"type": "custom"})},
    uses_in={Kind.SKILL: "skills"},
    resources={
        Kind.SKILL: skill_fields.CAPABILITIES,
        Kind.ENVIRONMENT: environments.CAPABILITIES,
        Kind.MEMORY_STORE: memory_stores.CAPABILITIES,
    },
    converses=Support(
        note="A conversation is a session in the assistant's `environment`, else in the target's "
        "options.environment_id, else in one that is made for it; files go inside the message, as text or PDF."
    ),
    counterpart=counterpart,
    findings=findings,
    to_platform=to_platform,
)


def _model(fields: Mapping[str, Json], own: Object) -> Json:
    settings = {name: own[name] for name in _OF_MODEL if own.get(name) is not None}
    if "reasoning_effort" in fields:
        # Left out, it would stay as it is; null is the model's default.
        settings["effort"] = fields["reasoning_effort"]
    if "model" not in fields:
        if settings or any(name in own for name in _OF_MODEL):
            raise PlatformError(f"{NAME} takes the settings of a model only with the model", "Nothing was sent.")
        return None
    return {"id": fields["model"], **settings}


def _own(name: str, value: Json) -> Json:
    if name == "multiagent":
        return to_wire_multiagent(value)
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


def _mcp_server(server: Object) -> Object:
    """``BetaManagedAgentsURLMCPServerParams`` of an MCP server."""
    return {"type": "url", **renamed(server, {"server_label": "name", "server_url": "url"})}


def _mcp_toolset(server: Object) -> Object:
    """``BetaManagedAgentsMCPToolsetParams`` of an MCP server: with a list of what is allowed, the rest is off."""
    default: Object = {}
    if isinstance(server.get("require_approval"), str):
        default["permission_policy"] = {"type": _POLICIES[str(server["require_approval"])]}
    allowed = server.get("allowed_tools")
    configs: list[Json] = []
    if isinstance(allowed, list):
        default["enabled"] = False
        configs = [{"name": name, "enabled": True} for name in allowed]
    toolset: Object = {"type": "mcp_toolset", "mcp_server_name": server.get("server_label")}
    return {
        **toolset,
        **({"default_config": default} if default else {}),
        **({"configs": configs} if configs else {}),
    }


def _manifest_tool(tool: Object) -> Object:
    if tool.get("type") != "custom":
        return tool
    schema = as_object(tool.get("input_schema"))
    parameters: Object = {name: part for name, part in schema.items() if part is not None}
    if parameters == {"type": "object"}:
        parameters["properties"] = {}
    function: Object = {name: tool[name] for name in ("name", "description") if name in tool}
    return {"type": "function", "function": {**function, "parameters": parameters}}


def _with_typed_parameters(tool: Json) -> Json:
    if not is_function(tool):
        return tool
    function = as_object(as_object(tool)["function"])
    parameters = as_object(function.get("parameters"))
    if not parameters or "type" in parameters:
        return tool
    return {**as_object(tool), "function": {**function, "parameters": {"type": "object", **parameters}}}


def _is_structured(response_format: Json) -> bool:
    return response_format not in (None, "auto") and as_object(response_format).get("type") != "text"


def _server_findings(own: Mapping[str, Json]) -> Iterator[Finding]:
    """Every MCP server has to be used by a tool set, and every tool set of one has to have its server."""
    servers = [server.get("name") for server in objects_in(own.get("mcp_servers"))]
    toolsets = [tool for tool in objects_in(own.get("tools")) if tool.get("type") == "mcp_toolset"]
    used = [tool.get("mcp_server_name") for tool in toolsets]
    for place, server in enumerate(servers):
        if server not in used:
            where = f"platforms.{NAME}.mcp_servers[{place}]"
            advice = f"Add {{type: mcp_toolset, mcp_server_name: {server}}} to platforms.{NAME}.tools."
            yield Finding(where, f"no tool uses {where}", advice)
    for place, tool in enumerate(objects_in(own.get("tools"))):
        name = tool.get("mcp_server_name")
        if tool.get("type") == "mcp_toolset" and name not in servers:
            where = f"platforms.{NAME}.tools[{place}]"
            yield Finding(where, f"{where} uses a server that is not among mcp_servers", f"Declare {name} there.")


def _roster_findings(multiagent: Object) -> Iterator[Finding]:
    rosters = {
        "agents": multiagent.get("agents"),
        **{
            f"{part}.predefined_agents": as_object(multiagent.get(part)).get("predefined_agents")
            for part in ("subagents", "workflows")
        },
    }
    for name, agents in rosters.items():
        for place, agent in enumerate(agents if isinstance(agents, list) else ()):
            if isinstance(agent, str):
                where = f"platforms.{NAME}.multiagent.{name}[{place}]"
                advice = f"Write {{type: agent, id: {agent}}}: that is how it is answered, and compared."
                yield Finding(where, f"{where} is an id alone", advice)
