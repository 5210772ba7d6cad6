"""The connection to a target, and checks of its settings that nothing else makes.

What is secret of its address, account and credentials is registered when it is filled in. The environment
variables that its platform goes by are known without a connection. A platform that cannot be loaded has none here;
what is wrong with it is told as soon as it is spoken to.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import ProjectError, did_you_mean
from assistctl.manifest import Project, Target
from assistctl.manifest.project.project import in_ci
from assistctl.manifest.syntax.phrases import sentences
from assistctl.platforms.registry import ADDRESS_VARIABLES, capabilities_of, options_of
from assistctl.secrets.addresses import secrets_in_address, without_credentials
from assistctl.secrets.redaction import register

if TYPE_CHECKING:
    from assistctl.model.assistant import Desired
    from assistctl.model.capabilities import Capabilities
    from assistctl.model.resource import DesiredResource
    from assistctl.platforms.connection import Connection

# The settings of a target or project that are addresses, in which a password may stand.
_ADDRESSES = {"base_url", "journal"}
_REFERENCE = re.compile(r"(?<!\$)\$\{(?:env|var):[\w.-]+\}")
# How credentials end in the environment that no platform names.
_SDK_CREDENTIALS = ("_API_KEY", "_AUTH_TOKEN", "_CLIENT_SECRET")
_STORE_CREDENTIALS = ("_SECRET_ACCESS_KEY", "_SESSION_TOKEN", "_ACCOUNT_KEY", "_SAS_TOKEN")


def connection_to(project: Project, target: Target) -> Connection:
    """The settings of ``target``, resolved. Raises ``ProjectError`` for those that are missing or empty."""
    from assistctl.platforms.connection import Connection

    for address in _addresses_in(target, project.environment):
        for secret in secrets_in_address(address):
            register("", secret)
    return Connection(
        target=target.name,
        directory=project.directory,
        environment=project.settings,
        base_url=resolved_setting(project, target, target.base_url, "base_url"),
        api_key=_registered_key(project, target, target.api_key),
        organization=resolved_setting(project, target, target.organization, "organization"),
        project=resolved_setting(project, target, target.project, "project"),
        options=project.resolve_options(target),
        api_key_as_written=" ".join(_REFERENCE.findall(target.api_key or "")),
    )


def address_of(project: Project, target: Target) -> str:
    """The address of the target: what makes it another place although the name is the same.

    Digests of it go to others, so what only lets one in is not part of it.
    """
    connection = connection_to(project, target)
    urls = [connection.base_url] if connection.base_url else _addresses_in(target, connection.environment)
    url = " ".join(map(without_credentials, urls))
    account = (connection.organization or "", connection.project or "")
    return "\n".join((url, *account, str(connection.options.get("database", ""))))


def resolved_setting(project: Project, target: Target, text: str | None, setting: str) -> str | None:
    """The value of ``setting``, which is written as ``text``; ``None`` when it is not set.

    Raises ``ProjectError`` when what it refers to is not set, or empty.
    """
    if text is None:
        return None
    resolved = project.resolve(text, target, what=setting)
    if not resolved.strip():
        # Left out, it would be the platform's own address, or whatever key the environment has.
        raise ProjectError(
            f"target {target.name!r}: {setting} is empty; it is written as {text}",
            _empty_secret(text) + f"Set what it refers to, or remove `{setting}` for the platform's default.",
            position=target.position,
        )
    if setting in _ADDRESSES:
        for secret in secrets_in_address(resolved):
            register("", secret)
    return resolved


def register_credentials(project: Project, target: Target) -> None:
    """Register the credentials that an SDK, or the journal's store, may take from the environment on its own."""
    variables = credential_variables(target)
    for name, value in project.environment.items():
        if name in variables or name.endswith((*_SDK_CREDENTIALS, *_STORE_CREDENTIALS)):
            register(name, value)


def unknown_platform_names(
    declared: Iterable[Desired | DesiredResource], platforms: Collection[str]
) -> Iterator[Diagnostic]:
    """A message for each name that no platform has: an error where it is near one, else a warning.

    A manifest may well be for a platform whose package is not installed here.
    """
    for declaration in declared:
        for name in declaration.platform_fields:
            if name in platforms:
                continue
            path, near = f"platforms.{name}", did_you_mean(name, platforms)
            yield Diagnostic(
                Severity.ERROR if near else Severity.WARNING,
                f"there is no platform {name!r}",
                sentences(
                    near, "" if near else f"Known here: {', '.join(platforms)}. What stands under it is not sent."
                ),
                key=declaration.key,
                path=path,
                position=declaration.position_of(path),
            )


def unknown_options(target: Target) -> Iterator[Diagnostic]:
    """An error for each option that the target's platform does not have.

    Nothing for a platform that does not state its options. Raises ``ProjectError`` as ``options_of`` does.
    """
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


def address_variable(target: Target) -> str:
    """The variable with the address of ``target`` when it names none; empty where its platform has none."""
    capabilities = _capabilities(target)
    return capabilities.address_variable if capabilities else ""


def credential_variables(target: Target) -> Collection[str]:
    """The variables with what lets one in when ``target`` names no key."""
    capabilities = _capabilities(target)
    return capabilities.credential_variables if capabilities else ()


def extra_of(target: Target) -> str:
    """The extra of this package that has the SDK of ``target``'s platform; empty where it needs none."""
    capabilities = _capabilities(target)
    return capabilities.extra if capabilities else ""


def is_at_vendor(project: Project, target: Target) -> bool:
    """Whether neither ``target`` nor the environment names another address: gateways have models of others."""
    return not (target.base_url or project.environment.get(address_variable(target)))


def is_embedded(target: Target) -> bool:
    """Whether ``target`` is the platform inside this package."""
    capabilities = _capabilities(target)
    return capabilities is not None and capabilities.embedded


def _empty_secret(text: str) -> str:
    """A sentence about the variable that fills ``text`` with nothing."""
    names = re.findall(r"\$\{env:(\w+)\}", text)
    return f"{names[0]} is set, but empty: in CI, a secret that does not exist is. " if names else ""


def _registered_key(project: Project, target: Target, api_key: str | None) -> str | None:
    key = resolved_setting(project, target, api_key, "api_key")
    register("", key or "")
    return key


def _addresses_in(target: Target, environment: Mapping[str, str]) -> Iterable[str]:
    """The addresses an SDK may take from the environment on its own."""
    names = dict.fromkeys((*ADDRESS_VARIABLES, address_variable(target)))
    return (environment[name] for name in names if name in environment)


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


def _capabilities(target: Target) -> Capabilities | None:
    try:
        return capabilities_of(target.platform)
    except ProjectError:
        return None
