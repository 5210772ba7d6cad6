"""A server of Anthropic's managed agents, and a project on it."""

from __future__ import annotations

import pytest

from support import managed_resources
from support.managed_agents import ManagedAgents
from support.managed_files import Files
from support.managed_resources import Things
from support.managed_skills import Skills
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import RecordingServer


@pytest.fixture
def agents() -> ManagedAgents:
    """What the server has."""
    return ManagedAgents()


@pytest.fixture
def environments() -> Things:
    """The environments that it has."""
    return managed_resources.environments()


@pytest.fixture
def memory_stores() -> Things:
    """The memory stores that it has."""
    return managed_resources.memory_stores()


@pytest.fixture
def skills() -> Skills:
    """The skills that it has."""
    return Skills()


@pytest.fixture
def files() -> Files:
    """The files that it has."""
    return Files()


@pytest.fixture
def server(
    snapshots: ProjectSnapshots,
    *,
    agents: ManagedAgents,
    environments: Things,
    memory_stores: Things,
    skills: Skills,
    files: Files,
) -> RecordingServer:
    """It, over HTTP."""
    agents.newest_skill = skills.newest_version
    beside = (*environments.routes(), *memory_stores.routes(), *skills.routes(), *files.routes())
    snapshots.serve(agents.app(*beside), agents, environments, memory_stores, skills, files)
    return snapshots.server


@pytest.fixture
def project(snapshot_project: ProjectFolder) -> ProjectFolder:
    """The project on it."""
    return snapshot_project


@pytest.fixture
def cloud(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project whose one target is that server."""
    return project.use("anthropic-agents", server.address)
