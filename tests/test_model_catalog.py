"""The models known by name, and that none of those we name is one to move away from."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import anthropic
import openai
import pytest
from anthropic._data.deprecated_models import DEPRECATED_MODELS
from openai.types.shared import chat_model

from assistctl.local.models import MODELS
from assistctl.model.model_catalog import NEAR, READ_ON, SUGGESTED, Vendor, shutdown_of, takes_sampling, vendor_of

ROOT = Path(__file__).parent.parent
MODEL = re.compile(r"(?<![\w/.-])(?:gpt-\d[\w.-]*|o[134](?:-[a-z]\w*)?|claude-[a-z][\w.-]*)(?![\w-])")
PLACES = ("README.md", "assistctl.yaml", "assistants", "schemas", "src/assistctl/scaffold", ".github/plan.svg")


def shown() -> dict[str, set[str]]:
    """The models that examples, pages and the scaffold name, each with the files."""
    found: dict[str, set[str]] = {}
    for place in PLACES:
        path = ROOT / place
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix in {".md", ".yaml", ".yml", ".json", ".svg"}:
                for name in MODEL.findall(file.read_text(encoding="utf-8")):
                    found.setdefault(name.rstrip("."), set()).add(str(file.relative_to(ROOT)))
    return found


def test_no_model_that_is_shown_is_near_its_shutdown() -> None:
    models = shown()
    assert "gpt-6-luna" in models
    assert {"README.md", "assistctl.yaml", "src/assistctl/scaffold/files/assistctl.yaml"} <= models["gpt-6-luna"]
    near = {model: date for model in models if (date := shutdown_of(model)) and date - READ_ON <= NEAR}
    assert near == {}, {model: models[model] for model in near}


def test_what_is_suggested_is_current_and_of_its_vendor() -> None:
    for vendor, model in SUGGESTED.items():
        assert (vendor_of(model), shutdown_of(model)) == (vendor, None)


def announced() -> dict[str, str]:
    """The shutdown dates in the docstring of the SDK's type."""
    text = re.sub(r"\s+", " ", Path(str(chat_model.__file__)).read_text(encoding="utf-8"))
    entries = re.findall(r'- ((?:"[^"]+",? ?)+): Announced shutdown date: ([\d-]+)\.', text)
    return {model: date for models, date in entries for model in re.findall(r'"([^"]+)"', models)}


@pytest.mark.skipif(openai.__version__ != "3.57.0", reason="the catalogue was read from another version")
def test_the_dates_are_those_of_the_sdks() -> None:
    dates = announced()
    assert len(dates) > 50
    assert {model: str(shutdown_of(model)) for model in dates} == dates


@pytest.mark.skipif(anthropic.__version__ != "2.14.0", reason="the catalogue was read from another version")
def test_the_dates_of_anthropic_are_those_of_its_sdk() -> None:
    for model, date in DEPRECATED_MODELS.items():
        words = re.sub(r"(?<=\d)(?:st|nd|rd|th)", "", date)
        assert shutdown_of(model) == dt.datetime.strptime(words, "%B %d, %Y").replace(tzinfo=dt.UTC).date()


def test_what_the_embedded_platform_lists_is_known() -> None:
    assert {vendor_of(model.id) for model in MODELS} == {Vendor.OPENAI}


@pytest.mark.parametrize(
    ("model", "vendor"),
    [
        ("gpt-4o", Vendor.OPENAI),
        ("ft:gpt-4o-mini-2024-07-18:acme::x", Vendor.OPENAI),
        ("o3", Vendor.OPENAI),
        ("openai/gpt-6-luna", Vendor.OPENAI),
        ("us.anthropic.claude-sonnet-5-5", Vendor.ANTHROPIC),
        ("claude-opus-5", Vendor.ANTHROPIC),
        ("gemini-3-pro", Vendor.GOOGLE),
        ("mistral-large-latest", Vendor.MISTRAL),
        ("grok-5", Vendor.XAI),
        ("gpt-oss-120b", None),
        ("gpt-j", None),
        ("o1000", None),
        ("chat-standard", None),
        ("${var:model}", None),
        ("", None),
    ],
)
def test_whose_a_model_is(model: str, vendor: Vendor | None) -> None:
    assert vendor_of(model) is vendor


@pytest.mark.parametrize(
    ("model", "effort", "takes"),
    [
        ("gpt-4o", None, True),
        ("gpt-4o", "none", True),
        ("o3-mini", "none", False),
        ("gpt-5", "none", False),
        ("gpt-5-mini-2025-08-07", "none", False),
        ("gpt-5.1", "none", True),
        ("gpt-5.1", None, False),
        ("gpt-5.4-mini-2026-03-17", "none", True),
        ("gpt-5.4-mini", "low", False),
        ("gpt-6-luna", "none", True),
        ("gpt-6-luna", None, False),
        ("gpt-6-astra", "none", False),
        ("gpt-6.2-astra", "none", False),
        ("gpt-6.1-sol", "none", False),
        ("gpt-6.2-sol", "none", True),
        ("gpt-5.3-chat-latest", None, True),
    ],
)
def test_who_takes_sampling_parameters(model: str, effort: str | None, takes: bool) -> None:  # parametrized
    assert takes_sampling(model, effort) is takes
