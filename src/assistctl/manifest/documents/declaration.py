"""What a document declares, whatever its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistctl.diagnostics import Position
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Lifecycle
from assistctl.model.kind import Kind

if TYPE_CHECKING:
    from assistctl.manifest.files.expand import AttachedFile
    from assistctl.model.knowledge import DesiredStore
    from assistctl.model.mcp_server import McpServer
    from assistctl.model.resource import DesiredResource


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one document declares: an assistant, with its files' vector store if any, or a thing of another kind.

    None is there when the document has an error. ``files`` are what was found for it, if it was looked for.
    """

    kind: Kind
    key: str
    position: Position
    assistant: Desired | None = None
    store: DesiredStore | None = None
    files: tuple[AttachedFile, ...] = ()
    server: McpServer | None = None
    resource: DesiredResource | None = None

    @property
    def is_sound(self) -> bool:
        """Whether the document has no error."""
        return any(thing is not None for thing in (self.assistant, self.store, self.server, self.resource))


def lifecycle(declared: Json) -> Lifecycle:
    """The rules that a document declares for its own thing."""
    rules = declared if isinstance(declared, dict) else {}
    prevent, ignored = rules.get("prevent_destroy"), rules.get("ignore_changes")
    return Lifecycle(
        prevent_destroy=prevent if isinstance(prevent, bool) else None,
        ignore_changes=tuple(str(path) for path in ignored) if isinstance(ignored, list) else (),
    )
