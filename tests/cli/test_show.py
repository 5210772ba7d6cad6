"""A saved plan shown again is the plan, in every format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.model.change import Action
from assistctl.model.plan import Plan
from support.dashboard import Dashboard
from support.projects import ProjectFolder
from support.server import RecordingServer

FORMATS = ("text", "json", "markdown", "html")
# Details and colours are those of a terminal; and what a plan was made with stands in it, whatever it is shown as.
SHOWN: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    ((), FORMATS),
    (("-v",), ("text",)),
    (("--color", "always"), ("text",)),
    (("--destroy",), ("text", "json")),
    (("--adopt",), ("text", "json")),
    (("e",), ("text", "json")),
)


@pytest.fixture
def busy(remote: ProjectFolder, dashboard: Dashboard) -> ProjectFolder:
    """A project whose plan has something of everything, a secret, files and text that could disturb among it."""
    remote.write("assistants/docs/one.md", "One.")
    search = {"type": "file_search"}
    tools = [search, {"type": "function", "function": {"name": "look_up", "parameters": {}}}]
    remote.manifest("a", tools=tools, files=["docs/*.md"], instructions="One.\n" * 50, temperature=0.5)
    remote.manifest("b", lifecycle={"prevent_destroy": True}, description="::error::\u202e\ud83d\ude00 ##[group]")
    remote.manifest("c")
    assert remote.run("apply", "--yes").code == 0
    mine = dashboard.named("a")
    theirs = mine["metadata"] | {"x": "1\n::e::"}
    dashboard.change(mine, instructions="Theirs.\n" * 40, top_p=0.5, metadata=theirs)
    dashboard.create(name="d")
    remote.write("assistants/docs/one.md", "Two.")
    remote.write("assistants/docs/two.md", "Two.")
    parameters = {"type": "object", "properties": {"n": {}}}
    tools = [search, {"type": "function", "function": {"name": "look_up", "parameters": parameters}}]
    remote.manifest("a", tools=tools, files=["docs/*.md"], instructions="Use `code_interpreter`.", top_p=1e-7)
    remote.write(".env", "WORD=hidden-word\n")
    remote.manifest("secret", instructions="${env:WORD}", metadata={"word": "${env:WORD}"})
    remote.manifest("d")
    remote.manifest("e", name="e", response_format={"type": "json_object"})
    remote.remove("b")
    remote.remove("c")
    return remote


@pytest.fixture
def dashboard(server: RecordingServer) -> Iterator[Dashboard]:
    """Somebody else on the account."""
    someone = Dashboard(server.url)
    yield someone
    someone.close()


def test_it_is_the_plan_in_every_format(busy: ProjectFolder, server: RecordingServer, tmp_path: Path) -> None:
    (tmp_path / "nowhere").mkdir()
    here = busy.path
    for options, formats in SHOWN:
        busy.path = here
        plans = {"text": busy.run("plan", *options, "--out", "x.plan")}
        plans |= {name: busy.run("plan", *options, "--format", name) for name in formats if name != "text"}
        busy.path = tmp_path / "nowhere"
        server.clear()
        look = [option for option in options if option not in {"--destroy", "--adopt", "e"}]
        for name in formats:
            shown = busy.run("show", here / "x.plan", *look, "--format", name)
            out, planned = without_occasion(shown.out), without_occasion(plans[name].out)
            assert (shown.code, out, shown.err) == (0, planned, ""), (name, options)
        assert server.asked == [], "the platform is not asked"


def without_occasion(text: str) -> str:
    """A page without the time of its plan, and without the command, which names the file of a saved one."""
    text = re.sub(r"<div><dt>Time</dt>.*?</div>", "", text)
    return re.sub(r'<div class="command">.*?</div>', "", text, flags=re.DOTALL)


def test_a_document_is_read_back_as_a_plan_for_whoever_imports_the_package(busy: ProjectFolder) -> None:
    plan = Plan.from_document(busy.run("plan", "--format", "json").json)
    assert {change.key: change.action for change in plan.changes if change.file is None} == {
        "a": Action.UPDATE,
        "b": Action.DELETE,
        "c": Action.DELETE,
        "d": Action.ADOPT,
        "e": Action.CREATE,
        "secret": Action.CREATE,
    }
    assert [change.key for change in plan.blocked] == ["b", "d"]
    assert plan.summary.changes == 7


@pytest.mark.parametrize(
    ("document", "where"),
    [({}, "project"), ({"project": 1}, "project"), ({"project": "x", "target": []}, "target")],
)
def test_what_is_no_plan_is_none(document: dict[str, object], where: str) -> None:
    with pytest.raises(ValueError, match=where):
        Plan.from_document(document)  # type: ignore[arg-type]  # that is what is tried


def test_what_is_no_saved_plan(project: ProjectFolder) -> None:
    project.manifest("a")
    project.write("printed.json", project.run("plan", "--format", "json").out)
    for path in ("printed.json", "nowhere.plan", "assistctl.yaml", "assistants"):
        shown = project.run("show", path)
        assert (shown.code, shown.out, path in shown.err) == (1, "", True)
        assert "a key" not in shown.err, "it takes files alone"
    assert project.run("show").code == 64
