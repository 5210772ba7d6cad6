"""The parts that requests about threads, messages and runs have in common."""

from __future__ import annotations

from starlette.requests import Request


def thread_id_of(request: Request) -> str:
    """The thread in the path of a request."""
    return str(request.path_params["thread_id"])
