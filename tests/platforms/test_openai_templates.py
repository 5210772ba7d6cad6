"""Which environment template an agent gets on the Agents API: lost answers, and templates that others have."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.ownership.mark import MARK, Mark
from assistctl.platforms.base import Connection
from assistctl.platforms.openai.agents import OpenAIAgents
from assistctl.platforms.openai.environment_template import template_name
from support.environments import PAIR, Workshop, words, wrong_after
from support.interruptions import Interruption, Mishap, killed_apply
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder, applied, nothing_to_do
from support.server import Answer, Asked, RecordingServer, error_body

pytestmark = pytest.mark.from_snapshots

TEMPLATES = "/v1/agents/environments/templates"
PRICES = "assistants/data/prices.csv"
CODE: list[Json] = [{"type": "code_interpreter"}]


@pytest.fixture
def workshop(server: RecordingServer) -> Iterator[Workshop]:
    """What the server has."""
    seen = Workshop(server.url)
    yield seen
    seen.close()


@pytest.fixture
def cloud(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """An agent with a table, not applied yet."""
    project.use("openai-agents", server.url)
    project.write(PRICES, "sku,price\n1,2\n")
    project.manifest("desk", tools=CODE, files=["data/*.csv"])
    return project


@pytest.fixture
def desk(cloud: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """The same, applied."""
    snapshots.restore("desk", lambda: applied(cloud))
    return cloud


def made(server: RecordingServer) -> int:
    """How many templates were asked for to be made."""
    return sum((asked.method, asked.path) == ("POST", TEMPLATES) for asked in server.asked)


def is_about_agent(asked: Asked) -> bool:
    """Whether it changes an agent that is there."""
    return asked.method == "POST" and asked.path.startswith("/v1/agents/agent_")


def test_a_template_whose_answer_was_lost_is_found_by_the_same_apply(
    cloud: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    interruption = Interruption(Mishap.ANSWER_LOST, 0, TEMPLATES)
    interruption.on(server)
    applied(cloud)
    assert made(server) == 1
    assert words(workshop.agent())["template"] == workshop.template()["id"]
    nothing_to_do(cloud)


def platform_on(server: RecordingServer, folder: Path) -> OpenAIAgents:
    """A connection to the server."""
    return OpenAIAgents(Connection("openai-agents", folder, base_url=server.url, api_key="test-key"))


@pytest.mark.anyio
async def test_a_list_that_began_before_a_create_is_not_taken_for_one_after_it(
    server: RecordingServer, tmp_path: Path
) -> None:
    """Where the answer to a create is lost it is looked for, while others may be looking already."""
    before: list[Asked] = []
    arrived, let_go = threading.Event(), threading.Event()

    def hold_first(asked: Asked) -> threading.Event | None:
        if before or asked.method != "GET" or asked.path != "/v1/agents":
            return None
        before.append(asked)
        arrived.set()
        return let_go

    def as_it_was(asked: Asked, _: int, answer: Any) -> Any:
        return {**answer, "data": []} if any(asked is each for each in before) else answer

    server.gate, server.tell = hold_first, as_it_was
    async with platform_on(server, tmp_path) as platform:
        earlier = asyncio.create_task(platform.list_assistants())
        assert await asyncio.to_thread(arrived.wait, 20)
        created = await platform.create_assistant({"model": "gpt-4.1"}, {})
        assert [agent.id for agent in await platform.list_assistants()] == [created.id]
        let_go.set()
        assert await earlier == []


async def unmarked(platform: OpenAIAgents, upload: str) -> str:
    """The template of an agent that is created with an upload and nobody's mark."""
    resources: Json = {"code_interpreter": {"file_ids": [upload]}}
    await platform.create_assistant({"model": "gpt-4.1", "tools": CODE, "tool_resources": resources}, {})
    environments = await platform.list_environments()
    (template,) = (environment.id for environment in environments if environment.used_by)
    return template


@pytest.mark.anyio
async def test_without_a_mark_no_template_is_known_as_ones_own(
    server: RecordingServer, workshop: Workshop, tmp_path: Path
) -> None:
    """Whoever makes an agent without a mark may have made that one, too."""
    upload = workshop.stored_objects.upload("theirs.csv", b"not yours")
    path = "/workspace/theirs.csv"
    name = template_name("", ((path, upload),), uploaded=False)
    files = [{"type": "file_id", "file_id": upload, "path": path}]

    def make() -> dict[str, Any]:
        return workshop.make(name=name, files=files, network={"access": "disabled"})

    theirs = make()
    async with platform_on(server, tmp_path) as platform:
        assert await unmarked(platform, upload) != theirs["id"]
        server.fault = lambda asked: (
            Answer(hangs_up=True, after=True) if (asked.method, asked.path) == ("POST", TEMPLATES) else None
        )
        with pytest.raises(PlatformError, match="whether its environment template was made is not known"):
            await unmarked(platform, upload)
    assert len(workshop.agents()) == 1


