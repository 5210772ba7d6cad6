"""What an apply created, as far as the journal tells: by id, through kills, and through rollbacks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assistctl.journal import Actor, Apply, BeforeImage, Created, Entry, Header, JournalTarget, Outcome, created_by
from assistctl.model.change import Action, QualifiedKey
from assistctl.model.kind import Kind

AT = datetime(2026, 11, 22, tzinfo=UTC)
DESK = QualifiedKey(Kind.ASSISTANT, "desk")


def entry(
    action: Action,
    object_id: str | None = None,
    *,
    before: str | None = None,
    outcome: Outcome | None = Outcome.OK,
    kind: Kind = Kind.ASSISTANT,
) -> Entry:
    image = BeforeImage(before, {}) if before is not None else None
    return Entry(1, kind, "desk", action, AT, object_id or before, image, outcome=outcome)


def apply(apply_id: str, *entries: Entry, command: str = "apply") -> Apply:
    header = Header(
        id=apply_id,
        project="acme",
        started=AT,
        tool="1",
        target=JournalTarget("prod", "local"),
        who=Actor("u", "h"),
        command=command,
    )
    return Apply(header, entries, None)


CUT_OFF = apply("1", entry(Action.CREATE, outcome=None))
CREATED = apply("1", entry(Action.CREATE, "asst_1"))
DELETED = apply("2", entry(Action.DELETE, before="asst_1"))


def test_what_has_its_id_on_record() -> None:
    both = apply("1", entry(Action.CREATE, "asst_1"), entry(Action.CREATE, "vs_1", kind=Kind.VECTOR_STORE))
    assert created_by(both, ()) == Created(frozenset({"asst_1", "vs_1"}))


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.WITHDRAWN])
def test_what_was_not_begun_or_is_withdrawn_is_nothing(outcome: Outcome) -> None:
    assert created_by(apply("1", entry(Action.CREATE, "asst_1", outcome=outcome)), ()) == Created()


def test_a_refused_create_made_nothing() -> None:
    assert created_by(apply("1", entry(Action.CREATE, outcome=Outcome.FAILED)), ()) == Created()


@pytest.mark.parametrize("outcome", [None, Outcome.UNKNOWN])
def test_what_was_cut_off_may_be_what_has_the_key(outcome: Outcome | None) -> None:
    cut_off = apply("1", entry(Action.CREATE, outcome=outcome))
    assert created_by(cut_off, ()) == Created(unnamed=frozenset({DESK}))


@pytest.mark.parametrize("action", [Action.UPDATE, Action.DELETE, Action.FORGET])
def test_what_was_cut_off_is_what_the_next_one_found(action: Action) -> None:
    later = apply("2", entry(action, before="asst_1"))
    again = apply("3", entry(Action.CREATE, "asst_9"))
    assert created_by(CUT_OFF, [later, again]) == Created(frozenset({"asst_1"}))


@pytest.mark.parametrize("found", [entry(Action.CREATE, "asst_9"), entry(Action.ADOPT, before="asst_9")])
def test_what_was_cut_off_never_was_where_the_next_one_did_not_find_it(found: Entry) -> None:
    assert created_by(CUT_OFF, [apply("2", found)]) == Created()


def test_another_kind_of_the_key_says_nothing() -> None:
    store = apply("2", entry(Action.CREATE, "vs_1", kind=Kind.VECTOR_STORE))
    assert created_by(CUT_OFF, [store]) == Created(unnamed=frozenset({DESK}))


def test_what_a_rollback_created_again_takes_its_place() -> None:
    restored = apply("3", entry(Action.CREATE, "asst_2"), command="rollback 2")
    assert created_by(CREATED, [DELETED, restored]) == Created(frozenset({"asst_1", "asst_2"}))
    gone = apply("4", entry(Action.DELETE, before="asst_2"))
    twice = apply("5", entry(Action.CREATE, "asst_3"), command="rollback 4")
    assert "asst_3" in created_by(CREATED, [DELETED, restored, gone, twice]).ids


def test_what_another_apply_created_anew_does_not() -> None:
    anew = apply("3", entry(Action.CREATE, "asst_2"))
    assert created_by(CREATED, [DELETED, anew]) == Created(frozenset({"asst_1"}))
