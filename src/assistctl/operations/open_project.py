"""A project for programs: a bot or a page plans and applies with it as the command does."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistctl.applying.cancellation import CancellationToken
from assistctl.applying.limits import ApplyLimits
from assistctl.applying.progress import ProgressListener
from assistctl.errors import AssistctlError
from assistctl.manifest.project.referenced_secrets import register_secrets_of
from assistctl.model.plan import Plan, PlanScope, TargetName
from assistctl.operations.apply import ApplyOutcome, Confirm, apply
from assistctl.operations.apply_request import apply_request
from assistctl.operations.deployment import DeployedAssistant, Deployment, open_deployment
from assistctl.operations.plan import create_plan, find_drift
from assistctl.operations.saved_plan import SavedPlan, load_plan
from assistctl.platforms.base import nobody_listens
from assistctl.secrets.redaction import mask


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
    with _masked_errors():
        deployment = open_deployment(
            Path(directory),
            target,
            variables or {},
            os.environ if environ is None else environ,
            throttle_timeout=timeout,
            told=on_message,
        )
        # Whoever opens several projects has the secrets of them all masked, whichever is read first.
        register_secrets_of(deployment.project)
    return OpenProject(deployment)


@dataclass(frozen=True, slots=True)
class OpenProject:
    """A project on one of its targets, from ``open_project``.

    Every method reads the manifests and asks the platform anew. The methods whose names begin with ``a`` are the
    same for programs that have an event loop running, in which the others raise ``RuntimeError``.

    They raise ``ManifestError`` for manifests that are wrong, ``ProjectError`` for a key that nothing has and
    ``PlatformError`` when the platform does not answer; all are ``AssistctlError``.
    """

    _deployment: Deployment

    @property
    def name(self) -> str:
        """The project's name, in which it owns what it created."""
        return self._deployment.owner

    @property
    def target(self) -> TargetName:
        """The target and its platform."""
        return self._deployment.target_name

    def plan(
        self,
        keys: Sequence[str] = (),
        *,
        destroy: bool = False,
        adopt: bool | None = None,
        allow_deletes: bool = False,
        out: Path | None = None,
    ) -> Plan:
        """What ``apply`` would do; nothing is changed. With ``keys``, only those are looked at.

        ``destroy`` plans the deletion of what the project owns. ``adopt`` decides whether unowned assistants that
        have a declared name are taken over, ``allow_deletes`` passes the thresholds for deletes. ``out`` is the
        file to save the plan to, which ``apply`` takes.
        """
        return asyncio.run(self.aplan(keys, destroy=destroy, adopt=adopt, allow_deletes=allow_deletes, out=out))

    async def aplan(
        self,
        keys: Sequence[str] = (),
        *,
        destroy: bool = False,
        adopt: bool | None = None,
        allow_deletes: bool = False,
        out: Path | None = None,
    ) -> Plan:
        """See ``plan``."""
        with _masked_errors():
            scope = PlanScope(tuple(keys), destroy, adopt, allow_deletes)
            return await create_plan(self._deployment, scope, out)

    def drift(self, keys: Sequence[str] = ()) -> Plan:
        """A plan without changes: ``drift`` is what others changed, ``missing`` what is declared and not there.

        Raises ``AssistctlError`` when two candidates for a key make it impossible to tell.
        """
        return asyncio.run(self.adrift(keys))

    async def adrift(self, keys: Sequence[str] = ()) -> Plan:
        """See ``drift``."""
        with _masked_errors():
            return await find_drift(self._deployment, tuple(keys))

    def apply(
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
        return asyncio.run(
            self.aapply(
                plan,
                keys=keys,
                confirm=confirm,
                progress=progress,
                cancellation=cancellation,
                adopt=adopt,
                allow_deletes=allow_deletes,
                limits=limits,
            )
        )

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
        """See ``apply``."""
        with _masked_errors():
            what = _reviewed(plan, keys)
            request = apply_request(self._deployment, what, limits, adopt=adopt, allow_deletes=allow_deletes)
            outcome = await apply(
                self._deployment, request, confirm=confirm, progress=progress, cancellation=cancellation
            )
        results = (replace(one, error=None if one.error is None else mask(one.error)) for one in outcome.results)
        return replace(outcome, results=tuple(results), warnings=tuple(map(mask, outcome.warnings)))

    def assistants(self) -> list[DeployedAssistant]:
        """What the project owns on the target, by key."""
        return asyncio.run(self.aassistants())

    async def aassistants(self) -> list[DeployedAssistant]:
        """See ``assistants``."""
        with _masked_errors():
            return await self._deployment.deployed()


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


@contextlib.contextmanager
def _masked_errors() -> Iterator[None]:
    """Mask the secrets in what an error says: a program may show it anywhere."""
    try:
        yield
    except AssistctlError as error:
        error.summary, error.hint = mask(error.summary), mask(error.hint)
        error.args = (error.summary,)
        raise
