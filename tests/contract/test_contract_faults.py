"""Requests that fail, vanish or are throttled: one assistant per key, the report true, the error for people."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ApplySnapshot
from support.projects import ProjectFolder, key_of
from support.server import Answer, Asked, Fault, RecordingServer, error_body

pytestmark = pytest.mark.from_snapshots

JSON = (b"content-type", b"application/json")
HTML = (b"content-type", b"text/html; charset=utf-8")
SOON = (b"retry-after-ms", b"1")


def once(answer: Answer, method: str = "POST", name: str | None = None) -> Fault:
    """The first such request (of that assistant's name) gets this answer; the others go through."""
    left = [answer]

    def fault(asked: Asked) -> Answer | None:
        wanted = asked.method == method and "/assistants" in asked.path
        if not wanted or (name and (asked.body or {}).get("name") != name):
            return None
        return left.pop() if left else None

    return fault


def once_each(answers: Mapping[str, Answer], method: str = "POST") -> Fault:
    """The first such request for each assistant gets its answer: by the name in a create, by its id otherwise."""
    left = dict(answers)

    def fault(asked: Asked) -> Answer | None:
        if asked.method != method or "/assistants" not in asked.path:
            return None
        last = asked.path.rpartition("/")[2]
        return left.pop(asked.body["name"] if last == "assistants" else last, None)

    return fault


def by_key(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The answers by keys for assistants."""
    return {key_of(name): answer for name, answer in answers.items()}


def ids(dashboard: Dashboard) -> dict[str, str]:
    """Name → id of all on the account."""
    return {assistant["name"]: assistant["id"] for assistant in dashboard.all()}


LOST = {
    "500 after it was created": Answer(500, b"{}", after=True, headers=(JSON, SOON)),
    "502 with a page of HTML after it was created": Answer(
        502, b"<html>Bad gateway</html>", after=True, headers=(HTML, SOON)
    ),
    "408 after it was created": Answer(408, b"", after=True, headers=(SOON,)),
    "the connection closed after it was created": Answer(after=True, hangs_up=True),
    "a 200 that is no JSON after it was created": Answer(200, b"<html>ok</html>", after=True, headers=(HTML,)),
    "an empty 200 after it was created": Answer(200, b"", after=True),
    "half a JSON after it was created": Answer(200, b'{"id": "asst_', after=True),
    "a 200 that is a list after it was created": Answer(200, b"[]", after=True),
    "a 200 without an id after it was created": Answer(200, b'{"object": "assistant"}', after=True),
}


def test_a_create_whose_answer_is_lost_is_looked_up_and_never_repeated(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard
) -> None:
    lost = by_key(LOST)
    server.fault = once_each(lost)
    for key in lost:
        remote.manifest(key, temperature=0.3)
    remote.manifest("two")
    applied = remote.run("apply", "--yes", "--format", "json")
    made = [asked.body["name"] for asked in server.mutations]
    assert sorted(made) == dashboard.names() == sorted([*lost, "two"]), "each was created once"
    results = {result["key"]: (result["status"], result["id"]) for result in applied.json["results"]}
    assert results == {name: ("ok", one_id) for name, one_id in ids(dashboard).items()}
    assert (applied.code, applied.json["summary"]["create"]) == (0, len(lost) + 1)
    assert remote.run("plan", "--detailed-exitcode").code == 0


NOT_MADE = {
    "500": Answer(500, b"{}", headers=(JSON, SOON)),
    "the connection closed": Answer(hangs_up=True),
    "503 with HTML": Answer(503, b"<html>busy</html>", headers=(HTML, SOON)),
}


def test_creates_that_did_not_happen_are_told_truly(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard
) -> None:
    failing = by_key(NOT_MADE)
    wanted = sorted([*failing, "two"])
    server.fault = once_each(failing)
    for key in wanted:
        remote.manifest(key)
    applied = remote.run("apply", "--yes", "--format", "json")
    made = dashboard.names()
    told = sorted(result["key"] for result in applied.json["results"] if result["status"] == "ok")
    assert told == made
    assert applied.code == (0 if made == wanted else 4)
    assert remote.run("apply", "--yes").code == 0
    assert dashboard.names() == wanted


UNSURE = {
    "500 after it was carried out": LOST["500 after it was created"],
    "the connection closed after it was carried out": LOST["the connection closed after it was created"],
    "an empty 200 after it was carried out": LOST["an empty 200 after it was created"],
    "500": NOT_MADE["500"],
}


def test_updates_whose_answers_are_lost_converge(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    unsure = by_key(UNSURE)
    apply_snapshot(**{key: {"instructions": "First."} for key in unsure})
    server.fault = once_each({ids(dashboard)[key]: answer for key, answer in unsure.items()})
    for key in unsure:
        remote.manifest(key, instructions="Second.")
    applied = remote.run("apply", "--yes", "--format", "json")
    assert applied.code in {0, 1, 4}
    told = {result["key"] for result in applied.json["results"] if result["status"] == "ok"}
    assert told <= {assistant["name"] for assistant in dashboard.all() if assistant["instructions"] == "Second."}
    assert remote.run("apply", "--yes").code == 0
    assert [assistant["instructions"] for assistant in dashboard.all()] == ["Second."] * len(unsure)
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_deletes_whose_answers_are_lost_converge(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    unsure = by_key(UNSURE)
    apply_snapshot(**{key: {} for key in unsure})
    server.fault = once_each({ids(dashboard)[key]: answer for key, answer in unsure.items()}, "DELETE")
    applied = remote.run("destroy", "--yes", "--format", "json")
    told = {result["key"] for result in applied.json["results"] if result["status"] == "ok"}
    assert told.isdisjoint(dashboard.names())
    assert remote.run("destroy", "--yes").code == 0
    assert dashboard.all() == []


def test_what_was_deleted_meanwhile_is_deleted(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, apply_snapshot: ApplySnapshot
) -> None:
    missing = error_body("No assistant found")
    apply_snapshot(one={})
    server.fault = once(Answer(404, missing, after=True), "DELETE")
    assert remote.run("destroy", "--yes").code == 0
    assert dashboard.all() == []


# Throttling


@pytest.mark.parametrize("header", [(b"retry-after-ms", b"1"), (b"retry-after", b"0"), (b"retry-after", b"0.01")])
def test_throttled_it_waits_as_told_and_goes_on(
    remote: ProjectFolder,
    server: RecordingServer,
    dashboard: Dashboard,
    apply_snapshot: ApplySnapshot,
    header: tuple[bytes, bytes],
) -> None:
    """A 429 was not carried out, so it may be repeated, whatever was asked: a list, a create, a delete."""
    apply_snapshot(old={})
    remote.remove("old")
    remote.manifest("new")
    answer = Answer(429, error_body("slow down", type="rate_limit"), headers=(JSON, header))
    faults = [once(answer, method) for method in ("GET", "POST", "DELETE")]
    answered = []

    def fault(asked: Asked) -> Answer | None:
        throttled = next((found for fault in faults if (found := fault(asked))), None)
        if throttled:
            answered.append(asked.method)
        return throttled

    server.fault = fault
    applied = remote.run("apply", "--yes", "--allow-deletes")
    assert applied.code == 0, applied.err + applied.out
    assert dashboard.names() == ["new"]
    assert sorted(answered) == ["DELETE", "GET", "POST"]


# Errors are for people

SHAPES: dict[str, tuple[Answer, tuple[str, ...]]] = {
    "OpenAI's": (
        Answer(400, error_body("Name is taken", param="name")),
        ("Name is taken", "400"),
    ),
    "a detail": (
        Answer(422, b'{"detail": [{"loc": ["body", "model"], "msg": "field required"}]}'),
        ("field required", "422"),
    ),
    "a detail as a text": (Answer(403, b'{"detail": "Not allowed here"}'), ("Not allowed here", "403")),
    "an error as a text": (Answer(400, b'{"error": "no such model"}'), ("no such model", "400")),
    "a text": (Answer(400, b'"plain words"'), ("plain words", "400")),
    "a message": (Answer(400, b'{"message": "whatever it is"}'), ("400",)),
    "an empty body": (Answer(400, b""), ("400",)),
    "a page of HTML": (
        Answer(
            403,
            b"<!DOCTYPE html><html><head><title>Forbidden</title></head><body>WAF</body></html>",
            headers=(HTML,),
        ),
        ("403",),
    ),
    "null": (Answer(400, b"null"), ("400",)),
    "a list": (Answer(400, b"[1, 2]"), ("400",)),
    "not UTF-8": (Answer(400, b"caf\xe9 \xff"), ("400",)),
    "wrong types": (Answer(400, b'{"error": {"message": {"a": 1}, "type": 4, "param": [], "code": 3}}'), ("400",)),
    "an unusual status": (Answer(418, b"{}"), ("418",)),
}


@pytest.mark.parametrize(("answer", "words"), SHAPES.values(), ids=SHAPES)
def test_an_error_of_any_shape_is_told_to_a_person(
    remote: ProjectFolder, server: RecordingServer, answer: Answer, words: tuple[str, ...]
) -> None:
    remote.manifest("one")
    server.fault = lambda asked: answer if "/assistants" in asked.path else None
    shown = remote.run("apply", "--yes")
    assert shown.code == 1
    is_for_people(shown.err + shown.out, words)


def test_each_refused_change_is_told_to_a_person(remote: ProjectFolder, server: RecordingServer) -> None:
    """Errors of every shape in one apply."""
    refused = by_key({name: answer for name, (answer, _) in SHAPES.items()})
    for key in refused:
        remote.manifest(key)
    server.fault = lambda asked: refused[asked.body["name"]] if asked.method == "POST" else None
    shown = remote.run("apply", "--yes")
    assert shown.code == 1
    lines = re.findall(r"✗ (create [^:]+): (.*)", shown.out)
    told = {name.removeprefix("create "): reason for names, reason in lines for name in names.split(", ")}
    assert told.keys() == refused.keys()
    for key, (_, words) in zip(refused, SHAPES.values(), strict=True):
        is_for_people(told[key], words)
        assert f"create {key}" in shown.err
    assert "<html" not in (shown.err + shown.out).lower()


def is_for_people(said: str, words: tuple[str, ...]) -> None:
    """It says these words, briefly, and shows no page of HTML."""
    assert [word for word in words if word not in said] == []
    assert "<html" not in said.lower()
    assert len(said) < 3000


BAD_LISTS = {
    "HTML": Answer(200, b"<html>Welcome</html>", headers=(HTML,)),
    "an empty body": Answer(200, b""),
    "a text": Answer(200, b'"hello"'),
    "a list": Answer(200, b"[]"),
    "null": Answer(200, b"null"),
    "no data": Answer(200, b"{}"),
    "data that is no list": Answer(200, b'{"data": {}}'),
    "things that are no objects": Answer(200, b'{"data": [1, "x", null]}'),
    "things without an id": Answer(200, b'{"data": [{"name": "x"}]}'),
    "half a JSON": Answer(200, b'{"data": ['),
    "not UTF-8": Answer(200, b'{"data": ["\xff\xfe"]}'),
    "nested deeply": Answer(200, b'{"data": ' + b"[" * 100_000),
}


@pytest.mark.parametrize("answer", BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_list_that_is_none_changes_nothing(
    remote: ProjectFolder, server: RecordingServer, answer: Answer
) -> None:
    """To take it for an empty list would be to create everything anew."""
    remote.manifest("one")
    server.fault = lambda asked: answer if asked.method == "GET" and "/assistants" in asked.path else None
    for command in (["apply", "--yes"], ["list"]):
        shown = remote.run(*command)
        assert shown.code == 1, shown.out
        assert shown.err
        assert len(shown.err) < 2000
    assert server.mutations == []


def test_openai_itself_is_gone_and_it_says_what_to_do(remote: ProjectFolder, server: RecordingServer) -> None:
    """api.openai.com answers 404 to the Assistants API since 2026-08-26."""
    body = error_body("Invalid URL (GET /v1/assistants)")
    server.fault = lambda _: Answer(404, body)
    remote.manifest("one")
    shown = remote.run("plan")
    assert shown.code == 1
    assert "404" in shown.err
    assert "base_url" in shown.err or "Assistants API" in shown.err
    assert server.mutations == []


REFUSED = {
    401: (("api_key", "401"), SOON),
    403: (("403",), SOON),
    404: (("404",), SOON),
    429: (("429",), (b"retry-after", b"86400")),
    500: (("500",), (b"x-should-retry", b"false")),
}


@pytest.mark.parametrize(("status", "words", "header"), [(k, *v) for k, v in REFUSED.items()], ids=REFUSED)
def test_a_refused_list_names_status_and_address(
    remote: ProjectFolder,
    server: RecordingServer,
    status: int,
    words: tuple[str, ...],
    header: tuple[bytes, bytes],
) -> None:
    server.fault = lambda _: Answer(status, b"{}", headers=(JSON, header))
    remote.manifest("one")
    for command in (["plan"], ["output"], ["destroy", "--yes"]):
        shown = remote.run(*command)
        assert shown.code == 1
        assert [word for word in words if word not in shown.err] == []
        assert "prod" in shown.err or server.url in shown.err, shown.err


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/v1", "ftp://x", "not an address", "http://[::1"],
)
def test_an_address_where_nothing_is(project: ProjectFolder, address: str) -> None:
    project.write(
        "assistctl.yaml",
        f'project: acme\ntargets: {{local: {{platform: openai-assistants, base_url: "{address}", api_key: k}}}}\n',
    )
    project.manifest("one")
    shown = project.run("plan")
    assert shown.code == 1
    assert address.split("/")[2 if "//" in address else 0][:10] in shown.err


def test_no_key_is_1_and_says_where_one_goes(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is where nothing is: no request leaves, even if one were made."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    project.write("assistctl.yaml", "project: acme\ntargets: {prod: {platform: openai-assistants}}\n")
    project.manifest("one")
    for target in ("prod", "openai-assistants"):
        shown = project.run("plan", "-t", target)
        assert shown.code == 1
        assert "api_key" in shown.err
        assert "OPENAI_API_KEY" in shown.err


# Exit codes of an apply


@pytest.mark.parametrize(
    ("failing", "code"), [({"a"}, 4), ({"a", "b", "c"}, 1), (set(), 0)], ids=["one of three", "all", "none"]
)
def test_4_when_something_was_changed_and_something_failed(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard, failing: set[str], code: int
) -> None:
    body = error_body("no")
    server.fault = lambda asked: (
        Answer(400, body) if asked.method == "POST" and asked.body["name"] in failing else None
    )
    for key in ("a", "b", "c"):
        remote.manifest(key)
    applied = remote.run("apply", "--yes", "--format", "json")
    assert applied.code == code
    assert dashboard.names() == sorted({"a", "b", "c"} - failing)
    assert applied.json["summary"]["create"] == 3 - len(failing)
    assert {result["key"] for result in applied.json["results"] if result["status"] == "failed"} == failing
    assert all(result["error"] for result in applied.json["results"] if result["status"] == "failed")


def test_a_failed_update_counts_nothing_and_the_next_apply_makes_it(
    remote: ProjectFolder, server: RecordingServer, apply_snapshot: ApplySnapshot
) -> None:
    apply_snapshot(one={})
    remote.manifest("one", instructions="New.")
    server.fault = once(Answer(400, b"{}"))
    failed = remote.run("apply", "--yes", "--format", "json")
    assert (failed.code, failed.json["summary"]["update"]) == (1, 0)
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0
