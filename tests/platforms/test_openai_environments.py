"""``files`` on the Agents API through the command, over HTTP: environment templates that keep in step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from assistctl.platforms.openai.agents import CAPABILITIES
from support.environments import PAIR, Workshop, words, wrong_after
from support.interruptions import KILLS, TIMEOUT, Interruption, Mishap, killed_apply
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder
from support.server import Answer, Asked, RecordingServer, error_body

pytestmark = pytest.mark.from_snapshots

DESK: dict[str, Any] = {
    "tools": [{"type": "code_interpreter"}],
    "files": [{"path": "data/*.csv", "tool": "code_interpreter"}],
}
TEMPLATES = "/v1/agents/environments/templates"
PRICES = "assistants/data/prices.csv"


def write_project(project: ProjectFolder, server: RecordingServer, timeout: float = 30) -> None:
    project.write(
        "assistctl.yaml",
        f"""\
        project: acme
        default_target: cloud
        targets:
          cloud:
            platform: openai-agents
            base_url: "{server.url}"
            api_key: test-key
            options: {{timeout: {timeout}}}
        """,
    )


@pytest.fixture
def workshop(server: RecordingServer) -> Iterator[Workshop]:
    seen = Workshop(server.url)
    yield seen
    seen.close()


@pytest.fixture
def cloud(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """An agent with two tables, not applied yet."""
    write_project(project, server)
    project.write(PRICES, "sku,price\n1,2\n")
    project.write("assistants/data/stock.csv", "sku,stock\n1,7\n")
    project.manifest("desk", **DESK)
    return project


@pytest.fixture
def desk(cloud: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """The same, applied."""
    snapshots.restore("desk", lambda: applied(cloud))
    return cloud


def applied(project: ProjectFolder) -> None:
    outcome = project.run("apply", "--yes")
    assert outcome.code == 0, outcome.err


def asked(server: RecordingServer, *, lists: bool = True) -> list[str]:
    """What was asked for, ids left out."""
    found = [
        f"{request.method} {re.sub('(agent|envtmpl)_[0-9A-Za-z]+|file-[0-9A-Za-z]+', 'ID', request.path)}"
        for request in server.asked
    ]
    server.clear()
    return sorted(request for request in found if lists or not request.startswith("GET"))


def planned(project: ProjectFolder) -> list[tuple[str, str, str]]:
    document = project.run("plan", "--format", "json").json
    return [
        (planned_change["action"], planned_change["kind"], planned_change["key"])
        for planned_change in document["changes"]
    ]


def garbage(project: ProjectFolder, *options: str) -> list[tuple[str, str, bool]]:
    document = project.run("gc", "--format", "json", *options).json
    return [(item["kind"], item["name"], item["proven"]) for item in document["garbage"]]


def test_files_lie_in_the_workspace_of_a_template(
    cloud: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    plan = cloud.run("plan", "--format", "json").json
    assert [
        (planned_change["action"], planned_change["kind"], planned_change["key"])
        for planned_change in plan["changes"]
    ] == [
        ("create", "assistant", "desk"),
        ("create", "file", PRICES),
        ("create", "file", "assistants/data/stock.csv"),
    ]
    assert plan["files"]["upload"] == 2
    infos = {
        diagnostic["summary"]: diagnostic["detail"]
        for diagnostic in plan["diagnostics"]
        if diagnostic["severity"] == "info"
    }
    assert infos == {
        "tools[code_interpreter] is mapped on openai-agents": CAPABILITIES.fields["tools.code_interpreter"].note,
        "files is mapped on openai-agents": CAPABILITIES.fields["files.code_interpreter"].note,
    }
    assert server.mutations == []

    assert cloud.run("apply", "--yes").code == 0
    template = workshop.template()
    assert workshop.mounted() == {"/workspace/prices.csv": "prices.csv", "/workspace/stock.csv": "stock.csv"}
    assert template["network"]["access"] == "disabled"
    sent = next(mutation.body for mutation in server.mutations if mutation.path == TEMPLATES)
    assert sent["network"] == {"access": "disabled"}
    agent = workshop.agent()
    assert agent["tools"] == []
    assert len(agent["metadata"]) == 4
    assert set(agent["metadata"]) == {"assistctl", "assistctl_baseline", "assistctl_paths", PAIR}
    assert words(agent)["template"] == template["id"]
    assert template["name"].startswith("assistctl: project=acme target=cloud key=desk files=")
    assert template["name"].endswith(words(agent)["content"])


def test_gc_finds_uploads_of_the_purposes_that_are_ours_unless_a_template_has_them(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    # The purpose is as the SDK's own helper has it.
    uploads = httpx2.get(f"{server.url}/files").json()["data"]
    assert {upload["purpose"] for upload in uploads} == {"user_data"}
    # Earlier ones of ours were made for assistants; others are for something else.
    earlier, other = [
        httpx2.post(
            f"{server.url}/files", data={"purpose": purpose}, files={"file": ("prices.csv", b"sku,price\n1,2\n")}
        ).json()["id"]
        for purpose in ("assistants", "batch")
    ]
    look_alike = workshop.stored_objects.upload("prices.csv", b"sku,price\n3,4\n")
    workshop.make(files=[{"type": "file_id", "file_id": look_alike, "path": "/workspace/x"}])
    found = desk.run("gc", "--yes", "--unproven", "--format", "json").json["garbage"]
    assert [item["id"] for item in found] == [earlier]
    assert {*workshop.stored_objects.uploads()} == {*(upload["id"] for upload in uploads), other, look_alike}


def test_when_nothing_changed_five_lists_say_so(desk: ProjectFolder, server: RecordingServer) -> None:
    plan = desk.run("plan", "--format", "json").json
    assert (plan["changes"], plan["drift"]) == ([], [])
    lists = ["GET /v1/agents", f"GET {TEMPLATES}", "GET /v1/files", "GET /v1/models", "GET /v1/skills"]
    assert asked(server) == lists


def test_output_names_what_sessions_start_in(desk: ProjectFolder, workshop: Workshop) -> None:
    template, agent = workshop.template()["id"], workshop.agent()["id"]
    assert desk.run("output").json == {"desk": agent, "environment.desk": template}
    assert desk.run("output", "--format", "dotenv").out == f"ASSISTANT_DESK={agent}\nENVIRONMENT_DESK={template}\n"


def test_code_runs_without_files_too(cloud: ProjectFolder, server: RecordingServer, workshop: Workshop) -> None:
    cloud.manifest("desk", tools=DESK["tools"])
    assert cloud.run("apply", "--yes").code == 0
    server.clear()
    assert planned(cloud) == []
    lists = ["GET /v1/agents", f"GET {TEMPLATES}", "GET /v1/models", "GET /v1/skills"]
    assert asked(server) == lists, "templates are asked for once a plan"
    assert words(workshop.agent()) == {"tool": "code_interpreter"}
    assert workshop.templates() == []
    cloud.manifest("desk")
    changes = cloud.run("plan", "--format", "json").json["changes"]
    assert [diff["path"] for diff in changes[0]["diffs"]] == ["tools[code_interpreter]"]
    assert cloud.run("apply", "--yes").code == 0
    assert PAIR not in workshop.agent()["metadata"]
    assert planned(cloud) == []


def test_a_changed_table_is_put_into_the_same_template(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    before, uploads = workshop.template()["id"], workshop.stored_objects.uploads()
    desk.write(PRICES, "sku,price\n1,3\n")
    assert planned(desk) == [("update", "assistant", "desk"), ("update", "file", PRICES)]
    server.clear()
    assert desk.run("apply", "--yes").code == 0
    # The second template keeps the old upload's name until that is gone.
    assert [f"{mutation.method} {mutation.path.rpartition('/')[0]}" for mutation in server.mutations] == [
        "POST /v1",
        "POST /v1/agents/environments",
        f"POST {TEMPLATES}",
        "POST /v1/agents",
        "DELETE /v1/files",
        f"DELETE {TEMPLATES}",
    ]
    assert workshop.template()["id"] == before
    assert workshop.template()["name"].endswith(words(workshop.agent())["content"])
    assert words(workshop.agent())["template"] == before
    after = workshop.stored_objects.uploads()
    assert sorted(after.values()) == ["prices.csv", "stock.csv"]
    assert len(set(after) - set(uploads)) == 1
    assert planned(desk) == []


def test_a_table_that_came_too_is_put_into_the_same_template(desk: ProjectFolder, workshop: Workshop) -> None:
    before = workshop.template()["id"]
    desk.write("assistants/data/returns.csv", "sku\n1\n")
    assert desk.run("apply", "--yes").code == 0
    assert workshop.template()["id"] == before
    assert len(workshop.mounted()) == 3
    assert planned(desk) == []
    assert garbage(desk, "--unproven") == []


def test_a_refused_change_leaves_the_files_that_were_there(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    before = workshop.template()
    desk.write(PRICES, "sku,price\n1,3\n")
    refused = Answer(400, error_body("no such model"))
    server.fault = lambda request: (
        refused if request.method == "POST" and request.path.startswith("/v1/agents/agent_") else None
    )
    assert desk.run("apply", "--yes").code == 4
    server.fault = lambda _: None
    after = workshop.template()
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    assert list(wrong_after(desk.run, workshop)) == []
    assert workshop.template()["id"] == before["id"]


GOES_ON, GOES_BACK = "sku,price\n1,33\n", "sku,price\n1,2\n"


@pytest.mark.parametrize("table", [GOES_ON, GOES_BACK], ids=["goes on", "goes back"])
@pytest.mark.parametrize("knows", [True, False], ids=["same checkout", "another checkout"])
def test_a_change_that_was_killed_half_way_is_made_or_taken_back(
    cloud: ProjectFolder,
    snapshots: ProjectSnapshots,
    server: RecordingServer,
    workshop: Workshop,
    *,
    knows: bool,
    table: str,
) -> None:
    snapshots.restore("half way", lambda: killed_half_way(cloud, snapshots, server, workshop))
    before = workshop.agent()
    if not knows:
        for record in (cloud.path / ".assistctl/uploads").glob("*"):
            record.unlink()
    if table == GOES_ON:
        # What the agent counts as having is not garbage, whatever its template has by now.
        assert "environment" not in {kind for kind, _, _ in garbage(cloud, "--yes")}
    cloud.write(PRICES, table)
    assert list(wrong_after(cloud.run, workshop)) == []
    assert words(workshop.agent())["template"] == words(before)["template"]
    sizes = workshop.stored_objects.sizes()
    [prices] = [
        file["file_id"] for file in workshop.template()["files"] if file["path"] == "/workspace/prices.csv"
    ]
    assert sizes[prices] == ("prices.csv", len(table))


def killed_half_way(
    project: ProjectFolder, snapshots: ProjectSnapshots, server: RecordingServer, workshop: Workshop
) -> None:
    """The template has the new files, the agent does not say so."""
    snapshots.restore("desk", lambda: applied(project))
    before = workshop.agent()
    project.write(PRICES, GOES_ON)
    interruption = Interruption(Mishap.KILLED_AFTER, 2)
    interruption.on(server)
    assert killed_apply(project.path, interruption) == -9
    interruption.over(server)
    assert workshop.agent() == before
    assert len(workshop.templates()) == 2
    drift = project.run("drift", "--format", "json")
    assert [difference["path"] for difference in drift.json["drift"]] == [ENVIRONMENT]


def test_other_changes_leave_the_template_alone(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    before = workshop.agent()["metadata"][PAIR]
    desk.manifest("desk", **DESK, instructions="Be brief.", metadata={"team": "support"})
    assert desk.run("apply", "--yes").code == 0
    assert asked(server, lists=False) == ["POST /v1/agents/ID"]
    assert workshop.agent()["metadata"][PAIR] == before
    assert planned(desk) == []


def test_without_its_files_an_agent_keeps_its_code(desk: ProjectFolder, workshop: Workshop) -> None:
    desk.manifest("desk", tools=DESK["tools"])
    assert desk.run("apply", "--yes").code == 0
    assert (workshop.templates(), workshop.stored_objects.uploads()) == ([], {})
    assert words(workshop.agent()) == {"tool": "code_interpreter"}
    assert set(workshop.agent()["metadata"]) == {"assistctl", "assistctl_baseline", PAIR}
    assert planned(desk) == []


def test_without_the_manifest_all_of_it_goes(desk: ProjectFolder, workshop: Workshop) -> None:
    theirs = workshop.stored_objects.upload("theirs.csv", b"not yours")
    template = workshop.make(name="theirs", files=[{"type": "file_id", "file_id": theirs, "path": "/workspace/t"}])
    desk.remove("desk")
    assert desk.run("apply", "--yes", "--allow-deletes").code == 0
    assert workshop.agents() == []
    assert [listed_template["id"] for listed_template in workshop.templates()] == [template["id"]]
    assert list(workshop.stored_objects.uploads()) == [theirs]
    assert garbage(desk, "--unproven", "--yes") == []


def test_uploads_may_be_named_by_their_ids(cloud: ProjectFolder, workshop: Workshop) -> None:
    theirs = workshop.stored_objects.upload("theirs.csv", b"a,b\n")
    resources = {"code_interpreter": {"file_ids": [theirs]}}
    cloud.manifest("desk", tools=DESK["tools"], tool_resources=resources)
    assert cloud.run("apply", "--yes").code == 0
    assert workshop.mounted() == {"/workspace/theirs.csv": "theirs.csv"}
    assert planned(cloud) == []
    cloud.remove("desk")
    assert cloud.run("apply", "--yes", "--allow-deletes").code == 0
    assert (workshop.templates(), list(workshop.stored_objects.uploads())) == ([], [theirs])


@pytest.mark.parametrize(
    "ids", [("theirs.csv", "theirs.csv"), ("theirs.csv", None)], ids=["two of one name", "one that is not there"]
)
def test_ids_that_cannot_be_used_are_named(
    cloud: ProjectFolder, workshop: Workshop, ids: tuple[str | None, ...]
) -> None:
    file_ids = [workshop.stored_objects.upload(name, b"a") if name else "file-nowhere" for name in ids]
    resources = {"code_interpreter": {"file_ids": file_ids}}
    cloud.manifest("desk", tools=DESK["tools"], tool_resources=resources)
    outcome = cloud.run("apply", "--yes", "--format", "json")
    assert outcome.code == 1
    assert file_ids[-1] in outcome.json["results"][0]["error"]
    assert (workshop.agents(), workshop.templates()) == ([], [])


def test_there_are_no_vector_stores(cloud: ProjectFolder, server: RecordingServer) -> None:
    cloud.manifest("desk", tools=[{"type": "file_search"}], files=["data/*"])
    errors = [
        (diagnostic["summary"], diagnostic["detail"])
        for diagnostic in cloud.run("plan", "--format", "json").json["diagnostics"]
        if diagnostic["severity"] == "error"
    ]
    assert [summary for summary, _ in errors] == [
        "openai-agents cannot express tools[file_search]",
        "openai-agents cannot express files",
    ]
    assert all(
        "files for code_interpreter are there to be read, under /workspace" in detail for _, detail in errors
    )
    assert cloud.run("apply", "--yes").code == 1
    assert server.mutations == []


def take_a_file_out(workshop: Workshop) -> None:
    template = workshop.template()
    workshop.edit(template["id"], files=template["files"][:1])


def move_a_file(workshop: Workshop) -> None:
    first, second = workshop.template()["files"]
    workshop.edit(workshop.template()["id"], files=[first, {**second, "path": "/workspace/else"}])


def delete_the_template(workshop: Workshop) -> None:
    workshop.delete(workshop.template()["id"])


def spoil_the_pair(workshop: Workshop) -> None:
    workshop.edit_metadata(workshop.agent(), **{PAIR: "what = is this"})


ENVIRONMENT = "tools[code_interpreter].environment"


@pytest.mark.parametrize(
    ("edit", "paths"),
    [
        (take_a_file_out, ["files", ENVIRONMENT]),
        (move_a_file, [ENVIRONMENT]),
        (delete_the_template, ["files"]),
        (spoil_the_pair, ["files", "tools[code_interpreter]"]),
    ],
)
def test_what_somebody_changed_is_drift_and_goes(
    desk: ProjectFolder, workshop: Workshop, edit: Any, paths: list[str]
) -> None:
    edit(workshop)
    assert drifted(desk) == paths
    assert list(wrong_after(desk.run, workshop)) == []
    assert workshop.mounted() == {"/workspace/prices.csv": "prices.csv", "/workspace/stock.csv": "stock.csv"}


def drifted(desk: ProjectFolder) -> list[str]:
    """The paths that somebody changed, all of the one agent."""
    drift = desk.run("drift", "--format", "json")
    assert drift.code == 2
    found = drift.json["drift"]
    assert [(difference["kind"], difference["key"]) for difference in found] == [("assistant", "desk")] * len(
        found
    )
    return sorted(difference["path"] for difference in found)


def test_a_template_of_somebody_else_is_not_deleted(desk: ProjectFolder, workshop: Workshop) -> None:
    ours = workshop.template()
    theirs = workshop.make(name="assistctl: project=other target=cloud key=desk files=x")
    pair = workshop.agent()["metadata"][PAIR].replace(ours["id"], theirs["id"])
    workshop.edit_metadata(workshop.agent(), **{PAIR: pair})
    assert desk.run("apply", "--yes").code == 0
    assert theirs["id"] in {template["id"] for template in workshop.templates()}
    left = {name for kind, name, proven in garbage(desk, "--yes") if proven and kind == "environment"}
    assert left == {ours["name"]}
    assert {template["id"] for template in workshop.templates()} == {
        theirs["id"],
        words(workshop.agent())["template"],
    }


def test_an_agent_that_is_let_go_keeps_its_files(desk: ProjectFolder, workshop: Workshop) -> None:
    desk.remove("desk")
    assert desk.run("forget", "desk", "--yes").code == 0
    agent = workshop.agent()
    assert set(agent["metadata"]) == {PAIR}
    assert words(agent)["template"] == workshop.template()["id"]
    assert garbage(desk, "--yes", "--unproven") == []
    assert len(workshop.stored_objects.uploads()) == 2


@pytest.mark.parametrize("garbled", [b'{"id": "x', b"[]"])
def test_a_template_goes_with_its_agent_where_the_answer_is_garbled(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop, garbled: bytes
) -> None:
    def fault(request: Asked) -> Answer | None:
        is_delete = request.method == "DELETE" and request.path.startswith("/v1/agents/agent_")
        return Answer(200, garbled, after=True) if is_delete else None

    server.fault = fault
    assert desk.run("destroy", "--yes").code == 0
    assert workshop.templates() == []
    assert workshop.stored_objects.uploads() == {}


def test_a_template_that_cannot_be_deleted_is_told_and_left_for_gc(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    desk.write(PRICES, "sku,price\n1,3\n")
    stuck = Answer(409, error_body("in use"))
    server.fault = lambda request: (
        stuck if request.method == "DELETE" and request.path.startswith(TEMPLATES) else None
    )
    outcome = desk.run("apply", "--yes", "--format", "json")
    assert outcome.code == 4
    results = {result["key"]: result for result in outcome.json["results"]}
    assert (results["desk"]["status"], results[PRICES]["status"]) == ("ok", "failed")
    assert "could not be deleted: in use" in results[PRICES]["error"]
    assert "`assistctl gc` deletes it" in results[PRICES]["error"]
    server.fault = lambda _: None
    assert planned(desk) == []
    assert len(workshop.templates()) == 2
    assert [(kind, proven) for kind, _, proven in garbage(desk, "--yes")] == [("environment", True)]
    assert len(workshop.templates()) == 1
    assert len(workshop.stored_objects.uploads()) == 2


def test_a_template_that_was_only_edited_is_put_right(
    desk: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    before = workshop.template()
    workshop.edit(before["id"], network={"access": "enabled"})
    assert drifted(desk) == [ENVIRONMENT]
    workshop.edit(before["id"], env={"A": "b"}, desktop={"enabled": True})
    server.clear()
    assert desk.run("apply", "--yes").code == 0
    assert asked(server, lists=False) == ["POST /v1/agents/ID", f"POST {TEMPLATES}/ID"]
    assert {**workshop.template(), "updated_at": None} == {**before, "updated_at": None}
    assert list(wrong_after(desk.run, workshop, is_applied=True)) == []


def test_a_template_whose_agent_was_refused_is_used_by_the_next_apply(
    cloud: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    refused = Answer(400, error_body("no such model"))
    server.fault = lambda request: refused if (request.method, request.path) == ("POST", "/v1/agents") else None
    # The uploads and the template are there.
    assert cloud.run("apply", "--yes").code == 4
    template = workshop.template()["id"]
    assert [(kind, proven) for kind, _, proven in garbage(cloud)] == [
        ("environment", True),
        ("file", True),
        ("file", True),
    ]
    server.fault = lambda _: None
    assert cloud.run("apply", "--yes").code == 0
    assert workshop.template()["id"] == words(workshop.agent())["template"] == template
    assert list(wrong_after(cloud.run, workshop, is_applied=True)) == []


def test_there_is_room_for_as_many_files_and_pairs_as_are_promised(
    cloud: ProjectFolder, workshop: Workshop
) -> None:
    for number in range(20):
        cloud.write(f"assistants/many/{number:02}.csv", f"a\n{number}\n")
    pairs = {f"pair{number}": "v" * 512 for number in range(12)}
    files = [{"path": "many/*.csv", "tool": "code_interpreter"}]
    cloud.manifest("desk", **DESK | {"files": files}, metadata=pairs)
    assert cloud.run("apply", "--yes").code == 0
    assert len(workshop.template()["files"]) == 20
    assert len(workshop.agent()["metadata"]) == 16
    assert planned(cloud) == []


def test_what_is_dumped_is_what_is_there(desk: ProjectFolder, workshop: Workshop) -> None:
    workshop.edit(workshop.template()["id"], packages={"python": ["left-pad"]})
    desk.remove("desk")
    assert desk.run("dump").code == 0
    (change,) = desk.run("plan", "--format", "json").json["changes"]
    assert [diff["path"] for diff in change["diffs"]] == [ENVIRONMENT]
    assert desk.run("apply", "--yes").code == 0
    assert len(workshop.template()["files"]) == 2
    assert workshop.template()["packages"]["python"] == []
    assert planned(desk) == []


def test_files_that_move_to_another_agent_stay(desk: ProjectFolder, workshop: Workshop) -> None:
    uploads = workshop.stored_objects.uploads()
    desk.manifest("desk")
    desk.manifest("other", **DESK)
    assert desk.run("apply", "--yes").code == 0
    assert workshop.stored_objects.uploads() == uploads
    assert "key=other" in workshop.template()["name"]
    desk.manifest("desk", **DESK)
    assert desk.run("apply", "--yes").code == 0
    assert workshop.stored_objects.uploads() == uploads
    assert len(workshop.templates()) == 2
    desk.remove("other")
    assert desk.run("apply", "--yes", "--allow-deletes").code == 0
    assert workshop.stored_objects.uploads() == uploads
    assert "key=desk" in workshop.template()["name"]
    assert planned(desk) == []
    assert garbage(desk, "--unproven") == []


def test_a_key_may_move(desk: ProjectFolder, workshop: Workshop) -> None:
    uploads = workshop.stored_objects.uploads()
    desk.remove("desk")
    desk.manifest("counter", **DESK, moved_from="desk")
    assert desk.run("apply", "--yes").code == 0
    assert workshop.stored_objects.uploads() == uploads
    template, agent = workshop.template()["id"], workshop.agent()
    assert words(agent)["template"] == template
    assert desk.run("output").json == {"counter": agent["id"], "environment.counter": template}
    desk.remove("counter")
    assert desk.run("apply", "--yes", "--allow-deletes").code == 0
    assert (workshop.agents(), workshop.templates(), workshop.stored_objects.uploads()) == ([], [], {})


def change(project: ProjectFolder) -> None:
    project.write(PRICES, "sku,price\n1,3,and,more\n")
    (project.path / "assistants/data/stock.csv").unlink()


# Two uploads, the template and the agent; then an upload, the template that keeps the old files, the one that is
# changed, the agent, the two uploads that go, and the keeper. Each as whether it is the second apply, and which of
# its requests. The second of the two uploads, and the first of the two that go, are as the other one.
POINTS = [(False, place) for place in (0, 2, 3)] + [(True, place) for place in (0, 1, 2, 3, 5, 6)]
# Created, changed, deleted.
TEMPLATES_AT = [(False, 2), (True, 2), (True, 6)]
# Of these, what may happen is in the tests of a template with another mark, of a change killed half way, and of
# what a killed apply left.
ELSEWHERE = [
    ((False, 2), Mishap.ANSWER_LOST),
    ((True, 2), Mishap.KILLED_AFTER),
    ((True, 3), Mishap.KILLED_AFTER),
]


MISHAPS = [
    *((point, mishap) for point in POINTS for mishap in (Mishap.ANSWER_LOST, Mishap.KILLED_AFTER)),
    # What else hides the outcome of a change or a deletion is one with a lost answer: the request is sent again.
    *((point, Mishap.LATE) for point in TEMPLATES_AT),
    (POINTS[0], Mishap.KILLED),
]


@pytest.mark.parametrize(("point", "mishap"), [case for case in MISHAPS if case not in ELSEWHERE])
def test_whenever_it_stops_the_next_apply_converges(
    cloud: ProjectFolder,
    snapshots: ProjectSnapshots,
    workshop: Workshop,
    server: RecordingServer,
    *,
    mishap: Mishap,
    point: tuple[bool, int],
) -> None:
    second, place = point
    if second:
        snapshots.restore("desk", lambda: applied(cloud))
        change(cloud)
    write_project(cloud, server, TIMEOUT if mishap is Mishap.LATE else 30)
    interruption = Interruption(mishap, place)
    interruption.on(server)
    if mishap in KILLS:
        code = killed_apply(cloud.path, interruption)
        assert code == -9
    else:
        code = cloud.run("apply", "--yes").code
    interruption.over(server)
    assert interruption.hit is not None
    write_project(cloud, server)
    assert list(wrong_after(cloud.run, workshop, is_applied=code == 0)) == []


def test_what_a_killed_apply_left_is_found_from_either_checkout(
    cloud: ProjectFolder, snapshots: ProjectSnapshots, server: RecordingServer, workshop: Workshop
) -> None:
    def killed() -> None:
        snapshots.restore("desk", lambda: applied(cloud))
        change(cloud)
        interruption = Interruption(Mishap.KILLED_AFTER, 3)  # the agent has its new files, the old ones are kept
        interruption.on(server)
        assert killed_apply(cloud.path, interruption) == -9
        interruption.over(server)

    snapshots.restore("killed", killed)
    assert list(wrong_after(cloud.run, workshop)) == [], "same checkout"

    snapshots.restore("killed", killed)
    for record in (cloud.path / ".assistctl/uploads").glob("*"):
        record.unlink()
    assert planned(cloud) == []
    found = garbage(cloud, "--yes")
    assert [(kind, proven) for kind, _, proven in found] == [
        ("environment", True),
        ("file", True),
        ("file", True),
    ]
    assert {name for kind, name, _ in found if kind == "file"} == {"prices.csv", "stock.csv"}
    assert workshop.mounted() == {"/workspace/prices.csv": "prices.csv"}
    assert len(workshop.stored_objects.uploads()) == 1


def test_uploads_in_a_template_that_somebody_edited_are_not_proved(
    desk: ProjectFolder, workshop: Workshop
) -> None:
    theirs = workshop.stored_objects.upload("theirs.csv", b"not yours")
    template = workshop.template()
    more = {"type": "file_id", "file_id": theirs, "path": "/workspace/theirs.csv"}
    workshop.edit(template["id"], files=[*template["files"], more])
    workshop.edit_metadata(workshop.agent(), **{PAIR: None})
    assert drifted(desk) == ["files", "tools[code_interpreter]"]
    assert desk.run("apply", "--yes").code == 0
    found = garbage(desk, "--yes")
    assert [(kind, proven) for kind, _, proven in found if proven] == [("environment", True)]
    assert theirs in workshop.stored_objects.uploads()


def test_a_template_that_is_answered_with_an_old_id_fails_and_the_old_one_stays(
    cloud: ProjectFolder, server: RecordingServer, workshop: Workshop
) -> None:
    theirs = workshop.make(name="theirs")
    server.tell = lambda asked, _, body: (
        {**body, "id": theirs["id"]} if (asked.method, asked.path) == ("POST", TEMPLATES) else body
    )
    outcome = cloud.run("apply", "--yes", "--format", "json")
    assert outcome.code == 4
    assert f"{theirs['id']}, which was there before" in outcome.json["results"][0]["error"]
    assert workshop.agents() == []
    server.tell = None
    assert list(wrong_after(cloud.run, workshop, theirs["id"])) == []


# What is done when an answer does not say the outcome is one, whether it is lost, cut off or a 500.
@pytest.mark.parametrize("mishap", [Mishap.ANSWER_LOST, Mishap.DROPPED])
def test_a_template_of_that_content_that_bears_another_mark_is_not_taken(
    cloud: ProjectFolder, server: RecordingServer, workshop: Workshop, mishap: Mishap
) -> None:
    """While the answer is lost, somebody makes one with the very same files."""
    elsewhere = Workshop(server.url)
    made: list[dict[str, Any]] = []

    def meanwhile() -> None:
        sent = next(mutation.body for mutation in server.mutations if mutation.path == TEMPLATES)
        name = sent["name"].replace("project=acme", "project=other")
        made.append(elsewhere.make(name=name, files=sent["files"], network=sent["network"]))

    interruption = Interruption(mishap, 0, TEMPLATES, meanwhile)
    interruption.on(server)
    cloud.run("apply", "--yes")
    interruption.over(server)
    elsewhere.close()
    [theirs] = made
    assert list(wrong_after(cloud.run, workshop, theirs["id"])) == []
    assert words(workshop.agent())["template"] != theirs["id"]
