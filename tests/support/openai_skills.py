"""Skills of a small server of OpenAI's API, in memory.

Answers are held against the types of the openai SDK itself (``Skill``, ``SkillVersion``); requests are read as
``support.managed_skills`` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from openai.types.skill import Skill
from openai.types.skills.skill_version import SkillVersion
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.managed_skills import Files, fits, slug_of, uploaded, zipped

Object = dict[str, Any]


@dataclass
class OpenAISkillsServer:
    """The skills by id: what is answered of each, and the files of its versions, the oldest first."""

    skills: dict[str, Object] = field(default_factory=dict)
    versions: dict[str, list[dict[str, bytes]]] = field(default_factory=dict)
    _made: int = 0

    def routes(self) -> list[Route]:
        """The routes of the API."""
        object_path = "/v1/skills/{id}"
        return [
            Route("/v1/skills", self._all, methods=["GET", "POST"]),
            Route(object_path, self._one, methods=["GET", "DELETE"]),
            Route(f"{object_path}/versions", self._versions, methods=["GET", "POST"]),
            Route(f"{object_path}/versions/{{version}}/content", self._content, methods=["GET"]),
        ]

    @property
    def only(self) -> Object:
        """The one there is."""
        [skill] = self.skills.values()
        return skill

    @property
    def newest(self) -> dict[str, bytes]:
        """The files of its newest version, without the one that says whose it is."""
        [versions] = self.versions.values()
        return {path: content for path, content in versions[-1].items() if path != "assistctl.json"}

    def add(self, files: Files) -> Object:
        """Create one as somebody else would."""
        self._made += 1
        skill_id = f"skill_{self._made:024}"
        self.versions[skill_id] = []
        return self.upload(skill_id, files, default=True)

    def upload(self, skill_id: str, files: Files, *, default: bool) -> Object:
        """Make another version as somebody else would."""
        self.versions[skill_id].append(dict(files))
        newest = str(len(self.versions[skill_id]))
        before = self.skills.get(skill_id, {})
        said = {
            "id": skill_id,
            "object": "skill",
            "created_at": 1_790_000_000 + self._made,
            "name": slug_of(files),
            "description": _description(files),
            "latest_version": newest,
            "default_version": newest if default else before["default_version"],
        }
        self.skills[skill_id] = fits(Skill, said)
        return self.skills[skill_id]

    async def _all(self, request: Request) -> JSONResponse:
        if request.method == "GET":
            return JSONResponse(_page([*self.skills.values()], request.query_params))
        fields, files = await uploaded(request)
        assert not fields
        return JSONResponse(self.add(files))

    async def _one(self, request: Request) -> JSONResponse:
        skill_id = request.path_params["id"]
        if skill_id not in self.skills:
            return _missing()
        if request.method == "GET":
            return JSONResponse(self.skills[skill_id])
        del self.skills[skill_id], self.versions[skill_id]
        return JSONResponse({"id": skill_id, "object": "skill.deleted", "deleted": True})

    async def _versions(self, request: Request) -> JSONResponse:
        skill_id = request.path_params["id"]
        if skill_id not in self.skills:
            return _missing()
        if request.method == "GET":
            every = [self._version(skill_id, number) for number in range(1, len(self.versions[skill_id]) + 1)]
            return JSONResponse(_page(every, request.query_params))
        fields, files = await uploaded(request)
        assert fields in ({}, {"default": "true"})
        self.upload(skill_id, files, default=bool(fields))
        return JSONResponse(self._version(skill_id, len(self.versions[skill_id])))

    async def _content(self, request: Request) -> Response:
        skill_id, version = request.path_params["id"], request.path_params["version"]
        if skill_id not in self.skills or not 1 <= int(version) <= len(self.versions[skill_id]):
            return _missing()
        files = self.versions[skill_id][int(version) - 1]
        return Response(zipped(slug_of(files), files), media_type="application/zip")

    def _version(self, skill_id: str, number: int) -> Object:
        files = self.versions[skill_id][number - 1]
        said = {
            "id": f"skillver_{skill_id[-4:]}_{number}",
            "object": "skill.version",
            "skill_id": skill_id,
            "created_at": 1_790_000_000 + number,
            "name": slug_of(files),
            "description": _description(files),
            "version": str(number),
        }
        return fits(SkillVersion, said)


def _page(listed: list[Object], query: Mapping[str, str]) -> Object:
    limit, after = int(query.get("limit", "20")), query.get("after")
    ordered = listed if query.get("order") == "asc" else listed[::-1]
    start = 0 if after is None else [item["id"] for item in ordered].index(after) + 1
    data = ordered[start : start + limit]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {}
    return {"object": "list", "data": data, "has_more": start + limit < len(ordered), **ends}


def _description(files: Files) -> str:
    found = re.search(r"^description: *(.*)$", files["SKILL.md"].decode(), re.MULTILINE)
    return found[1] if found else ""


def _missing() -> JSONResponse:
    error = {"message": "There is no such skill.", "type": "invalid_request_error", "param": None, "code": None}
    return JSONResponse({"error": error}, HTTPStatus.NOT_FOUND)
