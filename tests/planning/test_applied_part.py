"""What was applied is found in what is there, whatever a platform has filled in; what it does not hold is not."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assistctl.ownership.applied_part import was_applied_in_part
from assistctl.ownership.canonical import same

NAMES = st.sampled_from(["type", "a", "b", "c"])
VALUES = st.recursive(
    st.integers(0, 3) | st.sampled_from(["x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def filled(value: Any, more: dict[str, Any]) -> Any:
    """``value`` with ``more`` in each object of it."""
    if isinstance(value, dict):
        return {**more, **{name: filled(inner, more) for name, inner in value.items()}}
    return [filled(item, more) for item in value] if isinstance(value, list) else value


def found(there: Any, want: Any, applied: Any) -> bool:
    return was_applied_in_part(there, want, lambda tried: same(tried, applied))


@given(st.dictionaries(NAMES, VALUES, min_size=1), st.dictionaries(st.sampled_from(["p", "q"]), st.none()))
def test_what_is_declared_still_is_found(applied: Any, more: dict[str, Any]) -> None:
    assert found(filled(applied, more), applied, applied)


@given(st.dictionaries(NAMES, st.integers(), min_size=1), NAMES, st.integers())
def test_one_name_more_or_less_now_does_not_matter(applied: Any, name: str, value: int) -> None:
    there = filled(applied, {"p": None, "q": 1})
    assert found(there, {**applied, name: value}, applied)
    assert found(there, {other: inner for other, inner in applied.items() if other != name}, applied)


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_another_value_is_not_what_was_applied(applied: Any) -> None:
    assert not found({**applied, "a": "changed outside"}, applied, {**applied, "a": "before"})


def test_items_of_one_kind_are_filled_in_one_by_one() -> None:
    applied: Any = [{"type": "agent", "id": "a", "version": 3}, {"type": "agent", "id": "b"}]
    there: Any = [applied[0], {**applied[1], "version": 1}]
    assert found(there, applied, applied)
    assert not found([applied[0], {**there[1], "id": "c"}], applied, applied)


def test_what_is_too_much_to_try_ends() -> None:
    there = {f"n{number}": {f"m{inner}": inner for inner in range(30)} for number in range(100)}
    assert not found(there, {}, {"never": "there"})


def test_the_larger_it_is_the_less_is_tried() -> None:
    there: Any = {f"n{number}": "text " * 1000 for number in range(100)}
    tried: list[Any] = []

    def was_applied(part: Any) -> bool:
        tried.append(part)
        return False

    assert not was_applied_in_part(there, {}, was_applied)
    assert 1 < len(tried) < 50
