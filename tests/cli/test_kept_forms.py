"""Platforms that keep things in a form of their own: that is told apart from what they drop, and from edits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.projects import ProjectFolder
from support.server import Asked, Payload, RecordingServer

Rewriting = Callable[[dict[str, Any]], None]
PROMPT = "Be brief.  \r\nAnswer in cafe\u0301 style.\n"
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": ["string"], "minLength": 3, "description": ""},
        "required": {"type": ["null", "string"], "default": None},
        "parts": {"type": "array", "items": {"type": "object", "properties": {}, "required": []}},
    },
    "required": ["parts", "id"],
    "additionalProperties": True,
}
FUNCTION = {"name": "order_status", "description": "Looks  one up.\n", "parameters": SCHEMA}


def rewriting(server: RecordingServer, rewrite: Rewriting) -> None:
    """Have every answer about assistants rewritten."""

    def told(asked: Asked, status: int, payload: Payload) -> Payload:
        if "/assistants" in asked.path and status == 200 and isinstance(payload, dict):
            copy = json.loads(json.dumps(payload))
            for assistant in copy.get("data", [copy]):
                if assistant.get("tools"):
                    rewrite(assistant)
            return copy
        return payload

    server.tell = told


def declare(remote: ProjectFolder, **more: object) -> None:
    fields = {
        "model": "gpt-5.5",
        "instructions": PROMPT,
        "tools": [{"type": "function", "function": FUNCTION}],
        **more,
    }
    remote.manifest("desk", **fields)


def parameters(assistant: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = assistant["tools"][0]["function"]["parameters"]
    return found


def leaves_out_what_says_nothing(assistant: dict[str, Any]) -> None:
    schema = parameters(assistant)
    del schema["additionalProperties"], schema["properties"]["id"]["description"]
    schema["required"].sort()
    schema["properties"]["id"]["type"] = "string"
    schema["properties"]["parts"]["items"] = {"type": "object"}


def writes_down_defaults(assistant: dict[str, Any]) -> None:
    schema = parameters(assistant)
    schema["properties"]["id"] |= {"title": "", "deprecated": False, "enum": None}
    schema["$defs"] = {}
    assistant["tools"][0]["function"]["strict"] = False


def trims(assistant: dict[str, Any]) -> None:
    assistant["instructions"] = assistant["instructions"].strip()


def composes(assistant: dict[str, Any]) -> None:
    assistant["instructions"] = assistant["instructions"].replace("e\u0301", "\u00e9")


def unifies_line_ends(assistant: dict[str, Any]) -> None:
    assistant["instructions"] = assistant["instructions"].replace("\r\n", "\n")


def trims_descriptions(assistant: dict[str, Any]) -> None:
    function = assistant["tools"][0]["function"]
    function["description"] = function["description"].rstrip()


@pytest.mark.parametrize("rewrite", [leaves_out_what_says_nothing, writes_down_defaults])
def test_what_says_nothing_is_no_difference(
    remote: ProjectFolder, server: RecordingServer, rewrite: Rewriting
) -> None:
    rewriting(server, rewrite)
    declare(remote)
    assert remote.run("apply", "--yes").code == 0
    planned = remote.run("plan", "--detailed-exitcode", "--format", "json")
    seen = {name: planned.json[name] for name in ("changes", "drift", "diagnostics")}
    assert (planned.code, seen) == (0, {"changes": [], "drift": [], "diagnostics": []})


@pytest.mark.parametrize(
    ("rewrite", "path"),
    [
        (trims, "instructions"),
        (composes, "instructions"),
        (unifies_line_ends, "instructions"),
        (trims_descriptions, "tools[order_status].function.description"),
    ],
)
def test_another_form_is_told_and_converges(
    remote: ProjectFolder, server: RecordingServer, rewrite: Rewriting, path: str
) -> None:
    rewriting(server, rewrite)
    declare(remote)
    assert remote.run("apply", "--yes").code == 0
    planned = remote.run("plan", "--detailed-exitcode", "--format", "json")
    assert (planned.code, planned.json["changes"], planned.json["drift"]) == (0, [], [])
    [told] = planned.json["diagnostics"]
    assert (told["severity"], told["path"]) == ("info", path)
    assert "Declared: " in told["detail"]
    assert "; kept: " in told["detail"]


@pytest.mark.parametrize("rewrite", [trims, unifies_line_ends, trims_descriptions])
def test_the_next_edit_is_ours_alone(remote: ProjectFolder, server: RecordingServer, rewrite: Rewriting) -> None:
    rewriting(server, rewrite)
    declare(remote, instructions="Be brief.\r\nBe kind.\r\n")
    assert remote.run("apply", "--yes").code == 0
    declare(remote, instructions="Be brief.\r\nBe kinder.\r\n")
    [change] = remote.run("plan", "--format", "json").json["changes"]
    assert change["reason"] == "manifest changed"
    assert [(diff["path"], diff["origin"]) for diff in change["diffs"]] == [("instructions", "manifest")]
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_a_newline_that_is_declared_now_is_sent(remote: ProjectFolder, server: RecordingServer) -> None:
    declare(remote, instructions="Be brief.")
    assert remote.run("apply", "--yes").code == 0
    declare(remote, instructions="Be brief.\n")
    assert remote.run("plan", "--detailed-exitcode").code == 2
    server.clear()
    assert remote.run("apply", "--yes").code == 0
    assert [asked.body["instructions"] for asked in server.mutations] == ["Be brief.\n"]
    assert remote.run("plan", "--detailed-exitcode").code == 0


def drops_a_rule(assistant: dict[str, Any]) -> None:
    del parameters(assistant)["properties"]["id"]["minLength"]


def drops_a_default(assistant: dict[str, Any]) -> None:
    del parameters(assistant)["properties"]["required"]["default"]


def drops_a_name(assistant: dict[str, Any]) -> None:
    parameters(assistant)["required"].remove("id")


def forgets_the_prompt(assistant: dict[str, Any]) -> None:
    assistant["instructions"] = ""


def says_it_in_other_words(assistant: dict[str, Any]) -> None:
    assistant["instructions"] = assistant["instructions"].replace("brief", "short")


@pytest.mark.parametrize(
    "rewrite", [drops_a_rule, drops_a_default, drops_a_name, forgets_the_prompt, says_it_in_other_words]
)
def test_what_means_something_and_is_dropped_fails(
    remote: ProjectFolder, server: RecordingServer, rewrite: Rewriting
) -> None:
    rewriting(server, rewrite)
    declare(remote)
    applied = remote.run("apply", "--yes")
    assert applied.code == 4
    assert "did not keep" in applied.err + applied.out
    assert remote.run("plan", "--detailed-exitcode").code == 2
