"""Servers that speak dialects of the API: paging, dropped fields, other shapes of the same values."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ApplySnapshot, ProjectSnapshots
from support.projects import ProjectFolder, key_of
from support.server import Answer, Asked, Payload, RecordingServer, Telling, error_body

pytestmark = pytest.mark.from_snapshots


def lists(asked: Asked) -> bool:
    """Whether this asks for a page of assistants."""
    return asked.method == "GET" and asked.path.endswith("/assistants")


def without(asked: Asked, *names: str) -> Asked:
    """The request without these query parameters."""
    query = {name: value[0] for name, value in parse_qs(asked.query).items() if name not in names}
    return replace(asked, query=urlencode(query))


def pages(server: RecordingServer) -> int:
    """How many pages of assistants were asked for."""
    return sum(lists(asked) for asked in server.asked)


@pytest.fixture
def crowded(snapshots: ProjectSnapshots, remote: ProjectFolder, dashboard: Dashboard) -> ProjectFolder:
    """Two of ours, the oldest and the newest on an account of 104."""
    snapshots.restore("crowded", lambda: crowd(remote, dashboard))
    return remote


def crowd(project: ProjectFolder, dashboard: Dashboard) -> None:
    """Apply one before and one after 102 of somebody else's."""
    project.manifest("first", instructions="First.")
    project.run("apply", "--yes")
    for number in range(102):
        dashboard.create(name=f"theirs-{number}")
    project.manifest("last", instructions="Last.")
    assert project.run("apply", "--yes").code == 0


def always(has_more: bool | None) -> Telling:
    """Lists that always say the same about more pages, or nothing."""

    def tell(asked: Asked, _: int, body: Payload) -> Payload:
        if not lists(asked):
            return body
        return {name: value for name, value in body.items() if name != "has_more"} | (
            {} if has_more is None else {"has_more": has_more}
        )

    return tell


def test_paging_whatever_a_server_says_about_more(crowded: ProjectFolder, server: RecordingServer) -> None:
    for has_more in (True, False, None):
        server.tell = always(has_more)
        server.clear()
        shown = crowded.run("plan", "--detailed-exitcode", "--format", "json")
        assert (shown.code, shown.json["summary"]["unchanged"]) == (0, 2), has_more
        assert {parse_qs(asked.query)["limit"][0] for asked in server.asked if lists(asked)} == {"100"}
        assert 2 <= pages(server) <= 3, has_more


def test_a_server_that_ignores_after_and_gives_all_at_once(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard
) -> None:
    for name in ("theirs", "theirs", None):
        dashboard.create(name=name)
    server.hear = lambda asked: without(asked, "after", "before")
    for has_more in (True, False, None):
        server.tell = always(has_more)
        remote.manifest(f"one-{has_more}".lower())
        assert remote.run("apply", "--yes").code == 0
        server.clear()
        assert remote.run("plan", "--detailed-exitcode").code == 0
        assert pages(server) <= 2


def test_a_server_that_repeats_a_full_page_for_ever(crowded: ProjectFolder, server: RecordingServer) -> None:
    """It ends; that it sees a hundred is all such a server lets anybody see."""
    server.hear = lambda asked: without(asked, "after")
    server.tell = always(True)
    server.clear()
    shown = crowded.run("plan", "first")
    assert shown.code in {0, 1}
    assert pages(server) <= 3


def test_pages_that_overlap(crowded: ProjectFolder, server: RecordingServer, dashboard: Dashboard) -> None:
    everything = dashboard.all()

    def tell(asked: Asked, _: int, body: Payload) -> Payload:
        if lists(asked) and "after" in asked.query:
            return body | {"data": everything[90:100] + body["data"]}
        return body

    server.tell = tell
    shown = crowded.run("plan", "--detailed-exitcode", "--format", "json")
    assert (shown.code, shown.json["summary"]["unchanged"]) == (0, 2)


