"""The MCP servers in the tools of an assistant that moves, made documents and uses of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from assistctl.diagnostics import Position, Severity
from assistctl.json_value import Json
from assistctl.migration.destination import Destination
from assistctl.migration.manifest_parts import Draft, own_part, platforms_in, tools_in
from assistctl.migration.mcp_servers import FoundServer, ServerBook, server_in
from assistctl.migration.report import Document, FieldOutcome, Outcome
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import Level
from assistctl.model.mcp_server import McpServer
from assistctl.ownership.canonical import PLATFORMS
from assistctl.planning.capability_check import support_of

_HOW = "The server is a document of its own, {key}, which the assistant uses by key."
_LETS_IN = "It lets somebody in: store it with the platform, and name that as the server's `credential`."
_TOOL_PARTS = {"server_url": "url", "server_description": "description"}


def with_uses(draft: Draft, came_from: str, to: Destination, book: ServerBook) -> Draft:
    """``draft`` with its servers in ``book``, and used by key, where the destination has MCP servers."""
    support = support_of("tools.mcp", to.capabilities.fields)
    if came_from == to.platform or support is None or support.level is Level.UNSUPPORTED:
        return draft
    own = own_part(draft.document, came_from)
    own_tools = own.get("tools")
    uses: list[Json] = []
    outcomes: list[FieldOutcome] = []
    gone: list[Json] = []
    for tool in (*draft.nameless, *(own_tools if isinstance(own_tools, list) else ())):
        found = server_in(tool, own, draft.resources)
        if found is not None:
            fitting, refused = _fitting(found, to)
            key = book.key_of(fitting)
            uses.append({"type": "mcp", "server": key, **fitting.use})
            outcomes += [*_told_of(fitting, key), *refused]
            gone.append(tool)
    if not uses:
        return draft
    resources = draft.resources
    return replace(
        draft,
        document={
            **_without_own(draft.document, came_from, gone),
            "tools": [*tools_in(draft.document), *uses],
        },
        nameless=[tool for tool in draft.nameless if tool not in gone],
        resources={name: part for name, part in resources.items() if name != "mcp"}
        if isinstance(resources, dict)
        else resources,
        outcomes=(*draft.outcomes, *outcomes),
    )


def _told_of(found: FoundServer, key: str) -> Iterator[FieldOutcome]:
    """The mapping of a server, and the parts of it that no file holds."""
    path = f"tools[mcp:{found.label}]"
    yield FieldOutcome(path, "tools.mcp", Outcome.MAPPED, _HOW.format(key=key))
    for part in found.secrets:
        yield FieldOutcome(f"{path}.{part}", f"tools.mcp.{part}", Outcome.LOST, _LETS_IN)


def _fitting(found: FoundServer, to: Destination) -> tuple[FoundServer, list[FieldOutcome]]:
    """``found`` without what the destination refuses in a server; what becomes of that, and of what it ignores."""
    tool = McpServer("server", found.fields, Position("")).as_tool(found.use)
    trial = Desired("trial", {"name": "trial", "model": "any", "tools": [tool]}, Position(""))
    outcomes, refused = [], set()
    notes = to.left_out_of(trial)
    for said in to.said_of(trial):
        part = said.path.removeprefix("tools[0].")
        if part == said.path or not (said.severity is Severity.ERROR or said.path in notes):
            continue
        note = notes.get(said.path) or to.advice(said)
        path = f"tools[mcp:{found.label}].{part}"
        outcomes.append(FieldOutcome(path, f"tools.mcp.{part}", Outcome.LOST, note, tool.get(part)))
        if said.severity is Severity.ERROR:
            refused.add(_TOOL_PARTS.get(part, part))
    kept = {name: value for name, value in found.fields.items() if name not in refused}
    return replace(found, fields=kept), outcomes


def _without_own(document: Document, platform: str, gone: Sequence[Json]) -> dict[str, Json]:
    """``document`` without the servers among what only ``platform`` has: they are no longer only its."""
    labels: set[object] = {tool.get("mcp_server_name") for tool in gone if isinstance(tool, dict)}
    own = dict(_rest(own_part(document, platform), gone, labels))
    platforms: dict[str, Json] = {**platforms_in(document), platform: own}
    if not own:
        del platforms[platform]
    rest = {name: value for name, value in document.items() if name != PLATFORMS}
    return {**rest, PLATFORMS: platforms} if platforms else rest


def _rest(own: Mapping[str, Json], gone: Sequence[Json], labels: set[object]) -> Iterator[tuple[str, Json]]:
    for name, value in own.items():
        left = value
        if name == "tools" and isinstance(value, list):
            left = [tool for tool in value if tool not in gone]
        elif name == "mcp_servers" and isinstance(value, list):
            left = [server for server in value if not (isinstance(server, dict) and server.get("name") in labels)]
        if left or left == value:
            yield name, left
