"""A project for programs: a bot or a page plans and applies with it as the command does."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from assistctl.applying.cancellation import CancellationToken
from assistctl.applying.limits import DEFAULT_LOCK_TIMEOUT, ApplyLimits
from assistctl.applying.progress import ProgressListener
from assistctl.errors import AssistctlError
from assistctl.manifest.project.referenced_secrets import register_secrets_of
from assistctl.model.plan import Plan, PlanScope, TargetName
from assistctl.operations.apply import Confirm, apply
from assistctl.operations.apply_request import ApplyRequest, apply_request
from assistctl.operations.deployment import Deployment, open_deployment
from assistctl.operations.journal import PastApply, list_applies
from assistctl.operations.list_deployed import DeployedAssistant, list_deployed
from assistctl.operations.masked_for_programs import masked_errors, masked_garbage, masked_results
from assistctl.operations.outcome import ApplyOutcome
from assistctl.operations.plan import create_plan, find_drift
from assistctl.operations.saved_plan import SavedPlan, load_plan
from assistctl.platforms.connection import nobody_listens
from assistctl.secrets.redaction import mask

if TYPE_CHECKING:
    from assistctl.operations.collect_garbage import ConfirmDeletion, GarbageCollection
    from assistctl.operations.migrate import MigrationOutcome


Self = TypeVar("Self")
Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")


def blocking(
    method: Callable[Concatenate[Self, Parameters], Coroutine[Any, Any, Returned]],
) -> Callable[Concatenate[Self, Parameters], Returned]:
    """``method`` for programs without an event loop: it returns once everything is done."""

    @functools.wraps(method)
    def run(self: Self, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Returned:
        return asyncio.run(method(self, *args, **kwargs))

    run.__name__ = method.__name__.removeprefix("a")
    run.__qualname__ = method.__qualname__.replace(method.__name__, run.__name__)
    return run


def open_project(
    directory: str | Path = ".",
    target: str | None = None,
    *,
    variables: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    timeout: float = 600.0,
    on_message: Callable[[str], None] = nobody_listens,
) -> OpenProject:
    """The project in ``directory`` on a target; without ``target``, the one that the command would choose.

    ``variables`` fill ``${var:NAME}``, ``environ`` stands in for the process's environment. ``timeout`` is how
    long, in seconds, the platform may refuse everything as too much, and one answer may take. ``on_message`` is
    called with a line about what takes long. No platform is spoken to yet.

    Raises ``ProjectError`` when there is no project or target of that name, ``ManifestError`` when
    ``assistctl.yaml`` is wrong.
    """
    on_target = functools.partial(
        open_deployment,
        Path(directory),
        variables=variables or {},
        environ=os.environ if environ is None else environ,
        throttle_timeout=timeout,
        told=on_message,
    )
    with masked_errors():
        deployment = on_target(target)
        # Whoever opens several projects has the secrets of them all masked, whichever is read first.
        register_secrets_of(deployment.project)
    return OpenProject(deployment, on_target)


@dataclass(frozen=True, slots=True)
class OpenProject:
    """A project on one of its targets, from ``open_project``.

    Every method reads the manifests and asks the platform anew. The methods whose names begin with ``a`` are the
    same for programs that have an event loop running, in which the others raise ``RuntimeError``.

    They raise ``ManifestError`` for manifests that are wrong, ``ProjectError`` for a key that nothing has and
    ``PlatformError`` when the platform does not answer; all are ``AssistctlError``.
    """

    _deployment: Deployment
    _on_target: Callable[[str], Deployment]

    @property
    def name(self) -> str:
        """The project's name, in which it owns what it created."""
        return self._deployment.owner

    @property
    def target(self) -> TargetName:
        """The target and its platform."""
        return self._deployment.target_name

    async def aplan(
        self,
        keys: Sequence[str] = (),
        *,
        destroy: bool = False,
        adopt: bool | None = None,
        allow_deletes: bool = False,
        out: Path | None = None,
    ) -> Plan:
        """The plan of what ``apply`` would do; nothing is changed. With ``keys``, only those are looked at.

        ``destroy`` plans the deletion of what the project owns. ``adopt`` decides whether unowned assistants that
        have a declared name are taken over, ``allow_deletes`` passes the thresholds for deletes. ``out`` is the
        file to save the plan to, which ``apply`` takes.
        """
        with masked_errors():
            scope = PlanScope(tuple(keys), destroy, adopt, allow_deletes)
            return await create_plan(self._deployment, scope, out)

    plan = blocking(aplan)

    async def adrift(self, keys: Sequence[str] = ()) -> Plan:
        """A plan without changes: ``drift`` is what others changed, ``missing`` what is declared and not there.

        Raises ``AssistctlError`` when two candidates for a key make it impossible to tell.
        """
        with masked_errors():
            return await find_drift(self._deployment, tuple(keys))

    drift = blocking(adrift)

    async def aapply(
        self,
        plan: Plan | Path | None = None,
        *,
        keys: Sequence[str] = (),
        confirm: Confirm | None = None,
        progress: ProgressListener | None = None,
        cancellation: CancellationToken | None = None,
        adopt: bool | None = None,
        allow_deletes: bool = False,
        limits: ApplyLimits = ApplyLimits(),
    ) -> ApplyOutcome:
        """Make the changes that are due, or exactly those of ``plan``: one that ``plan()`` returned, or its file.

        ``confirm`` is asked with the plan before anything is changed; without it nobody is asked. ``progress`` is
        told of everything as it happens, and ``cancellation`` stops it. A plan that destroys or passes thresholds
        wants ``allow_deletes`` here as well. What cannot be applied, and what failed, the outcome says.

        Raises ``RefusedError`` when ``plan`` is not what would be done any more, ``LockedError`` when somebody
        else applies for longer than ``limits`` allow, and ``JournalError`` when the apply cannot be put on record.
        """
        with masked_errors():
            what = _reviewed(plan, keys)
            request = apply_request(self._deployment, what, limits, adopt=adopt, allow_deletes=allow_deletes)
            return await self._carried_out(request, confirm, progress, cancellation)

    apply = blocking(aapply)

    async def arollback(
        self,
        apply_id: str,
        *,
        confirm: Confirm | None = None,
        progress: ProgressListener | None = None,
        cancellation: CancellationToken | None = None,
        allow_deletes: bool = False,
        limits: ApplyLimits = ApplyLimits(),
    ) -> ApplyOutcome:
        """Put back what an apply found; ``history`` has the ids, and the end of one is enough.

        What cannot be put back is in the ``diagnostics`` of the outcome's plan; the rest is as for ``apply``.

        Raises ``JournalError`` when there is no such apply, ``RefusedError`` when it was made elsewhere, and
        ``AssistctlError`` when there is nothing to put back.
        """
        from assistctl.operations.rollback import rollback_request

        with masked_errors():
            request = await rollback_request(self._deployment, apply_id, limits, allow_deletes=allow_deletes)
            return await self._carried_out(request, confirm, progress, cancellation)

    rollback = blocking(arollback)

    async def acollect_garbage(
        self,
        *,
        unproven: bool = False,
        confirm: ConfirmDeletion | None = None,
        cancellation: CancellationToken | None = None,
        lock_timeout: float = DEFAULT_LOCK_TIMEOUT,
    ) -> GarbageCollection:
        """Delete the uploads, vector stores and environments of the project that nothing refers to.

        With ``unproven`` also what only looks like the project's. ``confirm`` is asked with what was found before
        anything is deleted; without it nobody is asked. ``lock_timeout`` is in seconds.

        Raises ``LockedError`` when an apply runs for longer than that, ``ProjectError`` on a platform without
        files.
        """
        from assistctl.operations.collect_garbage import collect_garbage

        with masked_errors():
            outcome = await collect_garbage(
                self._deployment,
                unproven=unproven,
                lock_timeout=lock_timeout,
                confirm=None if confirm is None else lambda found: confirm(masked_garbage(found)),
                cancellation=cancellation,
            )
        return masked_garbage(outcome)

    collect_garbage = blocking(acollect_garbage)

    async def amigrate_from(
        self, source: str | Path, folder: Path | None = None, *, write: bool = True
    ) -> MigrationOutcome:
        """Write manifests of what ``source`` has, for this project's target, and tell what is lost on the way.

        ``source`` is the name of another target, or a file or folder with an export. The manifests go into
        ``folder``, or among the project's; without ``write`` nowhere. No platform is changed.

        Raises ``ProjectError`` when there is no such source or it cannot be read, and ``AssistctlError``, before
        the first file, when one is there.
        """
        from assistctl.operations.migrate import migrate, read_origin, resolve_source

        with masked_errors():
            place = resolve_source(source, self._deployment, self._on_target)
            return migrate(await read_origin(place, self._deployment), self._deployment, folder, write=write)

    migrate_from = blocking(amigrate_from)

    async def ahistory(self) -> list[PastApply]:
        """The applies to the target that are on record, the latest first. No platform is spoken to.

        Raises ``JournalError`` when the journal cannot be read.
        """
        with masked_errors():
            history = await list_applies(self._deployment, self._deployment.target.name)
        return [PastApply.of(summary) for summary in history.applies]

    history = blocking(ahistory)

    async def aassistants(self) -> list[DeployedAssistant]:
        """The assistants that the project owns on the target, by key."""
        with masked_errors():
            return [*(await list_deployed(self._deployment)).assistants]

    assistants = blocking(aassistants)

    async def _carried_out(
        self,
        request: ApplyRequest,
        confirm: Confirm | None,
        progress: ProgressListener | None,
        cancellation: CancellationToken | None,
    ) -> ApplyOutcome:
        outcome = await apply(
            self._deployment, request, confirm=confirm, progress=progress, cancellation=cancellation
        )
        warnings = tuple(map(mask, outcome.warnings))
        return replace(outcome, results=masked_results(outcome.results), warnings=warnings)


def _reviewed(plan: Plan | Path | None, keys: Sequence[str]) -> SavedPlan | PlanScope:
    if plan is None:
        return PlanScope(tuple(keys))
    if keys:
        raise AssistctlError("a plan is applied by itself", "Give its keys to plan(), not to apply().")
    if isinstance(plan, Path):
        return load_plan(plan)
    if plan.scope is None:
        raise AssistctlError(
            "this plan was read from a document, which does not have what would be sent",
            "Apply the plan that plan() returned, or the file that it was saved to.",
        )
    return SavedPlan.of(plan, plan.scope)
