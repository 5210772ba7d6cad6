"""The wire of Anthropic's managed agents, what the codes of its refusals mean, and the models it lists.

The codes are those of ``ERROR_CLASSES`` in anthropic 2.14.0, and what each says its docstring there.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Mapping

from assistctl.errors import NotFoundError, PlatformError
from assistctl.json_value import Json
from assistctl.platforms.anthropic.credentials import WAYS_WITHOUT_KEY, credentials_without_key, without_token
from assistctl.platforms.anthropic.variables import ADDRESS_VARIABLE, KEY_VARIABLE
from assistctl.platforms.connection import Connection
from assistctl.platforms.http.error_meanings import ErrorMeaning, ErrorTable
from assistctl.platforms.http.sdk_wire import SdkWire, VendorSdk
from assistctl.platforms.http.wire import Sent
from assistctl.platforms.translation import Object, as_object, objects_in

ERRORS: ErrorTable = {
    "contract_spend_limit_reached": ErrorMeaning.SPENT,
    "enforced_spend_limit_reached": ErrorMeaning.SPENT,
    "ramp_limit_exceeded": ErrorMeaning.AS_STATUS,
    # What these need could not be read, so nothing was done.
    "authorization_check_unavailable": ErrorMeaning.THROTTLED,
    "cmek_context_unavailable": ErrorMeaning.THROTTLED,
    "change_outcome_unknown": ErrorMeaning.HALF_DONE,
    "cmek_key_unreachable": ErrorMeaning.AS_STATUS,
    "registration_pending": ErrorMeaning.AS_STATUS,
    "workspace_created_incomplete": ErrorMeaning.AS_STATUS,
    "compaction_unavailable": ErrorMeaning.AS_STATUS,
}

_BETA = "managed-agents-2026-04-01"
# ``ModelListParams`` in anthropic 2.14.0: the most there are on a page.
_PARAMS: Mapping[str, object] = {"limit": 1000}
# The name without its date stands for the model too.
_DATED = re.compile(r"(?P<alias>.+)-\d{8}")


def code_in(body: object) -> str:
    """``error.details.error_code`` of the body of a refusal; empty if there is none."""
    for name in ("error", "details", "error_code"):
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, str) else ""


SDK = VendorSdk(
    package="anthropic",
    client="AsyncAnthropic",
    base_error="AnthropicError",
    requirement="assistctl[anthropic]",
    default_base_url="https://api.anthropic.com",
    example="https://api.example.com",
    address_variable=ADDRESS_VARIABLE,
    key_variable=KEY_VARIABLE,
    account_headers=("anthropic-organization-id", "anthropic-workspace-id"),
    account_path="/v1/models",
    without_key=credentials_without_key,
    ways_without_key=WAYS_WITHOUT_KEY,
    errors=ERRORS,
    error_code=code_in,
)


class AnthropicWire(SdkWire):
    """One client, with the header of the managed agents' beta. Every failure is a ``PlatformError``."""

    def __init__(self, connection: Connection) -> None:
        base_url = SDK.base_url_of(connection)
        client = SDK.connected(connection, base_url)
        super().__init__(connection, base_url, SDK, client, {"anthropic-beta": _BETA})

    def _translated(self, error: Exception, sent: Sent) -> PlatformError:
        return without_token(error) or super()._translated(error, sent)

    async def remove(self, path: str) -> None:
        """Delete the object at ``path``; a missing one is not an error."""
        with contextlib.suppress(NotFoundError):
            await self.delete(path)


async def listed_models(wire: AnthropicWire) -> Mapping[str, str | None] | None:
    """``GET /v1/models``: each model, and each alias of one, with the date of ``retires_at``.

    ``None`` when the server has no such list. A retired model without a date has that of its deprecation.
    """
    try:
        answer = await wire.get_once("/v1/models", _PARAMS)
    except PlatformError:
        return None
    models = {
        str(model["id"]): _retirement(model)
        for model in objects_in(as_object(answer).get("data"))
        if "id" in model
    }
    aliases = {found["alias"]: date for name, date in sorted(models.items()) if (found := _DATED.fullmatch(name))}
    return {**aliases, **models} or None


def _retirement(model: Object) -> str | None:
    date = _date(model.get("retires_at"))
    return date or (_date(model.get("deprecated_at")) if model.get("lifecycle") == "retired" else None)


def _date(moment: Json) -> str | None:
    try:
        return dt.datetime.fromisoformat(str(moment)).date().isoformat()
    except ValueError:
        return None
