"""Targets pinned to an account: which ids the platform answers as, held against ``targets.NAME.account``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import RefusedError
from assistctl.manifest import Project, Target
from assistctl.model.capabilities import Capabilities
from assistctl.operations.target_connection import is_at_vendor
from assistctl.platforms.base import Platform, SupportsAccounts


async def require_account(platform: Platform, target: Target, account: str) -> None:
    """Do nothing when ``platform`` answers as ``account``, to which ``target`` is pinned.

    Raises ``RefusedError``, before anything else is read or written, when it answers as another or does not say.
    """
    ids = await platform.account_ids() if isinstance(platform, SupportsAccounts) else ()
    if not ids:
        raise RefusedError(
            f"target {target.name!r} is pinned to the account {account}, and {target.platform} there does not say "
            "which account it answers as",
            f"Remove `account` from targets.{target.name} to go there anyway.",
            position=target.account_position,
        )
    if account not in ids:
        raise RefusedError(
            f"target {target.name!r} is pinned to the account {account}, and the platform answers as "
            f"{' / '.join(ids)}",
            "Use the credentials of the pinned account, or change `account` if the target has moved. Nothing was "
            "read or written.",
            position=target.account_position,
        )


def offered_account(project: Project, target: Target, platform: Platform) -> Iterator[Diagnostic]:
    """The line that pins ``target`` to the account that ``platform`` has answered as, where neither is missing."""
    ids: Sequence[str] = platform.answered_as if isinstance(platform, SupportsAccounts) else ()
    if target.account is not None or target.name not in project.targets or not ids:
        return
    yield Diagnostic(
        Severity.INFO,
        f"target {target.name!r} answers as {' / '.join(ids)}, and is not pinned to it",
        f"`account: {ids[0]}` under targets.{target.name} in assistctl.yaml has assistctl refuse any other.",
        path=f"targets.{target.name}",
        position=target.position,
    )


def untold_account(project: Project, target: Target, capabilities: Capabilities) -> Iterator[Diagnostic]:
    """An error where the target's platform never says its account, a warning where a server of it need not."""
    if target.account is None:
        return
    path, position = f"targets.{target.name}.account", target.account_position
    if not capabilities.tells_account:
        yield Diagnostic(
            Severity.ERROR,
            f"{target.platform} cannot say which account it answers as",
            "Every command that speaks to it is refused as long as the target is pinned: remove `account`.",
            path=path,
            position=position,
        )
    elif capabilities.tells_account == "answers" and not is_at_vendor(project, target):
        yield Diagnostic(
            Severity.WARNING,
            f"the server of target {target.name!r} may not say which account it answers as",
            "Its vendor's own service does; where a server does not, every command that speaks to it is refused.",
            path=path,
            position=position,
        )
