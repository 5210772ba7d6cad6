"""Skills of Claude's agents: a folder, uploaded once for each change, over HTTP."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from support.managed_agents import ManagedAgents
from support.managed_skills import Skills
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder, applied, settled
from support.server import Answer, Asked, RecordingServer

MODEL = "claude-opus-5-5"
MAIN = "---\nname: refunds\ndescription: How to refund.\n---\n\nRefund what was paid.\n"
FILES = {"SKILL.md": MAIN.encode(), "scripts/sum.py": b"print(1)\n", "scripts/__init__.py": b""}
THEIRS = {"SKILL.md": MAIN.replace("Refund what", "Never refund what").encode()}


@pytest.fixture
def shop(cloud: ProjectFolder) -> ProjectFolder:
    """A project with an agent, and a skill that it has."""
    cloud.write("assistants/refunds.yaml", "kind: skill\nname: Refunds\nfolder: skills/refunds\n")
    folder(cloud, FILES)
    cloud.manifest("desk", model=MODEL, skills=["refunds"])
    return cloud


@pytest.fixture
def live(shop: ProjectFolder, snapshots: ProjectSnapshots) -> ProjectFolder:
    """The same, applied, and settled."""
    snapshots.restore("shop", lambda: settled(shop))
    return shop


def folder(project: ProjectFolder, files: dict[str, bytes]) -> None:
    """Write the files of the skill."""
    for path, content in files.items():
        place = project.path / "assistants/skills/refunds" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def planned(project: ProjectFolder, *args: str) -> dict[str, Any]:
    """What a plan would do, by kind and key: the action, and the paths that differ."""
    document = project.run("plan", "--format", "json", *args).json
    return {
        f"{change['kind']} {change['key']}": (change["action"], {diff["path"] for diff in change["diffs"]})
        for change in document["changes"]
    }


def desk(agents: ManagedAgents) -> Any:
    """The skills of the one agent."""
    [agent] = agents.agents.values()
    return agent["skills"]


def entry(skills: Skills, version: str | None = None) -> dict[str, str]:
    """How an agent names the one skill."""
    answer = skills.only.answer
    return {"type": "custom", "skill_id": answer["id"], "version": version or answer["latest_version_id"]}


def test_it_is_uploaded_with_all_its_files_and_its_agent_names_it(
    shop: ProjectFolder, agents: ManagedAgents, skills: Skills
) -> None:
    settled(shop)
    assert skills.only.newest == FILES
    assert skills.only.answer["display_name"] == "Refunds [assistctl project=acme target=cloud key=refunds]"
    assert skills.only.mark["metadata"]["assistctl"] == "project=acme target=cloud key=refunds"
    assert desk(agents) == [entry(skills)]
    assert skills.uploads == 1
    [version, _] = next(iter(skills.only.versions.values()))
    assert version["description"] == "How to refund."


def test_what_did_not_change_is_not_uploaded(live: ProjectFolder, skills: Skills) -> None:
    folder(live, FILES)
    live.manifest("desk", model=MODEL, skills=["refunds"], instructions="Be kind.")
    settled(live)
    assert skills.uploads == 1


def test_a_change_is_one_new_version_that_reaches_its_agent(
    live: ProjectFolder, agents: ManagedAgents, skills: Skills
) -> None:
    folder(live, {"scripts/sum.py": b"print(2)\n"})
    assert planned(live) == {
        "skill refunds": ("update", {"folder"}),
        "assistant desk": ("update", {"skills[0].version"}),
    }
    settled(live)
    assert (skills.uploads, len(skills.only.versions)) == (2, 2)
    assert skills.only.newest == {**FILES, "scripts/sum.py": b"print(2)\n"}
    assert desk(agents) == [entry(skills)]


def test_a_pinned_version_stays(live: ProjectFolder, agents: ManagedAgents, skills: Skills) -> None:
    [first] = skills.only.versions
    live.manifest("desk", model=MODEL, skills=[{"skill": "refunds", "version": first}])
    applied(live)
    folder(live, {"scripts/sum.py": b"print(2)\n"})
    assert planned(live).keys() == {"skill refunds"}
    settled(live)
    assert desk(agents) == [entry(skills, first)]


def test_an_upload_by_somebody_else_is_drift_and_is_put_right(
    live: ProjectFolder, agents: ManagedAgents, skills: Skills
) -> None:
    skills.upload(skills.only, THEIRS)
    found = live.run("drift", "--format", "json")
    assert found.code == 2
    assert {(drift["kind"], drift["path"]) for drift in found.json["drift"]} >= {("skill", "folder")}
    assert found.json["missing"] == []
    settled(live)
    assert skills.only.newest == FILES
    assert len(skills.only.versions) == 3
    assert desk(agents) == [entry(skills)]


def test_a_name_and_metadata_change_without_the_label(live: ProjectFolder, skills: Skills) -> None:
    label = skills.only.answer["display_name"]
    text = "kind: skill\nname: Returns\nfolder: skills/refunds\nmetadata: {team: support}\n"
    live.write("assistants/refunds.yaml", text)
    settled(live)
    assert (skills.only.mark["name"], skills.only.mark["metadata"]["team"]) == ("Returns", "support")
    assert skills.only.answer["display_name"] == label
    assert skills.only.newest == FILES


def test_a_new_key_keeps_it(live: ProjectFolder, skills: Skills) -> None:
    live.remove("refunds")
    text = "kind: skill\nname: Refunds\nfolder: skills/refunds\nmoved_from: refunds\n"
    live.write("assistants/returns.yaml", text)
    live.manifest("desk", model=MODEL, skills=["returns"])
    settled(live)
    assert skills.only.mark["metadata"]["assistctl"].endswith("key=returns")


def test_one_of_somebody_else_is_taken_over_by_its_id(
    shop: ProjectFolder, agents: ManagedAgents, skills: Skills
) -> None:
    theirs = skills.add(THEIRS, "Their refunds")
    text = f"kind: skill\nname: Refunds\nfolder: skills/refunds\nimport: {theirs.answer['id']}\n"
    shop.write("assistants/refunds.yaml", text)
    applied(shop)
    assert skills.only.answer["display_name"] == "Their refunds"
    assert skills.only.newest == FILES
    shop.write("assistants/refunds.yaml", text.partition("import")[0])
    settled(shop)
    assert desk(agents) == [entry(skills)]
    assert skills.uploads == 1


def test_a_copy_of_ours_is_not_ours(live: ProjectFolder, skills: Skills) -> None:
    _, files = next(iter(skills.only.versions.values()))
    copy = skills.add(files, "A copy")
    skills.upload(copy, files)
    assert planned(live) == {}
    live.run("destroy", "--yes")
    assert [*skills.skills] == [copy.answer["id"]]


def test_anthropics_own_are_nobodys_business(shop: ProjectFolder, skills: Skills) -> None:
    skills.add(THEIRS, "Refunds", source="anthropic")
    assert planned(shop)["skill refunds"][0] == "create"


@pytest.mark.parametrize("versions_first", [False, True])
def test_what_is_declared_no_longer_is_deleted_with_its_versions(
    live: ProjectFolder, skills: Skills, *, versions_first: bool
) -> None:
    skills.upload(skills.only, THEIRS)
    skills.versions_first = versions_first
    live.remove("refunds")
    live.manifest("desk", model=MODEL)
    assert "all its versions go with it" in live.run("plan").out
    settled(live)
    assert not skills.skills


def test_destroy_deletes_it(live: ProjectFolder, skills: Skills) -> None:
    assert live.run("destroy", "--yes").code == 0
    assert not skills.skills


def test_what_somebody_elses_agent_names_is_not_deleted(
    live: ProjectFolder, agents: ManagedAgents, skills: Skills
) -> None:
    agents.add("agent_theirs", skills=[entry(skills)])
    live.remove("refunds")
    live.manifest("desk", model=MODEL)
    assert live.run("apply", "--yes").code == 0
    assert live.run("gc", "--yes").code == 0
    assert skills.skills


def test_a_rollback_goes_back_to_the_files_that_it_had(
    live: ProjectFolder, agents: ManagedAgents, skills: Skills
) -> None:
    [first] = skills.only.versions
    folder(live, {"scripts/sum.py": b"print(2)\n"})
    applied(live)
    [last, *_] = live.run("history", "--format", "json").json["applies"]
    outcome = live.run("rollback", last["id"], "--yes", "--format", "json")
    assert outcome.code == 0, outcome.out + outcome.err
    assert skills.only.newest == FILES
    assert desk(agents) == [entry(skills, first)]


def test_a_rollback_deletes_what_came_with_the_agent_that_has_it(
    live: ProjectFolder, agents: ManagedAgents, skills: Skills
) -> None:
    [last] = live.run("history", "--format", "json").json["applies"]
    outcome = live.run("rollback", last["id"], "--yes")
    assert outcome.code == 0, outcome.out + outcome.err
    assert not skills.skills
    assert [agent for agent in agents.agents.values() if agent["archived_at"] is None] == []


def test_a_rollback_says_what_a_deletion_took(live: ProjectFolder, skills: Skills) -> None:
    live.remove("refunds")
    live.manifest("desk", model=MODEL)
    applied(live)
    [last, *_] = live.run("history", "--format", "json").json["applies"]
    outcome = live.run("rollback", last["id"], "--yes", "--format", "json")
    assert outcome.code == 1
    told = [diagnostic["summary"] for diagnostic in outcome.json["diagnostics"]]
    assert "refunds (skill) does not go back in full: all its versions were deleted with it" in told
    assert not skills.skills


def test_a_create_whose_answer_is_lost_is_found_by_its_mark(
    shop: ProjectFolder, skills: Skills, server: RecordingServer
) -> None:
    label = "Refunds [assistctl project=acme target=cloud key=refunds]"

    def lose(asked: Asked) -> Answer | None:
        if asked.method == "POST" and asked.path.endswith("/v1/skills") and not skills.skills:
            mark = {"name": "Refunds", "metadata": {"assistctl": "project=acme target=cloud key=refunds"}}
            skills.add({**FILES, "assistctl.json": json.dumps(mark).encode()}, label)
            return Answer(500, b"{}")
        return None

    server.fault = lose
    outcome = shop.run("apply", "--yes", "refunds")
    assert outcome.code == 4, outcome.out
    assert len(skills.skills) == 1
    settled(shop)
    assert len(skills.skills) == 1


def test_two_with_its_mark_stop_the_run(live: ProjectFolder, skills: Skills) -> None:
    _, files = next(iter(skills.only.versions.values()))
    skills.add(files, skills.only.answer["display_name"])
    assert live.run("apply", "--yes").code == 3


def test_a_version_made_meanwhile_is_not_overwritten(live: ProjectFolder, skills: Skills) -> None:
    folder(live, {"scripts/sum.py": b"print(2)\n"})
    live.run("plan", "--out", "it.plan")
    skills.upload(skills.only, THEIRS)
    assert live.run("apply", "it.plan", "--yes").code == 3


def test_forget_lets_it_go(live: ProjectFolder, skills: Skills) -> None:
    live.remove("refunds")
    live.manifest("desk", model=MODEL)
    assert live.run("forget", "refunds", "--yes").code == 0
    assert skills.only.mark["metadata"] == {}
    assert live.run("apply", "--yes").code == 0
    assert planned(live) == {}


def test_gc_deletes_it_and_list_and_output_name_it(live: ProjectFolder, skills: Skills) -> None:
    [skill_id] = skills.skills
    [listed] = live.run("list", "--format", "json").json["resources"]
    assert (listed["kind"], listed["key"], listed["id"]) == ("skill", "refunds", skill_id)
    assert live.run("output").json["refunds"] == skill_id
    live.remove("refunds")
    live.manifest("desk", model=MODEL)
    assert live.run("apply", "--yes", "desk").code == 0
    found = live.run("gc", "--yes", "--format", "json")
    assert [(item["kind"], item["name"]) for item in found.json["garbage"]] == [("skill", "Refunds")]
    assert not skills.skills


def test_protection_holds_without_the_document(shop: ProjectFolder, skills: Skills) -> None:
    text = "kind: skill\nname: Refunds\nfolder: skills/refunds\nlifecycle: {prevent_destroy: true}\n"
    shop.write("assistants/refunds.yaml", text)
    applied(shop)
    shop.remove("refunds")
    shop.manifest("desk", model=MODEL)
    assert shop.run("apply", "--yes").code == 3
    assert skills.skills


DOCUMENT, PAGE = "assistants/refunds.yaml", "assistants/skills/refunds/SKILL.md"


@pytest.mark.parametrize(
    ("file", "place", "summary"),
    [
        (("large.bin", b"x" * 30_000_001), (DOCUMENT, 3), "anthropic-agents takes at most 30,000,000"),
        (("assistctl.json", b"{}"), (DOCUMENT, 3), "assistctl.json is the name of the file in which"),
        (("SKILL.md", b"Refund.\n"), (PAGE, 1), "has no front matter"),
        (("SKILL.md", b"---\nname: refunds\n---\n\nRefund.\n"), (PAGE, 1), "has no description"),
        (
            ("SKILL.md", MAIN.replace("refunds", "Re Funds").encode()),
            (PAGE, 2),
            "'Re Funds' is not a skill's name",
        ),
    ],
)
def test_what_cannot_be_sent_is_told_offline_with_its_place(
    shop: ProjectFolder, server: RecordingServer, file: tuple[str, bytes], place: tuple[str, int], summary: str
) -> None:
    folder(shop, dict([file]))
    outcome = shop.run("validate", "-t", "cloud", "--format", "json")
    assert outcome.code == 1
    [error] = [diagnostic for diagnostic in outcome.json["diagnostics"] if diagnostic["severity"] == "error"]
    assert (error["file"], error["line"]) == place
    assert summary in error["summary"]
    assert not server.asked


def test_a_dump_brings_its_files_along(live: ProjectFolder, skills: Skills) -> None:
    theirs = skills.add({**THEIRS, "more/page.md": b"More.\n"}, "Theirs")
    live.remove("refunds")
    live.remove("desk")
    for path in FILES:
        (live.path / "assistants/skills/refunds" / path).unlink()
    dumped = live.run("dump", "--format", "json")
    assert dumped.code == 0, dumped.err
    assert {resource["key"] for resource in dumped.json["resources"]} == {"refunds", "theirs"}
    assert (live.path / "assistants/skills/theirs/more/page.md").read_bytes() == b"More.\n"
    assert f"import: {theirs.answer['id']}" in (live.path / "assistants/theirs.yaml").read_text()
    assert planned(live) == {"skill theirs": ("adopt", {"folder"})}
    settled(live)
    assert skills.skills[theirs.answer["id"]].newest == {**THEIRS, "more/page.md": b"More.\n"}


def test_an_archive_that_leaves_its_folder_is_not_unpacked(live: ProjectFolder, skills: Skills) -> None:
    outside = {"Theirs-up": "../../desk.yaml", "Theirs-root": "/etc/passwd", "Theirs-around": "a/../../b"}
    for label, name in outside.items():
        skills.upload(skills.add(THEIRS, label), {**THEIRS, name: b"x"})
    outcome = live.run("dump")
    assert outcome.code == 0
    for label in outside:
        assert f"the skill {label} is not written: the archive of" in outcome.err
    assert [path.name for path in (live.path / "assistants").iterdir() if "heirs" in path.name] == []


def test_one_that_cannot_be_read_stops_whose_it_is_and_nobody_else(
    live: ProjectFolder, skills: Skills, server: RecordingServer
) -> None:
    ours = skills.only.answer["id"]
    theirs = skills.add(THEIRS, "Theirs [assistctl project=other target=cloud key=theirs]").answer["id"]

    def spoiled(skill_id: str) -> None:
        server.fault = lambda asked: (
            Answer(200, b"no archive")
            if f"{skill_id}/versions" in asked.path and "content" in asked.path
            else None
        )

    spoiled(theirs)
    assert live.run("plan", "--detailed-exitcode").code == 0
    spoiled(ours)
    for command in (("plan",), ("apply", "--yes"), ("destroy", "--yes"), ("gc", "--yes")):
        refused = live.run(*command)
        assert refused.code == 1, (command, refused)
        assert f"the skill {ours} cannot be read, and it is refunds of this project" in refused.err
    server.fault = lambda _: None
    assert live.run("destroy", "--yes").code == 0
    assert [*skills.skills] == [theirs]


def test_a_version_whose_answer_is_lost_is_found(
    live: ProjectFolder, agents: ManagedAgents, skills: Skills, server: RecordingServer
) -> None:
    folder(live, {"scripts/sum.py": b"print(2)\n"})
    is_version = re.compile("/v1/skills/[^/]+/versions")
    server.fault = lambda asked: (
        Answer(500, after=True) if asked.method == "POST" and is_version.fullmatch(asked.path) else None
    )
    outcome = live.run("apply", "--yes")
    assert outcome.code == 0, outcome.out
    assert (skills.uploads, len(skills.only.versions)) == (2, 2)
    assert skills.only.newest["scripts/sum.py"] == b"print(2)\n"
    assert desk(agents) == [entry(skills)]
    settled(live)
    assert skills.uploads == 2


def test_a_label_that_is_too_long_is_told_before_anything_is_sent(shop: ProjectFolder, skills: Skills) -> None:
    shop.write("assistants/refunds.yaml", f"kind: skill\nname: {'x' * 250}\nfolder: skills/refunds\n")
    outcome = shop.run("apply", "--yes", "refunds")
    assert outcome.code == 1
    assert "a skill's label has at most 255 characters" in outcome.out + outcome.err
    assert not skills.skills


def test_a_failed_upload_changes_nothing_of_its_agents(
    live: ProjectFolder, agents: ManagedAgents, skills: Skills
) -> None:
    before = desk(agents)
    folder(live, {"SKILL.md": MAIN.replace("name: refunds", "name: returns").encode()})
    assert live.run("apply", "--yes").code == 1
    assert desk(agents) == before
    assert len(skills.only.versions) == 1


def test_a_rollback_pins_no_version_that_the_platform_filled_in(
    shop: ProjectFolder, agents: ManagedAgents, skills: Skills
) -> None:
    """Beside a skill that is named by key, whose id is no part of what is on record."""
    own = {"anthropic-agents": {"skills": [{"type": "anthropic", "skill_id": "xlsx"}]}}
    shop.manifest("desk", model=MODEL, skills=["refunds"], platforms=own, instructions="Before.")
    applied(shop)
    before = desk(agents)
    assert [skill["skill_id"] for skill in before if skill["version"]] == ["xlsx", entry(skills)["skill_id"]]
    shop.manifest("desk", model=MODEL, skills=["refunds"], platforms=own, instructions="After.")
    applied(shop)
    [last, *_] = shop.run("history", "--format", "json").json["applies"]
    assert shop.run("rollback", last["id"], "--yes").code == 0
    assert desk(agents) == before
    shop.manifest("desk", model=MODEL, skills=["refunds"], platforms=own, instructions="Before.")
    assert planned(shop) == {}


def test_a_rollback_goes_back_to_the_version_of_then(live: ProjectFolder, agents: ManagedAgents) -> None:
    """Also where another apply has uploaded a newer one since, which is not rolled back."""
    before = desk(agents)
    live.manifest("desk", model=MODEL, skills=["refunds"], instructions="After.")
    applied(live)
    [undone, *_] = live.run("history", "--format", "json").json["applies"]
    folder(live, {"scripts/sum.py": b"print(2)\n"})
    applied(live)
    assert desk(agents) != before
    assert live.run("rollback", undone["id"], "--yes").code == 0
    assert desk(agents) == before
