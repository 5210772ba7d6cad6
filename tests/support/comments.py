"""Where a pipeline writes comments: the part of GitHub's and GitLab's API that has them, with other people's too.

https://docs.github.com/en/rest/issues/comments, https://docs.gitlab.com/api/notes/#merge-requests
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.server import serving

BOT = {"id": 7, "login": "github-actions[bot]"}


@dataclass
class Comments:
    """The comments of one pull or merge request, at ``url``; ``refuses`` answers 403 to whatever writes."""

    url: str = ""
    all: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False

    @property
    def ours(self) -> list[str]:
        """What the pipeline has written."""
        return [comment["body"] for comment in self.all if comment["user"] == BOT]

    def begin(self) -> None:
        """Have more than a page of other people's comments, and refuse nothing."""
        self.all.clear()
        self.refuses = False
        for number in range(120):
            self.add(f"<!-- assistants prod --> a look-alike, number {number}", {"id": 1, "login": "somebody"})

    def add(self, body: str, user: dict[str, Any]) -> dict[str, Any]:
        """One more comment."""
        self.all.append({"id": len(self.all) + 1, "body": body, "user": user, "author": user})
        return self.all[-1]

    async def list_or_add(self, request: Request) -> Response:
        """``GET`` and ``POST``."""
        if request.method == "GET":
            start = (int(request.query_params["page"]) - 1) * int(request.query_params["per_page"])
            return JSONResponse(self.all[start : start + int(request.query_params["per_page"])])
        if self.refuses:
            return JSONResponse({"message": "Resource not accessible by integration"}, 403)
        return JSONResponse(self.add(json.loads(await request.body())["body"], BOT), 201)

    async def change(self, request: Request) -> Response:
        """``PATCH`` on GitHub, ``PUT`` on GitLab."""
        comment = self.all[request.path_params["id"] - 1]
        comment["body"] = json.loads(await request.body())["body"]
        return JSONResponse(comment)

    async def me(self, _: Request) -> Response:
        """Whose token it is."""
        return JSONResponse(BOT)


@contextmanager
def comments() -> Iterator[Comments]:
    """Serve both APIs until the block ends, with more than a page of other people's comments."""
    there = Comments()
    there.begin()
    app = Starlette(
        routes=[
            Route("/v1/repos/acme/shop/issues/5/comments", there.list_or_add, methods=["GET", "POST"]),
            Route("/v1/repos/acme/shop/issues/comments/{id:int}", there.change, methods=["PATCH"]),
            Route("/v1/user", there.me),
            Route("/v1/projects/3/merge_requests/5/notes", there.list_or_add, methods=["GET", "POST"]),
            Route("/v1/projects/3/merge_requests/5/notes/{id:int}", there.change, methods=["PUT"]),
        ]
    )
    with serving(app) as record:
        there.url = record.url
        yield there
