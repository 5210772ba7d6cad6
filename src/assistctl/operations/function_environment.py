"""The environment of programs that answer functions: whatever they are, they are let into no platform."""

from __future__ import annotations

import re
from collections.abc import Mapping

from assistctl.operations.deployment import Deployment
from assistctl.operations.platform_variables import credential_variables

_ENVIRONMENT_NAME = re.compile(r"\$\{env:([^}]+)\}")
_OWN_KEYS = frozenset({"ASSISTCTL_MODEL_API_KEY", "ASSISTCTL_EMBEDDINGS_API_KEY", "OPENAI_API_KEY"})


def environment_of_commands(deployment: Deployment) -> Mapping[str, str]:
    """The project's environment without what lets one into the target, the judge or the model."""
    judge = deployment.project.checks.judge
    written = (deployment.target.api_key, judge.api_key if judge else None)
    referenced = (name for text in written if text for name in _ENVIRONMENT_NAME.findall(text))
    hidden = {*credential_variables(deployment.target), *_OWN_KEYS, *referenced}
    return {name: value for name, value in deployment.project.environment.items() if name not in hidden}
