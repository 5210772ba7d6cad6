"""Likely mistakes in a project, its targets and the keys on the command line that nothing else would tell of.

Names that no platform has, keys that nothing has, addresses without TLS, databases that are thrown away, checks
that lack a setting.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import ProjectError, did_you_mean
from assistctl.manifest import Project, Target
from assistctl.manifest.project.environment_file import in_ci
from assistctl.manifest.syntax.phrases import sentences
from assistctl.model.assistant import Desired
from assistctl.model.resource import DesiredResource
from assistctl.operations.target_connection import address_variable, is_embedded

if TYPE_CHECKING:
    from assistctl.model.checks import Check


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


def keys_of_name(word: str, declared: Iterable[Desired]) -> list[str]:
    """The keys of the assistants whose name is ``word``, in whatever case."""
    return [one.key for one in declared if one.name is not None and one.name.casefold() == word.casefold()]


def meant_key(word: str, declared: Iterable[Desired], others: Iterable[str] = ()) -> str:
    """``did you mean 'order-desk'?`` for the assistants whose name ``word`` is, else for the nearest key.

    ``others`` are keys of what is not ``declared``. Empty where nothing is near.
    """
    declared = list(declared)
    if named := keys_of_name(word, declared):
        return f"did you mean {' or '.join(map(repr, named))}?"
    return did_you_mean(word, [*(one.key for one in declared), *others])


def unknown_options(target: Target) -> Iterator[Diagnostic]:
    """An error for each option that the target's platform does not have.

    Nothing for a platform that does not state its options. Raises ``ProjectError`` as ``options_of`` does.
    """
    from assistctl.platforms.registry import options_of

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


def unencrypted(project: Project, target: Target) -> tuple[Diagnostic, ...]:
    """A warning when requests to ``target`` go over plain HTTP to another machine, as far as that is known."""
    variable = address_variable(target)
    try:
        url = project.resolve(target.base_url, target) if target.base_url else project.environment.get(variable)
    except ProjectError:
        return ()
    host = _host_without_tls(url or "")
    if host is None or _is_loopback(host):
        return ()
    # What comes from the environment is not shown, not even in part.
    where = host if target.base_url == url else "another machine"
    return (
        Diagnostic(
            Severity.WARNING,
            f"the key of target {target.name!r} goes to {where} over plain HTTP, readable on the way",
            f"Use https in {'its base_url' if target.base_url else variable}.",
            path=f"targets.{target.name}.base_url" if target.base_url else "",
            position=target.position,
        ),
    )


def embedded_in_ci(project: Project, target: Target) -> tuple[Diagnostic, ...]:
    """A warning when this is a CI job and ``target`` the embedded platform, whose database nobody else has."""
    if not in_ci(project.environment) or not is_embedded(target):
        return ()
    return (
        Diagnostic(
            Severity.WARNING,
            f"target {target.name!r} is the embedded platform: a database in the job's own folder, where "
            "nobody else finds what is applied",
            "Declare a target in assistctl.yaml, and name it with -t or ASSISTCTL_TARGET.",
            path=f"targets.{target.name}.platform" if target.position else "",
            position=target.position,
        ),
    )


def _host_without_tls(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.hostname if parts.scheme == "http" else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def unready_checks(project: Project, desired: Iterable[Desired]) -> Iterator[Diagnostic]:
    """A warning for each check that lacks a setting of the project, as far as its model is known."""
    checked = [assistant for assistant in desired if assistant.checks]
    if not checked or project.file is None:
        return
    from assistctl.conversing.needed_settings import RUBRIC, lack

    settings = project.checks
    judge = settings.judge.model if settings.judge else None
    for assistant in checked:
        declared = assistant.fields.get("model")
        model = declared if isinstance(declared, str) and "${" not in declared else None
        for check in assistant.checks:
            found = lack(check, model, judge=judge, prices=settings.prices, max_cost=settings.max_cost)
            if found is None or (model is None and found.assertion != RUBRIC):
                continue
            path = _place(assistant, check, found.assertion)
            yield Diagnostic(
                Severity.WARNING,
                found.summary,
                f"{found.way[0].upper()}{found.way[1:]}.",
                key=assistant.key,
                path=path,
                position=assistant.position_of(path),
            )


def _place(assistant: Desired, check: Check, assertion: str) -> str:
    """The path of the first assertion of that type in ``check``; that of the check without a type."""
    place = f"checks[{check.index}]"
    for number, turn in enumerate(check.turns):
        asked = f"{place}.turns[{number}]"
        asked = asked if asked in assistant.positions else place
        for candidate in turn.assertions:
            if candidate.type == assertion:
                path = f"{asked}.expect.{candidate.name}"
                return path if path in assistant.positions else f"{asked}.assert"
    return place
