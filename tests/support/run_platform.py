"""The platform in process, as several servers on one database would be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from openai import AsyncOpenAI
from starlette.applications import Starlette

BASE_URL = "http://assistctl.local/v1"


@asynccontextmanager
async def in_process(app: Starlette) -> AsyncIterator[AsyncOpenAI]:
    """The SDK for an app, which is closed at the end."""
    http_client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))
    async with AsyncOpenAI(base_url=BASE_URL, api_key="any", http_client=http_client) as client:
        yield client
    await app.state.runtime.close()
    app.state.database.close()
