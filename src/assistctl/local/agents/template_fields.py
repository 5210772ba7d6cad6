"""The fields of requests about environment templates (``TemplateCreateParams`` and the like of the SDK).

Limits: the JSON Schema of the create request that api-evangelist/openai keeps
(``openai-create-environment-template-params-schema.json``).
"""

from __future__ import annotations

import re

from assistctl.json_value import Json
from assistctl.local.agents.shapes import Base64, TextPairs, WorkspacePath
from assistctl.local.http.errors import ApiError
from assistctl.local.http.shapes import (
    Boolean,
    Choice,
    Items,
    Nullable,
    Record,
    Shape,
    Tagged,
    Text,
    require_object,
)

MAX_INLINE = 6_990_508
"""How long the base64 of an inline file may be, in characters: 5 MiB of bytes."""

_TYPE = Text()
_COMMAND = Text(max_length=64 * 1024, required=True)
_STRINGS = "an array of strings"
_TEXTS = Nullable(Items(Text(), max_items=1024, noun=_STRINGS))
# "The absolute working directory" (``SetupCommandParam.cwd``).
_FOLDER = Nullable(Text(pattern=re.compile("/.*")))

_ZIP = Record(
    {"type": Choice(("base64",)), "media_type": Choice(("application/zip",)), "data": Base64()},
    required=("type", "media_type", "data"),
)
_ARCHIVE = Record(
    {"type": _TYPE, "name": Text(required=True), "description": Text(), "source": _ZIP},
    required=("name", "description", "source"),
)
_SKILL = Tagged(
    {
        "skill_reference": Record(
            {"type": _TYPE, "skill_id": Text(required=True), "version": Nullable(Text())}, required=("skill_id",)
        ),
        "inline": _ARCHIVE,
    }
)
_FILE = Tagged(
    {
        "file_id": Record(
            {"type": _TYPE, "file_id": Text(required=True), "path": WorkspacePath()}, required=("file_id", "path")
        ),
        "inline": Record(
            {"type": _TYPE, "data": Base64(max_length=MAX_INLINE), "path": WorkspacePath()},
            required=("data", "path"),
        ),
    }
)


class Network:
    """The hosts that an environment may reach."""

    _record = Record(
        {
            "access": Choice(("enabled", "disabled", "restricted")),
            "allowed_domains": _TEXTS,
            "blocked_domains": _TEXTS,
        },
        required=("access",),
    )

    def check(self, value: Json, path: str) -> None:
        """See ``Shape``. The rules for ``blocked_domains`` are those of its docstring in the SDK."""
        self._record.check(value, path)
        network = require_object(value, path)
        blocked = network.get("blocked_domains")
        if not isinstance(blocked, list) or not blocked:
            return
        where = f"{path}.blocked_domains"
        if network["access"] != "restricted" or network.get("allowed_domains"):
            message = f"'{where}' needs 'access' to be 'restricted', and no 'allowed_domains'."
            raise ApiError(message, param=where, code="invalid_value")
        if any("*" in str(domain) for domain in blocked):
            message = f"Invalid '{where}': wildcard domains are not supported."
            raise ApiError(message, param=where, code="invalid_value")


_FIELDS: dict[str, Shape] = {
    "name": Nullable(Text(max_length=256)),
    "capability_directories": _TEXTS,
    "desktop": Nullable(Record({"enabled": Boolean()}, required=("enabled",))),
    "env": Nullable(TextPairs(max_pairs=1024)),
    "files": Nullable(Items(_FILE, max_items=50)),
    "network": Nullable(Network()),
    "packages": Nullable(Record({"npm": _TEXTS, "python": _TEXTS, "system": _TEXTS})),
    "plugins": Nullable(Items(Tagged({"inline": _ARCHIVE}), max_items=32)),
    "setup_commands": Nullable(
        Items(Record({"command": _COMMAND, "cwd": _FOLDER}, required=("command",)), max_items=16)
    ),
    "skills": Nullable(Items(_SKILL, max_items=200)),
}

TEMPLATE = Record(_FIELDS)
"""A new template, or a change of one: nothing is required of either."""
