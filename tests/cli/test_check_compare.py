"""``check --compare``, ``--against`` and ``--apply``: against the last that passed, another target, a branch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from assistctl.testing.scripted_model import ModelRequest, ScriptedModel
from support.printed_documents import printed
from support.project_snapshots import ProjectSnapshots
from support.projects import Outcome, ProjectFolder

pytestmark = pytest.mark.from_snapshots

ASK = "Where is order 1001?"
CHECK = {"ask": ASK, "expect": {"contains": "1001"}}
HELLO = {"ask": "Hello?", "expect": {"contains": "Hello"}}


@pytest.fixture
def answers() -> dict[str, str]:
    """The answers of the model by a part of the question; they may be changed."""
    return {"1001": "Order 1001 is on its way.", "Hello": "Hello to you."}


@pytest.fixture
def local(
    project: ProjectFolder, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ProjectFolder]:
    """The project on the embedded platform, with a model."""

    def said(request: ModelRequest) -> str:
        return next(text for part, text in answers.items() if part in request.last_user_text)

    with ScriptedModel() as model:
        model.on(None, said)
        monkeypatch.setenv("ASSISTCTL_MODEL_URL", model.url)
        yield project


@pytest.fixture
def desk(snapshots: ProjectSnapshots, local: ProjectFolder) -> ProjectFolder:
    """The same with an assistant that has one check and is applied."""
    snapshots.restore("desk", lambda: apply_desk(local))
    return local


def apply_desk(project: ProjectFolder) -> None:
    """Bring that about."""
    project.manifest("desk", checks=[CHECK], instructions="One.")
    assert project.run("apply", "--yes").code == 0


def reported(outcome: Outcome, code: int) -> Any:
    """The JSON of a report, held against its schema."""
    return printed("checks", outcome, code)


def compared(project: ProjectFolder, code: int) -> list[Any]:
    """Each check against the last time it passed."""
    document = reported(project.run("check", "--compare", "--format", "json"), code)
    assert document["warnings"] == []
    return [check["compared"] for check in document["checks"]]


def test_against_the_last_that_passed(desk: ProjectFolder, answers: dict[str, str]) -> None:
    [new] = compared(desk, 0)
    assert (new["course"], new["passed_at"], new["answer_changed"]) == ("new", None, None)
    [same] = compared(desk, 0)
    assert (same["course"], same["same_state"], same["answer_changed"]) == ("same", True, False)
    assert same["tokens"] > 0
    answers["1001"] = "1001: tomorrow."
    [other] = compared(desk, 0)
    assert (other["course"], other["same_state"], other["answer_changed"]) == ("same", True, True)
    desk.manifest("desk", checks=[CHECK], instructions="Two.")
    assert desk.run("apply", "--yes").code == 0
    answers["1001"] = "On its way."
    [worse] = compared(desk, 2)
    assert (worse["course"], worse["same_state"], worse["answer_changed"]) == ("worse", False, True)
    desk.manifest("desk", checks=[CHECK], instructions="Three.")
    assert desk.run("apply", "--yes").code == 0
    answers["1001"] = "1001: tomorrow."
    [mended] = compared(desk, 0)
    assert (mended["course"], mended["answer_changed"]) == ("mended", False)


def test_what_comes_out_either_way_is_told_as_flaky(desk: ProjectFolder, answers: dict[str, str]) -> None:
    desk.manifest("desk", checks=[CHECK, HELLO], instructions="One.")
    assert desk.run("check").code == 0
    answers["1001"] = "On its way."
    outcome = desk.run("check", "--compare")
    assert outcome.code == 2
    assert "flaky: passed 20" in outcome.out
    assert "UTC, the same assistant, another answer," in outcome.out
    assert "1 passed, 1 failed (1 flaky). Against the last that passed: none is worse." in outcome.out
    assert [comparison["course"] for comparison in compared(desk, 2)] == ["flaky", "same"]
    for name, part in (("markdown", "flaky: passed"), ("html", "flaky: passed"), ("junit", "compared: ")):
        assert part in desk.run("check", "--compare", "--format", name).out


def test_a_check_that_is_changed_is_a_new_one(desk: ProjectFolder) -> None:
    assert desk.run("check").code == 0
    desk.manifest("desk", checks=[{**CHECK, "expect": {"icontains": "ORDER 1001"}}, CHECK], instructions="One.")
    assert [comparison["course"] for comparison in compared(desk, 0)] == ["new", "same"]


def records(project: ProjectFolder) -> str:
    """What the journal has on checks."""
    return "".join(path.read_text() for path in (project.path / ".assistctl/journal").rglob("checks/*.json"))


def test_the_journal_has_answers_only_where_the_project_says_so(desk: ProjectFolder) -> None:
    assert desk.run("check").code == 0
    assert ASK in records(desk)
    assert "on its way" not in records(desk)
    desk.write("assistctl.yaml", "project: acme\nchecks: {transcripts: true}\n")
    assert desk.run("check").code == 0
    assert "Order 1001 is on its way." in records(desk)


def test_no_secret_and_no_digest_of_one_is_on_record(
    local: ProjectFolder, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIN", "tulip-8351")
    local.manifest("desk", checks=[CHECK], instructions="The pin is ${env:PIN}.")
    answers["1001"] = "1001, and the pin is tulip-8351."
    local.write("assistctl.yaml", "project: acme\nchecks: {transcripts: true}\n")
    assert local.run("apply", "--yes").code == 0
    assert local.run("check").code == 0
    text = records(local)
    assert "8351" not in text
    assert '"state": ""' in text
    assert '"answer": ""' in text


def test_a_journal_that_cannot_be_used_is_told_and_fails_nothing(desk: ProjectFolder) -> None:
    (desk.path / ".assistctl/journal/acme/local/checks").write_text("in the way")
    document = reported(desk.run("check", "--format", "json"), 0)
    assert "how checks came out is not on record" in document["warnings"][0]
    assert "warning: how checks came out is not on record" in desk.run("check").out


@pytest.fixture
def two(local: ProjectFolder) -> Iterator[ProjectFolder]:
    """A project with two targets, whose models answer differently."""
    with ScriptedModel() as other:
        other.on("1001", "I cannot say.").on(None, "Hello there.")
        local.write(
            "assistctl.yaml",
            f"""\
            project: acme
            targets:
              local: {{platform: local}}
              other:
                platform: local
                options: {{model_url: "{other.url}", database: .assistctl/other.db}}
            """,
        )
        local.manifest("desk", checks=[CHECK, HELLO])
        assert local.run("apply", "--yes").code == 0
        assert local.run("apply", "--yes", "--target", "other").code == 0
        yield local


def test_two_targets_are_compared(two: ProjectFolder) -> None:
    """Both are deployed once for all that only asks them."""
    are_in_one_table(two)
    are_in_every_format(two)
    what_could_be_asked_on_neither_has_no_figures(two)
    outcome = two.run("check", "--against", "local")
    assert (outcome.code, "--against needs another target than 'local'" in outcome.err) == (64, True)
    assert two.run("check", "--against", "nowhere").code == 1


def are_in_one_table(two: ProjectFolder) -> None:
    outcome = two.run("check", "--against", "other")
    assert outcome.code == 0, outcome.out + outcome.err
    lines = outcome.out.splitlines()
    assert lines[0] == "Checks of acme on local (local) against other (local)"
    assert lines[2] == "  local     other     check"
    assert lines[3].startswith("  ✓ passed  ✗ failed  desk 1. Where is order 1001?")
    assert lines[4].startswith("  ✓ passed  ✓ passed  desk 2. Hello?")
    assert "│ answered  Order 1001 is on its way." in outcome.out
    assert "│ answered  I cannot say." in outcome.out
    assert "Hello there." not in outcome.out
    assert outcome.out.rstrip().endswith("2 passed. On other: 1 passed, 1 failed.")


def are_in_every_format(two: ProjectFolder) -> None:
    document = reported(two.run("check", "--against", "other", "--format", "json"), 0)
    assert [check["status"] for check in document["checks"]] == ["passed", "passed"]
    assert [check["status"] for check in document["against"]["checks"]] == ["failed", "passed"]
    assert document["against"]["target"]["name"] == "other"
    markdown = two.run("check", "--against", "other", "--format", "markdown").out
    assert "| local | other | assistant | check |" in markdown
    assert "| ✅ passed | ❌ failed | desk | 1. Where is order 1001? |" in markdown
    assert "I cannot say." in markdown
    assert "- desk 1 on other: contains: wanted the answer to contain '1001'; it is 'I cannot say.'" in markdown
    # The exit code is that of the target that is checked.
    outcome = two.run("check", "--target", "other", "--against", "local", "--format", "junit")
    assert outcome.code == 2
    root = ET.fromstring(outcome.out)  # noqa: S314  # ours
    suites = {suite.get("name"): suite.get("failures") for suite in root}
    assert suites == {"desk on local": "0", "desk on other": "1"}
    page = two.run("check", "--against", "other", "--format", "html").out
    assert page.count("<details") == 2
    cards = re.findall(r'<article class="card \w+"><div class="head"><h3>.*?</div><details', page, re.DOTALL)
    assert len(cards) == 2
    assert "I cannot say." in page


def what_could_be_asked_on_neither_has_no_figures(two: ProjectFolder) -> None:
    two.manifest("new", checks=[HELLO])
    text = two.run("check", "new", "--against", "other").out
    assert re.search(r"^  ! error +! error +new 1\. .*[^/ ]$", text, re.MULTILINE)
    markdown = two.run("check", "new", "--against", "other", "--format", "markdown").out
    assert re.search(r"^\| ⚠️ error \| ⚠️ error \| new \| [^|]*[^|/ ] \| +\|$", markdown, re.MULTILINE)


def test_a_branch_is_applied_to_the_embedded_platform_and_asked(
    local: ProjectFolder, answers: dict[str, str]
) -> None:
    local.manifest("desk", checks=[CHECK])
    document = reported(local.run("check", "--apply", "--target", "local", "--format", "json"), 0)
    assert document["summary"] == {"passed": 1, "failed": 0, "errors": 0}
    answers["1001"] = "Soon."
    local.manifest("desk", checks=[CHECK], instructions="Other.")
    assert local.run("check", "--apply").code == 2


def test_only_the_embedded_platform_is_applied_to(local: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    local.manifest("desk", checks=[CHECK])
    outcome = local.run("check", "--apply", "--target", "openai-assistants")
    assert outcome.code == 1
    assert "--apply is for the embedded platform" in outcome.err
    monkeypatch.delenv("ASSISTCTL_MODEL_URL")
    outcome = local.run("check", "--apply")
    assert (outcome.code, "no model is configured" in outcome.err) == (1, True)
    assert local.run("list", "--format", "json").json["assistants"] == []
