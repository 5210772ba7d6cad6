"""Which paths hold a value that must not be shown."""

from __future__ import annotations

from collections.abc import Iterable

from assistctl.model import Desired
from assistctl.planning.canonical import NAMING, tool_identities
from assistctl.planning.paths import Path, parse

# What stands in a path for a tool whose very name is secret.
HIDDEN_NAME = "(secret)"

# Keys of a user's own JSON Schema may look like path syntax, so inside one nothing finer is told apart.
_DEPTH_IN_TOOLS = 4
_DEPTH = 3


def secret_paths(desired: Desired) -> tuple[Path, ...]:
    """The paths of strings with an ``${env:}`` value, with tools by identity and not by place."""
    return tuple(_by_identity(desired, parse(text)) for text in desired.secret_paths)


def touches(secrets: Iterable[Path], path: Path) -> bool:
    """Whether ``path`` is, lies in, or holds one of the secrets."""
    return any(secret[: min(len(secret), len(path))] == path[: min(len(secret), len(path))] for secret in secrets)


def shown_path(path: Path, plain_tools: frozenset[str]) -> Path:
    """The ``path`` of a secret difference, without a tool's name that is not among the ``plain_tools``."""
    if path[0] != "tools" or len(path) == 1 or path[1] in plain_tools:
        return path
    return ("tools", HIDDEN_NAME, *path[2:])


def plainly_named_tools(desired: Desired) -> frozenset[str]:
    """The identities of the declared tools that hold no secret themselves."""
    tools = desired.fields.get("tools")
    identities = tool_identities(tools if isinstance(tools, list) else [])
    hidden = {path[1] for path in secret_paths(desired) if path[0] == "tools" and _names_tool(path[2:])}
    return frozenset(identities) - hidden


def _names_tool(inside: Path) -> bool:
    """Whether a tool's identity is made from what is there."""
    return inside in {("function", "name"), *((name,) for name in NAMING)}


def _by_identity(desired: Desired, path: Path) -> Path:
    tools = desired.fields.get("tools")
    if path[0] != "tools" or len(path) == 1 or not isinstance(tools, list):
        return path[:_DEPTH]
    identity = tool_identities(tools)[int(path[1])]
    return ("tools", identity, *path[2:_DEPTH_IN_TOOLS])
