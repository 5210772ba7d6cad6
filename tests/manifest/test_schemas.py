"""The schemas: valid, documented, no looser than the API, and every keyword in them has its words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import meta

from assistctl.manifest.validation import violations
from assistctl.manifest.validation.schema import (
    ASSISTANT,
    PROJECT,
    VECTOR_STORE,
    read_schema,
    validator,
    whole_schema,
)
from support.openai_description import described_schemas

SCHEMAS = (ASSISTANT, PROJECT, VECTOR_STORE)
SILENT = {"if", "then", "else", "allOf", "properties", "items", "propertyNames", "$ref", "$defs"}
ANNOTATIONS = {"$schema", "title", "description", "examples", "default", "errorMessage", "patternErrorMessage"}


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema that applies to a value, itself first."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword in ("properties", "$defs"):
        for inner in schema.get(keyword, {}).values():
            yield from subschemas(inner)
    for inner in (*schema.get("allOf", ()), *(schema.get(word) for word in ("items", "then", "else"))):
        yield from subschemas(inner)
    for keyword in ("additionalProperties", "propertyNames"):
        yield from subschemas(schema.get(keyword))


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_a_schema(name: str) -> None:
    meta.validate(read_schema(name))


@pytest.mark.parametrize("name", SCHEMAS)
def test_its_examples_are_valid(name: str) -> None:
    placed = validator(name)
    for schema in subschemas(whole_schema(name)):
        check = placed.evolve(schema=schema)
        for example in (*schema.get("examples", ()), *([schema["default"]] if "default" in schema else ())):
            assert check.is_valid(example) or "${" in str(example), (schema.get("title"), example)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_is_described(name: str) -> None:
    for schema in subschemas(read_schema(name)):
        for field, inner in schema.get("properties", {}).items():
            if isinstance(inner, dict) and field != "type":
                assert inner.get("title"), field
                assert inner.get("description", "").endswith("."), field


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_keyword_has_its_words(name: str) -> None:
    for schema in subschemas(read_schema(name)):
        known = {*violations.RULES, *SILENT, *ANNOTATIONS}
        assert set(schema) <= known
        assert not {"oneOf", "anyOf"} & set(schema)
        assert "pattern" not in schema or "patternErrorMessage" in schema


def test_names_and_limits_are_those_of_the_api() -> None:
    theirs = described_schemas("CreateAssistantRequest")["CreateAssistantRequest"]["properties"]
    ours: Any = read_schema(ASSISTANT)["properties"]
    assert set(theirs) - set(ours) == set()
    assert set(ours) - set(theirs) == {
        *("kind", "key", "files", "vector_store", "lifecycle", "import", "moved_from", "checks", "platforms"),
        *("environment", "memory_stores", "skills"),
    }
    for field, words in {
        "name": ("maxLength",),
        "description": ("maxLength",),
        "instructions": ("maxLength",),
        "tools": ("maxItems",),
        "temperature": ("minimum", "maximum"),
        "top_p": ("minimum", "maximum"),
    }.items():
        for word in words:
            assert ours[field][word] == limit(theirs[field], word), (field, word)


def test_limits_of_vector_stores_are_those_of_the_api() -> None:
    theirs = described_schemas("CreateVectorStoreRequest", "VectorStoreFileAttributes")
    ours: Any = read_schema(VECTOR_STORE)
    fields = set(ours["properties"]) - {"kind", "key", "files", "lifecycle", "moved_from"}
    assert fields == set(theirs["CreateVectorStoreRequest"]["properties"]) - {"file_ids", "description"}
    days = theirs["VectorStoreExpirationAfter"]["properties"]["days"]
    assert {
        word: ours["properties"]["expires_after"]["properties"]["days"][word] for word in ("minimum", "maximum")
    } == {word: days[word] for word in ("minimum", "maximum")}
    longest = "max_chunk_size_tokens"
    sizes = ours["$defs"]["staticChunking"]["properties"]["static"]["properties"][longest]
    their_sizes = theirs["StaticChunkingStrategy"]["properties"][longest]
    assert (sizes["minimum"], sizes["maximum"]) == (their_sizes["minimum"], their_sizes["maximum"])
    pairs = ours["$defs"]["fileMapping"]["properties"]["attributes"]
    their_pairs = theirs["VectorStoreFileAttributes"]["anyOf"][0]
    assert pairs["propertyNames"]["maxLength"] == their_pairs["propertyNames"]["maxLength"]
    assert pairs["additionalProperties"]["maxLength"] == limit(their_pairs["additionalProperties"], "maxLength")
    assert pairs["maxProperties"] + 4 == their_pairs["maxProperties"]


def test_an_assistants_vector_store_is_declared_as_a_shared_one() -> None:
    assistant: Any = read_schema(ASSISTANT)
    store: Any = read_schema(VECTOR_STORE)
    own = assistant["$defs"]["vectorStore"]["properties"]
    assert own == {field: store["properties"][field] for field in own}
    assert assistant["$defs"]["staticChunking"] == store["$defs"]["staticChunking"]
    entry = store["$defs"]["fileMapping"]["properties"]
    assert entry == {field: assistant["$defs"]["fileMapping"]["properties"][field] for field in entry}


def limit(schema: dict[str, Any], word: str) -> object:
    """A limit from a schema or the one of its alternatives that has it."""
    alternatives = (schema, *schema.get("anyOf", ()), *schema.get("oneOf", ()))
    return next(alternative[word] for alternative in alternatives if word in alternative)


def test_loading_needs_no_platform() -> None:
    code = (
        "import sys, pathlib; from assistctl.manifest import load_manifests, load_project\n"
        "assert 'jsonschema' not in sys.modules\n"
        "load_manifests(load_project(pathlib.Path(sys.argv[1]), {}), None)\n"
        "print(*sorted({'openai', 'httpx', 'httpx2', 'starlette', 'rich', 'dotenv'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code, "."], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
