"""Values in a manifest that Anthropic's managed agents API does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.json_value import Json
from assistctl.model.capabilities import Finding
from assistctl.platforms.anthropic.agent_wire import NAME, inexpressible_resources
from assistctl.platforms.anthropic.code_tools import without_code
from assistctl.platforms.mcp_tools import inexpressible_in_servers, left_out_of_servers
from assistctl.platforms.translation import (
    Object,
    as_object,
    function_findings,
    functions_in,
    objects_in,
    own_tool_findings,
)

EFFORTS = ("low", "medium", "high", "xhigh", "max")
NO_STORES = (
    "There are no vector stores: give files to code_interpreter, which greps in them, or declare an MCP server "
    "that searches."
)

_NO_HEADERS = "The server is reached at its url alone; what lets a session in is in a vault."
_NO_DESCRIPTION = "Say in the instructions what the server is for."
_OF_SESSIONS = "What lets a session in is in the vaults that it is started with (vault_ids), not in the agent."


def findings(fields: Mapping[str, Json], own: Mapping[str, Json]) -> Iterator[Finding]:
    """The values in a manifest that this API does not have."""
    if not fields.get("name"):
        yield Finding("name", f"{NAME} needs a name", "Give it one, or leave `name` out for the key.")
    effort = fields.get("reasoning_effort")
    if effort is not None and effort not in EFFORTS:
        known = ", ".join(EFFORTS)
        yield Finding("reasoning_effort", f"{NAME} has no effort {effort}", f"It has {known}.")
    if fields.get("response_format") not in (None, "auto") and not isinstance(fields["response_format"], dict):
        yield Finding("response_format", f"{NAME} cannot express response_format", "Leave it out.")
    for tool in inexpressible_resources(fields.get("tool_resources")):
        yield Finding(f"tool_resources.{tool}", f"{NAME} cannot express tool_resources.{tool}", NO_STORES)
    yield from function_findings(fields.get("tools"), NAME)
    yield from inexpressible_in_servers(fields.get("tools"), NAME, {"headers": _NO_HEADERS})
    notes = {"server_description": _NO_DESCRIPTION, "credential": _OF_SESSIONS}
    yield from left_out_of_servers(fields.get("tools"), NAME, notes)
    for place, function in functions_in(fields.get("tools")):
        if as_object(function.get("parameters")).get("type", "object") != "object":
            where = f"tools[{place}].function.parameters.type"
            yield Finding(where, f"{where} is not object", "Arguments are an object there.")
    yield from own_tool_findings(own.get("tools"), f"platforms.{NAME}.tools")
    yield from _code_findings(fields.get("tools"), own)
    yield from _server_findings(own)
    yield from _roster_findings(as_object(own.get("multiagent")))


def _code_findings(tools: Json, own: Mapping[str, Json]) -> Iterator[Finding]:
    """A toolset that is to stand for the code interpreter, and runs no code."""
    place = without_code(tools, own.get("tools"))
    if place is not None:
        where = f"platforms.{NAME}.tools[{place}]"
        advice = "Enable bash and read in it: it is there in the place of code_interpreter."
        yield Finding(where, f"{where} has no bash or no read, which code_interpreter needs", advice)


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
