"""The ``options`` of targets held against those that their platforms have."""

from __future__ import annotations

from collections.abc import Iterator

from assistctl.errors import did_you_mean
from assistctl.manifest.project.project import Target
from assistctl.manifest.syntax.phrases import sentences
from assistctl.model.diagnostics import Diagnostic, Severity
from assistctl.platforms.registry import options_of


def unknown_options(target: Target) -> Iterator[Diagnostic]:
    """An error for each option that the target's platform does not have.

    Nothing for a platform that does not state its options. Raises ``ProjectError`` as ``options_of`` does.
    """
    known = options_of(target.platform) if target.options else None
    if known is None:
        return
    for name in target.options:
        if name not in known:
            yield Diagnostic(
                Severity.ERROR,
                f"the platform {target.platform} has no option {name!r}",
                sentences(did_you_mean(name, known), f"It has: {', '.join(sorted(known))}."),
                path=f"targets.{target.name}.options.{name}",
                position=target.option_positions.get(name),
            )
