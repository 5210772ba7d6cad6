"""``/models``: which models there are. Needs no ``OpenAI-Beta`` header.

These are the models the Assistants API supported (``AssistantSupportedModels`` in OpenAI's OpenAPI description)
that were not shut down before it was, on 2026-08-26, the two reasoning families of the same time, and current
ones. An assistant may name any other model: a self-hosted server has names of its own.

``created`` and ``owned_by`` are those of a recorded answer of api.openai.com; of the models from 2025-11 on no
answer was recorded, and ``created`` is the midnight (UTC) of the day in the dated name or, for gpt-6-luna, of its
release. When a model is shut down is in ``assistctl.model.model_catalog``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.local.http.errors import ApiError
from assistctl.model.model_catalog import shutdown_of


@dataclass(frozen=True, slots=True)
class Model:
    """One model: ``created`` in seconds since the epoch."""

    id: str
    created: int
    owned_by: str = "system"

    @property
    def shutdown_date(self) -> str | None:
        """The shutdown date as YYYY-MM-DD; ``None`` where none was announced."""
        date = shutdown_of(self.id)
        return date.isoformat() if date else None


MODELS = (
    Model("gpt-3.5-turbo", 1677610602, "openai"),
    Model("gpt-4-0613", 1686588896, "openai"),
    Model("gpt-4", 1687882411, "openai"),
    Model("gpt-4-1106-preview", 1698957206),
    Model("gpt-3.5-turbo-1106", 1698959748),
    Model("gpt-3.5-turbo-0125", 1706048358),
    Model("gpt-4-turbo", 1712361441),
    Model("gpt-4-turbo-2024-04-09", 1712601677),
    Model("gpt-4o", 1715367049),
    Model("gpt-4o-2024-05-13", 1715368132),
    Model("gpt-4o-mini-2024-07-18", 1721172717),
    Model("gpt-4o-mini", 1721172741),
    Model("gpt-4o-2024-08-06", 1722814719),
    Model("o1-2024-12-17", 1734326976),
    Model("o1", 1734375816),
    Model("o3-mini", 1737146383),
    Model("o3-mini-2025-01-31", 1738010200),
    Model("gpt-4o-2024-11-20", 1739331543),
    Model("o3-2025-04-16", 1744133301),
    Model("o4-mini-2025-04-16", 1744133506),
    Model("o3", 1744225308),
    Model("o4-mini", 1744225351),
    Model("gpt-4.1-2025-04-14", 1744315746),
    Model("gpt-4.1", 1744316542),
    Model("gpt-4.1-mini-2025-04-14", 1744317547),
    Model("gpt-4.1-mini", 1744318173),
    Model("gpt-4.1-nano-2025-04-14", 1744321025),
    Model("gpt-4.1-nano", 1744321707),
    Model("gpt-5-2025-08-07", 1754075360),
    Model("gpt-5", 1754425777),
    Model("gpt-5-mini-2025-08-07", 1754425867),
    Model("gpt-5-mini", 1754425928),
    Model("gpt-5-nano-2025-08-07", 1754426303),
    Model("gpt-5-nano", 1754426384),
    Model("gpt-5.1", 1762992000),
    Model("gpt-5.1-2025-11-13", 1762992000),
    Model("gpt-5.2", 1765411200),
    Model("gpt-5.2-2025-12-11", 1765411200),
    Model("gpt-5.4-mini", 1773705600),
    Model("gpt-5.4-mini-2026-03-17", 1773705600),
    Model("gpt-5.4-nano", 1773705600),
    Model("gpt-5.4-nano-2026-03-17", 1773705600),
    Model("gpt-5.5", 1776902400),
    Model("gpt-5.5-2026-04-23", 1776902400),
    Model("gpt-6-luna", 1790035200),
)
_BY_ID = {model.id: model for model in MODELS}


class Models(HTTPEndpoint):
    """All models."""

    async def get(self, _request: Request) -> JSONResponse:
        """List them, on one page, as the service does."""
        return JSONResponse({"object": "list", "data": [_view(model) for model in MODELS]})


class OneModel(HTTPEndpoint):
    """One model."""

    async def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        name = request.path_params["model"]
        if name not in _BY_ID:
            message = f"The model '{name}' does not exist"
            raise ApiError(message, status=404, param="model", code="model_not_found")
        return JSONResponse(_view(_BY_ID[name]))


ROUTES = (Route("/v1/models", Models), Route("/v1/models/{model:path}", OneModel))
"""The routes. Names of fine-tuned models may contain slashes."""


def _view(model: Model) -> dict[str, object]:
    return {"object": "model", **asdict(model), "shutdown_date": model.shutdown_date}
