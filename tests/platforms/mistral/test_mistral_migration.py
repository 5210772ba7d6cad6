"""migrate: to Mistral's agents what carries over and what is lost, and from them to another platform."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from typing import Any

import pytest
import yaml

from support.mistral_agents import MistralAgents
from support.projects import ProjectFolder
from support.retired import retired_assistants

NAME = "mistral-agents"
# What these had for file search, files, and models of OpenAI's.
LOST = {"metadata": 5, "model": 25, "tool_resources": 7, "tools": 4}


@pytest.fixture(autouse=True)
def a_day_in_november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistctl.model.model_catalog.today", lambda: dt.date(2026, 11, 26))


def test_25_retired_assistants_move_and_plan_cleanly(cloud: ProjectFolder, agents: MistralAgents) -> None:
    page = {"object": "list", "data": retired_assistants(), "has_more": False}
    cloud.write("export/assistants.json", json.dumps(page))
    moved = cloud.run("migrate", "--from", "export", "--to", "cloud", "--format", "json")
    assert moved.code == 0, moved.err
    fields = [field for each in moved.json["assistants"] for field in each["fields"] if field["outcome"] == "lost"]
    lost = Counter(field["path"].partition(".")[0].partition("[")[0] for field in fields)
    assert dict(sorted(lost.items())) == LOST
    notes = {field["path"]: field["note"] for field in fields}
    assert f"under platforms.{NAME}.tools" in notes["tools[file_search]"]
    assert "Mistral" in next(field["note"] for field in fields if field["path"] == "model")
    assert cloud.run("apply", "--yes").code == 0
    assert len(agents.agents) == 25
    assert cloud.run("plan", "--detailed-exitcode").code == 0
    # 1 is the Assistants API's own temperature, and not that of each of Mistral's models: it is sent.
    assert {0.2, 1} <= {agent["completion_args"]["temperature"] for agent in agents.all()}


def test_what_only_mistral_has_stays_in_the_manifest(cloud: ProjectFolder, agents: MistralAgents) -> None:
    tools = [{"type": "web_search"}, {"type": "image_generation"}]
    agents.add(name="Painter", instructions="Paint.", tools=tools, completion_args={"max_tokens": 100})
    moved = cloud.run("migrate", "--from", "cloud", "--to", "local", "--format", "json")
    assert moved.code == 0, moved.err
    document: Any = yaml.safe_load((cloud.path / "assistants/painter.yaml").read_text())
    assert document["instructions"] == "Paint."
    own = document["platforms"][NAME]
    assert own["max_tokens"] == 100
    assert own["tools"] == tools
    assert cloud.run("validate").code == 0
