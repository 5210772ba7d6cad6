"""MCP servers: declared once, and put into the assistants that name them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import did_you_mean
from assistctl.json_value import Json
from assistctl.manifest.contents import Contents
from assistctl.manifest.syntax.phrases import sentences
from assistctl.model.assistant import Desired
from assistctl.model.kind import Kind
from assistctl.model.mcp_server import McpServer

if TYPE_CHECKING:
    from assistctl.manifest.documents.declaration import Declaration

_FIELDS = ("url", "description", "headers", "allowed_tools", "credential", "require_approval")
_SECRET_HEADER = re.compile(r"authorization|cookie|secret|token|password|api[-_]?key", re.IGNORECASE)
_WITH_PASSWORD = re.compile(r"[a-z]+://[^/?#]*@", re.IGNORECASE)
_WAY = (
    "Anyone who may see an agent can read what is in it. Store it with the platform (a credential of a vault, "
    "a connection of the project) and name that: `credential: ID`."
)


def mcp_server(key: str, contents: Contents) -> McpServer:
    """The server that a document without errors declares."""
    value = contents.value if isinstance(contents.value, dict) else {}
    fields = {name: value[name] for name in _FIELDS if name in value}
    return McpServer(key, fields, contents.position, contents.positions)


def lets_somebody_in(header: str, url: str = "") -> bool:
    """Whether a header of that name, or a URL, holds what a server lets somebody in for."""
    return bool(_SECRET_HEADER.search(header) or _WITH_PASSWORD.match(url))


def refuse_secrets(contents: Contents) -> None:
    """Report what lets somebody in: it would be stored in agents and shown in plans."""
    for path in contents.secret:
        if path:
            contents.report(path, "a value of the environment does not belong in an MCP server", _WAY)
    value = contents.value if isinstance(contents.value, dict) else {}
    url, headers = value.get("url"), value.get("headers")
    if isinstance(url, str) and lets_somebody_in("", url):
        contents.report(("url",), "there is a name or a password in this URL", _WAY)
    for name in headers if isinstance(headers, dict) else ():
        if lets_somebody_in(name):
            contents.report(("headers", name), f"the header {name} is a credential", _WAY)


def with_servers(declarations: Sequence[Declaration], known: Sequence[Declaration]) -> list[Declaration]:
    """``declarations`` with the ``known`` servers in the assistants that name them."""
    servers = {declaration.server.key: declaration.server for declaration in known if declaration.server}
    return [_with_servers(declaration, servers) for declaration in declarations] if servers else list(declarations)


def servers_not_declared(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """An error for each server that an assistant names and no document declares."""
    known = {declaration.key for declaration in declarations if declaration.kind is Kind.MCP_SERVER}
    for desired in _assistants(declarations):
        for place, tool in _uses(desired):
            key = str(tool["server"])
            if key not in known:
                path = f"tools[{place}].server"
                yield Diagnostic(
                    Severity.ERROR,
                    f"no document declares an MCP server with the key {key!r}",
                    sentences(did_you_mean(key, known)) or f"Write one with `kind: mcp_server` and `key: {key}`.",
                    key=desired.key,
                    path=path,
                    position=desired.position_of(path),
                )


def servers_not_used(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """A warning for each declared server that no assistant uses."""
    used = {
        tool.get("server_label")
        for assistant in _assistants(declarations)
        for _, tool in _mcp_tools(assistant.fields)
    }
    for declaration in declarations:
        if declaration.server and declaration.key not in used:
            yield Diagnostic(
                Severity.WARNING,
                "no assistant uses this MCP server",
                f"An assistant does when it says `tools: [{{type: mcp, server: {declaration.key}}}]`.",
                key=declaration.key,
                position=declaration.position,
            )


def undeclared_servers(declarations: Sequence[Declaration]) -> Iterator[Diagnostic]:
    """A warning for each server that is written into an assistant, where the project declares its servers."""
    servers = [declaration.server for declaration in declarations if declaration.server]
    if not servers:
        return
    addresses = {server.fields.get("url") for server in servers}
    for desired in _assistants(declarations):
        for platform, own in desired.platform_fields.items():
            for path, address in _addresses(own):
                where = f"platforms.{platform}.{path}"
                if address not in addresses and not any(
                    secret_path.startswith(where) for secret_path in desired.secret_paths
                ):
                    yield Diagnostic(
                        Severity.WARNING,
                        f"{where} is an MCP server that no document declares: {address}",
                        "Declare it as `kind: mcp_server`, so that it is reviewed once and named by key.",
                        key=desired.key,
                        path=where,
                        position=desired.position_of(where),
                    )


def _with_servers(declaration: Declaration, servers: Mapping[str, McpServer]) -> Declaration:
    desired = declaration.assistant
    used = {place: servers[str(tool["server"])] for place, tool in _uses(desired) if tool["server"] in servers}
    if desired is None or not used:
        return declaration
    tools = desired.fields["tools"]
    listed = tools if isinstance(tools, list) else []
    made: list[Json] = [
        used[place].as_tool(tool if isinstance(tool, dict) else {}) if place in used else tool
        for place, tool in enumerate(listed)
    ]
    positions: dict[str, Position] = {
        f"tools[{place}].{name}": position
        for place, server in used.items()
        for name, position in server.positions_in_tool().items()
    }
    filled = replace(
        desired, fields={**desired.fields, "tools": made}, positions={**positions, **desired.positions}
    )
    return replace(declaration, assistant=filled)


def _assistants(declarations: Sequence[Declaration]) -> Iterator[Desired]:
    return (declaration.assistant for declaration in declarations if declaration.assistant)


def _uses(desired: Desired | None) -> Iterator[tuple[int, dict[str, Json]]]:
    """The tools that name a server by its key, with their places."""
    return ((place, tool) for place, tool in _mcp_tools(desired.fields if desired else {}) if "server" in tool)


def _mcp_tools(fields: Mapping[str, Json]) -> Iterator[tuple[int, dict[str, Json]]]:
    tools = fields.get("tools")
    for place, tool in enumerate(tools if isinstance(tools, list) else ()):
        if isinstance(tool, dict) and tool.get("type") == "mcp":
            yield place, tool


def _addresses(own: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """The addresses of MCP servers in a platform's own fields, in any of the platforms' shapes."""
    for place, tool in _mcp_tools(own):
        transport = tool.get("transport")
        for where, part in (("server_url", tool), ("transport.server_url", transport)):
            address = part.get("server_url") if isinstance(part, dict) else None
            if isinstance(address, str):
                yield f"tools[{place}].{where}", address
    servers = own.get("mcp_servers")
    for place, server in enumerate(servers if isinstance(servers, list) else ()):
        address = server.get("url") if isinstance(server, dict) else None
        if isinstance(address, str):
            yield f"mcp_servers[{place}].url", address
