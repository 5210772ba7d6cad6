"""What authors of platforms test theirs with, by pytest: ``platform_suite`` is what every platform must pass."""

import pytest

pytest.register_assert_rewrite("assistctl.testing.exchange", "assistctl.testing.platform_suite")
