"""A workload's own identity in place of an API key: ``options.workload_identity`` of a target.

The SDK exchanges a token of where the command runs for one of OpenAI's (``openai/auth/_workload.py`` of openai
3.57.0, whose names these are). It reads no environment variable for that, so that a target has to say it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from assistctl.errors import PlatformError, ProjectError, did_you_mean
from assistctl.json_value import Json
from assistctl.platforms.connection import Connection, checked_key
from assistctl.secrets.redaction import register

if TYPE_CHECKING:
    import httpx2
    from openai.auth import SubjectTokenProvider, WorkloadIdentity

OPTION = "workload_identity"
"""The option of a target."""

WAYS_WITHOUT_KEY = f"Without a key: options.{OPTION}, for a job that has a token of its own."

_IDS = ("identity_provider_id", "service_account_id")
_BUFFER, _PROVIDER, _TOKEN = "refresh_buffer_seconds", "provider", "token"
# Where a token comes from, and what may be said of that: the parameters of the SDK's functions.
_PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "kubernetes": ("token_file_path",),
    "azure": ("resource", "object_id", "client_id", "msi_res_id"),
    "gcp": ("audience",),
    _TOKEN: (_TOKEN,),
}


def identity_settings(connection: Connection, _base_url: str) -> Mapping[str, object]:
    """The settings of the SDK's client; empty for a target without such an identity. Raises ``ProjectError``."""
    if OPTION not in connection.options:
        return {}
    said = _mapping(connection, OPTION, connection.options[OPTION])
    _check_names(connection, OPTION, said, (*_IDS, _BUFFER, _PROVIDER))
    identity: WorkloadIdentity = {
        "identity_provider_id": _text(connection, said, _IDS[0]),
        "service_account_id": _text(connection, said, _IDS[1]),
        "provider": _provider(connection, said.get(_PROVIDER)),
    }
    if _BUFFER in said:
        identity["refresh_buffer_seconds"] = _seconds(connection, said[_BUFFER])
    return {OPTION: identity}


def without_token(error: Exception, api_host: str | None) -> PlatformError | None:
    """The error of a token that could not be had, in words; ``None`` for any other error.

    What it was wanted for was not sent, so that trying again later does no harm. ``api_host`` is where requests
    go: what is said about another host is about the exchange.
    """
    from assistctl.platforms.http.outside_text import excerpt

    cause = next(
        (candidate for candidate in (error, error.__cause__) if _is_of_exchange(candidate, api_host)), None
    )
    if cause is None:
        return None
    return PlatformError(
        f"OpenAI gave no token: {excerpt(str(cause))}",
        f"Look at options.{OPTION} of the target, and at the service account's identity provider.",
    )


def _is_of_exchange(error: BaseException | None, api_host: str | None) -> bool:
    import httpx2
    import openai

    if isinstance(error, httpx2.RequestError):
        return _asked_host(error) not in (None, api_host)
    if isinstance(error, openai.OAuthError | RuntimeError):
        return True
    return isinstance(error, openai.OpenAIError) and not isinstance(error, openai.APIError)


def _asked_host(error: httpx2.RequestError) -> str | None:
    try:
        return error.request.url.host
    except RuntimeError:  # it knows of no request
        return None


def _provider(connection: Connection, said: Json) -> SubjectTokenProvider:
    where = f"{OPTION}.{_PROVIDER}"
    settings = _mapping(connection, where, said)
    kind = settings.get("type")
    if kind not in _PROVIDERS:
        raise _wrong(connection, f"{where}.type", f"must be one of {', '.join(_PROVIDERS)}", str(kind), _PROVIDERS)
    _check_names(connection, where, settings, ("type", *_PROVIDERS[str(kind)]))
    if kind == _TOKEN:
        token = checked_key(connection, _text(connection, settings, _TOKEN, where), "identity token")
        return {"token_type": "jwt", "get_token": lambda: token or ""}
    given = {name: _text(connection, settings, name, where) for name in settings if name != "type"}
    return _registering(_of_sdk(str(kind))(**given))


def _registering(provider: SubjectTokenProvider) -> SubjectTokenProvider:
    """``provider``, whose tokens are masked wherever they are written."""
    get = provider["get_token"]

    def get_token() -> str:
        token = get()
        register("", token)
        return token

    return {"token_type": provider["token_type"], "get_token": get_token}


def _of_sdk(kind: str) -> Callable[..., SubjectTokenProvider]:
    from openai import auth

    made = {
        "kubernetes": auth.k8s_service_account_token_provider,
        "azure": auth.azure_managed_identity_token_provider,
        "gcp": auth.gcp_id_token_provider,
    }
    return cast("Callable[..., SubjectTokenProvider]", made[kind])


def _mapping(connection: Connection, where: str, value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise _wrong(connection, where, "must be a mapping")
    return value


def _text(connection: Connection, said: Mapping[str, Json], name: str, where: str = OPTION) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(connection, f"{where}.{name}", "must be a text")
    return value


def _seconds(connection: Connection, value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise _wrong(connection, f"{OPTION}.{_BUFFER}", "must be a number of seconds")
    return float(value)


def _check_names(connection: Connection, where: str, said: Mapping[str, Json], known: tuple[str, ...]) -> None:
    for name in said:
        if name not in known:
            raise _wrong(connection, f"{where}.{name}", "is unknown", name, known)


def _wrong(
    connection: Connection,
    where: str,
    what: str,
    word: str = "",
    known: Mapping[str, object] | tuple[str, ...] = (),
) -> ProjectError:
    hint = did_you_mean(word, known) or (f"Known: {', '.join(known)}." if known else "")
    return ProjectError(f"options.{where} of target {connection.target!r} {what}", hint)
