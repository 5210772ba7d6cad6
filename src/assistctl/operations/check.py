"""The manifests' checks, asked of what is deployed. Changes nothing of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from assistctl.conversing.assertions import CannotJudgeError
from assistctl.conversing.judge import JudgeAddress, ModelJudge
from assistctl.conversing.runner import RUBRIC, CheckedAssistant, CheckSetup, nobody_looks, run_checks
from assistctl.errors import ProjectError, did_you_mean
from assistctl.manifest import Project
from assistctl.model.capabilities import Level
from assistctl.model.check_report import CheckOutcome, CheckReport
from assistctl.model.plan import Desired, Observed
from assistctl.operations.check_files import files_of_checks
from assistctl.operations.deployment import Deployment
from assistctl.operations.function_environment import environment_of_commands
from assistctl.platforms.conversation import Converses, conversations_of
from assistctl.platforms.registry import capabilities_of
from assistctl.secrets.redaction import register

_JUDGE_KEY = "OPENAI_API_KEY"


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """Who wants to know how far it is: ``begins`` is called with the number of checks, ``ended`` with each."""

    begins: Callable[[int], None] = lambda _: None
    ended: Callable[[CheckOutcome], None] = nobody_looks


async def check(
    deployment: Deployment,
    keys: Sequence[str] = (),
    *,
    parallel: int | None = None,
    progress: CheckProgress = CheckProgress(),
) -> CheckReport:
    """Ask the checks of ``keys`` (all that have any, without them); ``parallel`` wins over the project's.

    Raises ``ManifestError`` for manifests that are wrong, ``ProjectError`` for a key that nothing declares, a
    platform without conversations or a judge that cannot be used, and ``PlatformError`` when the platform cannot
    say what is deployed. What only concerns one check is told by its outcome.
    """
    wanted = _wanted(deployment.manifests().desired, keys)
    if not any(one.checks for one in wanted):
        return _report(deployment, ())
    if capabilities_of(deployment.target.platform).converses.level is Level.UNSUPPORTED:
        raise _no_conversations(deployment)
    async with deployment.open() as platform:
        converses = conversations_of(platform)
        if converses is None:
            raise _no_conversations(deployment)
        owned = deployment.owned(await platform.list_assistants())
        assistants = [_assistant(deployment, one, owned.get(one.key, ())) for one in wanted]
        progress.begins(sum(len(one.checks) for one in assistants))
        return _report(deployment, await _run(deployment, converses, assistants, parallel, progress))


async def _run(
    deployment: Deployment,
    converses: Converses,
    assistants: Sequence[CheckedAssistant],
    parallel: int | None,
    progress: CheckProgress,
) -> tuple[CheckOutcome, ...]:
    settings = deployment.project.checks
    rubrics = any(RUBRIC in check.assertion_types for one in assistants for check in one.checks)
    judge = _judge(deployment.project) if settings.judge and rubrics else None
    setup = CheckSetup(
        deployment.project.directory,
        environment_of_commands(deployment),
        parallel or settings.parallel,
        deployment.throttle_timeout,
        settings.prices,
        settings.max_cost,
        judge,
        progress.ended,
    )
    try:
        return await run_checks(converses, assistants, setup)
    finally:
        if judge is not None:
            await judge.close()


def _wanted(desired: Iterable[Desired], keys: Sequence[str]) -> list[Desired]:
    """Those of ``keys``; all without them."""
    declared = {one.key: one for one in desired}
    for key in keys:
        if key not in declared:
            advice = did_you_mean(key, declared) or f"The manifests declare {', '.join(declared) or 'none'}."
            raise ProjectError(f"no manifest declares an assistant with the key {key!r}", advice)
    return [one for one in declared.values() if not keys or one.key in keys]


def _assistant(deployment: Deployment, one: Desired, there: Sequence[Observed]) -> CheckedAssistant:
    if len(there) == 1:
        model = there[0].fields.get("model")
        files = files_of_checks(one.checks, deployment.project.directory)
        return CheckedAssistant(one.key, there[0].id, model if isinstance(model, str) else None, one.checks, files)
    target = deployment.target.name
    error = (
        f"{one.key} is on {target} {len(there)} times: `assistctl plan` says which, and what to do"
        if there
        else f"{one.key} is not deployed on {target}: `assistctl apply` deploys it"
    )
    return CheckedAssistant(one.key, None, None, one.checks, error=error)


def _judge(project: Project) -> ModelJudge:
    judge = project.checks.judge
    assert judge is not None  # noqa: S101  # whoever calls this has looked
    base_url = project.resolve(judge.base_url, what="checks.judge.base_url") if judge.base_url else None
    if judge.api_key:
        key = project.resolve(judge.api_key, what="checks.judge.api_key")
    else:
        key = project.settings.get(_JUDGE_KEY, "")
    register("", key)
    if not key and base_url is None:
        raise ProjectError(
            "checks.judge has no api_key, and OPENAI_API_KEY is not set",
            "Set it, or `checks: {judge: {base_url: …}}` for another address.",
        )
    try:
        return ModelJudge(JudgeAddress(judge.model, base_url, key))
    except CannotJudgeError as error:
        raise ProjectError(str(error), "Look at `checks.judge` in assistctl.yaml.") from error


def _no_conversations(deployment: Deployment) -> ProjectError:
    target = deployment.target
    return ProjectError(
        f"nothing can be asked on target {target.name!r}: its platform {target.platform!r} has no conversations",
        "`assistctl check --target local` asks on the embedded platform.",
    )


def _report(deployment: Deployment, checks: tuple[CheckOutcome, ...]) -> CheckReport:
    target = deployment.target
    return CheckReport(deployment.owner, target.name, target.platform, checks)
