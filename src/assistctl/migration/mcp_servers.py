"""MCP servers that are written into assistants, made documents of their own, which assistants use by key.

A server is read in the shapes of ``PersistedAgentToolParam`` of openai 3.57.0 (with a transport), of
``BetaManagedAgentsURLMCPServerParams`` and its ``mcp_toolset`` of anthropic 2.14.0, of ``MCPTool`` of
azure-ai-projects 2.10.0, and of ``MCPToolDefinition`` and ``MCPToolResource`` of azure-ai-agents 1.2.0b6.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assistctl.diagnostics import Position
from assistctl.export.yaml_writer import Written, written_mapping
from assistctl.json_value import Json
from assistctl.manifest.documents.mcp_servers import lets_somebody_in
from assistctl.manifest.syntax.key_text import key_from
from assistctl.model.mcp_server import McpServer

_NOWHERE = Position("")
_CREDENTIALS = ("project_connection_id", "credential_id")
_READ = frozenset(
    {
        *("type", "server_label", "server_url", "server_description", "transport", "headers", "allowed_tools"),
        *("require_approval", "authorization", *_CREDENTIALS),
    }
)
# What an answer fills in, and a document need not say.
_FILLED_IN: Mapping[str, Json] = {"connection_origin": "service"}
# Toolsets of servers ask unless they are told otherwise, as tools of servers do elsewhere.
_ASKING: Mapping[str, str | None] = {"always_ask": None, "always_allow": "never"}


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server as a document declares it, under the ``label`` that it has, and the use of it.

    ``secrets`` are the parts that a document must not hold.
    """

    label: str
    fields: Mapping[str, Json]
    use: Mapping[str, Json]
    secrets: tuple[str, ...] = ()


@dataclass(slots=True)
class ServerBook:
    """The servers that are declared, and those that a migration adds: the same one once for all that use it.

    Keys in ``taken`` are those of other things, and no server gets one of them.
    """

    known: Sequence[McpServer] = ()
    taken: Collection[str] = ()
    added: dict[str, Mapping[str, Json]] = field(default_factory=dict)

    def key_of(self, found: FoundServer) -> str:
        """The key of a server; that of a new document where none declares it."""
        declared = {server.key: {**server.fields} for server in self.known} | {
            key: {**fields} for key, fields in self.added.items()
        }
        same = [key for key, fields in declared.items() if _same(fields, found.fields)]
        if same:
            return same[0]
        key = _free(key_from(found.label) or "server", {*declared, *self.taken})
        self.added[key] = found.fields
        return key

    def filled(self, tools: Json) -> Json:
        """``tools`` with the servers in the place of the keys that they are used by."""
        if not isinstance(tools, list):
            return tools
        return [self._filled(tool) if isinstance(tool, dict) and is_use(tool) else tool for tool in tools]

    def _filled(self, use: Mapping[str, Json]) -> Json:
        key = str(use["server"])
        known = next((server for server in self.known if server.key == key), None)
        return (known or McpServer(key, self.added[key], _NOWHERE)).as_tool(use)

    def written(self, schema: str, taken: Collection[str] = ()) -> Iterator[Written]:
        """A document for each server that was added; ``schema`` is where an editor finds theirs.

        Files in ``taken`` are those of other documents.
        """
        stems = {name.removesuffix(".yaml") for name in taken}
        for key, fields in self.added.items():
            name = _free(f"{key}-server", stems)
            yield written_mapping({"kind": "mcp_server", "key": key, **fields}, key, name, schema=schema)


