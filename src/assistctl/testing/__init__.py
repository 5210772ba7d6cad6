"""Tools for authors of platforms and assistants to test theirs, with pytest.

``platform_suite`` is what every platform must pass; ``ScriptedModel`` is a server in a model's place.
"""

import pytest

from assistctl.testing.scripted_model import Failure, ModelRequest, Reply, ScriptedModel, ToolCall

__all__ = ["Failure", "ModelRequest", "Reply", "ScriptedModel", "ToolCall"]

pytest.register_assert_rewrite("assistctl.testing.exchange", "assistctl.testing.suite")
