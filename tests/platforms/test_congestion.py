"""The limit on requests under way: halved once per congestion, one more per round that goes well."""

from __future__ import annotations

import math

import pytest

from assistctl.platforms.http.congestion_window import Window


def window(under_way: int, limit: float = math.inf) -> Window:
    made = Window(limit=limit)
    for _ in range(under_way):
        made.enter()
    return made


@pytest.mark.parametrize(
    ("under_way", "limit", "halved"),
    [(10, math.inf, 5), (1, math.inf, 1), (7, math.inf, 3), (8, 8, 4), (2, 9, 1), (1, 1, 1)],
)
def test_halving(under_way: int, limit: float, halved: int) -> None:
    made = window(under_way, limit)
    assert made.throttled(began=0.0, now=1.0)
    assert made.limit == halved


def test_those_under_way_together_count_once() -> None:
    made = window(8)
    assert [made.throttled(began=0.5, now=now) for now in (1.0, 1.1, 1.2)] == [True, False, False]
    assert made.limit == 4
    assert made.throttled(began=1.0, now=2.0)
    assert made.limit == 2


def test_one_more_per_round() -> None:
    made = window(4)
    made.throttled(began=0.0, now=1.0)
    limits = []
    for _ in range(2 + 3 + 4):
        made.succeeded(began=1.0)
        limits.append(made.limit)
    assert limits == [2, 3, 3, 3, 4, 4, 4, 4, 5]


def test_what_was_sent_before_the_cut_proves_nothing() -> None:
    made = window(4)
    made.throttled(began=0.0, now=1.0)
    for _ in range(9):
        made.succeeded(began=0.9)
    assert made.limit == 2


def test_without_congestion_there_is_no_limit() -> None:
    made = window(1000)
    made.succeeded(began=0.0)
    assert not made.is_full
    assert made.limit == math.inf
