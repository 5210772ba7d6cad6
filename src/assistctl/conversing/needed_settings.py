"""Settings of the project that a check needs before it can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistctl.conversing.prices import price_of
from assistctl.model.checks import Check

RUBRIC = "llm-rubric"
COST = "cost"


@dataclass(frozen=True, slots=True)
class Lack:
    """A setting that is not there: ``summary`` says who needs it, ``way`` how to set it.

    ``assertion`` is the type that needs it, empty where the whole check does.
    """

    assertion: str
    summary: str
    way: str

    def __str__(self) -> str:
        return f"{self.summary}: {self.way}"


def lack(
    check: Check,
    model: str | None,
    *,
    judge: str | None,
    prices: Mapping[str, tuple[float, float]],
    max_cost: float | None,
) -> Lack | None:
    """The setting that ``check`` lacks of an assistant with ``model``, if any.

    ``judge`` is the model that judges; ``prices`` and ``max_cost`` are as in the project's settings.
    """
    types = check.assertion_types
    if RUBRIC in types and judge is None:
        way = "set `checks: {judge: {model: …}}` in assistctl.yaml"
        return Lack(RUBRIC, "llm-rubric needs a model that judges", way)
    if (COST in types or max_cost is not None) and not (model and price_of(model, prices)):
        return _no_price(COST if COST in types else "", model)
    if RUBRIC in types and judge and max_cost is not None and not price_of(judge, prices):
        return _no_price("", judge)
    return None


def _no_price(assertion: str, model: str | None) -> Lack:
    name = model or "MODEL"
    return Lack(
        assertion,
        f"{assertion or 'checks.max_cost'} needs a price, and none is known of the model {name}",
        f"set `checks: {{prices: {{{name}: {{input: …, output: …}}}}}}` in assistctl.yaml",
    )
