"""The models of ``GET /models``, as data.

These are the models the Assistants API supported (``AssistantSupportedModels`` in OpenAI's OpenAPI description)
that were not shut down before it was, on 2026-08-26, and the two reasoning families of the same time. An
assistant may name any other model: a self-hosted server has names of its own.

``created`` and ``owned_by`` are those of a recorded answer of api.openai.com. ``shutdown_date`` is the date
announced at https://developers.openai.com/api/docs/deprecations, as the docstring of ``ChatModel`` in
openai-python 3.54.0 lists it.
"""

from __future__ import annotations

from dataclasses import dataclass

_OCTOBER = "2026-10-23"
_DECEMBER = "2026-12-11"
_JANUARY = "2027-01-14"


@dataclass(frozen=True, slots=True)
class Model:
    """One model: ``created`` in seconds since the epoch, ``shutdown_date`` as YYYY-MM-DD."""

    id: str
    created: int
    owned_by: str = "system"
    shutdown_date: str | None = None


MODELS = (
    Model("gpt-3.5-turbo", 1677610602, "openai", _OCTOBER),
    Model("gpt-4-0613", 1686588896, "openai", _OCTOBER),
    Model("gpt-4", 1687882411, "openai", _OCTOBER),
    Model("gpt-4-1106-preview", 1698957206, shutdown_date=_OCTOBER),
    Model("gpt-3.5-turbo-1106", 1698959748, shutdown_date="2026-09-28"),
    Model("gpt-3.5-turbo-0125", 1706048358, shutdown_date=_OCTOBER),
    Model("gpt-4-turbo", 1712361441, shutdown_date=_OCTOBER),
    Model("gpt-4-turbo-2024-04-09", 1712601677, shutdown_date=_OCTOBER),
    Model("gpt-4o", 1715367049, shutdown_date=_JANUARY),
    Model("gpt-4o-2024-05-13", 1715368132, shutdown_date=_OCTOBER),
    Model("gpt-4o-mini-2024-07-18", 1721172717, shutdown_date=_JANUARY),
    Model("gpt-4o-mini", 1721172741, shutdown_date=_JANUARY),
    Model("gpt-4o-2024-08-06", 1722814719, shutdown_date=_JANUARY),
    Model("o1-2024-12-17", 1734326976, shutdown_date=_OCTOBER),
    Model("o1", 1734375816, shutdown_date=_OCTOBER),
    Model("o3-mini", 1737146383, shutdown_date=_OCTOBER),
    Model("o3-mini-2025-01-31", 1738010200, shutdown_date=_OCTOBER),
    Model("gpt-4o-2024-11-20", 1739331543, shutdown_date=_JANUARY),
    Model("o3-2025-04-16", 1744133301, shutdown_date=_DECEMBER),
    Model("o4-mini-2025-04-16", 1744133506, shutdown_date=_OCTOBER),
    Model("o3", 1744225308, shutdown_date=_DECEMBER),
    Model("o4-mini", 1744225351, shutdown_date=_OCTOBER),
    Model("gpt-4.1-2025-04-14", 1744315746, shutdown_date=_JANUARY),
    Model("gpt-4.1", 1744316542, shutdown_date=_JANUARY),
    Model("gpt-4.1-mini-2025-04-14", 1744317547, shutdown_date=_JANUARY),
    Model("gpt-4.1-mini", 1744318173, shutdown_date=_JANUARY),
    Model("gpt-4.1-nano-2025-04-14", 1744321025, shutdown_date=_OCTOBER),
    Model("gpt-4.1-nano", 1744321707, shutdown_date=_OCTOBER),
    Model("gpt-5-2025-08-07", 1754075360, shutdown_date=_DECEMBER),
    Model("gpt-5", 1754425777, shutdown_date=_DECEMBER),
    Model("gpt-5-mini-2025-08-07", 1754425867, shutdown_date=_DECEMBER),
    Model("gpt-5-mini", 1754425928, shutdown_date=_DECEMBER),
    Model("gpt-5-nano-2025-08-07", 1754426303, shutdown_date=_DECEMBER),
    Model("gpt-5-nano", 1754426384, shutdown_date=_DECEMBER),
)
