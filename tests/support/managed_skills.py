"""Skills of a small server of Anthropic's API, in memory.

Answers are held against the types of the anthropic SDK itself (``BetaSkill``, ``BetaSkillVersion``), requests
against the words in ``SkillCreateParams`` and ``VersionCreateParams``: one folder, a ``SKILL.md`` at its top, a
name that stays.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from anthropic.types.beta.beta_skill import BetaSkill
from anthropic.types.beta.skills.beta_skill_version import BetaSkillVersion
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.managed_agents import Object, RefusedError, check_headers

_LONGEST, _LARGEST, _MOST = 255, 30_000_000, 1000
_OLD_BETA = "skills-2025-10-02"
Files = Mapping[str, bytes]


@dataclass
class Skill:
    """A skill: what is answered of it, and its versions with their files, the oldest first."""

    answer: Object
    slug: str
    versions: dict[str, tuple[Object, dict[str, bytes]]] = field(default_factory=dict)

    @property
    def newest(self) -> dict[str, bytes]:
        """The files of the newest version, without the one that says whose it is."""
        _, files = [*self.versions.values()][-1]
        return {path: content for path, content in files.items() if path != "assistctl.json"}

    @property
    def mark(self) -> Object:
        """What the file says in which it stands whose the skill is."""
        _, files = [*self.versions.values()][-1]
        return dict(json.loads(files["assistctl.json"]))


@dataclass
class Skills:
    """The skills by id. ``versions_first``: one that has versions is not deleted."""

    skills: dict[str, Skill] = field(default_factory=dict)
    versions_first: bool = False
    uploads: int = 0
    _made: int = 0

    def routes(self) -> list[Route]:
        """The routes of the API."""
        object_path = "/v1/skills/{id}"
        return [
            Route("/v1/skills", self._all, methods=["GET", "POST"]),
            Route(object_path, self._one, methods=["GET", "DELETE"]),
            Route(f"{object_path}/versions", self._versions, methods=["GET", "POST"]),
            Route(f"{object_path}/versions/{{version}}", self._version, methods=["GET", "DELETE"]),
            Route(f"{object_path}/versions/{{version}}/content", self._content, methods=["GET"]),
        ]

    @property
    def only(self) -> Skill:
        """The one there is."""
        [skill] = self.skills.values()
        return skill

    def newest_version(self, skill_id: str) -> str | None:
        """The newest version of a skill; ``None`` for one that is not there."""
        return self.skills[skill_id].answer["latest_version_id"] if skill_id in self.skills else None

    def add(self, files: Files, display_name: str = "", source: str = "custom") -> Skill:
        """Create one as somebody else would, from the files in its folder."""
        slug = slug_of(files)
        self._made += 1
        skill_id = f"skill_{self._made:024}"
        now = _now()
        answer: Object = {
            "id": skill_id,
            "type": "skill",
            "display_name": display_name or slug,
            "source": {"type": source},
            "created_at": now,
        }
        skill = self.skills[skill_id] = Skill(answer, slug)
        self._add(skill, files, now)
        return skill

    def upload(self, skill: Skill, files: Files) -> str:
        """Make another version as somebody else would; its id."""
        if slug_of(files) != skill.slug:
            raise _refused(f"the name must be {skill.slug}")
        return self._add(skill, files, _now())

    def _add(self, skill: Skill, files: Files, now: str) -> str:
        version = f"skver_{len(skill.versions) + 1:03}_{skill.answer['id'][-4:]}"
        description = re.search(r"^description: *(.*)$", files["SKILL.md"].decode(), re.MULTILINE)
        said = {
            "id": version,
            "type": "skill_version",
            "skill_id": skill.answer["id"],
            "name": skill.slug,
            "description": description[1] if description else "",
            "created_at": now,
        }
        skill.versions[version] = (fits(BetaSkillVersion, said), dict(files))
        skill.answer = fits(BetaSkill, {**skill.answer, "latest_version_id": version, "updated_at": now})
        return version

    async def _all(self, request: Request) -> JSONResponse:
        _check(request)
        if request.method == "GET":
            source = request.query_params.get("source")
            listed = [
                skill.answer
                for skill in self.skills.values()
                if source is None or skill.answer["source"]["type"] == source
            ]
            return JSONResponse(_page(listed[::-1], request.query_params))
        fields, files = await uploaded(request)
        name = fields.pop("display_name", None)
        assert not fields
        if name is not None and not 1 <= len(name) <= _LONGEST:
            raise _refused("display_name: 1 to 255 characters")
        self.uploads += 1
        return JSONResponse(self.add(files, name or "").answer)

    async def _one(self, request: Request) -> JSONResponse:
        _check(request)
        skill = self._found(request)
        if request.method == "GET":
            return JSONResponse(skill.answer)
        if self.versions_first and skill.versions:
            raise _refused("Cannot delete skill with existing versions.")
        del self.skills[skill.answer["id"]]
        return JSONResponse({"id": skill.answer["id"], "type": "skill_deleted"})

    async def _versions(self, request: Request) -> JSONResponse:
        _check(request)
        skill = self._found(request)
        if request.method == "GET":
            listed = [answer for answer, _ in skill.versions.values()]
            return JSONResponse(_page(listed[::-1], request.query_params))
        fields, files = await uploaded(request)
        assert not fields
        self.uploads += 1
        return JSONResponse(skill.versions[self.upload(skill, files)][0])

    async def _version(self, request: Request) -> JSONResponse:
        _check(request)
        skill, version = self._found(request), request.path_params["version"]
        if version not in skill.versions:
            raise RefusedError(HTTPStatus.NOT_FOUND, "not_found_error", f"There is no version {version}.")
        if request.method == "DELETE":
            del skill.versions[version]
            return JSONResponse({"id": version, "type": "skill_version_deleted"})
        return JSONResponse(skill.versions[version][0])

    async def _content(self, request: Request) -> Response:
        _check(request)
        skill, version = self._found(request), request.path_params["version"]
        if version not in skill.versions:
            raise RefusedError(HTTPStatus.NOT_FOUND, "not_found_error", f"There is no version {version}.")
        packed = zipped(skill.slug, skill.versions[version][1])
        return Response(packed, media_type="application/zip")

    def _found(self, request: Request) -> Skill:
        skill_id = request.path_params["id"]
        if skill_id not in self.skills:
            raise RefusedError(HTTPStatus.NOT_FOUND, "not_found_error", f"There is no skill {skill_id}.")
        return self.skills[skill_id]


def _check(request: Request) -> None:
    check_headers(request)
    # With it versions would be epochs, and other things have other names.
    assert _OLD_BETA not in request.headers["anthropic-beta"]


async def uploaded(request: Request) -> tuple[dict[str, str], dict[str, bytes]]:
    """The texts of a form, and its files by their paths in the folder, if it is one folder that holds a skill."""
    fields: dict[str, str] = {}
    sent: dict[str, bytes] = {}
    async with request.form() as form:
        for name, part in form.multi_items():
            if isinstance(part, str):
                fields[name] = part
            else:
                assert name == "files[]"
                assert part.filename
                sent[part.filename] = await part.read()
    folders = {path.partition("/")[0] for path in sent}
    if len(folders) != 1 or not all("/" in path for path in sent):
        raise _refused("files: all must be in the same top-level directory")
    if sum(map(len, sent.values())) > _LARGEST:
        raise _refused("files: too large")
    files = {path.partition("/")[2]: content for path, content in sent.items()}
    if folders != {slug_of(files)}:
        raise _refused("files: the directory must have the name in SKILL.md")
    return fields, files


def zipped(folder: str, files: Files) -> bytes:
    """A ZIP archive of ``files`` in one folder."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{folder}/", b"")
        for path, content in files.items():
            archive.writestr(f"{folder}/{path}", content)
    return packed.getvalue()


def slug_of(files: Files) -> str:
    """The name in the ``SKILL.md`` of a skill's files."""
    if "SKILL.md" not in files:
        raise _refused("files: there must be a SKILL.md at the root")
    found = re.search(r"^name: *(.*)$", files["SKILL.md"].decode(), re.MULTILINE)
    if not found or not re.search(r"^description: *\S", files["SKILL.md"].decode(), re.MULTILINE):
        raise _refused("SKILL.md: name and description are required")
    return found[1].strip()


def fits(kind: type[BaseModel], answer: Object) -> Object:
    """``answer``, which has the type ``kind``."""
    kind.model_validate(answer, strict=False)
    # What the types do not say is not answered.
    assert set(answer) <= set(kind.model_fields), answer
    return answer


def _page(listed: list[Object], query: Mapping[str, str]) -> Object:
    limit, start = int(query.get("limit", "20")), int(query.get("page", "0"))
    if not 1 <= limit <= _MOST:
        raise _refused(f"limit is 1 to {_MOST}.")
    following = str(start + limit) if start + limit < len(listed) else None
    return {"data": listed[start : start + limit], "next_page": following}


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()


def _refused(message: str) -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, "invalid_request_error", message)
