"""The names under ``platforms`` in manifests held against the platforms there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from assistctl.errors import did_you_mean
from assistctl.manifest.syntax.phrases import sentences
from assistctl.model.plan import Desired, Diagnostic, Severity
from assistctl.model.resource import DesiredResource


def unknown_platform_names(
    declared: Iterable[Desired | DesiredResource], platforms: Collection[str]
) -> Iterator[Diagnostic]:
    """A message for each name that no platform has: an error where it is near one, else a warning.

    A manifest may well be for a platform whose package is not installed here.
    """
    for one in declared:
        for name in one.platform_fields:
            if name in platforms:
                continue
            path, near = f"platforms.{name}", did_you_mean(name, platforms)
            yield Diagnostic(
                Severity.ERROR if near else Severity.WARNING,
                f"there is no platform {name!r}",
                sentences(
                    near, "" if near else f"Known here: {', '.join(platforms)}. What stands under it is not sent."
                ),
                key=one.key,
                path=path,
                position=one.position_of(path),
            )
