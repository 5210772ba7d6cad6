"""The planner's cases: files that can be read without this module, run through the real planner and engine.

A case is a mapping of

- ``title``
- ``applied``: key -> manifest that this project applied, through real create requests (manifests as in
  ``support.planning.declared``)
- ``edited``: key -> raw fields that the platform answers now; ``(absent)`` takes one away. ``metadata`` is merged,
  ``null`` removes a pair
- ``deleted``, ``copied``: keys whose assistants somebody deleted, or copied with their metadata
- ``others``: assistants on the platform that were not made here: ``id``, ``mark``, ``metadata`` and any field
- ``declared``: key -> manifest; what was applied when it is left out
- ``options``: fields of ``PlanOptions``: ``adopt``, ``destroy``, ``allow_deletes``, ``only``, ``thresholds``, …
- ``expect``: ``changes`` (each ``{ACTION: KEY}`` with ``reason``, ``blocked``, ``diffs`` as
  ``[ORIGIN, PATH, OLD, NEW]``, ``sends``, ``metadata``, ``protect``; what is left out is not looked at, but for
  ``blocked``), ``drift`` as ``[KEY, PATH, OBSERVED, DESIRED]``, ``unchanged``, ``diagnostics`` as
  ``{SEVERITY: WORDS}``. What is not expected must not be there.

Whatever it is about, each case also holds the planner to this: inputs are left as they are, their order does not
matter, no text with ``SECRET`` is in the plan's document, and once the plan is applied the next one is empty.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistctl.diagnostics import Severity
from assistctl.model.assistant import Desired, Observed
from assistctl.model.change import Change, FieldDiff
from assistctl.model.plan import Plan, PlanOptions, Thresholds, of_any_kind, plan_document
from assistctl.ownership.mark import MARK, read_mark, users_pairs
from assistctl.planning.planner import make_plan
from assistctl.rendering.json import dumps
from support.assistants_store import CAPABILITIES, AssistantsStore, Stored
from support.planning import POLICY, ProjectOnStore, declared

FOLDER = Path(__file__).parent / "cases"
CASE_KEYS = {"title", "applied", "edited", "deleted", "copied", "others", "declared", "options", "expect"}
EXPECT_KEYS = {"changes", "drift", "unchanged", "diagnostics"}
CHANGE_KEYS = {"reason", "blocked", "diffs", "sends", "metadata", "protect"}
ACTIONS = {"create", "update", "delete", "adopt", "forget"}

Case = dict[str, Any]


@dataclass(frozen=True)
class Situation:
    """A case as the planner sees it."""

    desired: tuple[Desired, ...]
    observed: tuple[Observed, ...]
    plan_options: PlanOptions

    def plan(self) -> Plan:
        """The planner's answer."""
        return make_plan(self.desired, self.observed, self.plan_options, CAPABILITIES)


def cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for case in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
            yield pytest.param(case, id=f"{path.stem}: {case['title']}")


@pytest.mark.parametrize("case", list(cases()))
def test_case(case: Case) -> None:
    situation = situation_of(case)
    before = copy.deepcopy(situation)
    plan = situation.plan()

    assert situation == before, "planning changed what it was given"
    assert_expected(plan, case.get("expect", {}))
    assert "SECRET" not in dumps(plan_document(plan))
    backwards = replace(situation, desired=situation.desired[::-1], observed=situation.observed[::-1]).plan()
    assert backwards == plan
    assert_converges(situation, plan)


def test_there_are_cases_for_every_action_and_rule() -> None:
    changes = [change for param in cases() for change in param.values[0].get("expect", {}).get("changes", ())]
    actions = Counter(next(iter(change)) for change in changes)
    rules = Counter(change.get("blocked") for change in changes)
    origins = Counter(diff[0] for change in changes for diff in change.get("diffs", ()))
    assert set(actions) == ACTIONS
    assert set(rules) == {None, "protected", "threshold", "adoption", "ambiguous"}
    assert set(origins) == {"manifest", "drift", "both"}


def situation_of(case: Case) -> Situation:
    assert set(case) <= CASE_KEYS, set(case) - CASE_KEYS
    applied: Mapping[str, Any] = case.get("applied") or {}
    project = ProjectOnStore(AssistantsStore())
    project.apply([declared(key, manifest) for key, manifest in applied.items()], adopt=False)
    observed = [edited(assistant, case.get("edited", {})) for assistant in project.store.listed()]
    observed = [assistant for assistant in observed if key_of(assistant) not in case.get("deleted", ())]
    duplicates = [
        replace(assistant, id=f"{assistant.id}_copy")
        for assistant in observed
        if key_of(assistant) in case.get("copied", ())
    ]
    others = [other(spec) for spec in case.get("others", ())]
    manifests: Mapping[str, Any] = case.get("declared", applied)
    return Situation(
        tuple(declared(key, manifest) for key, manifest in manifests.items()),
        (*observed, *duplicates, *others),
        policy_of(case.get("options", {})),
    )


