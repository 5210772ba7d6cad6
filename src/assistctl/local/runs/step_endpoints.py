"""``/threads/{id}/runs/{id}/steps``: list and retrieve."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistctl.local.http.access import AssistantsEndpoint
from assistctl.local.http.paging import page_body, page_query
from assistctl.local.runs import fields, record, steps
from assistctl.local.state import database_of, runtime_of
from assistctl.local.threads import record as threads
from assistctl.local.threads.exchange import thread_id_of


class Steps(AssistantsEndpoint):
    """The steps of a run."""

    def get(self, request: Request) -> JSONResponse:
        """One page of them."""
        query, include = page_query(request.query_params), fields.included(request.query_params)
        thread_id, run_id = thread_id_of(request), str(request.path_params["run_id"])
        runtime_of(request).settle(thread_id)
        with database_of(request).reading() as connection:
            threads.THREADS.get(connection, thread_id)
            record.get(connection, thread_id, run_id)
            page = steps.page_of(connection, run_id, query)
        found = [steps.view(it, include=include) for it in page.objects]
        return JSONResponse(page_body(found, has_more=page.has_more))


class OneStep(AssistantsEndpoint):
    """One step."""

    def get(self, request: Request) -> JSONResponse:
        """Retrieve it."""
        include = fields.included(request.query_params)
        thread_id, run_id = thread_id_of(request), str(request.path_params["run_id"])
        runtime_of(request).settle(thread_id)
        with database_of(request).reading() as connection:
            threads.THREADS.get(connection, thread_id)
            record.get(connection, thread_id, run_id)
            step = steps.get(connection, run_id, str(request.path_params["step_id"]))
        return JSONResponse(steps.view(step, include=include))


_STEPS_OF_RUN = "/v1/threads/{thread_id}/runs/{run_id}/steps"
ROUTES = (Route(_STEPS_OF_RUN, Steps), Route(f"{_STEPS_OF_RUN}/{{step_id}}", OneStep))
