"""Where the changes of a plan stand in the manifests, and where those are in the repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assistctl.checkout import find_repository
from assistctl.model.plan import Kind, Plan, Position
from assistctl.operations.deployment import Deployment
from assistctl.ownership.canonical import tool_identities
from assistctl.ownership.field_paths import dotted, parse
from assistctl.ownership.sensitive import Declared


def places_of_changes(deployment: Deployment, plan: Plan) -> Mapping[tuple[str, str], Mapping[str, Position]]:
    """The positions of what changes, by kind and key, then by path; ``""`` is the position of the manifest.

    What is declared nowhere has none. Raises ``ManifestError`` when the manifests are wrong.
    """
    loaded = deployment.manifests()
    declared: dict[tuple[Kind, str], Declared] = {(Kind.ASSISTANT, one.key): one for one in loaded.desired}
    declared |= {(Kind.VECTOR_STORE, one.key): one for one in loaded.stores}
    return {
        (str(change.kind), change.key): {
            "": desired.position,
            **{diff.path: _position(diff.path, _by_identity(desired), desired.position) for diff in change.diffs},
        }
        for change in plan.changes
        if (desired := declared.get((change.kind, change.key))) is not None
    }


def _by_identity(desired: Declared) -> dict[str, Position]:
    """The positions with tools by their names, as differences have them, and not by their places."""
    tools = desired.fields.get("tools")
    names = tool_identities(tools) if isinstance(tools, list) else []
    positions: dict[str, Position] = {}
    for text, position in desired.positions.items():
        path = parse(text) if text else ()
        is_tool = len(path) > 1 and path[0] == "tools" and str(path[1]).isdecimal() and int(path[1]) < len(names)
        positions[dotted(("tools", names[int(path[1])], *path[2:])) if is_tool else text] = position
    return positions


def _position(path: str, positions: Mapping[str, Position], whole: Position) -> Position:
    while path and path not in positions:
        cut = max(path.rfind("."), path.rfind("["))
        path = path[:cut] if cut > 0 else ""
    return positions.get(path, whole)


def folder_in_repository(directory: Path) -> str:
    """The path of ``directory`` from the root of its repository, empty where it is the root or in none."""
    repository = find_repository(directory)
    if repository is None:
        return ""
    path = directory.resolve().relative_to(repository.root).as_posix()
    return "" if path == "." else path
