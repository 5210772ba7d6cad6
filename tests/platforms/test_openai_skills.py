"""Skills beside agents of OpenAI's API: a folder, uploaded once for each change, over HTTP."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
import yaml

from support.live_sessions import with_routes
from support.openai_skills import OpenAISkillsServer
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder, applied, nothing_to_do, settled
from support.server import Answer, Asked, RecordingServer

pytestmark = pytest.mark.from_snapshots

MAIN = "---\nname: refunds\ndescription: How to refund.\n---\n\nRefund what was paid.\n"
FILES = {"SKILL.md": MAIN.encode(), "scripts/sum.py": b"print(1)\n", "scripts/__init__.py": b""}
THEIRS = {"SKILL.md": MAIN.replace("Refund what", "Never refund what").encode()}


@pytest.fixture
def skills() -> OpenAISkillsServer:
    """The skills of the platform."""
    return OpenAISkillsServer()


@pytest.fixture
def server(skills: OpenAISkillsServer, snapshots: ProjectSnapshots) -> RecordingServer:
    """It, over HTTP."""
    snapshots.serve(with_routes(skills.routes(), snapshots.embedded), skills)
    return snapshots.server


@pytest.fixture
def shop(project: ProjectFolder, server: RecordingServer) -> ProjectFolder:
    """A project with a skill on that platform."""
    project.use("openai-agents", server.url)
    project.write("assistants/refunds.yaml", "kind: skill\nname: Refunds\nfolder: skills/refunds\n")
    folder(project, FILES)
    project.manifest("desk", model="gpt-5")
    return project


@pytest.fixture
def live(shop: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """The same, applied."""
    snapshots.restore("shop", lambda: applied(shop))
    return shop


def folder(project: ProjectFolder, files: dict[str, bytes]) -> None:
    """Write the files of the skill."""
    for path, content in files.items():
        place = project.path / "assistants/skills/refunds" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def test_it_is_uploaded_with_all_its_files(shop: ProjectFolder, skills: OpenAISkillsServer) -> None:
    settled(shop)
    assert skills.newest == FILES
    assert skills.only["name"] == "refunds"
    [listed] = shop.run("list", "--format", "json").json["resources"]
    assert (listed["key"], listed["id"]) == ("refunds", skills.only["id"])


def test_a_change_is_one_new_version_and_the_default(live: ProjectFolder, skills: OpenAISkillsServer) -> None:
    folder(live, {"scripts/sum.py": b"print(2)\n"})
    settled(live)
    assert (skills.only["latest_version"], skills.only["default_version"]) == ("2", "2")
    assert skills.newest["scripts/sum.py"] == b"print(2)\n"


def test_an_upload_by_somebody_else_is_drift_and_is_put_right(
    live: ProjectFolder, skills: OpenAISkillsServer
) -> None:
    _, files = skills.only["id"], dict(skills.versions[skills.only["id"]][-1])
    skills.upload(skills.only["id"], {**files, **THEIRS}, default=True)
    found = live.run("drift", "--format", "json")
    assert (found.code, [drift["path"] for drift in found.json["drift"]]) == (2, ["folder"])
    settled(live)
    assert skills.newest == FILES
    assert skills.only["default_version"] == "3"


def test_one_of_somebody_else_is_left_alone_and_taken_over_by_its_id(
    shop: ProjectFolder, skills: OpenAISkillsServer
) -> None:
    theirs = skills.add(THEIRS)
    applied(shop)
    assert len(skills.skills) == 2
    assert shop.run("destroy", "--yes").code == 0
    assert [*skills.skills] == [theirs["id"]]
    text = f"kind: skill\nname: Refunds\nfolder: skills/refunds\nimport: {theirs['id']}\n"
    shop.write("assistants/refunds.yaml", text)
    settled(shop)
    assert skills.newest == FILES


def test_a_create_whose_answer_is_lost_is_found_by_its_mark(
    shop: ProjectFolder, skills: OpenAISkillsServer, server: RecordingServer
) -> None:
    def lose(asked: Asked) -> Answer | None:
        if asked.method == "POST" and asked.path.endswith("/v1/skills") and not skills.skills:
            mark = {"name": "Refunds", "metadata": {"assistctl": "project=acme target=cloud key=refunds"}}
            skills.add({**FILES, "assistctl.json": json.dumps(mark).encode()})
            return Answer(500, b"{}")
        return None

    server.fault = lose
    shop.run("apply", "--yes")
    assert len(skills.skills) == 1
    settled(shop)
    assert len(skills.skills) == 1


def test_a_rollback_goes_back_to_the_files_that_it_had(live: ProjectFolder, skills: OpenAISkillsServer) -> None:
    folder(live, {"scripts/sum.py": b"print(2)\n"})
    applied(live)
    [last, *_] = live.run("history", "--format", "json").json["applies"]
    assert live.run("rollback", last["id"], "--yes").code == 0
    assert skills.newest == FILES


def test_what_is_declared_no_longer_is_deleted(live: ProjectFolder, skills: OpenAISkillsServer) -> None:
    live.remove("refunds")
    settled(live)
    assert not skills.skills


@pytest.mark.parametrize(
    ("file", "summary"),
    [
        (("large.bin", b"x" * 25_000_001), "openai-agents takes at most 25,000,000 in one file"),
        (("assistctl.json", b"{}"), "assistctl.json is the name of the file in which"),
    ],
)
def test_what_is_too_much_is_told_offline(
    shop: ProjectFolder, server: RecordingServer, file: tuple[str, bytes], summary: str
) -> None:
    folder(shop, dict([file]))
    outcome = shop.run("validate", "-t", "cloud", "--format", "json")
    [error] = [diagnostic for diagnostic in outcome.json["diagnostics"] if diagnostic["severity"] == "error"]
    assert summary in error["summary"]
    assert not server.asked


def test_an_environment_that_names_other_skills_was_changed_by_its_manifest(shop: ProjectFolder) -> None:
    shop.write("assistants/returns.yaml", "kind: skill\nname: Returns\nfolder: skills/refunds\n")

    def planned(skills: str) -> tuple[str, dict[str, Any]]:
        shop.write("assistants/analysis.yaml", f"kind: environment\nname: Analysis\nskills: [{skills}]\n")
        changes = shop.run("plan", "--format", "json").json["changes"]
        [change] = [candidate for candidate in changes if candidate["key"] == "analysis"]
        return change["reason"], {diff["path"]: diff["new"] for diff in change["diffs"]}

    assert planned("{skill: refunds}")[1]["skills"] == [{"skill": "refunds"}]
    settled(shop)
    returns = {"skills[0].skill_id": {"skill": "returns"}, "skills[0].version": "newest"}
    assert planned("{skill: returns}") == ("manifest changed", returns)
    assert planned("")[0] == "manifest changed"
    assert planned("{skill: returns}, {skill: refunds, version: '1'}")[0] == "manifest changed"
    settled(shop)
    assert planned("{skill: returns}")[0] == "manifest changed"


def test_a_key_that_may_not_see_skills_stops_only_who_has_one(
    shop: ProjectFolder, skills: OpenAISkillsServer, server: RecordingServer
) -> None:
    error = b'{"error": {"message": "Missing scopes: api.skills.read", "type": "invalid_request_error"}}'
    server.fault = lambda asked: Answer(403, error) if "/skills" in asked.path else None
    outcome = shop.run("apply", "--yes", "--format", "json")
    assert outcome.code == 4
    failed = {result["key"]: result["error"] for result in outcome.json["results"] if result["status"] != "ok"}
    assert [*failed] == ["refunds"]
    assert "api.skills.read" in failed["refunds"]
    assert not skills.skills
    shop.remove("refunds")
    assert shop.run("apply", "--yes").code == 0


def test_a_dump_tells_of_all_that_it_writes(live: ProjectFolder) -> None:
    shutil.rmtree(live.path / "assistants")
    [dumped] = live.run("dump", "--format", "json").json["resources"]
    assert {*dumped["files"]} == {"refunds.yaml", *(f"skills/refunds/{path}" for path in FILES)}
    assert {name for name in dumped["files"] if (live.path / "assistants" / name).is_file()} == {*dumped["files"]}


@pytest.mark.parametrize(("pinned", "written"), [("", {}), (", version: '1'", {"version": "1"})])
def test_an_environment_is_dumped_with_the_keys_of_its_skills(
    live: ProjectFolder, pinned: str, written: dict[str, str]
) -> None:
    folder(live, {"scripts/sum.py": b"print(2)\n"})
    live.write("assistants/analysis.yaml", f"kind: environment\nskills: [{{skill: refunds{pinned}}}]\n")
    applied(live)
    live.remove("analysis")
    assert live.run("dump").code == 0
    dumped = yaml.safe_load((live.path / "assistants/analysis.yaml").read_text())
    assert dumped["skills"] == [{"skill": "refunds", **written}]
    nothing_to_do(live)

    shutil.rmtree(live.path / "assistants")
    assert live.run("dump").code == 0
    again = yaml.safe_load((live.path / "assistants/analysis.yaml").read_text())
    assert again == dumped
    nothing_to_do(live)


def test_a_skill_without_a_document_stays_in_an_environment_that_is_dumped(
    live: ProjectFolder, skills: OpenAISkillsServer
) -> None:
    live.write("assistants/analysis.yaml", "kind: environment\nskills: [refunds]\n")
    applied(live)
    mark = {"name": "Refunds", "metadata": {"assistctl": "project=other target=cloud key=refunds"}}
    skills.upload(skills.only["id"], {**FILES, "assistctl.json": json.dumps(mark).encode()}, default=True)
    shutil.rmtree(live.path / "assistants")
    outcome = live.run("dump")
    assert (outcome.code, "skills has something that no document declares" in outcome.err) == (0, True)
    dumped = yaml.safe_load((live.path / "assistants/analysis.yaml").read_text())
    assert (dumped.get("skills"), dumped["lifecycle"]) == (None, {"ignore_changes": ["skills"]})
    nothing_to_do(live)


def test_a_dump_of_an_assistant_looks_at_no_skills(live: ProjectFolder, server: RecordingServer) -> None:
    shutil.rmtree(live.path / "assistants")
    server.clear()
    assert live.run("dump", "desk").code == 0
    assert [asked.path for asked in server.asked if "skills" in asked.path] == []
    assert [path.name for path in (live.path / "assistants").iterdir()] == ["desk.yaml"]


@pytest.mark.parametrize(
    "file", [("id_rsa", b"x"), (".env", b"A=1\n"), ("notes.md", b"-----BEGIN OPENSSH PRIVATE KEY-----\n")]
)
def test_a_skill_with_what_is_never_read_is_not_dumped(
    live: ProjectFolder, skills: OpenAISkillsServer, file: tuple[str, bytes]
) -> None:
    skills.add({**THEIRS, **dict([file])})
    outcome = live.run("dump")
    assert outcome.code == 0
    assert "is not written: this is never read" in outcome.err
    assert not any(path.name == file[0] for path in (live.path / "assistants").rglob("*"))
    assert live.run("validate").code == 0
