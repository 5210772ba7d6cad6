"""Every type of assertion, as it stands and with ``not-`` before it, and what its reason says."""

from __future__ import annotations

import pytest

from assistctl.conversing.assertions import CannotJudgeError, judge_by_rule
from assistctl.json_value import Json
from assistctl.model.check_report import AnsweredCall, CitedFile, Exchange
from assistctl.model.checks import ASSERTION_TYPES, Assertion
from assistctl.model.conversation import Usage

CATASTROPHIC = "(.*)" * 8 + "[A-Z]"
CALLED = AnsweredCall("order_status", '{"order_id": "1001", "lines": [{"sku": "a", "n": 1}]}')
FITS: Json = {"type": "object", "required": ["status"], "properties": {"status": {"enum": ["shipped"]}}}


def exchange(answer: str = "") -> Exchange:
    """An answer that took 350 ms, 120 tokens and $0.0002."""
    return Exchange(
        "Where is order 1001?",
        answer,
        calls=(CALLED,),
        citations=(CitedFile("returns.md", "file_1"), CitedFile("", "file_2")),
        seconds=0.35,
        usage=Usage(100, 20),
        cost=0.0002,
    )


HOLDS: list[tuple[str, Json, str]] = [
    ("contains", "1001", "Order 1001 is on its way."),
    ("contains", 1001, "Order 1001 is on its way."),
    ("contains", 2.5, "It costs 2.5."),
    ("contains", 3.0, "It costs 3 euros."),
    ("icontains", "ORDER", "Your order is late."),
    ("contains-any", ["refund", "money back"], "You get your money back."),
    ("contains-any", ["refund", 7], "Within 7 days."),
    ("contains-all", ["a", "b"], "b and a"),
    ("equals", "yes", "yes"),
    ("equals", 42, "42"),
    ("equals", True, "true"),
    ("equals", {"a": [1, True, None]}, ' {"a": [1.0, true, null]}\n'),
    ("equals", [], "[]"),
    ("equals", None, "null"),
    ("regex", r"\b\d{4}\b", "Order 1001."),
    ("regex", r"^(?!.*sorry)", "All good."),
    ("regex", r"(?<number>\d+)", "1001"),
    ("is-json", True, ' {"a": 1} '),
    ("is-json", None, "12"),
    ("is-json", "", "null"),
    ("is-json", FITS, '{"status": "shipped"}'),
    ("is-json", '{"type": "array"}', "[1]"),
    ("is-json", {"type": "string", "pattern": "^a+$"}, '"aaa"'),
    ("latency", 350, ""),
    ("cost", 0.0002, ""),
    ("max-tokens", 120, ""),
    ("calls", "order_status", ""),
    ("calls", {"name": "order_status"}, ""),
    ("calls", {"name": "order_status", "arguments": {"order_id": "1001"}}, ""),
    ("calls", {"name": "order_status", "arguments": {"lines": [{"sku": "a"}]}}, ""),
    ("cites", "docs/returns.md", ""),
]
HOLDS_NOT: list[tuple[str, Json, str]] = [
    ("contains", "1001", "No such order."),
    ("contains", "order", "ORDER"),
    ("icontains", "refund", "No."),
    ("contains-any", ["refund", "money back"], "No."),
    ("contains-all", ["a", "b"], "a"),
    ("equals", "yes", "yes "),
    ("equals", "yes", "Yes"),
    ("equals", {"a": 1}, '{"a": true}'),
    ("equals", {"a": 1}, '{"a": 1, "b": 2}'),
    ("equals", {"a": 1}, '```json\n{"a": 1}\n```'),
    ("equals", None, ""),
    ("regex", r"\d{4}", "no number"),
    ("regex", "^b$", "a\nb"),
    ("is-json", True, '```json\n{"a": 1}\n```'),
    ("is-json", True, 'Here it is: {"a": 1}'),
    ("is-json", True, "NaN"),
    ("is-json", True, "[" * 100_000),
    ("is-json", True, ""),
    ("is-json", FITS, '{"status": "lost"}'),
    ("is-json", FITS, "no JSON at all"),
    ("latency", 349, ""),
    ("cost", 0.0001, ""),
    ("max-tokens", 119, ""),
    ("calls", "cancel_order", ""),
    ("calls", {"name": "order_status", "arguments": {"order_id": 1001}}, ""),
    ("calls", {"name": "order_status", "arguments": {"lines": []}}, ""),
    ("calls", {"name": "order_status", "arguments": {"other": None}}, ""),
    ("cites", "docs/prices.md", ""),
    ("cites", "file_2", ""),
]


