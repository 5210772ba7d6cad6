"""What a ``.env`` may not say in CI: where targets are, and as whom to go there.

There it may have come with the branch of whoever opened a pull request, and the keys with the job.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from assistctl.model.diagnostics import Diagnostic, Position, Severity

NOT_FROM_ENV_FILE = "where CI is set, or --config-from is given, .env says nothing about targets"

_NOT_CI = {"", "0", "false"}
# What targets, SDKs and journals look for by name; what only manifests refer to is still filled from .env.
_SETTING = re.compile(
    r"(?:ASSISTCTL|OPENAI|ANTHROPIC|AZURE|FOUNDRY|MISTRAL|AWS|GOOGLE)_.*|.*_(?:BASE_URL|API_KEY|PROXY)",
    re.IGNORECASE,
)


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether the process's environment says that this is a CI job."""
    return environ.get("CI", "").lower() not in _NOT_CI


def unheeded_settings(names: Collection[str]) -> Iterator[Diagnostic]:
    """A warning of the settings among ``names``, which only ``.env`` gives, if there are any."""
    settings = sorted(name for name in names if _SETTING.fullmatch(name))
    if settings:
        yield Diagnostic(
            Severity.WARNING,
            f"{', '.join(settings)} in this file {'is' if len(settings) == 1 else 'are'} not used for targets",
            f"{NOT_FROM_ENV_FILE[0].upper()}{NOT_FROM_ENV_FILE[1:]}. Set it in the environment of the job.",
            position=Position(".env"),
        )
