"""Asking checks of assistants that are there: who is asked, with which files, who judges, what programs know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from assistctl.checkout.untrusted_files import UnusableFileError, resolve_inside
from assistctl.conversing.assertions import CannotJudgeError
from assistctl.conversing.judge import JudgeAddress, ModelJudge
from assistctl.conversing.needed_settings import RUBRIC
from assistctl.conversing.runner import CheckedAssistant, CheckSetup, nobody_looks, run_checks
from assistctl.errors import ProjectError
from assistctl.manifest import Project
from assistctl.manifest.files.found_file import find
from assistctl.manifest.files.hash_cache import HashCache, place_for
from assistctl.manifest.files.hashing import hashes
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import Level
from assistctl.model.check_report import CheckOutcome
from assistctl.model.checks import Check, CheckFile
from assistctl.model.conversation import MessageFile
from assistctl.model.source_file import Identity, SourceFile
from assistctl.operations.deployed_assistant import environment_of_commands, no_conversations
from assistctl.operations.deployment import Deployment, Listings
from assistctl.operations.surroundings import with_surroundings
from assistctl.operations.target_connection import connection_to
from assistctl.platforms.conversation import Converses, TellsOfModel, conversations_of
from assistctl.platforms.registry import capabilities_of
from assistctl.secrets.addresses import without_credentials
from assistctl.secrets.redaction import register

_JUDGE_KEY = "OPENAI_API_KEY"
_MODEL_URL = "ASSISTCTL_MODEL_URL"


def require_conversations(deployment: Deployment) -> None:
    """Raise ``ProjectError`` where nothing can be asked on the target's kind of platform."""
    if capabilities_of(deployment.target.platform).converses.level is Level.UNSUPPORTED:
        raise no_conversations(deployment, "check")


def conversations_on(deployment: Deployment, listings: Listings, desired: Iterable[Desired]) -> Converses:
    """The conversations with ``desired``, which ``listings`` show. Raises ``ProjectError`` if there are none."""
    converses = conversations_of(listings.platform)
    if converses is None:
        raise no_conversations(deployment, "check")
    return with_surroundings(converses, deployment, listings, desired)


def checked_assistant(deployment: Deployment, desired: Desired, observed: Observed) -> CheckedAssistant:
    """The checks that are declared for what is there. Raises ``ProjectError`` for a file that cannot be read."""
    model = observed.fields.get("model")
    files = _files_of_checks(desired.checks, deployment.project.directory)
    known = model if isinstance(model, str) else None
    return CheckedAssistant(desired.key, observed.id, known, desired.checks, files)


async def ask_checks(
    deployment: Deployment,
    converses: Converses,
    assistants: Sequence[CheckedAssistant],
    *,
    parallel: int | None = None,
    ended: Callable[[CheckOutcome], None] = nobody_looks,
) -> tuple[CheckOutcome, ...]:
    """The outcomes of all checks of ``assistants``, in order; ``parallel`` overrides the project's setting.

    Raises ``ProjectError`` for a judge that cannot be used.
    """
    settings = deployment.project.checks
    rubrics = any(RUBRIC in check.assertion_types for assistant in assistants for check in assistant.checks)
    judge = _judge(deployment.project) if settings.judge and rubrics else None
    setup = CheckSetup(
        deployment.project.directory,
        environment_of_commands(deployment),
        parallel or settings.parallel,
        deployment.throttle_timeout,
        settings.prices,
        settings.max_cost,
        judge,
        ended,
    )
    try:
        return await run_checks(converses, assistants, setup)
    finally:
        if judge is not None:
            await judge.close()


def model_address(deployment: Deployment) -> str:
    """The address of the model that answers on the embedded platform, without credentials.

    Empty on other platforms, and where there is none.
    """
    if not capabilities_of(deployment.target.platform).embedded:
        return ""
    connection = connection_to(deployment.project, deployment.target)
    url = connection.options.get("model_url") or connection.environment.get(_MODEL_URL) or ""
    return without_credentials(str(url))


def require_model(deployment: Deployment) -> None:
    """Raise ``ProjectError`` where the embedded platform has no model that could answer."""
    if capabilities_of(deployment.target.platform).embedded and not model_address(deployment):
        raise ProjectError(
            f"nothing can answer on target {deployment.target.name!r}: no model is configured, and nothing was"
            " changed",
            f"Name an OpenAI-compatible server in {_MODEL_URL}, or in `options: {{model_url: …}}` of the target.",
        )


def require_model_behind(deployment: Deployment, platform: object) -> None:
    """Raise ``ProjectError`` where the server of ``platform`` says that it has no model that could answer."""
    if isinstance(platform, TellsOfModel) and platform.lacks_model:
        raise ProjectError(
            f"nothing can answer on target {deployment.target.name!r}: its server has no model, and nothing was"
            " changed",
            "Start it with --model-url (`assistctl help serving`). Without --check it is applied anyway.",
        )


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


def _files_of_checks(checks: Sequence[Check], directory: Path) -> Mapping[int, Sequence[MessageFile]]:
    """The files of each check that has any, by its index, in the project in ``directory``.

    Raises ``ProjectError`` for one that cannot, or must not, be read.
    """
    return {
        check.index: tuple(_message_file(file, directory) for file in check.attach)
        for check in checks
        if check.attach
    }


def _message_file(file: CheckFile, directory: Path) -> MessageFile:
    folder, _, name = file.path.rpartition("/")
    try:
        found = find(resolve_inside(directory / folder, directory), name, directory)
        sha256 = hashes([found], HashCache(directory, place_for(directory)))[found]
        if isinstance(sha256, UnusableFileError):
            raise sha256
    except UnusableFileError as error:
        raise ProjectError(f"{file.path}: {error.summary}", error.detail) from error
    return MessageFile(SourceFile(found.path, found.location, found.stat.size, Identity(sha256, name)), file.tool)
