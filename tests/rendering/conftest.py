"""Plans to show: one that a reviewer could meet, and ones with any content at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import strategies as st

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.model.change import Action, Blocked, Change, Drift, FieldDiff, Origin, Result, Status, Summary
from assistctl.model.file_operations import FileTotals
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, TargetName, seen_as

PROMPT = "".join(
    f"{number}. Check the order before you answer; never guess a delivery date.\n" for number in range(1, 41)
)
OLD_PROMPT = PROMPT + "Always answer in English unless the customer writes in another language.\n" + PROMPT
NEW_PROMPT = PROMPT + "Always answer in French unless the customer writes in another language.\n" + PROMPT
POLICY: dict[str, Json] = {
    "type": "object",
    "properties": {"order_id": {"type": "string", "description": "As printed on the receipt"}},
    "required": ["order_id"],
}
POLICY_BEFORE: dict[str, Json] = {**POLICY, "required": [], "additionalProperties": False}

HOSTILE = (
    "x\n  - prod  delete   no longer declared",
    "  - prod  delete   no longer declared",
    "\x1b[2J\x1b[1;1H\x9b31m\r\x07",
    "[bold]red[/bold] :tada:",
    "<script>alert(1)</script><!-- c -->",
    "```\n````\n~~~\n</details>",
    "| a | b |",
    "@octocat #12 ![p](http://example.com/x.png) www.example.com",
    "\u202egnp\u2066\u200b\ud800\U000e0041",
    "{+new+}[-old-] → (not set)",
)
TEXT = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=()), max_size=40)
LONG = st.lists(TEXT, max_size=6).map("\n".join)
VALUE: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | LONG,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
KINDS, ACTIONS = st.sampled_from(Kind), st.sampled_from(Action)
DIFF = st.builds(FieldDiff, TEXT, VALUE, VALUE, st.sampled_from(Origin), st.booleans())
DIAGNOSTIC = st.builds(
    Diagnostic,
    st.sampled_from(Severity),
    TEXT,
    LONG,
    st.none() | TEXT,
    TEXT,
    st.none() | st.builds(Position, TEXT, st.integers(1, 99), st.integers(1, 99)),
)
CHANGE = st.builds(
    Change,
    KINDS,
    TEXT,
    st.none() | TEXT,
    ACTIONS,
    TEXT,
    st.lists(DIFF, max_size=3).map(tuple),
    st.none() | st.sampled_from(Blocked),
    st.none() | TEXT,
)
DRIFT = st.builds(Drift, KINDS, TEXT, TEXT, TEXT, VALUE, VALUE, st.booleans())
COUNT = st.integers(0, 5000)
PLAN = st.builds(
    Plan,
    project=TEXT,
    target=st.builds(TargetName, TEXT, TEXT),
    changes=st.lists(CHANGE, max_size=3).map(tuple),
    drift=st.lists(DRIFT, max_size=2).map(tuple),
    diagnostics=st.lists(DIAGNOSTIC, max_size=2).map(tuple),
    summary=st.builds(Summary, COUNT, COUNT, COUNT, COUNT, COUNT),
    seen=st.dictionaries(st.builds(seen_as, KINDS, st.sampled_from(["a", "b-1"]), TEXT), TEXT, max_size=2),
    fingerprint=TEXT,
)
RESULT = st.builds(Result, KINDS, TEXT, st.none() | TEXT, ACTIONS, st.sampled_from(Status), st.none() | LONG)
RESULTS = st.lists(RESULT, max_size=4)

MakePlan = Callable[..., Plan]


@pytest.fixture(scope="session")
def any_plan() -> st.SearchStrategy[Plan]:
    """Plans of any content, hostile text among it."""
    return PLAN


@pytest.fixture(scope="session")
def any_results() -> st.SearchStrategy[list[Result]]:
    """Results of any content, hostile text among it."""
    return RESULTS


@pytest.fixture
def make_plan() -> MakePlan:
    """A plan of the given parts, everything else empty."""

    def make(
        changes: tuple[Change, ...] = (),
        drift: tuple[Drift, ...] = (),
        diagnostics: tuple[Diagnostic, ...] = (),
        summary: Summary | None = None,
        *,
        project: str = "acme",
        files: FileTotals | None = None,
    ) -> Plan:
        return Plan(
            project=project,
            target=TargetName("prod", "openai-agents"),
            changes=changes,
            drift=drift,
            diagnostics=diagnostics,
            summary=summary or Summary(update=len(changes)),
            seen={},
            fingerprint="sha256:0",
            files=files,
        )

    return make


@pytest.fixture
def review_plan() -> Plan:
    """One change of each kind, drift, a warning and two refusals."""
    return Plan(
        project="acme",
        target=TargetName("prod", "openai-agents"),
        changes=(_translator(), _order_desk(), _old_bot(), _greeter()),
        drift=(
            Drift(Kind.ASSISTANT, "order-desk", "asst_1", "model", "gpt-4o", "gpt-4o-mini"),
            Drift(Kind.ASSISTANT, "billing", "asst_3", "temperature", 1.7, None),
        ),
        diagnostics=(
            Diagnostic(
                Severity.WARNING,
                "gpt-4o-mini is switched off on 2027-01-31",
                "Pick a model from the list that `assistctl list` prints.",
                key="order-desk",
                path="model",
                position=Position("assistants/order-desk.yaml", 3, 8),
            ),
        ),
        summary=Summary(create=1, update=1, delete=1, adopt=1, unchanged=5),
        seen={"assistant:order-desk:asst_1": "d1", "assistant:old-bot:asst_2": "d2"},
        fingerprint="sha256:0f3a",
    )


def _translator() -> Change:
    diffs = (
        FieldDiff("model", None, "gpt-4o-mini", Origin.MANIFEST),
        FieldDiff("instructions", None, PROMPT, Origin.MANIFEST),
        FieldDiff("metadata.token", None, "(secret TOKEN)", Origin.MANIFEST, secret=True),
    )
    return Change(Kind.ASSISTANT, "translator", None, Action.CREATE, "not on the platform", diffs)


def _order_desk() -> Change:
    diffs = (
        FieldDiff("temperature", 0.2, 0.4, Origin.MANIFEST),
        FieldDiff("model", "gpt-4o", "gpt-4o-mini", Origin.DRIFT),
        FieldDiff("top_p", 0.9, None, Origin.MANIFEST),
        FieldDiff("description", "Orders ", "Orders", Origin.BOTH),
        FieldDiff("metadata.token", "(secret)", "(secret TOKEN)", Origin.MANIFEST, secret=True),
        FieldDiff("instructions", OLD_PROMPT, NEW_PROMPT, Origin.MANIFEST),
        FieldDiff("tools[order_status].function.parameters", POLICY_BEFORE, POLICY, Origin.MANIFEST),
    )
    reason = "manifest changed and changed outside"
    return Change(Kind.ASSISTANT, "order-desk", "asst_1", Action.UPDATE, reason, diffs)


def _old_bot() -> Change:
    return Change(
        Kind.ASSISTANT,
        "old-bot",
        "asst_2",
        Action.DELETE,
        "no longer declared",
        blocked=Blocked.PROTECTED,
        name="Old bot",
    )


def _greeter() -> Change:
    return Change(
        Kind.ASSISTANT,
        "greeter",
        "asst_4",
        Action.ADOPT,
        "an assistant with this name exists",
        blocked=Blocked.ADOPTION,
    )
