"""Whether a platform's own thing still holds what was applied, beside what the platform has filled in.

What is remembered of it is a digest, and not which of its names were declared. So they are guessed, from those
that the manifest mentions now, and the nearest guesses are tried: what was declared then is mostly what is
declared now but for a name or two.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, islice
from typing import TypeAlias

from assistctl.json_value import Json
from assistctl.ownership.projection import mentioned

# A place in a value, with "*" and its kind for whichever item of a list, and a name in the object there.
_Slot: TypeAlias = tuple[str, ...]

_ITEM = "*"
_MOST_TRIED = 1_500
# Of a whole API's description a digest takes milliseconds: this many characters take a third of a second.
_MOST_DIGESTED = 10_000_000
_MOST_GUESSED_WRONG = 3


def was_applied_in_part(observed: Json, want: Json, was_applied: Callable[[Json], bool]) -> bool:
    """Whether ``observed``, without names of its objects that nobody declared, is what was applied.

    ``want`` is what is declared now. False also means that too much would have to be tried.
    """
    return (
        isinstance(observed, dict | list) and next(_applied_parts(observed, want, was_applied), None) is not None
    )


def applied_part(observed: Json, want: Json, was_applied: Callable[[Json], bool]) -> Json:
    """``observed`` without names of its objects that nobody declared when it was applied.

    All of it, if none of what was tried is what was applied.
    """
    return (
        next(_applied_parts(observed, want, was_applied), observed)
        if isinstance(observed, dict | list)
        else observed
    )


def _applied_parts(
    observed: dict[str, Json] | list[Json], want: Json, was_applied: Callable[[Json], bool]
) -> Iterator[Json]:
    most = min(_MOST_TRIED, _MOST_DIGESTED // len(json.dumps(observed)) + 1)
    return (tried for tried in islice(_parts(observed, want), most) if was_applied(tried))


def _parts(observed: Json, want: Json) -> Iterator[Json]:
    """``observed`` without what nobody may have declared, the likeliest first."""
    yield mentioned(observed, want)
    slots = [*dict.fromkeys(_slots(observed))]
    named = {*_slots(want)}
    kinds = {step for slot in named for step in slot}
    of_any_kind = {_of_any_kind(slot) for slot in named}
    guess = frozenset(
        slot
        for slot in slots
        if slot in named or (not _kinds(slot) <= kinds and _of_any_kind(slot) in of_any_kind)
    )
    for count in range(min(len(slots), _MOST_GUESSED_WRONG) + 1):
        for wrong in combinations(slots, count):
            yield _kept(observed, guess.symmetric_difference(wrong))


def _slots(value: Json, place: _Slot = ()) -> Iterator[_Slot]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*place, name)
            yield from _slots(inner, (*place, name))
    for item in _items(value):
        yield from _slots(item, (*place, _item_place(item)))


def _kept(value: Json, slots: frozenset[_Slot], place: _Slot = ()) -> Json:
    if isinstance(value, dict):
        names = (name for name in value if (*place, name) in slots)
        return {name: _kept(value[name], slots, (*place, name)) for name in names}
    if isinstance(value, list):
        return [_kept(item, slots, (*place, _item_place(item))) for item in value]
    return value


def _item_place(item: Json) -> str:
    """Items of one kind are declared, and filled in, alike; of another kind, by themselves."""
    kind = item.get("type") if isinstance(item, dict) else None
    return f"{_ITEM}{kind}" if isinstance(kind, str) else _ITEM


def _kinds(slot: _Slot) -> set[str]:
    return {step for step in slot if step.startswith(_ITEM)}


def _of_any_kind(slot: _Slot) -> _Slot:
    """The place without the kinds of items, which a platform may have filled in."""
    return tuple(_ITEM if step.startswith(_ITEM) else step for step in slot)


def _items(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()
