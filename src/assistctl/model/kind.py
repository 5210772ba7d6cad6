"""The kinds of things that manifests declare and changes are about."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The kind of thing that a change is about, or that a document declares."""

    ASSISTANT = "assistant"
    VECTOR_STORE = "vector_store"
    FILE = "file"
    ENVIRONMENT = "environment"
    MCP_SERVER = "mcp_server"
