"""Which paths hold a secret, and what can be shown of the values there.

``names`` are those of the platform's tools: paths name tools by their identities.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.kind import Kind
from assistctl.model.knowledge import DesiredStore
from assistctl.model.resource import DesiredResource
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS, ToolNames
from assistctl.ownership.field_paths import Path, parse
from assistctl.secrets.redaction import SECRET
from assistctl.secrets.template import Named, Template, with_labels

Declared: TypeAlias = Desired | DesiredStore | DesiredResource
"""What a manifest declares of a thing of any kind."""

# Keys of a user's own JSON Schema may look like path syntax, so inside one nothing finer is told apart.
_DEPTH_IN_TOOLS = 4
_DEPTH = 3


def kind_of(desired: Declared) -> Kind:
    """The kind of thing that is declared."""
    if isinstance(desired, DesiredResource):
        return desired.kind
    return Kind.ASSISTANT if isinstance(desired, Desired) else Kind.VECTOR_STORE


def secret_paths(desired: Declared, names: ToolNames = ASSISTANTS_API_TOOLS) -> tuple[Path, ...]:
    """The paths of strings with an ``${env:}`` value, with tools by identity and not by place."""
    return tuple(_no_finer(by_identity(desired, parse(text), names)) for text in desired.secret_paths)


def templates(desired: Declared, names: ToolNames = ASSISTANTS_API_TOOLS) -> Mapping[Path, Template]:
    """What the strings with an ``${env:}`` value are made of, by path, with tools by identity."""
    return {by_identity(desired, parse(text), names): made for text, made in desired.templates.items()}


def shown_declared(value: Json, path: Path, desired: Declared, names: ToolNames = ASSISTANTS_API_TOOLS) -> Json:
    """The declared ``value`` at ``path`` with ``(secret NAME)`` for each secret in it.

    ``(secret)`` when a secret is in it in another form than was declared.
    """
    secrets = {
        text
        for text in desired.secret_paths
        if touches([_no_finer(by_identity(desired, parse(text), names))], path)
    }
    made = [desired.templates[text] for text in secrets if text in desired.templates]
    if value is None or not secrets:
        return value
    if len(made) < len(secrets):
        return SECRET
    shown = with_labels(value, {template.filled: template.shown for template in made})
    left = json.dumps(with_labels(value, {template.filled: "" for template in made}), ensure_ascii=False)
    values = (piece.value for template in made for piece in template.pieces if isinstance(piece, Named))
    return SECRET if any(json.dumps(text, ensure_ascii=False)[1:-1] in left for text in values if text) else shown


def touches(secrets: Iterable[Path], path: Path) -> bool:
    """Whether ``path`` is, lies in, or holds one of the secrets."""
    # A part of a field that is never answered is a unit of its own, with a dot in its name.
    if path and "." in str(path[0]):
        path = (*parse(str(path[0])), *path[1:])
    return any(secret[: min(len(secret), len(path))] == path[: min(len(secret), len(path))] for secret in secrets)


def shown_path(path: Path, plain_tools: frozenset[str]) -> Path:
    """The ``path`` of a secret difference, without a tool's name that is not among the ``plain_tools``."""
    if path[0] != "tools" or len(path) == 1 or path[1] in plain_tools:
        return path
    return ("tools", SECRET, *path[2:])


def plainly_named_tools(desired: Declared, names: ToolNames = ASSISTANTS_API_TOOLS) -> frozenset[str]:
    """The identities of the declared tools that hold no secret themselves."""
    tools = desired.fields.get("tools")
    identities = names.identities(tools if isinstance(tools, list) else [])
    hidden = {path[1] for path in secret_paths(desired, names) if path[0] == "tools" and path[2:] in names.parts}
    return frozenset(identities) - hidden


def by_identity(desired: Declared, path: Path, names: ToolNames) -> Path:
    """A declared ``path`` with a tool's identity in the place of its number."""
    tools = desired.fields.get("tools")
    if path[0] != "tools" or len(path) == 1 or not isinstance(tools, list):
        return path
    return ("tools", names.identities(tools)[int(path[1])], *path[2:])


def _no_finer(path: Path) -> Path:
    return path[: _DEPTH_IN_TOOLS if path[0] == "tools" else _DEPTH]
