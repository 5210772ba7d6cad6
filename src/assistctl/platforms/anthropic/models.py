"""Which models a server of Anthropic's API lists, and when they retire."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.platforms.anthropic.wire import AnthropicWire
from assistctl.platforms.translation import Object, as_object, objects_in

# ``ModelListParams`` in anthropic 2.14.0: the most there are on a page.
_PARAMS: Mapping[str, object] = {"limit": 1000}
# The name without its date stands for the model too.
_DATED = re.compile(r"(?P<alias>.+)-\d{8}")


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
