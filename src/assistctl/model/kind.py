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
    MEMORY_STORE = "memory_store"
    SKILL = "skill"

    @property
    def noun(self) -> str:
        """The noun for one thing of this kind: ``memory store``."""
        return self.replace("_", " ")

    @property
    def article(self) -> str:
        """The same with its article: ``an environment``."""
        return f"{'an' if self[0] in 'aeio' else 'a'} {self.noun}"


RESOURCE_KINDS = (Kind.SKILL, Kind.MEMORY_STORE, Kind.ENVIRONMENT)
"""The kinds of things that some platforms keep beside their assistants, what others may name first.

``model.resource`` has them as data, ``platforms.resource_platform`` what a platform does with them.
"""

SURROUNDINGS = (Kind.ENVIRONMENT, Kind.MEMORY_STORE)
"""The kinds of things that conversations with an assistant have beside it, whether or not it names them itself."""
