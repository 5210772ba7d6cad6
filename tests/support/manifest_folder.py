"""A project in a folder, loaded without the command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistctl.manifest import Loaded, load_manifests, load_project
from assistctl.model.assistant import Desired
from assistctl.model.knowledge import DesiredStore


@dataclass
class ManifestFolder:
    """A folder with ``assistctl.yaml``, and what its manifests come to."""

    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def write(self, name: str, content: str | bytes) -> Path:
        """A file below the folder, as it is given."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def assistant(self, key: str, *files: object, **fields: object) -> Path:
        """A manifest with file search and ``files``, unless ``fields`` say otherwise."""
        declared = {"model": "m", "tools": [{"type": "file_search"}], "files": files, **fields}
        return self.write(f"assistants/{key}.yaml", json.dumps(declared, ensure_ascii=False))

    def load(self, *, read: bool = True, lenient: bool = False, target: str = "local") -> Loaded:
        """All manifests, with their files read, or only looked at."""
        project = load_project(self.path, self.environment)
        chosen = project.target(target, {}, ["local"])
        return load_manifests(project, chosen, lenient_variables=lenient, check_files=not read, read_files=read)

    def store(self) -> DesiredStore:
        """The one vector store of a project about which there is nothing to say."""
        loaded = self.load()
        assert loaded.diagnostics == ()
        (store,) = loaded.stores
        return store

    def one(self) -> Desired:
        """The one assistant of a project about which there is nothing to say."""
        loaded = self.load()
        assert loaded.diagnostics == ()
        (desired,) = loaded.desired
        return desired

    def said(self, *, read: bool = True) -> list[str]:
        """The summaries of what loading says."""
        return [message.summary for message in self.load(read=read).diagnostics]


def paths(store: DesiredStore) -> list[str]:
    """The paths of a store's files, in its order."""
    return [entry.source.path for entry in store.files]
