"""The fields of requests about agents (``AgentCreateParams`` and ``AgentUpdateParams`` of the SDK)."""

from __future__ import annotations

import re

from assistctl.local.agents.shapes import CompactItems, TextPairs
from assistctl.local.http.metadata import Metadata
from assistctl.local.http.shapes import (
    AnyObject,
    Boolean,
    Choice,
    Integer,
    Items,
    Nullable,
    Record,
    Shape,
    Tagged,
    Text,
)

MAX_TOOL_BYTES = 3 * 1024 * 1024
"""How much compact JSON the tools may be, in bytes."""

_LONGEST = 1_048_576
# The reference gives no upper bound; this one only keeps the number an ordinary one.
_MOST_SUBAGENTS = 1_000_000
_TYPE = Text()
_TEXTS = Items(Text(), max_items=1024, noun="an array of strings")
_LEVEL = Choice(("low", "medium", "high"))

_TRANSPORT = Tagged(
    {
        "http": Record(
            {"type": _TYPE, "server_url": Text(required=True), "headers": Nullable(TextPairs())},
            required=("server_url",),
        ),
        "stdio": Record(
            {
                "type": _TYPE,
                "command": Text(required=True),
                "cwd": Text(required=True),
                "args": Nullable(_TEXTS),
                "env_vars": Nullable(_TEXTS),
            },
            required=("command", "cwd"),
        ),
    }
)

_TOOL = Tagged(
    {
        "function": Record(
            {
                "type": _TYPE,
                "name": Text(max_length=64, required=True, pattern=re.compile("[a-zA-Z0-9_-]+")),
                "description": Text(),
                "parameters": AnyObject(),
                "defer_loading": Boolean(),
                "async": Boolean(),
            },
            required=("name", "description", "parameters"),
        ),
        "tool_search": Record({"type": _TYPE}),
        "programmatic_tool_calling": Record({"type": _TYPE, "enabled": Boolean()}),
        "mcp": Record(
            {
                "type": _TYPE,
                "server_label": Text(required=True),
                "transport": _TRANSPORT,
                "allowed_tools": Nullable(_TEXTS),
                "connection_origin": Nullable(Choice(("service", "environment"))),
                "credential_id": Nullable(Text()),
                "request_metadata": Nullable(AnyObject()),
                "required": Boolean(),
            },
            required=("server_label", "transport"),
        ),
        "web_search": Record(
            {
                "type": _TYPE,
                "allowed_domains": Nullable(_TEXTS),
                "context_size": Nullable(_LEVEL),
                "location": Nullable(
                    Record({name: Nullable(Text()) for name in ("city", "country", "region", "timezone")})
                ),
                "mode": Nullable(Choice(("disabled", "cached", "live"))),
            }
        ),
        "computer_use": Record({"type": _TYPE, "include_screenshots": Boolean()}),
        "automations": Record({"type": _TYPE}),
    }
)

_FORMAT = Tagged(
    {
        "text": Record({"type": _TYPE}),
        "json_schema": Record({"type": _TYPE, "schema": AnyObject()}, required=("schema",)),
    }
)

_FIELDS: dict[str, Shape] = {
    "model": Text(max_length=_LONGEST, required=True),
    "name": Nullable(Text(max_length=128)),
    "instructions": Nullable(Text(max_length=_LONGEST)),
    "metadata": Nullable(Metadata()),
    "tools": Nullable(CompactItems(_TOOL, MAX_TOOL_BYTES)),
    "reasoning": Nullable(
        Record(
            {
                "effort": Nullable(Choice(("none", "minimal", "low", "medium", "high", "xhigh", "max"))),
                "summary": Nullable(Choice(("concise", "detailed", "auto"))),
            }
        )
    ),
    "text": Nullable(Record({"format": Nullable(_FORMAT), "verbosity": Nullable(_LEVEL)})),
    "service_tier": Nullable(Choice(("auto", "default", "flex", "priority", "fast", "ultrafast"))),
    "multi_agent": Nullable(
        Record(
            {
                "enabled": Boolean(),
                "max_concurrent_subagents": Integer(minimum=1, maximum=_MOST_SUBAGENTS),
            },
            required=("enabled",),
        )
    ),
    "compaction": Nullable(Record({"async": Nullable(Boolean())})),
    "experimental": Record({"time_awareness": Boolean()}),
}

CREATE = Record(_FIELDS, required=("model",))
UPDATE = Record(_FIELDS)