def test_every_type_is_tried() -> None:
    tried = {kind for kind, _, _ in HOLDS}
    assert tried == {kind for kind, _, _ in HOLDS_NOT} == {*ASSERTION_TYPES} - {"llm-rubric"}


@pytest.mark.parametrize(("kind", "value", "answer"), HOLDS)
def test_it_holds(kind: str, value: Json, answer: str) -> None:
    assert judge_by_rule(Assertion(kind, value), exchange(answer), 0).passed
    turned = judge_by_rule(Assertion(kind, value, negated=True), exchange(answer), 0)
    assert (turned.type, turned.passed) == (f"not-{kind}", False)
    assert turned.reason.startswith("wanted the answer not to ")


@pytest.mark.parametrize(("kind", "value", "answer"), HOLDS_NOT)
def test_it_does_not_hold(kind: str, value: Json, answer: str) -> None:
    assert not judge_by_rule(Assertion(kind, value), exchange(answer), 0).passed
    assert judge_by_rule(Assertion(kind, value, negated=True), exchange(answer), 0).passed


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("contains", "1001", "wanted the answer to contain '1001'; it is 'Sorry.'"),
        ("contains-all", ["1001", "orry"], "to contain all of '1001', 'orry'; '1001' is missing; it is 'Sorry.'"),
        ("regex", r"\d", r"wanted the answer to match '\d'; it is 'Sorry.'"),
        (
            "is-json",
            True,
            "wanted the answer to be JSON; it is 'Sorry.' (Expecting value: line 1 column 1 (char 0))",
        ),
        ("latency", 200, "wanted the answer to come within 200 ms; it took 350 ms"),
        ("cost", 0.0001, "wanted the answer to cost at most $0.0001; it cost $0.0002"),
        ("max-tokens", 50, "wanted the answer to take at most 50 tokens; it took 120"),
        (
            "calls",
            {"name": "cancel", "arguments": {"a": 1}},
            f'wanted the answer to call cancel with {{"a": 1}}; it called order_status({CALLED.arguments})',
        ),
        ("cites", "docs/a.md", "wanted the answer to cite docs/a.md; it cites returns.md, file_2"),
    ],
)
def test_the_reason_says_what_was_wanted_and_what_stood_there(kind: str, value: Json, reason: str) -> None:
    assert judge_by_rule(Assertion(kind, value), exchange("Sorry."), 0).reason.endswith(reason)


def test_the_reason_names_the_place_that_does_not_fit() -> None:
    outcome = judge_by_rule(Assertion("is-json", FITS), exchange('{"status": "lost"}'), 0)
    assert "at $.status: 'lost' is not one of ['shipped']; it is" in outcome.reason


@pytest.mark.parametrize(
    "assertion",
    [
        Assertion("regex", CATASTROPHIC),
        Assertion("is-json", {"type": "string", "pattern": CATASTROPHIC}),
    ],
)
def test_a_catastrophic_pattern_is_stopped(assertion: Assertion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistctl.conversing.assertions.PATTERN_SECONDS", 0.05)
    monkeypatch.setattr("assistctl.model.answer_schema.PATTERN_SECONDS", 0.05)
    with pytest.raises(CannotJudgeError, match="took"):
        judge_by_rule(assertion, exchange(f'"{"a" * 2000}"'), 0)


def test_a_schema_looks_nothing_up() -> None:
    schema: Json = {"$ref": "http://127.0.0.1:9/schema.json"}
    with pytest.raises(CannotJudgeError, match="schema of is-json cannot be used"):
        judge_by_rule(Assertion("is-json", schema), exchange("1"), 0)


@pytest.mark.parametrize("kind", ["cost", "max-tokens"])
def test_what_the_platform_did_not_count_is_no_pass(kind: str) -> None:
    with pytest.raises(CannotJudgeError, match="counted no"):
        judge_by_rule(Assertion(kind, 1), Exchange("?", "!"), 0)
