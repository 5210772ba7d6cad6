"""Skills of OpenAI's API that cannot be downloaded, though what is in them alone says whose they are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.live_sessions import with_routes
from support.openai_skills import OpenAISkillsServer
from support.project_snapshots import ProjectSnapshots
from support.projects import Outcome, ProjectFolder, applied, nothing_to_do, settled
from support.server import Answer, Asked, RecordingServer, error_body

pytestmark = pytest.mark.from_snapshots

MAIN = "---\nname: refunds\ndescription: How to refund.\n---\n\nRefund what was paid.\n"
SPOILED = Answer(200, b"no archive at all")
REFUSALS = {"spoiled": SPOILED, "not found": Answer(404, error_body("No such file"))}
ANSWERS = pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
COMMANDS = (
    ("plan",),
    ("apply", "--yes", "--allow-deletes"),
    ("destroy", "--yes"),
    ("drift",),
)


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
def live(project: ProjectFolder, server: RecordingServer, snapshots: ProjectSnapshots) -> ProjectFolder:
    """A project with a skill on that platform, applied."""
    project.use("openai-agents", server.url)
    write_skill(project, MAIN)
    project.write("assistants/refunds.yaml", "kind: skill\nname: Refunds\nfolder: skills/refunds\n")
    project.manifest("desk", model="gpt-5")
    snapshots.restore("unread", lambda: applied(project))
    return project


def write_skill(project: ProjectFolder, main: str) -> None:
    project.write("assistants/skills/refunds/SKILL.md", main)


@contextmanager
def cannot_be_read(
    server: RecordingServer, answer: Answer = SPOILED, *, version: str = "", times: int = 1_000
) -> Iterator[list[str]]:
    """Answer downloads of skills like that (of a version, so many times): the paths of those that were."""
    answered: list[str] = []

    def fault(asked: Asked) -> Answer | None:
        is_it = asked.path.endswith(f"{version}/content") and "/skills/" in asked.path
        if not is_it or len(answered) >= times:
            return None
        answered.append(asked.path)
        return answer

    before, server.fault = server.fault, fault
    yield answered
    server.fault = before


def forget_applies(project: ProjectFolder) -> None:
    """Take the journal away, as in a fresh clone."""
    shutil.rmtree(project.path / ".assistctl")


def warnings(outcome: Outcome) -> list[str]:
    """The warnings about skills in a command's JSON."""
    told = outcome.json["diagnostics"]
    return [
        diagnostic["summary"]
        for diagnostic in told
        if diagnostic["severity"] == "warning" and "skill" in diagnostic["summary"]
    ]


@ANSWERS
def test_one_spoiled_answer_is_no_matter(
    live: ProjectFolder, server: RecordingServer, skills: OpenAISkillsServer, answer: Answer
) -> None:
    with cannot_be_read(server, answer, times=1) as answered:
        nothing_to_do(live)
    assert len(answered) == 1
    assert len(skills.skills) == 1


@ANSWERS
@pytest.mark.parametrize("known_by", ["journal", "manifest", "environment"])
def test_ours_is_neither_made_again_nor_left_behind_without_a_word(
    live: ProjectFolder, server: RecordingServer, skills: OpenAISkillsServer, answer: Answer, known_by: str
) -> None:
    skill_id = skills.only["id"]
    if known_by == "environment":
        live.write("assistants/analysis.yaml", "kind: environment\nskills: [{skill: refunds}]\n")
        applied(live)
        live.remove("analysis")
    if known_by != "manifest":
        live.remove("refunds")
    if known_by != "journal":
        forget_applies(live)
    shown = {
        "journal": "an earlier apply made it for refunds",
        "manifest": "it may be refunds, which a manifest declares",
        "environment": "the environment analysis",
    }
    commands = COMMANDS if known_by == "manifest" else (*COMMANDS, ("gc", "--yes"), ("list",))
    with cannot_be_read(server, answer):
        for command in commands:
            server.clear()
            refused = live.run(*command)
            assert refused.code == 1, (command, refused)
            assert f"what is in the skill {skill_id} cannot be read, and {shown[known_by]}" in refused.err, command
            assert {asked.method for asked in server.asked} == {"GET"}, command
    assert [*skills.skills] == [skill_id]
    assert live.run("destroy", "--yes").code == 0
    assert skills.skills == {}


