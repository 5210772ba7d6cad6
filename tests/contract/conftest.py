"""What the contract tests share: one server for all of them, empty and well behaved when a test begins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ApplySnapshot, ProjectSnapshots
from support.projects import ProjectFolder
from support.server import RecordingServer


@pytest.fixture(scope="module")
def running(module_snapshots: ProjectSnapshots) -> RecordingServer:
    """The embedded platform over HTTP, for all tests of a file."""
    return module_snapshots.server


@pytest.fixture(scope="module")
def person(running: RecordingServer) -> Iterator[Dashboard]:
    """Somebody else on the account, with one connection for all tests of a file."""
    someone = Dashboard(running.url)
    yield someone
    someone.close()


@pytest.fixture
def server(snapshots: ProjectSnapshots) -> RecordingServer:
    """That server as new: no objects, no faults, nothing asked yet."""
    return snapshots.server


@pytest.fixture
def apply_snapshot(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ApplySnapshot:
    """Arranges a project that was applied, in tests that are marked ``from_snapshots``."""

    def arrange(**manifests: Mapping[str, object]) -> None:
        def make() -> None:
            for key, fields in manifests.items():
                remote.manifest(key, **fields)
            made = remote.run("apply", "--yes")
            assert made.code == 0, made.out + made.err

        settings = (remote.path / "assistctl.yaml").read_bytes()
        snapshots.restore(sha256(settings + json.dumps(manifests).encode()).hexdigest(), make)

    return arrange


@pytest.fixture
def dashboard(request: pytest.FixtureRequest, person: Dashboard) -> Dashboard:
    """Somebody else on the account of the target ``prod``, which is empty when a test begins."""
    request.getfixturevalue("server")
    return person
