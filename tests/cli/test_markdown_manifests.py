"""Manifests in Markdown: front matter with prose below it, from the file to the platform."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistctl.manifest import load_manifests, load_project
from assistctl.model.assistant import Desired
from support.projects import ProjectFolder
from support.stored_objects import StoredObjects

DESK = """\
---
# The order desk of the shop.
name: Order desk
model: gpt-4.1
temperature: 0.2
---

# Role

You answer questions about orders for ${var:brand}.

---

Never promise a date.
"""
INSTRUCTIONS = "# Role\n\nYou answer questions about orders for the shop.\n\n---\n\nNever promise a date."


def problems(project: ProjectFolder) -> list[tuple[str, int, int, str]]:
    """Where ``validate`` finds something, and what."""
    found = project.run("validate", "--format", "json").json["diagnostics"]
    return [
        (diagnostic["file"], diagnostic["line"], diagnostic["column"], diagnostic["summary"])
        for diagnostic in found
    ]


def keys(project: ProjectFolder) -> list[str]:
    """The keys that are declared."""
    return [assistant.key for assistant in declared(project)]


def declared(project: ProjectFolder) -> tuple[Desired, ...]:
    """What the project's manifests declare; there is nothing wrong with them."""
    loaded = load_manifests(load_project(project.path, {}), None)
    assert not loaded.errors
    return loaded.desired


def test_the_body_is_the_instructions(remote: ProjectFolder, stored_objects: StoredObjects) -> None:
    remote.write("assistants/order-desk.md", DESK)
    assert remote.run("apply", "--yes", "--var", "brand=the shop").code == 0
    [assistant] = stored_objects.assistants()
    assert (assistant["name"], assistant["instructions"]) == ("Order desk", INSTRUCTIONS)
    assert remote.run("plan", "--detailed-exitcode", "--var", "brand=the shop").code == 0
    remote.write("assistants/order-desk.md", DESK.replace("Never", "Do not"))
    document = remote.run("plan", "--format", "json", "--var", "brand=the shop").json
    [change] = document["changes"]
    assert (change["key"], [diff["path"] for diff in change["diffs"]]) == ("order-desk", ["instructions"])


def test_yaml_and_markdown_declare_the_same(remote: ProjectFolder) -> None:
    remote.write("assistants/desk.md", "---\nmodel: gpt-4.1\n---\nAnswer.\n")
    assert remote.run("apply", "--yes").code == 0
    (remote.path / "assistants/desk.md").unlink()
    remote.write("assistants/desk.yaml", "model: gpt-4.1\ninstructions: Answer.\n")
    assert remote.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\nmodel: m\nnmae: x\n---\nHi\n", (3, 1, "unknown field 'nmae'")),
        ("---\nmodel: m\nname: [\n---\nHi\n", (4, 1, "this is not valid YAML")),
        ("---\nmodel: m\ninstructions: A\n---\n\n\nHi\n", (7, 1, "the instructions are there twice")),
        ("---\nmodel: ${var:nowhere}\n---\nHi\n", (2, 8, "the target 'prod' has no ")),
        ("---\nmodel: m\n---\n\nHello ${var:nowhere}\n", (5, 1, "the target 'prod' has no ")),
        ("---\nmodle: m\n---\nHi\n", (2, 1, "unknown field 'modle'")),
        ("---\nmodel: m\n\n# Hello\n", (1, 1, "nothing closes the front matter")),
        ("---\nmodel: m\nkind: vector_store\n---\nHi\n", (5, 1, "the text below the front matter is an")),
        ("---\nmodel: m\nname: \x07\n---\nHi\n", (3, 7, "the character U+0007 is not allowed in YAML")),
        ("\ufeff---\r\nmodel: m\r\nnmae: x\r\n---\r\nHi\r\n", (3, 1, "unknown field 'nmae'")),
    ],
)
def test_messages_name_the_place(remote: ProjectFolder, text: str, expected: tuple[int, int, str]) -> None:
    remote.write("assistants/desk.md", text.encode())
    found = [(line, column, summary[: len(expected[2])]) for _, line, column, summary in problems(remote)]
    assert expected in found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "---\nmodel: m\n---\nHow this works\n"),
        ("skills/skill.md", "---\nname: s\nmodel: m\n---\nDo this\n"),
        ("notes.md", "# Notes\nmodel: m\n"),
        ("page.md", "---\ntitle: A page\ndescription: About\nmodule: billing\n---\nText\n"),
        ("rule.md", "---\n\nA line above.\n\nmodel: m\n"),
        (".hidden.md", "---\nmodel: m\n---\nText\n"),
        ("empty.md", ""),
        ("spoilt.md", b"---\n\xff\xfe\n---\n"),
    ],
)
def test_other_pages_are_none(remote: ProjectFolder, name: str, text: str | bytes) -> None:
    remote.manifest("desk")
    remote.write(f"assistants/{name}", text)
    assert keys(remote) == ["desk"]
    assert problems(remote) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"instructions": {"file": "prompts/desk.md"}},
        {"tools": [{"type": "file_search"}], "files": ["prompts/desk.md"]},
        {"tools": [{"type": "file_search"}], "files": ["prompts/*.md"]},
        {
            "tools": [{"type": "file_search"}],
            "checks": [{"ask": "?", "expect": {"contains": "!"}, "attach": ["prompts/desk.md"]}],
        },
    ],
)
def test_what_a_manifest_names_is_none(remote: ProjectFolder, fields: dict[str, Any]) -> None:
    remote.manifest("desk", **fields)
    remote.write("assistants/prompts/desk.md", "---\nmodel: a-template\ninput: {schema: x}\n---\nAnswer.\n")
    assert keys(remote) == ["desk"]
    assert problems(remote) == []


