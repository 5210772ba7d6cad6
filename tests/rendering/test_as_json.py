from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assistctl.model.change import Action, Change, Drift, FieldDiff, Origin, Result, Status
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, plan_document
from assistctl.rendering.json import dumps, results_document
from assistctl.secrets.redaction import register

HEAD = ["format_version", "project", "target", "summary", "changes"]


def test_plan_has_the_documented_keys_in_their_order(review_plan: Plan) -> None:
    document = plan_document(review_plan)
    assert list(document) == [*HEAD, "drift", "missing", "diagnostics", "fingerprint", "observed"]
    assert document["format_version"] == "1.0"
    assert document["target"] == {"name": "prod", "platform": "openai-agents"}
    assert document["summary"] == {"create": 1, "update": 1, "delete": 1, "adopt": 1, "unchanged": 5}
    assert document["observed"] == [
        {"kind": "assistant", "key": "order-desk", "id": "asst_1", "digest": "d1"},
        {"kind": "assistant", "key": "old-bot", "id": "asst_2", "digest": "d2"},
    ]


def test_changes_drift_and_diagnostics_are_written_out(review_plan: Plan) -> None:
    document: Any = plan_document(review_plan)
    order_desk, old_bot = document["changes"][1:3]
    assert list(order_desk) == ["kind", "key", "id", "action", "reason", "diffs"]
    assert order_desk["diffs"][1] == {
        "path": "model",
        "old": "gpt-4o",
        "new": "gpt-4o-mini",
        "origin": "drift",
    }
    assert (old_bot["blocked"], old_bot["diffs"]) == ("protected", [])
    assert document["drift"][0] == {
        "kind": "assistant",
        "key": "order-desk",
        "id": "asst_1",
        "path": "model",
        "observed": "gpt-4o",
        "desired": "gpt-4o-mini",
        "origin": "drift",
    }
    assert document["diagnostics"] == [
        {
            "severity": "warning",
            "key": "order-desk",
            "file": "assistants/order-desk.yaml",
            "line": 3,
            "column": 8,
            "summary": "gpt-4o-mini is switched off on 2027-01-31",
            "detail": "Pick a model from the list that `assistctl list` prints.",
            "path": "model",
        }
    ]


def test_a_field_with_a_secret_says_so(review_plan: Plan) -> None:
    changes = json.loads(dumps(plan_document(review_plan)))["changes"]
    diffs = [diff for change in changes for diff in change["diffs"] if diff.get("secret")]
    assert diffs == [
        {"path": "metadata.token", "old": old, "new": "(secret TOKEN)", "origin": "manifest", "secret": True}
        for old in (None, "(secret)")
    ]
    assert all("secret" not in diff for change in changes for diff in change["diffs"] if diff not in diffs)


def test_drift_with_a_secret_says_so(make_plan: Callable[..., Plan]) -> None:
    drift = Drift(Kind.ASSISTANT, "a", "asst_1", "metadata.token", "(secret)", "(secret TOKEN)", secret=True)
    [written] = json.loads(dumps(plan_document(make_plan(drift=(drift,)))))["drift"]
    assert (written["observed"], written["desired"], written["secret"]) == ("(secret)", "(secret TOKEN)", True)


def test_no_known_secret_is_written_wherever_it_is(make_plan: Callable[..., Plan]) -> None:
    register("TOKEN", 'hunter2-"quoted"')
    drift = Drift(Kind.ASSISTANT, "a", "asst_1", "instructions", 'use hunter2-"quoted"', {"x": [1, "y"]})
    [written] = json.loads(dumps(plan_document(make_plan(drift=(drift,)))))["drift"]
    assert (written["observed"], written["desired"]) == ("use (secret TOKEN)", {"x": [1, "y"]})


def test_results_count_what_was_done_and_not_what_was_planned(review_plan: Plan) -> None:
    results = [
        Result(Kind.ASSISTANT, "translator", "asst_9", Action.CREATE, Status.OK),
        Result(Kind.FILE, "prices.csv", "file_1", Action.CREATE, Status.OK),
        Result(Kind.ASSISTANT, "order-desk", "asst_1", Action.UPDATE, Status.FAILED, "429"),
        Result(Kind.ASSISTANT, "old-bot", "asst_2", Action.DELETE, Status.SKIPPED, "after a failure"),
    ]
    document: Any = results_document(review_plan, results)
    assert list(document) == [*HEAD, "diagnostics", "results"]
    assert document["summary"] == {
        "create": 1,
        "update": 0,
        "delete": 0,
        "adopt": 0,
        "unchanged": 5,
    }
    assert document["results"][2] == {
        "kind": "assistant",
        "key": "order-desk",
        "id": "asst_1",
        "action": "update",
        "status": "failed",
        "error": "429",
    }


def test_numbers_that_json_does_not_have_are_written_as_text(make_plan: Callable[..., Plan]) -> None:
    diffs = (FieldDiff("temperature", float("nan"), {"a": [float("-inf"), 0.5]}, Origin.MANIFEST),)
    change = Change(Kind.ASSISTANT, "a", None, Action.CREATE, "", diffs)
    diff = json.loads(dumps(plan_document(make_plan((change,)))))["changes"][0]["diffs"][0]
    assert (diff["old"], diff["new"]) == ("nan", {"a": ["-inf", 0.5]})


@given(st.data())
@settings(max_examples=50)
def test_output_is_printable_lines_that_utf8_can_hold_and_reads_back_the_same(
    any_plan: st.SearchStrategy[Plan], any_results: st.SearchStrategy[list[Result]], data: st.DataObject
) -> None:
    plan = data.draw(any_plan)
    for document in (plan_document(plan), results_document(plan, data.draw(any_results))):
        text = dumps(document)
        assert text.endswith("}\n")
        text.encode("utf-8")
        assert not {unicodedata.category(char) for char in text.replace("\n", "")} & {"Cc", "Cs", "Zl", "Zp"}
        assert json.loads(text) == json.loads(json.dumps(document))


def test_text_stays_readable() -> None:
    assert dumps({"a": "Crème 订单 👩‍💻"}) == '{\n  "a": "Crème 订单 👩‍💻"\n}\n'


def test_importing_it_imports_no_other_format() -> None:
    code = "import sys, assistctl.rendering.json; print('rich' in sys.modules, 'html' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]
