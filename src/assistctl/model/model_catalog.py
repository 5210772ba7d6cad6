"""Models that are known by name: whose they are, when they are shut down, and which take sampling parameters.

Data of ``READ_ON``; a server may well name other models, or its own ones by these names. Sources:

- shutdown dates at OpenAI: the docstring of ``ChatModel`` in openai-python 3.57.0, which repeats
  https://developers.openai.com/api/docs/deprecations;
- at Anthropic: ``DEPRECATED_MODELS`` in anthropic 2.14.0
  (https://docs.anthropic.com/en/docs/resources/model-deprecations);
- at Mistral: ``retirementDate`` in src/schema/models of mistralai/platform-docs-public at 222f4ba (2026-08-21), of
  which https://docs.mistral.ai/models is made. Its API lists the dates of all.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

READ_ON = dt.date(2026, 11, 26)
"""The day the sources were read."""

NEAR = dt.timedelta(days=60)
"""The time before the shutdown of a model in which its use is warned about."""


class Vendor(StrEnum):
    """A maker of models."""

    OPENAI = "OpenAI"
    ANTHROPIC = "Anthropic"
    GOOGLE = "Google"
    MISTRAL = "Mistral"
    XAI = "xAI"


SUGGESTED: Mapping[Vendor, str] = {
    Vendor.OPENAI: "gpt-6-luna",
    Vendor.ANTHROPIC: "claude-sonnet-5-5",
    Vendor.MISTRAL: "mistral-medium-latest",
}
"""A current model of a vendor. gpt-6-luna is the successor that OpenAI names for gpt-4.1-mini and gpt-4o-mini; the
names of Mistral's that end in ``-latest`` stand for whichever model is current
(https://docs.mistral.ai/resources/release-note/2024-02-26-mistral-large-and-mistral-small-api-endpoints)."""

# Gateways put the vendor's name before the model's: openai/gpt-6-luna, us.anthropic.claude-sonnet-5-5.
_VENDORS = tuple(
    (vendor, re.compile(rf"(?:^|[/.])(?:{names})"))
    for vendor, names in (
        (Vendor.OPENAI, r"(?:ft:)?(?:gpt-(?!oss|j\b|neo)|chatgpt-|codex-mini|o[134](?:[-:]|$))"),
        (Vendor.ANTHROPIC, r"claude-"),
        (Vendor.GOOGLE, r"gemini-"),
        (
            Vendor.MISTRAL,
            r"(?:(?:open-|labs-)?(?:mistral|mixtral|codestral|devstral|leanstral)|ministral|magistral|pixtral|voxtral)-",
        ),
        (Vendor.XAI, r"grok-"),
    )
)
_SHUTDOWNS: Mapping[str, str] = {
    "2024-09-13": "gpt-3.5-turbo-16k gpt-3.5-turbo-0301 gpt-3.5-turbo-0613 gpt-3.5-turbo-16k-0613",
    "2024-12-06": "gpt-4-vision-preview",
    "2025-03-30": "open-mistral-7b open-mixtral-8x7b open-mixtral-8x22b mistral-large-2407",
    "2025-06-06": "gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613 open-codestral-mamba",
    "2025-06-16": "mistral-small-2402 mistral-medium-2312 mistral-large-2402 codestral-2405",
    "2025-07-28": "o1-preview o1-preview-2024-09-12",
    "2025-09-30": "mistral-saba-2502",
    "2025-10-10": "gpt-4o-audio-preview-2024-10-01",
    "2025-10-27": "o1-mini o1-mini-2024-09-12",
    "2025-11-30": (
        "mistral-small-2409 mistral-small-2501 mistral-small-2503 magistral-small-2506 magistral-small-2507 "
        "magistral-medium-2506 magistral-medium-2507 codestral-2501 devstral-small-2505"
    ),
    "2025-12-31": "ministral-3b-2410 ministral-8b-2410 pixtral-12b-2409",
    "2026-02-12": "codex-mini-latest",
    "2026-02-17": "chatgpt-4o-latest",
    "2026-03-26": "gpt-4-0125-preview gpt-4-turbo-preview gpt-4-0314",
    "2026-03-31": "labs-devstral-small-2512",
    "2026-04-30": "labs-mistral-small-creative",
    "2026-05-07": (
        "gpt-4o-audio-preview gpt-4o-audio-preview-2024-12-17 gpt-4o-audio-preview-2025-06-03 "
        "gpt-4o-mini-audio-preview gpt-4o-mini-audio-preview-2024-12-17"
    ),
    "2026-05-31": (
        "mistral-large-2411 pixtral-large-2411 devstral-small-2507 devstral-medium-2507 voxtral-mini-2507"
    ),
    "2026-06-30": "claude-mythos-preview labs-leanstral-2603",
    "2026-07-23": (
        "gpt-5.1-codex gpt-5.1-chat-latest gpt-5-chat-latest gpt-4o-search-preview gpt-4o-mini-search-preview "
        "gpt-4o-search-preview-2025-03-11 gpt-4o-mini-search-preview-2025-03-11"
    ),
    "2026-07-31": (
        "mistral-small-2506 magistral-small-2509 magistral-medium-2509 devstral-2512 open-mistral-nemo "
        "open-mistral-nemo-2407"
    ),
    "2026-08-10": "gpt-5.3-chat-latest gpt-5.2-chat-latest",
    "2026-08-31": "mistral-medium-2505 mistral-medium-2508",
    "2026-09-28": "gpt-3.5-turbo-1106",
    "2026-09-30": "labs-leanstral-1-5",
    "2026-10-23": (
        "gpt-4.1-nano gpt-4.1-nano-2025-04-14 o4-mini o4-mini-2025-04-16 o3-mini o3-mini-2025-01-31 o1 "
        "o1-2024-12-17 gpt-4o-2024-05-13 gpt-4-turbo gpt-4-turbo-2024-04-09 gpt-4-1106-preview gpt-4 gpt-4-0613 "
        "gpt-3.5-turbo gpt-3.5-turbo-0125"
    ),
    "2026-11-30": "claude-sonnet-4-5 claude-sonnet-4-5-20250929",
    "2026-12-11": (
        "gpt-5 gpt-5-mini gpt-5-nano gpt-5-2025-08-07 gpt-5-mini-2025-08-07 gpt-5-nano-2025-08-07 o3 o3-2025-04-16"
    ),
    "2027-01-14": (
        "gpt-4.1 gpt-4.1-mini gpt-4.1-2025-04-14 gpt-4.1-mini-2025-04-14 gpt-4o gpt-4o-2024-11-20 "
        "gpt-4o-2024-08-06 gpt-4o-mini gpt-4o-mini-2024-07-18"
    ),
    "2027-01-20": "gpt-audio-mini gpt-audio-mini-2025-12-15",
    "2027-01-22": "claude-opus-4-5 claude-opus-4-5-20251101",
    "2027-04-01": "gpt-5.4-nano gpt-5.4-nano-2026-03-17 gpt-5.1 gpt-5.1-2025-11-13",
}
_SHUTDOWN_OF: Mapping[str, dt.date] = {
    model: dt.date.fromisoformat(date) for date, models in _SHUTDOWNS.items() for model in models.split()
}
_REASONING = re.compile(r"(?:ft:)?(?:o[134]|gpt-[56])(?:[-.:]|$)")
_NOT_REASONING = re.compile(r"-chat-latest$")
# The first GPT-5 models have no effort `none`, and neither have these two of GPT-6.
_ALWAYS_REASONING = re.compile(r"(?:ft:)?(?:o[134]|gpt-5(?!\.)|gpt-6(?:\.\d+)?-astra|gpt-6\.1-sol)(?:[-:]|$)")


@lru_cache(1024)
def vendor_of(model: str) -> Vendor | None:
    """The maker of ``model``, as its name tells; ``None`` for a name of no known family."""
    return next((vendor for vendor, names in _VENDORS if names.search(model)), None)


def shutdown_of(model: str) -> dt.date | None:
    """The day its maker shuts ``model`` down; ``None`` where none was announced or the name is not known."""
    return _SHUTDOWN_OF.get(model)


def today() -> dt.date:
    """The day in UTC, by which models are shut down; asked for here alone."""
    return dt.datetime.now(dt.UTC).date()


def takes_sampling(model: str, effort: object = None) -> bool:
    """Whether ``model`` takes ``temperature`` and ``top_p`` at that ``reasoning_effort`` (``None``: its default).

    A name of no known family does. A model that reasons refuses both: reported for the o-series
    (openai/openai-python issue 2072, openai/openai-node issue 1318) and for GPT-5 and GPT-6. From GPT-5.1 on they
    are taken when the effort is ``none``, which is no model's default of GPT-6, and which gpt-6-astra and
    gpt-6.1-sol do not have (https://developers.openai.com/api/docs/guides/latest-model). The ``-chat-latest``
    models do not reason.
    """
    if not _REASONING.match(model) or _NOT_REASONING.search(model):
        return True
    return effort == "none" and not _ALWAYS_REASONING.match(model)