def _free(base: str, taken: Collection[str]) -> str:
    """``base``, with a number behind it where that is taken."""
    names = itertools.chain([base], (f"{base}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def is_use(tool: Json) -> bool:
    """Whether a tool of a manifest names a server by its key."""
    return isinstance(tool, dict) and tool.get("type") == "mcp" and "server" in tool


def server_in(tool: Json, own: Mapping[str, Json], resources: Json) -> FoundServer | None:
    """The MCP server that ``tool`` is, with the assistant's ``own`` fields and ``tool_resources``.

    ``None`` where it is none, or has something that a document cannot say.
    """
    if not isinstance(tool, dict):
        return None
    if tool.get("type") == "mcp_toolset":
        return _of_toolset(tool, own)
    return _of_tool(tool, _resource(tool, resources)) if tool.get("type") == "mcp" else None


def _of_tool(tool: Mapping[str, Json], resource: Mapping[str, Json]) -> FoundServer | None:
    transport = tool.get("transport")
    inner = transport if isinstance(transport, dict) else {}
    url = tool.get("server_url") or inner.get("server_url")
    label, approval = tool.get("server_label"), tool.get("require_approval", resource.get("require_approval"))
    allowed = tool.get("allowed_tools")
    is_plain = inner.get("type", "http") == "http" and approval in (None, "always", "never")
    others = {name: part for name, part in tool.items() if name not in _READ and part not in (None, False, [], {})}
    more = [name for name, part in others.items() if _FILLED_IN.get(name) != part]
    if not isinstance(url, str) or not isinstance(label, str) or not is_plain or more:
        return None
    if allowed is not None and not isinstance(allowed, list):
        return None
    headers, secrets = _headers(tool.get("headers"), inner.get("headers"), resource.get("headers"))
    if tool.get("authorization") is not None:
        secrets = (*secrets, "authorization")
    credential = next((tool[name] for name in _CREDENTIALS if tool.get(name)), None)
    fields: dict[str, Json] = {
        "url": url,
        "description": tool.get("server_description"),
        "headers": headers or None,
        "credential": credential,
        "require_approval": approval,
    }
    use: dict[str, Json] = {"allowed_tools": allowed} if allowed else {}
    return _found(label, fields, use, secrets)


def _of_toolset(tool: Mapping[str, Json], own: Mapping[str, Json]) -> FoundServer | None:
    label, servers = tool.get("mcp_server_name"), own.get("mcp_servers")
    listed = servers if isinstance(servers, list) else []
    url = next(
        (server.get("url") for server in listed if isinstance(server, dict) and server.get("name") == label), None
    )
    default = tool.get("default_config")
    config = default if isinstance(default, dict) else {}
    policy = config.get("permission_policy")
    kind = str(policy.get("type")) if isinstance(policy, dict) else "always_ask"
    names = _only_enabled(tool.get("configs") or [], config)
    if not isinstance(url, str) or not isinstance(label, str) or names is None or kind not in _ASKING:
        return None
    approval = _ASKING[kind]
    use: dict[str, Json] = {"allowed_tools": names} if names else {}
    return _found(label, {"url": url, "require_approval": approval}, use, ())


def _only_enabled(configs: Json, default: Mapping[str, Json]) -> list[Json] | None:
    """The names of the tools that alone are enabled, empty for all; ``None`` where it is anything else."""
    listed = configs if isinstance(configs, list) else []
    if default.get("enabled", True):
        return None if listed else []
    names: list[Json] = []
    for config in listed:
        if not isinstance(config, dict) or not config.get("enabled"):
            return None
        others = {name: part for name, part in config.items() if name not in {"name", "enabled", "type"} and part}
        if any(part != default.get(name) for name, part in others.items()):
            return None
        names.append(config.get("name"))
    return names or None


def _headers(*groups: Json) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The headers that a document may hold, and the places of those that let somebody in."""
    found: dict[str, Json] = {}
    for group in groups:
        found |= group if isinstance(group, dict) else {}
    secret = [name for name in found if lets_somebody_in(name)]
    return {name: text for name, text in found.items() if name not in secret}, tuple(
        f"headers.{n}" for n in secret
    )


def _found(
    label: str, fields: Mapping[str, Json], use: Mapping[str, Json], secrets: tuple[str, ...]
) -> FoundServer | None:
    url = str(fields["url"])
    if lets_somebody_in("", url) or not url.startswith(("http://", "https://")):
        return None
    return FoundServer(label, {name: part for name, part in fields.items() if part is not None}, use, secrets)


def _resource(tool: Mapping[str, Json], resources: Json) -> Mapping[str, Json]:
    listed = resources.get("mcp") if isinstance(resources, dict) else None
    for server in listed if isinstance(listed, list) else ():
        if isinstance(server, dict) and server.get("server_label") == tool.get("server_label"):
            return server
    return {}


def _same(declared: Mapping[str, Json], found: Mapping[str, Json]) -> bool:
    return {name: part for name, part in declared.items() if name != "allowed_tools"} == dict(found)
