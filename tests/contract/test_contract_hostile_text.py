"""Text from outside cannot move the cursor, forge a plan line, or break out of the Markdown or HTML report."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ApplySnapshot
from support.projects import ProjectFolder
from support.server import Answer, Payload, RecordingServer, error_body

pytestmark = pytest.mark.from_snapshots

HOSTILE = {
    "clear the screen": "\x1b[2J\x1b[H",
    "colours": "\x1b[32mgreen\x1b[0m",
    "a title": "\x1b]0;owned\x07",
    "a link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "eight-bit CSI": "\x9b2J",
    "carriage return": "safe\rPlan: 0 to create, 0 to update, 0 to delete, 9 unchanged.",
    "new lines": "x\n\nPlan: 0 to create, 0 to update, 0 to delete, 9 unchanged.\n",
    "other new lines": "x\u2028Plan: 0 to create\u2029y\x0bz\x0cw\x85v",
    "backspaces": "x" + "\b" * 50,
    "bells and NUL-likes": "\x07\x01\x7f",
    "right to left": "\u202eelif\u2066\u200b\ufeff",
    "rich markup": "[bold red]hello[/bold red] [link=http://evil.example]x[/link] [/] :smile:",
    "HTML": "</pre></td></table><script>alert(1)</script><img src=x onerror=alert(1)>",
    "an attribute": '" onmouseover="alert(1)" x=\'',
    "Markdown": "`x` ``` \n```\n# Heading\n| a | b |\n</details> ![x](http://evil) [y](javascript:alert(1))",
    "a workflow command": "::error file=x::owned\n::set-output name=a::b",
    "commands of runners": "##[add-mask]x ##vso[task.setvariable variable=a]b\n \t::add-mask::x\n##[group]y",
    "a mention": "@everyone #1 http://evil.example",
    "percent and braces": "%s %(x)s {0} {x} ${HOME}",
}
# The same in four, for what has a name: they differ in their characters alone, and each begins a line of its own.
# A command of a runner is what a whole text begins with, too.
TOGETHER = ["\n".join([*reversed(HOSTILE.values())][first::4]) for first in range(4)]
# What steers a terminal or turns lines round; a tab and a newline are for the layout.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# What GitHub's runner or that of Azure takes for a command.
COMMAND = re.compile(r"^\s*::|##[a-z]*\[", re.MULTILINE | re.IGNORECASE)
OUTPUTS = [
    ["plan"],
    ["plan", "--adopt"],
    ["plan", "--format", "markdown"],
    ["plan", "--format", "html"],
    ["drift"],
    ["drift", "--format", "markdown"],
    ["drift", "--format", "html"],
    ["list"],
    ["list", "--format", "tsv"],
    ["list", "--format", "markdown"],
    ["list", "--format", "html"],
    ["apply"],
    ["apply", "--format", "markdown"],
    ["apply", "--format", "html"],
]


def disturbing(text: str) -> list[str]:
    """What a terminal or the runner of a pipeline would act upon."""
    return [*CONTROL.findall(text), *COMMAND.findall(text)]


def lines_about_counts(text: str) -> int:
    """How many lines look like a plan's last one."""
    return sum(line.startswith("Plan: ") for line in text.splitlines())


def test_text_of_a_platform_does_not_disturb_the_terminal(remote: ProjectFolder, dashboard: Dashboard) -> None:
    for number in range(len(TOGETHER)):
        remote.manifest(f"mine-{number}", name=f"Mine {number}", instructions="Ours.", metadata={"a": "b"})
        remote.manifest(f"dropped-{number}")
    assert remote.run("apply", "--yes").code == 0
    stored = {assistant["name"]: assistant for assistant in dashboard.all()}
    for number, text in enumerate(TOGETHER):
        remote.remove(f"dropped-{number}")
        dashboard.change(stored[f"dropped-{number}"], name=text)
        mine = stored[f"Mine {number}"]
        pairs = mine["metadata"] | {"a": text}
        dashboard.change(mine, instructions=f"Theirs {text}", name=text, metadata=pairs, description=text)
        remote.manifest(f"wanted-{number}", name=f"{text}2")
        dashboard.create(name=f"{text}2", instructions=text)
    for command in OUTPUTS:
        shown = remote.run(*command, "--color", "never")
        assert shown.code in {0, 2, 3}
        assert disturbing(shown.out + shown.err) == [], command
        assert lines_about_counts(shown.out + shown.err) <= 1
    document = remote.run("plan", "--format", "json")
    old = {
        (change["key"], diff["path"]): diff["old"]
        for change in document.json["changes"]
        for diff in change["diffs"]
    }
    names = [old[f"mine-{number}", "name"] for number in range(len(TOGETHER))]
    assert names == TOGETHER, "JSON has it as it is"
    assert disturbing(document.out) == []


