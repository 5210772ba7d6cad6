"""``/models``: which models there are. Needs no ``OpenAI-Beta`` header."""

from __future__ import annotations

from dataclasses import asdict

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.local.http.errors import ApiError
from assistctl.local.models.catalog import MODELS, Model

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
