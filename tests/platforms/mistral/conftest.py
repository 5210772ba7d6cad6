"""A server of Mistral's agents, and a project on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.mistral_agents import MistralAgents
from support.projects import ProjectFolder
from support.server import RecordingServer, serving


@pytest.fixture
def agents() -> MistralAgents:
    """The agents that the server has."""
    return MistralAgents()


@pytest.fixture
def server(agents: MistralAgents) -> Iterator[RecordingServer]:
    """It, over HTTP."""
    with serving(agents.app()) as running:
        yield running


@pytest.fixture
def cloud(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project whose one target is that server."""
    return project.use("mistral-agents", server.address)