def policy_of(options: Mapping[str, Any]) -> PlanOptions:
    given: Mapping[str, Callable[[Any], Any]] = {
        "only": lambda keys: of_any_kind(keys) or None,
        "forget": frozenset,
        "thresholds": lambda limits: Thresholds(**limits),
    }
    return replace(POLICY, **{name: given.get(name, bool)(value) for name, value in options.items()})


def key_of(assistant: Observed) -> str:
    mark = read_mark(assistant.metadata)
    return mark.key if mark else ""


def edited(assistant: Observed, edits: Mapping[str, Any]) -> Observed:
    edit = dict(edits.get(key_of(assistant), {}))
    pairs = {**assistant.metadata, **edit.pop("metadata", {})}
    fields = {name: value for name, value in {**assistant.fields, **edit}.items() if value != "(absent)"}
    return replace(
        assistant, fields=fields, metadata={key: value for key, value in pairs.items() if isinstance(value, str)}
    )


def other(spec: Mapping[str, Any]) -> Observed:
    fields = dict(spec)
    metadata = dict(fields.pop("metadata", {}))
    if "mark" in fields:
        metadata[MARK] = fields.pop("mark")
    return Observed(fields.pop("id", "asst_other"), {"model": "m", **fields}, metadata)


def assert_expected(plan: Plan, expect: Mapping[str, Any]) -> None:
    assert set(expect) <= EXPECT_KEYS, set(expect) - EXPECT_KEYS
    expected: Sequence[Mapping[str, Any]] = expect.get("changes", ())
    heads = [(action, key) for change in expected for action, key in change.items() if action in ACTIONS]
    assert [(change.action, change.key) for change in plan.changes] == heads
    for change, wanted in zip(plan.changes, expected, strict=True):
        assert_change(change, wanted)
    assert [[drift.key, drift.path, drift.observed, drift.desired] for drift in plan.drift] == expect.get(
        "drift", []
    )
    diagnostics = [
        (diagnostic.severity, f"{diagnostic.summary} {diagnostic.detail}") for diagnostic in plan.diagnostics
    ]
    words = [
        (severity, text) for diagnostic in expect.get("diagnostics", ()) for severity, text in diagnostic.items()
    ]
    assert [severity for severity, _ in diagnostics] == [severity for severity, _ in words], diagnostics
    for (_, said), (_, text) in zip(diagnostics, words, strict=True):
        assert text in said
    counts = Counter(action for action, _ in heads)
    summary = {action: counts[action] for action in ACTIONS} | {"unchanged": expect.get("unchanged", 0)}
    assert asdict(plan.summary) == summary


def assert_change(change: Change, wanted: Mapping[str, Any]) -> None:
    assert set(wanted) <= CHANGE_KEYS | ACTIONS, set(wanted) - CHANGE_KEYS - ACTIONS
    assert change.blocked == wanted.get("blocked")
    if "reason" in wanted:
        assert change.reason == wanted["reason"]
    if "diffs" in wanted:
        assert [shown(diff) for diff in change.diffs] == [list(diff) for diff in wanted["diffs"]]
    if "sends" in wanted:
        assert change.request is not None
        assert dict(change.request.fields) == wanted["sends"]
    if "metadata" in wanted:
        assert change.request is not None
        assert users_pairs(dict(change.request.metadata)) == wanted["metadata"]
    if "protect" in wanted:
        assert change.request is not None
        mark = read_mark(change.request.metadata)
        assert mark is not None
        assert mark.prevent_destroy is wanted["protect"]


def shown(diff: FieldDiff) -> list[object]:
    """Origin, path and both values; ``secret`` behind them where a secret is hidden in one."""
    return [diff.origin, diff.path, diff.old, diff.new, *(["secret"] if diff.secret else [])]


def assert_converges(situation: Situation, plan: Plan) -> None:
    """What the plan does is done, and then there is nothing to do; a plan that is refused is left alone."""
    if plan.blocked or any(diagnostic.severity is Severity.ERROR for diagnostic in plan.diagnostics):
        return
    store = AssistantsStore(numbers=count(1001))
    store.assistants = {
        assistant.id: Stored({**store_defaults(), **assistant.fields}, dict(assistant.metadata))
        for assistant in situation.observed
    }
    results = ProjectOnStore(store).carry_out(plan)
    assert [result.error for result in results if result.error] == []
    again = replace(situation, observed=tuple(store.listed())).plan()
    assert again.changes == ()
    assert again.drift == ()


def store_defaults() -> dict[str, Any]:
    probe = AssistantsStore()
    created = probe.create({"model": "m"}, {})
    return {**probe.assistants[created.id].fields}
