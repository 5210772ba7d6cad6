"""Prices of tokens, in US dollars a million: the vendors' list prices, overridden by a project's own.

Standard processing of short prompts, without discounts for cached or batched input. Data of ``READ_ON``; sources:
https://developers.openai.com/api/docs/pricing and https://platform.claude.com/docs/en/about-claude/pricing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from assistctl.model.conversation import Usage

READ_ON = dt.date(2026, 11, 26)
"""The day the prices were looked up."""

_MILLION = 1_000_000

LIST_PRICES: Mapping[str, tuple[float, float]] = {
    "gpt-6-astra": (10, 50),
    "gpt-6-sol": (2, 10),
    "gpt-6-luna": (0.1, 0.5),
    "gpt-5.6-sol": (4, 20),
    "gpt-5.6-terra": (2, 12),
    "gpt-5.6-luna": (0.2, 1.2),
    "gpt-5.5": (5, 30),
    "gpt-5.4": (2.5, 15),
    "gpt-5.4-mini": (0.75, 4.5),
    "gpt-5.4-nano": (0.2, 1.25),
    "gpt-5.2": (1.75, 14),
    "gpt-5.1": (1.25, 10),
    "gpt-5-mini": (0.25, 2),
    "gpt-4.1": (2, 8),
    "gpt-4.1-mini": (0.4, 1.6),
    "gpt-4.1-nano": (0.1, 0.4),
    "gpt-4o": (2.5, 10),
    "gpt-4o-mini": (0.15, 0.6),
    "claude-fable-5-1": (10, 50),
    "claude-opus-5-5": (4, 20),
    "claude-opus-5": (5, 25),
    "claude-sonnet-5-5": (2, 10),
    "claude-sonnet-5": (2, 10),
    "claude-haiku-5-5": (0.1, 0.5),
    "claude-sonnet-4-5": (3, 15),
    "claude-haiku-4-5": (1, 5),
}
"""What is sent, and what is answered, by the model's name."""

# A dated release costs what its name without the date does: gpt-4.1-2025-04-14, claude-haiku-4-5-20251001.
_DATE = re.compile(r"-(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})$")


def price_of(model: str, own: Mapping[str, tuple[float, float]]) -> tuple[float, float] | None:
    """The prices of a million input tokens and a million output tokens; ``None`` where they are not known.

    ``own`` are the project's prices, which win.
    """
    return own.get(model) or LIST_PRICES.get(model) or LIST_PRICES.get(_DATE.sub("", model))


def cost_of(usage: Usage, price: tuple[float, float]) -> float:
    """The cost of ``usage``, in US dollars."""
    sent, answered = price
    return (usage.input_tokens * sent + usage.output_tokens * answered) / _MILLION
