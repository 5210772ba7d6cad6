"""Which models a server of OpenAI's API lists."""

from __future__ import annotations

from collections.abc import Mapping

from assistctl.errors import PlatformError
from assistctl.platforms.http.pager import as_page
from assistctl.platforms.openai.wire import OpenAIWire


async def listed_models(wire: OpenAIWire) -> Mapping[str, str | None] | None:
    """``GET /models``: each model and its ``shutdown_date``, ``None`` when the server has no such list.

    The date is in OpenAI's API description since 2026-08-14.
    """
    try:
        items = as_page(await wire.get_once("/models")).items
    except PlatformError:
        return None
    dates = {str(item["id"]): item.get("shutdown_date") for item in items if "id" in item}
    return {model: date if isinstance(date, str) else None for model, date in dates.items()}