@ANSWERS
def test_what_nobody_can_tell_is_told(
    live: ProjectFolder, server: RecordingServer, skills: OpenAISkillsServer, answer: Answer
) -> None:
    skill_id = skills.only["id"]
    live.remove("refunds")
    forget_applies(live)
    with cannot_be_read(server, answer):
        planned = live.run("plan", "--format", "json")
        text = live.run("plan")
        destroyed = live.run("destroy", "--yes", "--format", "json")
    assert (planned.code, text.code, destroyed.code) == (0, 0, 0)
    [told] = warnings(planned)
    assert told.startswith(f"nobody can tell whose the skill refunds ({skill_id}) is: ")
    assert told in text.out
    assert warnings(destroyed) == [told]
    assert [*skills.skills] == [skill_id]
    assert live.run("destroy", "--yes").code == 0
    assert skills.skills == {}


def test_an_earlier_version_says_whose_it_is(
    live: ProjectFolder, server: RecordingServer, skills: OpenAISkillsServer
) -> None:
    """Whether the newest one is protected, and what is in it, nobody knows: nothing is done to it."""
    live.write(
        "assistants/refunds.yaml",
        "kind: skill\nname: Refunds\nfolder: skills/refunds\nlifecycle: {prevent_destroy: true}\n",
    )
    applied(live)
    skill_id = skills.only["id"]
    assert skills.only["latest_version"] == "2"
    live.remove("refunds")
    forget_applies(live)
    with cannot_be_read(server, version="2"):
        for command in (*COMMANDS, ("gc", "--yes"), ("list",)):
            refused = live.run(*command)
            assert refused.code == 1, (command, refused)
            assert f"the skill {skill_id} cannot be read, and it is refunds of this project" in refused.err, (
                command
            )
    assert [*skills.skills] == [skill_id]
    assert live.run("destroy", "--yes").code == 3, "it is protected"


def test_a_spoiled_one_of_somebody_else_stops_nobody(
    live: ProjectFolder, server: RecordingServer, skills: OpenAISkillsServer
) -> None:
    theirs = skills.add({"SKILL.md": MAIN.replace("name: refunds", "name: theirs").encode()})["id"]
    live.write("assistants/skills/returns/SKILL.md", MAIN.replace("name: refunds", "name: returns"))
    live.write("assistants/returns.yaml", "kind: skill\nfolder: skills/returns\n")
    with cannot_be_read(server, version=f"{theirs}/versions/1"):
        done = live.run("apply", "--yes", "--format", "json")
        assert done.code == 0, done.out + done.err
        assert [told for told in warnings(done) if theirs in told]
        assert len(skills.skills) == 3
        nothing_to_do(live)
    assert live.run("destroy", "--yes").code == 0
    assert [*skills.skills] == [theirs]


def test_what_goes_away_meanwhile_is_left_out(
    live: ProjectFolder, server: RecordingServer, skills: OpenAISkillsServer
) -> None:
    theirs = skills.add({"SKILL.md": MAIN.encode()})["id"]
    gone = REFUSALS["not found"]
    server.fault = lambda asked: gone if f"/skills/{theirs}" in asked.path else None
    planned = live.run("plan", "--format", "json", "--detailed-exitcode")
    assert (planned.code, warnings(planned)) == (0, [])


def test_what_cannot_be_read_back_is_not_said_to_be_made(
    live: ProjectFolder, server: RecordingServer, skills: OpenAISkillsServer
) -> None:
    write_skill(live, MAIN.replace("was paid", "was paid twice"))
    with cannot_be_read(server, version="2"):
        failed = live.run("apply", "--yes", "--format", "json")
    assert failed.code == 4
    [result] = failed.json["results"]
    assert "cannot be read back" in result["error"]
    assert live.run("apply", "--yes").code == 0
    nothing_to_do(live)
    assert (len(skills.skills), skills.only["latest_version"]) == (1, "2")


@ANSWERS
def test_a_new_one_that_cannot_be_read_back_is_made_once(
    live: ProjectFolder, server: RecordingServer, skills: OpenAISkillsServer, answer: Answer
) -> None:
    live.write("assistants/skills/returns/SKILL.md", MAIN.replace("name: refunds", "name: returns"))
    live.write("assistants/returns.yaml", "kind: skill\nfolder: skills/returns\n")
    with cannot_be_read(server, answer, version="2/versions/1"):
        failed = live.run("apply", "returns", "--yes", "--format", "json")
        assert failed.code == 4, failed.out + failed.err
        [result] = failed.json["results"]
        assert "cannot be read back" in result["error"]
        assert len(skills.skills) == 2
        again = live.run("apply", "--yes")
        assert again.code == 1
        assert "cannot be read, and" in again.err
        assert len(skills.skills) == 2
    settled(live)
    assert len(skills.skills) == 2
