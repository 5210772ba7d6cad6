"""The actor of an apply: the user, the machine, the checkout and the CI run."""

from __future__ import annotations

import getpass
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assistctl.checkout.changes import has_changes
from assistctl.checkout.repository import find_repository, head_of
from assistctl.journal.records import Actor, CiRun, GitState

GIT_SECONDS = 5.0
"""How long git may take, in seconds; a checkout that is slower than that is not worth waiting for."""
_VARIABLE = re.compile(r"\{(\w+)\}")


def current_actor(directory: Path, environment: Mapping[str, str]) -> Actor:
    """The actor of this process, for the project in ``directory``. Never fails: the unknown is left out."""
    return Actor(_user(), platform.node() or "unknown", git_state(directory), ci_run(environment))


def git_state(directory: Path) -> GitState | None:
    """The state of the checkout that ``directory`` is in; ``None`` where there is none.

    Only changes under ``directory`` make it dirty, new files included. Nothing that the checkout configures is
    run: see ``assistctl.checkout``.
    """
    repository = find_repository(directory)
    head = head_of(repository) if repository else None
    if repository is None or head is None:
        return None
    return GitState(head.commit, head.branch, has_changes(repository, head.commit, directory, GIT_SECONDS))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run under a number that has no name.
        return "unknown"


@dataclass(frozen=True, slots=True)
class CiSystem:
    """A CI system's variables. ``sign`` is set in its jobs alone.

    ``url`` is put together from ``{VARIABLE}``; the first of ``actor`` and of ``branch`` that is set counts.
    """

    name: str
    sign: str
    url: str
    actor: tuple[str, ...] = ()
    branch: tuple[str, ...] = ()


# From each system's own list of predefined variables. Gitea and Forgejo set GitHub's, Woodpecker comes before
# GitLab because it sets CI_PIPELINE_URL too, and Jenkins comes last because others run under it.
CI_SYSTEMS = (
    CiSystem(
        "GitHub Actions",
        "GITHUB_RUN_ID",
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
        ("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"),
        ("GITHUB_HEAD_REF", "GITHUB_REF_NAME"),
    ),
    CiSystem("GitLab CI", "GITLAB_CI", "{CI_JOB_URL}", ("GITLAB_USER_LOGIN",), ("CI_COMMIT_REF_NAME",)),
    CiSystem(
        "Buildkite",
        "BUILDKITE_BUILD_URL",
        "{BUILDKITE_BUILD_URL}",
        ("BUILDKITE_UNBLOCKER", "BUILDKITE_BUILD_CREATOR"),
        ("BUILDKITE_BRANCH",),
    ),
    CiSystem(
        "Azure Pipelines",
        "TF_BUILD",
        "{SYSTEM_TEAMFOUNDATIONCOLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
        ("BUILD_REQUESTEDFOR",),
        ("BUILD_SOURCEBRANCHNAME",),
    ),
    CiSystem(
        "Bitbucket Pipelines",
        "BITBUCKET_BUILD_NUMBER",
        "https://bitbucket.org/{BITBUCKET_REPO_FULL_NAME}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
        ("BITBUCKET_STEP_TRIGGERER_UUID",),
        ("BITBUCKET_BRANCH",),
    ),
    CiSystem("CircleCI", "CIRCLECI", "{CIRCLE_BUILD_URL}", ("CIRCLE_USERNAME",), ("CIRCLE_BRANCH",)),
    CiSystem("Travis CI", "TRAVIS", "{TRAVIS_BUILD_WEB_URL}", (), ("TRAVIS_PULL_REQUEST_BRANCH", "TRAVIS_BRANCH")),
    CiSystem("Drone", "DRONE", "{DRONE_BUILD_LINK}", ("DRONE_BUILD_TRIGGER",), ("DRONE_SOURCE_BRANCH",)),
    CiSystem(
        "Woodpecker", "CI_PIPELINE_FORGE_URL", "{CI_PIPELINE_URL}", ("CI_COMMIT_AUTHOR",), ("CI_COMMIT_BRANCH",)
    ),
    CiSystem("AWS CodeBuild", "CODEBUILD_BUILD_ID", "{CODEBUILD_BUILD_URL}", ("CODEBUILD_INITIATOR",)),
    CiSystem("TeamCity", "TEAMCITY_VERSION", "{BUILD_URL}"),
    CiSystem("Jenkins", "JENKINS_URL", "{BUILD_URL}", ("BUILD_USER_ID",), ("CHANGE_BRANCH", "BRANCH_NAME")),
)


def ci_run(environment: Mapping[str, str]) -> CiRun | None:
    """The CI run that ``environment`` is of, ``None`` outside of CI."""
    for system in CI_SYSTEMS:
        if environment.get(system.sign):
            actor, branch = _first(system.actor, environment), _first(system.branch, environment)
            return CiRun(system.name, _url(system.url, environment), actor, branch)
    return CiRun("CI") if environment.get("CI", "").lower() in {"1", "true"} else None


def _first(names: tuple[str, ...], environment: Mapping[str, str]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)


def _url(template: str, environment: Mapping[str, str]) -> str | None:
    if not all(environment.get(name) for name in _VARIABLE.findall(template)):
        return None
    return template.format_map(environment)
