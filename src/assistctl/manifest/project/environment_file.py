"""``.env``: what the project adds to the environment.

In CI it may have come with the branch of whoever opened a pull request, and the keys with the job: there it does
not say where targets are, or as whom to go there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from io import StringIO
from pathlib import Path

from assistctl.checkout.untrusted_files import ENVIRONMENT_FILE, UnusableFileError, read_text, resolve_inside
from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import ManifestError

NOT_FROM_ENV_FILE = "where CI is set, or --config-from is given, .env says nothing about targets"

# What targets, SDKs and journals look for by name; what only manifests refer to is still filled from .env.
# Compiled when it is needed, which takes as long as reading some manifests.
_SETTING = r"(?i:(?:ASSISTCTL|OPENAI|ANTHROPIC|AZURE|FOUNDRY|MISTRAL|AWS|GOOGLE)_.*|.*_(?:BASE_URL|API_KEY|PROXY))"


def read_environment_file(directory: Path, *, in_ci: bool) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """The variables that ``.env`` in ``directory``, a real path, sets, and warnings of unreadable lines.

    Raises ``ManifestError`` when it is no regular file, cannot be read or leaves the project, and, where this is a
    CI job, when git tracks it.
    """
    # The parser behind dotenv_values(interpolate=False), which would only log the lines it cannot read.
    from dotenv.parser import parse_stream

    file = directory / ENVIRONMENT_FILE
    try:
        real = _inside(file, directory)
        if in_ci:
            _refuse_tracked(directory, file, real)
        bindings = list(parse_stream(StringIO(read_text(real))))
    except UnusableFileError as error:
        raise ManifestError([error.diagnostic(ENVIRONMENT_FILE)]) from error
    warnings = tuple(_unreadable_line(binding.original.line) for binding in bindings if binding.error)
    return {
        binding.key: binding.value for binding in bindings if binding.key is not None and binding.value is not None
    }, warnings


def unheeded_settings(names: Collection[str]) -> Iterator[Diagnostic]:
    """A warning of the settings among ``names``, which only ``.env`` gives, if there are any."""
    settings = sorted(name for name in names if re.fullmatch(_SETTING, name))
    if settings:
        yield Diagnostic(
            Severity.WARNING,
            f"{', '.join(settings)} in this file {'is' if len(settings) == 1 else 'are'} not used for targets",
            f"{NOT_FROM_ENV_FILE[0].upper()}{NOT_FROM_ENV_FILE[1:]}. Set it in the environment of the job.",
            position=Position(ENVIRONMENT_FILE),
        )


def _inside(file: Path, directory: Path) -> Path:
    if file.is_symlink() and not file.resolve().is_relative_to(directory):
        # A checkout may bring such a link along, and with it the keys of another project.
        raise UnusableFileError(
            "this is a link that leaves the project",
            "Keep a file there, or set what is in it in the environment.",
        )
    return resolve_inside(file, directory)


def _refuse_tracked(directory: Path, *files: Path) -> None:
    """In CI, a ``.env`` that comes with the commit is written by whoever writes the commit."""
    from assistctl.checkout.index import UnreadableIndexError, is_tracked
    from assistctl.checkout.repository import find_repository

    repository = find_repository(directory)
    if repository is None:
        return
    try:
        tracked = any(is_tracked(repository, file) for file in files)
    except UnreadableIndexError as error:
        raise UnusableFileError(
            f"whether git tracks this file cannot be told, because its index cannot be read ({error})",
            "Where CI is set, a file that git tracks is refused: remove it, or check out again.",
        ) from error
    if tracked:
        raise UnusableFileError(
            "git tracks this file, and CI is set: a commit must not configure a deployment",
            "`git rm --cached .env`, add it to .gitignore, and set the variables in the CI system.",
        )


def _unreadable_line(line: int) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        "this line is not understood and is left out",
        "A line is NAME=VALUE; a # starts a comment.",
        position=Position(ENVIRONMENT_FILE, line),
    )
