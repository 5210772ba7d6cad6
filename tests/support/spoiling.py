"""JSON that was in order, and is not any more: wrong types, missing and unknown fields, odd texts and numbers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias

Tree: TypeAlias = Any
"""JSON of whatever shape, and floats and integers beyond what JSON knows."""

ODD_TEXTS = (
    "",
    " ",
    "null",
    "\0",
    "\ud800",
    "\u202e\u2066",
    "\x1b[2J\r",
    "\ufeff",
    "é" * 300,
    "x" * 70_000,
    "../../etc/passwd",
    "${var:a}",
    "${env:A}",
    "$${",
    "${",
    "<b>|*_`",
    "1e999",
    "0x1f",
    "2026-13-45T99:00:00Z",
    "9999-12-31T23:59:59+14:00",
)
ODD_NUMBERS = (
    *(0, -1, 1, 3, 20, 2**31, 2**63, -(2**64), 10**400),
    *(0.5, -0.0, 1e308, 5e-324, float("nan"), float("inf"), float("-inf")),
)
MOST_PLACES = 5_000
"""So many places are found in a tree; in one that has more, not all."""
_LARGE = 3_000
_FEW_LEVELS = 40


def spoiled(tree: Tree, random: Random, others: tuple[Tree, ...] = ()) -> Tree:
    """A copy of ``tree`` with one to three things wrong in it; parts of ``others`` may get into it."""
    tree = copy.deepcopy(tree)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        tree = _spoiled_once(tree, random, others)
    return tree


def odd_value(random: Random) -> Tree:
    """Something that is rarely expected."""
    return random.choice(_ODD)(random)


def nested(levels: int, innermost: Tree, random: Random) -> Tree:
    """Lists or mappings inside each other."""
    for _ in range(levels):
        innermost = [innermost] if random.random() < 0.5 else {"type": innermost}
    return innermost


def places(tree: Tree) -> list[tuple[Tree, str | int]]:
    """Containers in ``tree``, each with one of its keys or indices: all of them, but in a ring or a giant."""
    found: list[tuple[Tree, str | int]] = []
    waiting = [tree]
    while waiting and len(found) < MOST_PLACES:
        node = waiting.pop()
        steps = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        found += [(node, step) for step in steps]
        waiting += [node[step] for step in steps]
    return found


_ODD: tuple[Callable[[Random], Tree], ...] = (
    lambda _: None,
    lambda random: random.random() < 0.5,
    lambda random: random.choice(ODD_NUMBERS),
    lambda random: random.choice(ODD_NUMBERS),
    lambda random: random.choice(ODD_TEXTS),
    lambda random: random.choice(ODD_TEXTS),
    lambda _: [],
    lambda _: {},
    lambda _: [[]],
    lambda _: {"": ""},
    lambda random: [random.choice(ODD_TEXTS), random.choice(ODD_NUMBERS), None],
    lambda random: {random.choice(ODD_TEXTS): random.choice(ODD_NUMBERS)},
    lambda random: nested(random.randrange(_FEW_LEVELS), None, random),
    lambda random: nested(random.choice((90, 110, 300, 480)), "x", random),
    lambda random: ["x"] * random.choice((21, 129, _LARGE)),
    lambda random: {f"k{number}": "x" for number in range(random.choice((17, _LARGE)))},
)


def _spoiled_once(tree: Tree, random: Random, others: tuple[Tree, ...]) -> Tree:
    found = places(tree)
    if not found or random.random() < 0.02:
        return odd_value(random)
    node, step = random.choice(found)
    random.choice(_WAYS)(node, step, random, others)
    return tree


def _replace(node: Tree, step: Tree, random: Random, _others: tuple[Tree, ...]) -> None:
    node[step] = odd_value(random)


def _remove(node: Tree, step: Tree, _random: Random, _others: tuple[Tree, ...]) -> None:
    del node[step]


def _add(node: Tree, _step: Tree, random: Random, _others: tuple[Tree, ...]) -> None:
    if isinstance(node, list):
        node.insert(random.randrange(len(node) + 1), odd_value(random))
    else:
        node[random.choice((*ODD_TEXTS, "id", "type", "file", "tool", "unknown"))] = odd_value(random)


def _rename(node: Tree, step: Tree, random: Random, others: tuple[Tree, ...]) -> None:
    """Misspell a key; in a list, say something twice."""
    if isinstance(node, list):
        node.append(copy.deepcopy(node[step]))
        return
    word = str(step)
    at = random.randrange(len(word) + 1)
    node[word[:at] + random.choice(("x", "", "_", "S")) + word[at + 1 :]] = node.pop(step)
    if others and random.random() < 0.2:
        _transplant(node, step, random, others)


def _wrap(node: Tree, step: Tree, random: Random, _others: tuple[Tree, ...]) -> None:
    value = node[step]
    node[step] = [value] if random.random() < 0.5 else {str(step): value}


def _unwrap(node: Tree, step: Tree, random: Random, _others: tuple[Tree, ...]) -> None:
    value = node[step]
    if isinstance(value, dict | list) and value:
        inner = list(value.values()) if isinstance(value, dict) else value
        node[step] = random.choice(inner)
    else:
        node[step] = str(value) if isinstance(value, int | float) else odd_value(random)


def _transplant(node: Tree, step: Tree, random: Random, others: tuple[Tree, ...]) -> None:
    """Put in something that is right elsewhere."""
    found = places(random.choice(others)) if others else []
    donor, place = random.choice(found) if found else (None, 0)
    node[step] = copy.deepcopy(donor[place]) if donor is not None else odd_value(random)


_WAYS: tuple[Callable[[Tree, Tree, Random, tuple[Tree, ...]], None], ...] = (
    _replace,
    _replace,
    _replace,
    _remove,
    _remove,
    _add,
    _rename,
    _wrap,
    _unwrap,
    _transplant,
)