def test_a_manifest_that_another_one_takes_for_data_is_told_of(remote: ProjectFolder) -> None:
    remote.manifest("library", tools=[{"type": "file_search"}], files=["*.md"])
    remote.write("assistants/desk.md", DESK.replace("${var:brand}", "us"))
    assert problems(remote) == [
        (
            "assistants/desk.md",
            1,
            1,
            "this is not a manifest, because assistants/library.yaml:1:68 names it as a file",
        )
    ]


def test_a_markdown_manifest_names_files_as_yaml_does(
    remote: ProjectFolder, stored_objects: StoredObjects
) -> None:
    remote.write("assistants/docs/a.md", "---\nmodel: of the page\n---\nText\n")
    front = "---\nmodel: gpt-4.1\ntools: [{type: file_search}]\nfiles: ['docs/**/*.md']\n---\nRead.\n"
    remote.write("assistants/desk.md", front)
    assert remote.run("apply", "--yes").code == 0
    assert list(stored_objects.uploads().values()) == ["a.md"]
    assert [assistant["name"] for assistant in stored_objects.assistants()] == ["desk"]


def test_links_that_leave_the_project_are_none(remote: ProjectFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("---\nmodel: m\n---\nHi\n")
    remote.manifest("desk")
    (remote.path / "assistants/link.md").symlink_to(outside)
    (remote.path / "assistants/nowhere.md").symlink_to("gone.md")
    assert (keys(remote), problems(remote)) == (["desk"], [])


def test_a_pipe_is_not_waited_for(remote: ProjectFolder) -> None:
    remote.manifest("desk")
    os.mkfifo(remote.path / "assistants/pipe.md")
    assert keys(remote) == ["desk"]


def test_a_file_that_cannot_be_read_is_not_passed_over(
    remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.manifest("desk")
    locked = remote.write("assistants/locked.md", DESK)
    opened: Callable[..., int] = os.open

    def refuse(path: str | Path, flags: int, *args: int) -> int:
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, flags, *args)

    monkeypatch.setattr(os, "open", refuse)
    assert problems(remote) == [("assistants/locked.md", 1, 1, "it cannot be read: permission denied")]


def test_a_page_that_is_asked_for_says_what_it_lacks(remote: ProjectFolder) -> None:
    page = remote.write("assistants/notes.md", "# Notes\n")
    outcome = remote.run("validate", page)
    assert outcome.code == 1
    assert "assistants/notes.md:1:1: error: this Markdown file has no front matter" in outcome.out + outcome.err


def test_a_folder_may_end_in_md(remote: ProjectFolder) -> None:
    remote.write("assistants/pages.md/desk.md", "---\nmodel: m\n---\n")
    [desk] = declared(remote)
    assert (desk.key, "instructions" in desk.fields) == ("desk", False)


def test_fields_of_ant_are_read_where_they_mean_the_same(remote: ProjectFolder) -> None:
    remote.write(
        "assistants/summarizer.md",
        """\
        ---
        name: Summarizer
        model: claude-opus-5-5
        mcp_servers: [{type: url, name: tracker, url: "https://mcp.example.com"}]
        tools:
          - type: agent_toolset_20260401
          - {type: mcp_toolset, mcp_server_name: tracker}
          - {type: function, function: {name: look_up, parameters: {type: object, properties: {}}}}
        ---

        You summarize.
        """,
    )
    [assistant] = declared(remote)
    assert assistant.platform_fields == {
        "anthropic-agents": {
            "mcp_servers": [{"type": "url", "name": "tracker", "url": "https://mcp.example.com"}],
            "tools": [{"type": "agent_toolset_20260401"}, {"type": "mcp_toolset", "mcp_server_name": "tracker"}],
        }
    }
    assert [tool["type"] for tool in json.loads(json.dumps(assistant.fields["tools"]))] == ["function"]
    assert assistant.fields["instructions"] == "You summarize."
    assert str(assistant.positions["platforms.anthropic-agents.mcp_servers"]) == "assistants/summarizer.md:4:14"
