"""Things with keys that some platforms keep beside their assistants: environments, memory stores, skills.

They are all declared, planned and applied alike. A kind has a name (``model.kind``), a schema, and on each
platform that has it a table of capabilities (``Capabilities.resources``) and requests
(``platforms.resource_platform``).
What a platform returns of one is an ``Observed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistctl.checkout.pinned_folder import PinnedFolder
from assistctl.diagnostics import Placed, Position
from assistctl.json_value import Json
from assistctl.model.assistant import Lifecycle
from assistctl.model.kind import Kind
from assistctl.model.source_file import SourceFile
from assistctl.secrets.template import Template

CONTENT = "folder"
"""The field of the files that a resource is made of; its value is a digest of them."""

MAIN_FILE = "SKILL.md"
"""The file at the top of a skill's folder, which says what it is for (https://agentskills.io/specification)."""


@dataclass(frozen=True, slots=True)
class ResourceFile:
    """A file that a resource is made of; ``path`` is where it is inside of that, with ``/`` between folders."""

    path: str
    source: SourceFile


@dataclass(frozen=True, slots=True)
class DesiredResource(Placed):
    """One thing as a document of its ``kind`` declares it: variables filled, files read.

    ``fields`` holds what is declared, and ``name``, which defaults to the key, in the shapes of its document.
    The rest is as in ``Desired``. ``files`` are what it is made of, where its kind is made of files: ``fields``
    then has a ``folder``, by which they are compared; ``sizes`` are how many bytes the file at each path has,
    which is known before they are read. ``source`` is where they come from, if not from the project.
    """

    kind: Kind
    key: str
    fields: Mapping[str, Json]
    position: Position
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    secret_paths: frozenset[str] = frozenset()
    platform_fields: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    import_id: str | None = None
    moved_from: str | None = None
    positions: Mapping[str, Position] = field(default_factory=dict)
    templates: Mapping[str, Template] = field(default_factory=dict, repr=False)
    files: tuple[ResourceFile, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    source: PinnedFolder | None = None

    @property
    def name(self) -> str | None:
        """The display name."""
        name = self.fields.get("name")
        return name if isinstance(name, str) else None
