"""A folder of a public repository, pinned to the id of a commit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class PinnedFolder:
    """The folder ``path`` of the commit with the id ``commit`` of the public ``repository``."""

    repository: str
    commit: str
    path: str = "."

    @property
    def shown(self) -> str:
        """The name that people know it by, without a scheme: ``host/owner/name@0123456789ab/path``."""
        parts = urlsplit(self.repository)
        inside = "" if self.path in {"", "."} else f"/{self.path}"
        return f"{parts.netloc}{parts.path.removesuffix('.git')}@{self.commit[:12]}{inside}"

    @property
    def name(self) -> str:
        """A name for it that no other folder has."""
        text = f"{self.repository}\0{self.commit}\0{self.path}"
        return hashlib.sha256(text.encode()).hexdigest()[:40]
