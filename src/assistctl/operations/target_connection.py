"""How a target is reached: its address, its account and its credentials, filled in and registered as secrets.

The environment variables that its platform goes by are known without a connection. A platform that cannot be
loaded has none here; what is wrong with it is told as soon as it is spoken to.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from assistctl.errors import ProjectError
from assistctl.manifest import Project, Target
from assistctl.model.capabilities import Capabilities
from assistctl.platforms.base import Connection
from assistctl.platforms.registry import ADDRESS_VARIABLES, capabilities_of
from assistctl.secrets.addresses import secrets_in_address, without_credentials
from assistctl.secrets.redaction import register

# The settings of a target or project that are addresses, in which a password may stand.
_ADDRESSES = {"base_url", "journal"}
_REFERENCE = re.compile(r"(?<!\$)\$\{(?:env|var):[\w.-]+\}")
# How credentials end in the environment that no platform names.
_SDK_CREDENTIALS = ("_API_KEY", "_AUTH_TOKEN", "_CLIENT_SECRET")
_STORE_CREDENTIALS = ("_SECRET_ACCESS_KEY", "_SESSION_TOKEN", "_ACCOUNT_KEY", "_SAS_TOKEN")


def connection_to(project: Project, target: Target) -> Connection:
    """The settings of ``target``, resolved. Raises ``ProjectError`` for those that are missing or empty."""
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
    """Where the target is: what makes it another place although the name is the same.

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
        where = f"{target.position}: " if target.position else ""
        raise ProjectError(
            f"{where}target {target.name!r}: {setting} is empty; it is written as {text}",
            _empty_secret(text) + f"Set what it refers to, or remove `{setting}` for the platform's default.",
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


def _capabilities(target: Target) -> Capabilities | None:
    try:
        return capabilities_of(target.platform)
    except ProjectError:
        return None