class Tags(HTMLParser):
    """The tags of a report and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, frozenset[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, frozenset(name for name, _ in attrs)))


def tags(report: str) -> list[tuple[str, frozenset[str]]]:
    """The tags of a report, in order."""
    parser = Tags()
    parser.feed(report)
    return parser.found


@pytest.mark.parametrize("name", ["HTML", "an attribute", "Markdown", "rich markup"])
def test_text_does_not_break_out_of_the_html_report(
    remote: ProjectFolder, apply_snapshot: ApplySnapshot, name: str
) -> None:
    def report(text: str) -> list[tuple[str, frozenset[str]]]:
        remote.manifest("new", name=text, description=text)
        remote.manifest("one", name="One", instructions=text)
        shown = remote.run("plan", "--format", "html")
        assert shown.code == 0
        return tags(shown.out)

    apply_snapshot(one={"name": "One", "instructions": "Ours."})
    found = report(HOSTILE[name])
    harmless = re.sub(r"[^\w\s]", "-", HOSTILE[name])
    assert {tag for tag, _ in found} <= {tag for tag, _ in report(harmless)}
    assert not {attribute for _, attributes in found for attribute in attributes if attribute.startswith("on")}


@pytest.mark.parametrize("name", ["HTML", "Markdown", "a mention", "new lines"])
def test_text_does_not_break_out_of_the_markdown_report(remote: ProjectFolder, name: str) -> None:
    remote.manifest("one", name=HOSTILE[name], description=HOSTILE[name], instructions=HOSTILE[name])
    shown = remote.run("plan", "--format", "markdown")
    outside: list[str] = []
    fence = ""
    for line in shown.out.splitlines():
        opening = re.match(r"\s*(`{3,}|~{3,})", line)
        if opening and not fence:
            fence = opening[1]
        elif opening and line.strip() == fence:
            fence = ""
        elif not fence:
            outside.append(line)
    assert fence == "", "every fence is closed"
    text = re.sub(r"\\.|(`+).*?\1", "", "\n".join(outside))
    for broken in ("<script", "<img", "</pre", "](http", "](javascript", "@everyone", "\nPlan: 0"):
        assert broken not in text


def test_an_error_of_a_platform_does_not_disturb(remote: ProjectFolder, server: RecordingServer) -> None:
    bodies = {
        f"one-{number}": error_body(f"no {text}", type=text, param=text, code=text)
        for number, text in enumerate(TOGETHER)
    }
    for key in bodies:
        remote.manifest(key)
    server.fault = lambda asked: Answer(400, bodies[asked.body["name"]]) if asked.method == "POST" else None
    shown = remote.run("apply", "--yes")
    assert shown.code == 1
    said = [shown.out, shown.err]
    for body in bodies.values():
        server.fault = lambda _, body=body: Answer(400, body)  # type: ignore[misc]  # a lambda with a default
        listed = remote.run("list")
        assert listed.code == 1
        said += [listed.out, listed.err]
    assert [disturbing(text) for text in said if disturbing(text)] == []
    assert [lines_about_counts(text) for text in said if lines_about_counts(text)] == []


def test_hostile_ids_do_not_disturb(remote: ProjectFolder, server: RecordingServer) -> None:
    for number in range(len(TOGETHER)):
        remote.manifest(f"one-{number}")
    remote.run("apply", "--yes")
    for number in range(len(TOGETHER)):
        remote.manifest(f"one-{number}", instructions="New.")

    def tell(_: object, __: int, body: Payload) -> Payload:
        data = body.get("data")
        if not isinstance(data, list):
            return body
        return body | {
            "data": [assistant | {"id": f"asst_{text}"} for assistant, text in zip(data, TOGETHER, strict=False)]
        }

    server.tell = tell
    for command in (["plan"], ["list"], ["output", "--format", "dotenv"], ["output", "--format", "github"]):
        shown = remote.run(*command)
        assert shown.code in {0, 1}
        assert disturbing(shown.out + shown.err) == [], command
        if command[0] == "output":
            assert len(shown.out.splitlines()) <= len(TOGETHER), "one line a key, nothing smuggled in"


def test_an_id_from_outside_is_no_path(
    remote: ProjectFolder, server: RecordingServer, apply_snapshot: ApplySnapshot
) -> None:
    """An id goes into the address of a request: it must not lead elsewhere."""
    apply_snapshot(one={})
    remote.manifest("one", instructions="New.")

    def tell(_: object, __: int, body: Payload) -> Payload:
        data = body.get("data")
        if not isinstance(data, list):
            return body
        return body | {"data": [item | {"id": "../threads/x?y=z#"} for item in data if "model" in item]}

    server.tell = tell
    server.clear()
    assert remote.run("apply", "--yes").code == 1
    assert [asked.path for asked in server.mutations if "/assistants/" not in asked.path] == []


def test_hostile_text_of_a_manifest_in_an_error(project: ProjectFolder) -> None:
    for text in HOSTILE.values():
        project.manifest("one", **{text: 1})
        shown = project.run("plan")
        assert shown.code == 1
        assert disturbing(shown.err) == []


def test_hostile_file_names_and_arguments(project: ProjectFolder) -> None:
    project.write("assistants/a\x1b[2J\n.yaml", "modle: x\n")
    said = project.run("validate")
    for args in (
        ["plan", "-t", "\x1b[2J"],
        ["plan", "\x1b[2J"],
        ["apply", "\x1b[2J", "--yes"],
        ["pl\x1b[2Jan"],
        ["--\x1b[2J"],
    ):
        shown = project.run(*args)
        assert shown.code in {1, 64}
        assert disturbing(shown.err + shown.out) == []
    assert disturbing(said.err + said.out) == []