def test_a_server_that_answers_400_to_after(remote: ProjectFolder, server: RecordingServer) -> None:
    """Behind a page that was not full there is nothing, whatever it says."""
    body = error_body("after is not supported")
    server.fault = lambda asked: Answer(400, body) if "after=" in asked.query else None
    for has_more in (True, False, None):
        server.tell = always(has_more)
        remote.manifest(f"one-{has_more}".lower())
        assert remote.run("apply", "--yes").code == 0
        assert remote.run("plan", "--detailed-exitcode").code == 0


def test_a_page_behind_the_first_that_fails_is_no_end_of_the_list(
    crowded: ProjectFolder, server: RecordingServer
) -> None:
    """Taking it for the end would plan twins."""
    retry_soon = ((b"content-type", b"application/json"), (b"retry-after-ms", b"1"))
    server.fault = lambda asked: Answer(503, b"{}", headers=retry_soon) if "after=" in asked.query else None
    server.clear()
    assert crowded.run("apply", "--yes").code == 1
    assert server.mutations == []


def test_the_order_of_a_list_does_not_matter(
    remote: ProjectFolder, server: RecordingServer, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(a={}, b={}, c={})
    first = remote.run("plan", "--format", "json").json
    orders: list[Callable[[list[Any]], list[Any]]] = [
        lambda newest_first: newest_first[::-1],
        lambda shuffled: shuffled[1:] + shuffled[:1],
    ]
    for order in orders:
        server.tell = lambda asked, _, body, order=order: (
            body | {"data": order(body["data"])} if lists(asked) else body
        )
        again = remote.run("plan", "--format", "json", "--detailed-exitcode")
        assert (again.code, again.json["fingerprint"]) == (0, first["fingerprint"])


# What it answers is compared with what was sent


FIELDS: dict[str, Any] = {
    "temperature": 0.2,
    "top_p": 0.5,
    "instructions": "Be brief.",
    "description": "Answers.",
    "response_format": {"type": "json_object"},
    "tools": [{"type": "file_search"}],
    "metadata": {"team": "support"},
}


def test_a_field_that_is_dropped_in_silence_fails_that_change(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    """Of each assistant the field that it is named after, and of a plain one none."""

    def hear(asked: Asked) -> Asked:
        if asked.method != "POST" or asked.body["name"] == "plain":
            return asked
        field = asked.body["name"]
        kept = {name: sent for name, sent in asked.body.items() if name != field}
        if field == "metadata":
            kept["metadata"] = {name: pair for name, pair in asked.body[field].items() if name != "team"}
        return replace(asked, body=kept)

    server.hear = hear
    for field, value in FIELDS.items():
        remote.manifest(field, **{field: value})
    remote.manifest("plain")
    applied = remote.run("apply", "--yes", "--format", "json")
    assert applied.code == 4
    results = {result["key"]: result for result in applied.json["results"]}
    assert {key: result["status"] for key, result in results.items()} == dict.fromkeys(FIELDS, "failed") | {
        "plain": "ok"
    }
    assert [field for field in FIELDS if field not in results[field]["error"]] == []
    again = remote.run("plan", "--detailed-exitcode", "--format", "json")
    assert again.code == 2, "it is still not as declared"
    changes = {change["key"]: change["action"] for change in again.json["changes"]}
    assert (changes, len(again.json["changes"])) == (dict.fromkeys(FIELDS, "update"), len(FIELDS)), "no twin"


def test_dropped_metadata_fails_and_is_said(remote: ProjectFolder, server: RecordingServer) -> None:
    """Without metadata there is no owner; the next apply must not make twins without end."""
    server.hear = lambda asked: (
        replace(asked, body={**asked.body, "metadata": {}}) if asked.method == "POST" else asked
    )
    remote.manifest("one")
    applied = remote.run("apply", "--yes")
    assert applied.code in {1, 4}
    assert "metadata" in applied.err + applied.out
    server.clear()
    assert remote.run("apply", "--yes").code == 3, "what it left has the declared name and no owner"
    assert server.mutations == []


def test_a_value_that_is_clamped_fails(remote: ProjectFolder, server: RecordingServer) -> None:
    server.hear = lambda asked: (
        replace(asked, body={**asked.body, "temperature": 1.0}) if asked.method == "POST" else asked
    )
    remote.manifest("one", temperature=1.7)
    applied = remote.run("apply", "--yes", "--format", "json")
    assert applied.json["results"][0]["status"] == "failed"
    assert "temperature" in applied.json["results"][0]["error"]


# The same values in other shapes


def every(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Telling:
    """A dialect in which each assistant is answered as ``change`` makes it."""

    def tell(_: Asked, __: int, body: Payload) -> Payload:
        if isinstance(body, dict) and body.get("object") == "assistant":
            return change(body)
        if isinstance(body, dict) and isinstance(body.get("data"), list):
            return body | {"data": [tell(_, 200, item) for item in body["data"]]}
        return body

    return tell


def single(value: float) -> float:
    """As single precision holds it, read back as a double."""
    stored: float = struct.unpack("f", struct.pack("f", value))[0]
    return stored


DIALECTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "single-precision floats": lambda assistant: (
        assistant | {"temperature": single(assistant["temperature"]), "top_p": single(assistant["top_p"])}
    ),
    "tools in another order": lambda assistant: assistant | {"tools": assistant["tools"][::-1]},
    "extra keys": lambda assistant: (
        assistant | {"extra_body": {}, "updated_at": 1, "file_ids": [], "user_id": "u", "org_id": None}
    ),
    "created_at in milliseconds": lambda assistant: assistant | {"created_at": assistant["created_at"] * 1000},
    "created_at as a text": lambda assistant: assistant | {"created_at": "2026-11-22T00:00:00Z"},
    "null for defaults": lambda assistant: (
        assistant
        | {
            name: None
            for name, default in (("temperature", 1.0), ("top_p", 1.0), ("response_format", "auto"))
            if assistant[name] == default
        }
    ),
    "null for what is empty": lambda assistant: {
        name: value if value not in ([], {}) else None for name, value in assistant.items()
    },
    "nothing for what is empty": lambda assistant: {
        name: value for name, value in assistant.items() if value not in ([], {}, None)
    },
    "text for auto": lambda assistant: (
        assistant
        | {
            "response_format": {"type": "text"}
            if assistant["response_format"] == "auto"
            else assistant["response_format"]
        }
    ),
    "the ranker by its date": lambda assistant: (
        assistant
        | {
            "tools": [
                tool
                if tool["type"] != "file_search"
                else {
                    "type": "file_search",
                    "file_search": {"ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.0}},
                }
                for tool in assistant["tools"]
            ]
        }
    ),
    "strict null": lambda assistant: (
        assistant
        | {
            "tools": [
                tool
                if tool["type"] != "function"
                else {"type": "function", "function": tool["function"] | {"strict": None}}
                for tool in assistant["tools"]
            ]
        }
    ),
    "empty resources": lambda assistant: (
        assistant
        | {"tool_resources": {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}}
    ),
    "no object": lambda assistant: {name: value for name, value in assistant.items() if name != "object"},
    "keys in another order": lambda assistant: dict(sorted(assistant.items(), reverse=True)),
}


def test_other_shapes_of_the_same_are_no_change(remote: ProjectFolder, server: RecordingServer) -> None:
    """Each dialect is spoken of assistants of its own, by what their names end with."""
    dialects = {f"-{key_of(name)}": dialect for name, dialect in DIALECTS.items()}

    def spoken(assistant: dict[str, Any]) -> dict[str, Any]:
        return next(dialect for end, dialect in dialects.items() if assistant["name"].endswith(end))(assistant)

    server.tell = every(spoken)
    for end in dialects:
        remote.manifest(f"plain{end}")
        remote.manifest(
            f"full{end}",
            instructions="Be brief.",
            temperature=0.2,
            top_p=0.7,
            tools=[
                {"type": "code_interpreter"},
                {"type": "file_search"},
                {"type": "function", "function": {"name": "f", "description": "F"}},
            ],
            response_format={"type": "json_object"},
        )
        remote.manifest(f"defaults{end}", temperature=1, top_p=1, response_format="auto", tools=[], metadata={})
    applied = remote.run("apply", "--yes")
    assert applied.code == 0, applied.err + applied.out
    shown = remote.run("plan", "--detailed-exitcode")
    assert shown.code == 0, shown.out


UNKNOWN = {"type": "bing_grounding", "bing_grounding": {"connections": ["c"]}}


def test_a_tool_of_an_unknown_type_is_seen_as_what_it_is(
    remote: ProjectFolder, server: RecordingServer, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(one={"tools": [{"type": "code_interpreter"}]}, unmanaged={})
    server.tell = every(lambda assistant: assistant | {"tools": [UNKNOWN]})
    shown = remote.run("plan", "--format", "json")
    assert "bing_grounding" in json.dumps(shown.json["drift"])
    assert {change["key"] for change in shown.json["changes"]} == {"one"}
    for output in ("text", "markdown", "html"):
        assert "bing_grounding" in remote.run("plan", "--format", output).out


def test_somebody_elses_odd_objects_do_not_disturb(remote: ProjectFolder, server: RecordingServer) -> None:
    odd: list[Any] = [
        {"id": "asst_min"},
        {"id": "asst_null", "name": None, "metadata": None, "tools": None, "model": None},
        {"id": "asst_types", "name": 7, "metadata": {"a": 1, "b": None, "c": ["x"]}, "tools": "none", "model": 3},
        {"id": "asst_list", "metadata": []},
    ]

    def tell(asked: Asked, _: int, body: Payload) -> Payload:
        return body | {"data": odd + body["data"]} if lists(asked) else body

    server.tell = tell
    remote.manifest("one")
    applied = remote.run("apply", "--yes")
    assert applied.code == 0, applied.err
    assert remote.run("plan", "--detailed-exitcode").code == 0
    assert [assistant["key"] for assistant in remote.run("list", "--format", "json").json["assistants"]] == ["one"]
    assert remote.run("destroy", "--yes").code == 0


def test_warnings_of_the_sdk_never_reach_a_user(remote: ProjectFolder) -> None:
    remote.manifest("one")
    for command in (["apply", "--yes"], ["plan", "-v"], ["list"], ["destroy", "--yes"]):
        shown = remote.run(*command)
        assert "deprecat" not in (shown.err + shown.out).lower()


def test_requests_are_those_of_the_assistants_api(remote: ProjectFolder, server: RecordingServer) -> None:
    text = (remote.path / "assistctl.yaml").read_text()
    options = (
        "organization: org-1, project: proj-1, "
        "options: {default_query: {api-version: v1}, default_headers: {x-team: support}}"
    )
    remote.write("assistctl.yaml", text.replace("api_key: test-key", f"api_key: test-key, {options}"))
    remote.manifest("one")
    remote.run("apply", "--yes")
    remote.manifest("one", instructions="New.")
    remote.run("apply", "--yes")
    remote.run("destroy", "--yes")
    assert [asked.method for asked in server.mutations] == ["POST", "POST", "DELETE"]
    for asked in server.asked:
        assert parse_qs(asked.query)["api-version"] == ["v1"]
        wanted = {
            "authorization": "Bearer test-key",
            "openai-beta": "assistants=v2",
            "openai-organization": "org-1",
            "openai-project": "proj-1",
            "x-team": "support",
        }
        if "/assistants" in asked.path:
            assert {name: asked.headers.get(name) for name in wanted} == wanted


def test_mutating_requests_are_the_ones_of_the_plan(remote: ProjectFolder, server: RecordingServer) -> None:
    """Each changed assistant costs one mutating request, whatever changes about it."""
    for key in ("a", "b", "c"):
        remote.manifest(key, instructions="First.", metadata={"x": "y"})
    remote.run("apply", "--yes")
    server.clear()
    remote.manifest(
        "a", model="gpt-4o", name="A", instructions="2", temperature=0.1, lifecycle={"prevent_destroy": True}
    )
    remote.remove("b")
    remote.manifest("d")
    assert remote.run("apply", "--yes", "--parallelism", "1").code == 0
    assert sorted(asked.method for asked in server.mutations) == ["DELETE", "POST", "POST"]
    server.clear()
    assert remote.run("apply", "--yes").code == 0
    assert server.mutations == []
