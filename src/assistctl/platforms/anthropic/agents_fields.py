"""An assistant as Anthropic's managed agents API can have it: what of a manifest there is, and in which form.

What there is in the place of tools of other platforms: ``BetaManagedAgentsMultiagent20261001Params`` of anthropic
2.14.0 for ``ConnectedAgentToolDefinition`` of azure-ai-agents 1.1.0; a library and a connector are
``DocumentLibraryTool`` and ``CustomConnector`` of mistralai 3.7.0.
"""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.json_value import Json
from assistctl.model.capabilities import (
    EMPTY_TEXTS,
    Capabilities,
    FolderLimits,
    Level,
    MetadataLimits,
    RosterEntry,
    Support,
)
from assistctl.model.counterpart import Counterpart
from assistctl.model.kind import Kind
from assistctl.model.model_catalog import Vendor
from assistctl.platforms.anthropic import environments, memory_stores
from assistctl.platforms.anthropic.agent_findings import NO_STORES, findings
from assistctl.platforms.anthropic.agent_wire import NAME, OF_MODEL, OWN
from assistctl.platforms.anthropic.code_tools import NOTE, TOOLSET, with_toolset
from assistctl.platforms.anthropic.variables import ADDRESS_VARIABLE, AUTH_TOKEN, IDENTITY_TOKEN, KEY_VARIABLE
from assistctl.platforms.mcp_tools import renamed, servers_in, with_servers_as
from assistctl.platforms.skill_mark import MARK_FILE
from assistctl.platforms.translation import Object, as_object, is_function, without_strict
from assistctl.platforms.web_search import TYPES as SEARCHES

_POLICIES = {"always": "always_ask", "never": "always_allow"}
_SESSIONS_HAVE = "No agent has it there. `ask` and `check` have it as"
_MOUNTED = (
    "No agent has files there. `ask` and `check` start sessions with them, as /mnt/session/uploads/NAME, and "
    "`output --files` gives their ids to whoever starts others."
)

_CONNECTED = "It is one of multiagent.subagents there; its own description says what it is for."
_NOT_MOVED = (
    "That agent is not among those that are moved: move it too, and name it under "
    "platforms.anthropic-agents.multiagent."
)
# The toolset may be there only once, so that what it stands for is not added to it unasked.
_SEARCH = "Enable web_search in {type: agent_toolset_20260401} under platforms.anthropic-agents.tools."
_WAYS_ON: Mapping[str, str] = {
    **dict.fromkeys(("bing_grounding", *SEARCHES), _SEARCH),
    "document_library": "Declare a function or an MCP server that searches the documents.",
    "connector": "Declare the server behind the connector as a document (kind: mcp_server), and use it by key.",
    "azure_ai_search": "Declare a function or an MCP server that searches the index.",
    "openapi": "Declare a function for each operation, or an MCP server in front of the service.",
}


def to_platform(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The fields without what ``CAPABILITIES`` says is left out, and parameters as the objects they must be."""
    kept = dict(fields)
    tools = without_strict(kept.get("tools"))
    if isinstance(tools, list):
        kept["tools"] = with_servers_as(
            with_toolset([_with_typed_parameters(tool) for tool in tools]), _mcp_toolset
        )
    servers: list[Json] = [_mcp_server(server) for _, server in servers_in(tools)]
    if servers:
        kept["platforms"] = {NAME: {"mcp_servers": servers}}
    return kept


def _counterpart(tool: Mapping[str, Json], _resources: Mapping[str, Json]) -> Counterpart | None:
    """A connected agent as it is here, or the way on from another tool; ``None`` where none is known."""
    kind = str(tool.get("type"))
    if kind in _WAYS_ON:
        return Counterpart(_WAYS_ON[kind])
    if kind != "connected_agent":
        return None
    named = as_object(tool.get("connected_agent")).get("id")
    if not isinstance(named, dict):
        return Counterpart(_NOT_MOVED)
    subagents: Json = {"type": "enabled", "inline_agents": {"type": "disabled"}, "predefined_agents": [named]}
    roster: Json = {"type": "multiagent_20261001", "subagents": subagents, "workflows": {"type": "disabled"}}
    return Counterpart(_CONNECTED, {"multiagent": roster})


# The bound is for all files of an upload together (https://docs.claude.com/en/docs/build-with-claude/skills-guide).
_SKILLS = Capabilities(
    fields={
        "name": Support(note="Its display_name also names its owner, and never changes."),
        "folder": Support(note="Each change is a new version; earlier ones are kept as long as the skill is."),
        "metadata": Support(note=f"It is in {MARK_FILE}, a file in each version."),
    },
    folder_limits=FolderLimits(size=30 * 1000 * 1000, reserved=frozenset({MARK_FILE})),
    keeps_contents=True,
    names_nothing=True,
    loses="all its versions",
)

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
        "tool_resources": Support(Level.MAPPED, _MOUNTED),
        "tools.code_interpreter": Support(Level.MAPPED, NOTE),
        "tools.file_search": Support(Level.UNSUPPORTED, NO_STORES),
        "files.code_interpreter": Support(Level.MAPPED, _MOUNTED),
        "files.file_search": Support(Level.UNSUPPORTED, NO_STORES),
        "skills": Support(note=f"Anthropic's own are named by their ids, under platforms.{NAME}.skills."),
        "environment": Support(Level.MAPPED, f"{_SESSIONS_HAVE} the environment that a session is started in."),
        "memory_stores": Support(Level.MAPPED, f"{_SESSIONS_HAVE} the resources that a session is started with."),
    },
    platform_fields=frozenset({*OWN, *OF_MODEL, "tools"}),
    code_tools=frozenset({TOOLSET}),
    archives=True,
    computed=frozenset({"reasoning_effort"}),
    # An update replaces the model's configuration as a whole.
    replaced_together=(("model", "reasoning_effort", *(f"platforms.{name}" for name in OF_MODEL)),),
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
    metadata_limits=MetadataLimits(file_pairs=1),
    # ``beta_managed_agents_agent_params.py``: an entry without a version is answered with the newest one of then.
    roster_entry=RosterEntry(revision="version", fixed={"type": "agent"}),
    resource_entries={Kind.SKILL: RosterEntry("skill_id", "version", {"type": "custom"})},
    uses_in={Kind.SKILL: "skills"},
    resources={
        Kind.SKILL: _SKILLS,
        Kind.ENVIRONMENT: environments.CAPABILITIES,
        Kind.MEMORY_STORE: memory_stores.CAPABILITIES,
    },
    converses=Support(
        note="A conversation is a session in the assistant's `environment`, else in the target's "
        "options.environment_id, else in one that is made for it; files go inside the message, as text or PDF."
    ),
    counterpart=_counterpart,
    findings=findings,
    to_platform=to_platform,
)


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


def _with_typed_parameters(tool: Json) -> Json:
    if not is_function(tool):
        return tool
    function = as_object(as_object(tool)["function"])
    parameters = as_object(function.get("parameters"))
    if not parameters or "type" in parameters:
        return tool
    return {**as_object(tool), "function": {**function, "parameters": {"type": "object", **parameters}}}