@pytest.mark.anyio
async def test_a_template_that_was_deleted_is_not_used_again(
    server: RecordingServer, workshop: Workshop, tmp_path: Path
) -> None:
    upload = workshop.stored_objects.upload("prices.csv", b"sku,price")
    resources: Json = {"code_interpreter": {"file_ids": [upload]}}
    fields: dict[str, Json] = {"model": "gpt-4.1", "tools": CODE, "tool_resources": resources}
    metadata = {MARK: str(Mark("acme", "cloud", "desk", prevent_destroy=False))}
    async with platform_on(server, tmp_path) as platform:
        first = await platform.create_assistant(fields, metadata)
        await platform.delete_assistant(first.id)
        assert workshop.templates() == []
        await platform.create_assistant(fields, metadata)
    assert words(workshop.agent())["template"] == workshop.template()["id"]


def test_what_was_kept_before_is_not_kept_twice(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    """An apply is killed when the template has new files, and another one when it has kept those as well."""
    # After an upload and a template that keeps the old files comes the one that is changed.
    for price, interruption in (
        (33, Interruption(Mishap.KILLED_AFTER, 2)),
        (444, Interruption(Mishap.KILLED_AFTER, 0, TEMPLATES)),
    ):
        desk.write(PRICES, f"sku,price\n1,{price}\n")
        interruption.on(server)
        assert killed_apply(desk.path, interruption) == -9
        interruption.over(server)
    assert len(workshop.templates()) == 3
    server.clear()
    applied(desk)
    assert made(server) == 0
    assert list(wrong_after(desk.run, workshop, is_applied=True)) == []


def test_a_template_that_somebody_elses_agent_has_too_stays_as_it_is(
    desk: ProjectFolder, workshop: Workshop
) -> None:
    before = workshop.template()
    theirs = workshop.make_agent(name="theirs", model="gpt-4.1")
    workshop.edit_metadata(theirs, **{PAIR: workshop.agent_named("desk")["metadata"][PAIR]})
    desk.write(PRICES, "sku,price\n1,33\n")
    applied(desk)
    assert before in workshop.templates()
    assert words(workshop.agent_named("desk"))["template"] != before["id"]
    nothing_to_do(desk)
    desk.manifest("desk", tools=CODE)
    applied(desk)
    assert workshop.templates() == [before]


def test_a_template_of_uploads_named_by_id_stays_while_somebody_elses_agent_has_it(
    cloud: ProjectFolder, workshop: Workshop
) -> None:
    upload = workshop.stored_objects.upload("theirs.csv", b"not yours")
    cloud.manifest("desk", tools=CODE, tool_resources={"code_interpreter": {"file_ids": [upload]}})
    applied(cloud)
    before = workshop.template()
    theirs = workshop.make_agent(name="theirs", model="gpt-4.1")
    workshop.edit_metadata(theirs, **{PAIR: workshop.agent_named("desk")["metadata"][PAIR]})
    cloud.manifest("desk", tools=CODE)
    applied(cloud)
    assert workshop.templates() == [before]


def test_a_template_of_another_project_is_not_written_to(desk: ProjectFolder, workshop: Workshop) -> None:
    ours = workshop.template()["id"]
    theirs = workshop.make(name="assistctl: project=other target=cloud key=desk files=x")
    pair = workshop.agent()["metadata"][PAIR].replace(ours, theirs["id"])
    workshop.edit_metadata(workshop.agent(), **{PAIR: pair})
    applied(desk)
    assert theirs in workshop.templates()
    assert words(workshop.agent())["template"] != theirs["id"]


def test_a_template_made_while_all_were_listed_is_asked_for(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    """Somebody else has the agent use another one, after the templates were listed and before the agents were."""
    listed, moved = threading.Event(), threading.Event()
    agent, before = workshop.agent(), workshop.template()

    def tell(asked: Asked, _: int, body: Any) -> Any:
        if asked.path == TEMPLATES:
            listed.set()
        return body

    def move() -> None:
        assert listed.wait(20)
        server.gate = lambda _: None
        other = workshop.make(**{part: before[part] for part in ("name", "files", "network")})
        workshop.edit_metadata(agent, **{PAIR: agent["metadata"][PAIR].replace(before["id"], other["id"])})
        moved.set()

    server.tell = tell
    server.gate = lambda asked: moved if asked.path == "/v1/agents" else None
    mover = threading.Thread(target=move)
    mover.start()
    drift = desk.run("drift", "--format", "json")
    mover.join(20)
    assert (drift.code, drift.json["drift"]) == (0, [])


def test_one_made_by_the_same_apply_is_not_taken_for_another(
    cloud: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    """The server answers the create of a template with the id of a declared environment that was just created."""
    cloud.write("assistants/analysis.yaml", "kind: environment\n")
    created = threading.Event()
    ids: list[str] = []

    def tell(asked: Asked, _: int, body: Any) -> Any:
        if (asked.method, asked.path) != ("POST", TEMPLATES):
            return body
        if body["name"].startswith("assistctl:"):
            return {**body, "id": ids[0]}
        ids.append(body["id"])
        created.set()
        return body

    server.tell = tell
    server.gate = lambda asked: created if (asked.method, asked.path) == ("POST", "/v1/files") else None
    outcome = cloud.run("apply", "--yes", "--format", "json")
    assert outcome.code == 4
    [failed] = [result for result in outcome.json["results"] if result["kind"] == "assistant"]
    assert f"{ids[0]}, which was there before" in failed["error"]
    assert workshop.agents() == []


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answers lost"])
def test_an_upload_that_an_environment_just_got_is_not_waited_for(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop, *, lost: bool
) -> None:
    """The old template of an agent goes once nothing but it has its uploads."""
    desk.write("assistants/analysis.yaml", "kind: environment\n")
    applied(desk)
    [upload] = workshop.stored_objects.uploads()
    entry = f"{{file_id: {upload}, path: /workspace/prices.csv}}"
    desk.write(
        "assistants/analysis.yaml", f"kind: environment\nplatforms: {{openai-agents: {{files: [{entry}]}}}}\n"
    )
    desk.manifest("desk", tools=CODE)
    sent, changed = threading.Event(), threading.Event()

    def fault(asked: Asked) -> Answer | None:
        if not asked.path.startswith(f"{TEMPLATES}/"):
            return None
        if asked.method == "POST":
            sent.set()
            return Answer(500, error_body("oh"), after=True) if lost else None
        if sent.is_set():
            # What became of it is looked up.
            changed.set()
        return None

    def tell(asked: Asked, _: int, body: Any) -> Any:
        if asked.method == "POST" and asked.path.startswith(f"{TEMPLATES}/"):
            changed.set()
        return body

    server.fault = fault
    server.tell = tell
    server.gate = lambda asked: changed if is_about_agent(asked) else None
    applied(desk)
    assert [template["name"].startswith("assistctl:") for template in workshop.templates()] == [False]
    assert upload in workshop.stored_objects.uploads()


def test_a_refused_agent_whose_old_template_cannot_be_put_back_is_told_by_its_refusal(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    desk.write(PRICES, "sku,price\n1,33\n")
    renewed: list[Asked] = []

    def fault(asked: Asked) -> Answer | None:
        if is_about_agent(asked):
            return Answer(400, error_body("no such model"))
        if asked.method == "POST" and asked.path.startswith(f"{TEMPLATES}/"):
            renewed.append(asked)
            return Answer(403, error_body("not yours")) if len(renewed) == 2 else None
        return None

    server.fault = fault
    outcome = desk.run("apply", "--yes", "--format", "json")
    assert outcome.code == 4
    [failed] = [result for result in outcome.json["results"] if result["kind"] == "assistant"]
    assert "no such model" in failed["error"]
    server.fault = lambda _: None
    assert list(wrong_after(desk.run, workshop)) == []


def test_what_an_agent_may_have_got_all_the_same_is_not_taken_back(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    """All answers to the change of the agent are lost; it was made."""
    content = "sku,price\n1,333\n"
    desk.write(PRICES, content)
    server.fault = lambda asked: Answer(500, error_body("oh"), after=True) if is_about_agent(asked) else None
    desk.run("apply", "--yes")
    server.fault = lambda _: None
    template = words(workshop.agent())["template"]
    [used] = [found for found in workshop.templates() if found["id"] == template]
    [(_, size)] = [workshop.stored_objects.sizes()[file["file_id"]] for file in used["files"]]
    assert size == len(content)
    assert list(wrong_after(desk.run, workshop)) == []
