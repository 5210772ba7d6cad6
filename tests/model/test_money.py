"""Amounts of money, for people and for programs."""

from __future__ import annotations

import pytest

from assistctl.model.money import dollars, rounded


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        (0.0, "$0"),
        (3e-7, "under $0.000001"),
        (8.9e-06, "$0.000009"),
        (0.00001, "$0.00001"),
        (0.25, "$0.25"),
        (10.0, "$10"),
        (123.456, "$123.456"),
        (1234.5, "$1,234.5"),
    ],
)
def test_amounts_are_told_without_exponents(cost: float, told: str) -> None:
    assert dollars(cost) == told


def test_programs_get_no_digits_that_mean_nothing() -> None:
    assert rounded(1.91e-05 + 3.05e-05 + 1e-05) == 5.96e-05
    assert rounded(None) is None
