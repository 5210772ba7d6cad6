"""A project to write manifests into."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.manifest_folder import ManifestFolder


@pytest.fixture
def manifests(tmp_path: Path) -> ManifestFolder:
    """A project named ``acme`` without a manifest."""
    folder = ManifestFolder(tmp_path / "acme", {"TOKEN": "s3cret"})
    folder.write("assistctl.yaml", "project: acme\n")
    return folder
