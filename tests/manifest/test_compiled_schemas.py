"""The compiled validators and the explaining ones say the same of the same value."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistctl.json_value import Json
from assistctl.manifest.syntax.yaml_parser import compose
from assistctl.manifest.syntax.yaml_values import plain_value
from assistctl.manifest.validation.schema import ASSISTANT, PROJECT, VECTOR_STORE, is_valid, validator, violations
from support.spoiled_manifests import corpus, spoiled_case

CASES = 400
SCHEMAS = (ASSISTANT, VECTOR_STORE, PROJECT)
NO_JSON = ({"model": "\ud800"}, {"model": "m", "temperature": 10**400}, {"model": "m", "temperature": -(10**400)})
KEYS = ("a", "a" * 64, "a" * 65, "A", "", "a\n", "-a", "ä", "\ud800")


def values() -> list[Json]:
    """Documents that were in order, most of them no longer."""
    texts = corpus([Path(__file__).parent / "cases"])
    contents = [spoiled_case(texts, number).manifest.decode("utf-8", "replace") for number in range(CASES)]
    documents = [document for content in contents for document in compose(content, "a.yaml")[0]]
    return [plain_value(document.root) for document in documents if document.root]


def test_they_agree_about_spoiled_documents() -> None:
    documents = values()
    verdicts = [(name, document, is_valid(name, document)) for name in SCHEMAS for document in documents]
    assert {verdict for _, _, verdict in verdicts} == {True, False}
    for name, document, verdict in verdicts:
        assert validator(name).is_valid(document) is verdict, (name, document)


@pytest.mark.parametrize("document", NO_JSON, ids=str)
def test_they_agree_about_what_is_no_json(document: Json) -> None:
    assert is_valid(ASSISTANT, document) is validator(ASSISTANT).is_valid(document)
    assert bool(list(violations(ASSISTANT, document))) is not is_valid(ASSISTANT, document)


@pytest.mark.parametrize("platform", ["openai-agents", "anthropic-agents", "azure-foundry", "cloudy"])
@pytest.mark.parametrize("part", [{}, {"nonsense": 1}, {"tools": [{}]}, 3, None, []], ids=str)
def test_they_agree_about_what_other_schemas_are_for(platform: str, part: Json) -> None:
    document: Json = {"model": "m", "platforms": {platform: part}}
    assert is_valid(ASSISTANT, document) is validator(ASSISTANT).is_valid(document)


@pytest.mark.parametrize("platforms", [None, [], "openai-agents"], ids=str)
def test_they_agree_about_what_has_no_place_for_those(platforms: Json) -> None:
    document: Json = {"model": "m", "platforms": platforms}
    assert not is_valid(ASSISTANT, document)
    assert not validator(ASSISTANT).is_valid(document)


@pytest.mark.parametrize("key", KEYS)
def test_they_agree_about_a_part(key: str) -> None:
    part = ("properties", "key")
    assert is_valid(ASSISTANT, key, part) is validator(ASSISTANT, part).is_valid(key)
