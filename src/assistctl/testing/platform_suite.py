"""The tests that every platform must pass, whoever wrote it.

Subclass ``PlatformSuite`` in a test module, and give it a fixture ``platform`` that returns a platform on an
account without assistants, files and vector stores, not yet entered::

    class TestCloud(PlatformSuite):
        model, other_model = "cloud-1", "cloud-2"

        @pytest.fixture
        def platform(self, tmp_path):
            return connect(Connection("cloud", tmp_path, base_url=..., api_key=...))

Each test enters the platform once, in an event loop of its own, and goes through the real SDK and the network.
What a platform says it does not have (files, vector stores, environments, versions, conversations) is not asked of
it. The tests stand in ``assistctl.testing.suite``, by what they are about.
"""

from __future__ import annotations

from assistctl.testing.suite.base import BreakNext, PutTool, Scenario, run
from assistctl.testing.suite.capabilities import CapabilityTests
from assistctl.testing.suite.conversations import ConversationTests
from assistctl.testing.suite.fields import ConvergenceTests, FieldTests
from assistctl.testing.suite.knowledge import EnvironmentTests, KnowledgeTests
from assistctl.testing.suite.listing import ListingTests
from assistctl.testing.suite.metadata import MetadataTests
from assistctl.testing.suite.outcomes import OutcomeTests, VersionTests

__all__ = ["BreakNext", "PlatformSuite", "PutTool", "Scenario", "run"]


class PlatformSuite(
    CapabilityTests,
    FieldTests,
    MetadataTests,
    ListingTests,
    OutcomeTests,
    VersionTests,
    KnowledgeTests,
    EnvironmentTests,
    ConvergenceTests,
    ConversationTests,
):
    """The tests. ``model`` and ``other_model`` are models that the account may use.

    ``own_samples`` are values for the platform's own fields, each a mapping as it stands under ``platforms.NAME``.
    ``answers``: the account has a model that answers; without, a conversation need only say why nothing is.
    ``lists_in_order``: its lists begin with the oldest; without, only what is in them counts.
    ``page_size``: the most that a page of its lists has.

    Two fixtures, ``None`` unless they are given, let the tests see more: ``break_next``, what becomes of a request
    that goes wrong, and ``put_tool``, what becomes of a tool that nobody knows.
    """
