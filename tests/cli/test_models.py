"""``models``, and the retirements that plans warn of, on every platform."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from assistctl.model import model_catalog
from support.foundry import PROJECT, Foundry
from support.managed_agents import ManagedAgents
from support.projects import ProjectFolder
from support.server import Asked, RecordingServer, serving

TODAY = dt.date(2026, 11, 26)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_catalog, "today", lambda: TODAY)


def listing(app: ASGIApp, path: str, answer: Any) -> Starlette:
    """``app`` with a list of models at ``path``."""

    async def models(_: Request) -> JSONResponse:
        return JSONResponse(answer)

    return Starlette(routes=[Route(path, models), Mount("/", app)])


def use(project: ProjectFolder, platform: str, address: str) -> None:
    target = {"platform": platform, "base_url": address, "api_key": "test-key"}
    project.write(
        "assistctl.yaml", json.dumps({"project": "acme", "default_target": "it", "targets": {"it": target}})
    )


def claude(name: str, lifecycle: str = "active", **more: Any) -> dict[str, Any]:
    about = {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
    return {**about, "lifecycle": lifecycle, "deprecated_at": None, "retires_at": None, **more}


CLAUDES = {
    "data": [
        claude("claude-opus-5-5"),
        claude("claude-ends-soon-20260101", "deprecated", retires_at="2026-12-20T00:00:00Z"),
        claude("claude-is-gone", "retired", retires_at="2026-11-01T00:00:00Z"),
    ],
    "has_more": False,
    "first_id": "claude-opus-5-5",
    "last_id": "claude-is-gone",
}


def model_warnings(project: ProjectFolder) -> dict[str, str]:
    told = project.run("plan", "--format", "json").json["diagnostics"]
    return {diagnostic["key"]: diagnostic["summary"] for diagnostic in told if diagnostic["path"] == "model"}


def test_anthropics_dates_are_those_of_its_list(project: ProjectFolder) -> None:
    with serving(listing(ManagedAgents().app(), "/v1/models", CLAUDES)) as server:
        use(project, "anthropic-agents", server.url.removesuffix("/v1"))
        for key, model in (
            ("current", "claude-opus-5-5"),
            ("alias", "claude-ends-soon"),
            ("gone", "claude-is-gone"),
            ("strange", "claude-nobody-knows"),
        ):
            project.manifest(key, model=model)
        told = model_warnings(project)
        assert "will be shut down on 2026-12-20" in told["alias"]
        assert "was shut down on 2026-11-01" in told["gone"]
        assert "does not list" in told["strange"]
        assert "current" not in told


def test_without_a_list_the_catalogue_counts(project: ProjectFolder) -> None:
    with serving(ManagedAgents().app()) as server:
        use(project, "anthropic-agents", server.url.removesuffix("/v1"))
        project.manifest("desk", model="claude-sonnet-4-5")
        assert "2026-11-30" in model_warnings(project)["desk"]


DEPLOYMENTS = {
    "value": [
        {"type": "ModelDeployment", "name": "cheap", "modelName": "gpt-4o-mini", "modelVersion": "2024-07-18"},
        {"type": "ModelDeployment", "name": "current", "modelName": "gpt-6-luna", "modelVersion": "2026-06-01"},
    ]
}


def test_a_deployment_ends_with_its_model(project: ProjectFolder, tmp_path: Path) -> None:
    app = listing(Foundry(shelf=tmp_path / "files.db").app(), f"{PROJECT}/deployments", DEPLOYMENTS)
    with serving(app) as server:
        use(project, "azure-foundry", server.url.removesuffix("/v1") + PROJECT)
        for key, model in (("cheap", "cheap"), ("current", "current"), ("elsewhere", "connection/gpt")):
            project.manifest(key, model=model)
        told = model_warnings(project)
        assert list(told) == ["cheap"]
        assert "2027-01-14" in told["cheap"]


def with_dates(dates: dict[str, str]) -> Callable[[Asked, int, Any], Any]:
    def told(asked: Asked, _: int, payload: Any) -> Any:
        if not asked.path.endswith("/models"):
            return payload
        return {**payload, "data": [{**item, "shutdown_date": dates.get(item["id"])} for item in payload["data"]]}

    return told


def test_models_are_listed_with_their_dates_and_users(remote: ProjectFolder, server: RecordingServer) -> None:
    server.tell = with_dates({"gpt-6-luna": "2027-06-01"})
    remote.manifest("desk", model="gpt-6-luna")
    assert remote.run("apply", "--yes").code == 0
    remote.manifest("desk", model="gpt-4.1")
    remote.manifest("other", model="no-such-model")
    listed = remote.run("models", "--format", "json")
    assert listed.code == 0
    assert listed.json["target"] == {"name": "prod", "platform": "openai-assistants"}
    models = {model["model"]: model for model in listed.json["models"]}
    assert models["gpt-6-luna"] == {
        "model": "gpt-6-luna",
        "listed": True,
        "shutdown_date": "2027-06-01",
        "declared_by": [],
        "deployed_as": ["desk"],
    }
    assert models["gpt-4.1"]["declared_by"] == ["desk"]
    assert models["gpt-4.1"]["shutdown_date"] == "2027-01-14"
    assert models["no-such-model"]["listed"] is False
    text = remote.run("models")
    assert "no-such-model (not listed)" in text.out
    assert "2027-06-01" in text.out
    assert server.mutations[-1].path.endswith("/assistants")


def test_where_no_model_is_listed_those_in_use_are(project: ProjectFolder) -> None:
    assert "nothing uses one" in project.run("models").err
    project.manifest("desk", model="gpt-4o")
    (model,) = project.run("models", "--format", "json").json["models"]
    assert (model["model"], model["listed"], model["shutdown_date"]) == ("gpt-4o", None, None)
