"""The global options as given, for everything that prints or opens a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options as given; ``timeout`` is in seconds, ``config_from`` names a git commit."""

    directory: Path
    target: str | None
    variables: Mapping[str, str]
    color: str
    verbose: bool
    quiet: bool
    timeout: float = 600.0
    config_from: str | None = None
