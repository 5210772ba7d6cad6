"""The assistant that ``ask`` and ``check`` speak with."""

from __future__ import annotations

import pytest

from support.order_desk import FUNCTION, deploy
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.scripted_runs import ScriptedRuns
from support.server import RecordingServer


@pytest.fixture
def runs(server: RecordingServer) -> ScriptedRuns:
    """What the assistants on that server answer."""
    scripted = ScriptedRuns()
    server.fault = scripted
    return scripted


@pytest.fixture
def desk(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """The order desk, deployed without checks."""
    snapshots.restore("desk", lambda: deploy(remote))
    return remote


@pytest.fixture
def able_desk(snapshots: ProjectSnapshots, remote: ProjectFolder) -> ProjectFolder:
    """The same with a function."""
    snapshots.restore("able desk", lambda: deploy(remote, tools=[FUNCTION]))
    return remote
