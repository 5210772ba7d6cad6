"""What every request about threads, messages and runs has in common."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request

from assistctl.local.http.access import require_assistants_v2


class ThreadEndpoint(HTTPEndpoint):
    """An endpoint of the Assistants API."""

    async def dispatch(self) -> None:
        """Refuse what lacks the header of version 2."""
        require_assistants_v2(Headers(scope=self.scope))
        await super().dispatch()


def thread_id_of(request: Request) -> str:
    """The thread in the path of a request."""
    return str(request.path_params["thread_id"])
