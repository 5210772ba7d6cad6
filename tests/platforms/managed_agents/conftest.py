"""A server of Anthropic's managed agents, and a project on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from support import managed_resources
from support.arranged import LastingServer
from support.managed_agents import ManagedAgents
from support.managed_files import Files
from support.managed_resources import Things
from support.managed_skills import Skills
from support.projects import ProjectFolder, settled
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
    lasting: LastingServer,
    *,
    agents: ManagedAgents,
    environments: Things,
    memory_stores: Things,
    skills: Skills,
    files: Files,
) -> Iterator[RecordingServer]:
    """It, over HTTP."""
    agents.newest_skill = skills.newest_version
    beside = (*environments.routes(), *memory_stores.routes(), *skills.routes(), *files.routes())
    with lasting.in_place_of(agents.app(*beside)) as running:
        yield running


@pytest.fixture
def cloud(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project whose one target is that server."""
    return project.use("anthropic-agents", server.address)


@pytest.fixture
def settled_once(
    lasting: LastingServer,
    *,
    agents: ManagedAgents,
    environments: Things,
    memory_stores: Things,
    skills: Skills,
    files: Files,
) -> Callable[[ProjectFolder, str], None]:
    """Applies a project, and settles it, or copies what that left; by the name that such a project has."""
    holders = (agents, environments, memory_stores, skills, files)
    return lambda project, name: lasting.arrange_in_memory(project, name, lambda: settled(project), *holders)
