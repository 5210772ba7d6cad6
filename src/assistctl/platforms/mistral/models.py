"""Which models a server of Mistral's API lists, and when they are retired."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.platforms.mistral.wire import MistralWire
from assistctl.platforms.translation import as_object, objects_in


async def listed_models(wire: MistralWire) -> Mapping[str, str | None] | None:
    """``GET /v1/models``: each model, and each alias of one, with the date of its ``deprecation``.

    That is when it is taken away: the SDK says so of the same date in its warning (``deprecation_warning.py`` of
    mistralai 3.7.0). ``None`` when the server has no such list.
    """
    try:
        answer = await wire.get_once("/v1/models")
    except PlatformError:
        return None
    found: dict[str, str | None] = {}
    for model in objects_in(as_object(answer).get("data")):
        date = _date(model.get("deprecation"))
        aliases = model.get("aliases")
        for name in (model.get("id"), *(aliases if isinstance(aliases, list) else ())):
            if isinstance(name, str) and name:
                # Under its own name a model may be listed as well as among another one's aliases.
                found[name] = date if name == model.get("id") else found.get(name, date)
    return found or None


def _date(moment: Json) -> str | None:
    try:
        return dt.datetime.fromisoformat(str(moment)).date().isoformat()
    except ValueError:
        return None
