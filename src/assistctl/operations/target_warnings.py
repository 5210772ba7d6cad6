"""Warnings about targets: keys that cross a network unencrypted, databases that are thrown away."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import ProjectError
from assistctl.manifest import Project, Target
from assistctl.manifest.project.environment_file import in_ci
from assistctl.operations.platform_variables import address_variable, is_embedded


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
