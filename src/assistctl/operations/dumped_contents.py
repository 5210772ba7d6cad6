"""The files of what is made of files and no document declares, for those who want to declare it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import PlatformError
from assistctl.export.undeclared import Scope, undeclared
from assistctl.manifest.files.readable_file import NeverReadError, refuse_names, refuse_private_key
from assistctl.model.assistant import Observed
from assistctl.model.kind import Kind
from assistctl.model.resource import DesiredResource
from assistctl.platforms.base import Platform
from assistctl.platforms.resource_platform import GivesContents, resources_of


async def contents_on(
    platform: Platform,
    resources: Mapping[Kind, Sequence[Observed]],
    declared: Sequence[DesiredResource],
    scope: Scope,
) -> tuple[dict[str, Mapping[str, bytes]], list[Diagnostic]]:
    """The files of those ``resources`` that are not ``declared``, by their ids, and a warning where they stay.

    That is where the platform does not give them back, and where one of them is never read.
    """
    found: dict[str, Mapping[str, bytes]] = {}
    unread: list[Diagnostic] = []
    for kind, requests in resources_of(platform).items():
        if not isinstance(requests, GivesContents):
            continue
        of_kind = [one for one in declared if one.kind is kind]
        for one in undeclared(resources.get(kind, ()), of_kind, scope):
            subject = f"the {kind.noun} {one.name or one.id} is not written"
            try:
                found[one.id] = _readable(await requests.contents(one.id))
            except PlatformError as error:
                unread.append(Diagnostic(Severity.WARNING, f"{subject}: {error.summary}", error.hint))
            except NeverReadError as error:
                unread.append(Diagnostic(Severity.WARNING, f"{subject}: {error.summary}", error.detail))
    return found, unread


def _readable(contents: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """``contents``. Raises ``NeverReadError`` for a file that no command would read, and that would be in git."""
    for path, data in contents.items():
        refuse_names(*path.split("/"))
        refuse_private_key(data)
    return contents
