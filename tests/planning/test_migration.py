"""What becomes of a manifest's fields on another platform: kept, filled in or left out, and told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistctl.export import from_observed as declaring
from assistctl.json_value import Json
from assistctl.manifest.validation.diagnostics import faults
from assistctl.migration.convert import Source, migrated
from assistctl.migration.destination import Destination
from assistctl.migration.lost_resources import ResourceNames
from assistctl.migration.report import Migrated, Outcome
from assistctl.planning.capability_check import check_expressible
from assistctl.platforms.openai.assistants import observed_assistant
from assistctl.platforms.openai.assistants_fields import FIELDS
from assistctl.platforms.registry import capabilities_of
from support.planning import declared

FULL = {"name": "f", "description": "Does it.", "parameters": {"type": "object", "properties": {"x": {}}}}


def function(**fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": fields}


def moved(document: Mapping[str, Json], to: str, *, came_from: str = "openai-assistants", **more: Any) -> Migrated:
    whole = {"model": "m", **document}
    name = whole.get("name", "desk")
    source = Source("desk", "asst_1", name if isinstance(name, str) else None, came_from, whole, **more)
    return migrated(source, Destination(to, capabilities_of(to), faults), ResourceNames())


def told(result: Migrated, outcome: Outcome) -> list[str]:
    return [fate.path for fate in result.with_outcome(outcome)]


ONE_TOOL: dict[str, Json] = {"tools": [function(**FULL)]}
CASES: list[tuple[str, str, dict[str, Json], dict[str, Json], list[str], list[str]]] = [
    # What it is, where to, what there is, what is left of that, what maps, what is lost.
    ("nothing", "openai-agents", {}, {}, [], []),
    ("all of it", "local", {"temperature": 0.1, **ONE_TOOL}, {"temperature": 0.1, **ONE_TOOL}, [], []),
    ("a setting", "openai-agents", {"temperature": 0.1}, {}, [], ["temperature"]),
    ("a value", "anthropic-agents", {"reasoning_effort": "none"}, {}, [], ["reasoning_effort"]),
    ("a value that is kept", "anthropic-agents", {"reasoning_effort": "low"}, {"reasoning_effort": "low"}, [], []),
    ("a long name", "openai-agents", {"name": "n" * 129}, {}, [], ["name"]),
    ("no name", "anthropic-agents", {"name": None}, {}, ["name"], []),
    ("an empty name", "anthropic-agents", {"name": ""}, {}, ["name"], []),
    ("no name where none is needed", "openai-agents", {"name": None}, {"name": None}, [], []),
    (
        "the second of three tools",
        "openai-agents",
        {"tools": [function(**FULL), {"type": "file_search"}, function(**FULL, strict=True)]},
        {"tools": [function(**FULL)]},
        [],
        ["tools[f#2]", "tools[file_search]"],
    ),
    (
        "what must be there",
        "anthropic-agents",
        {"tools": [{"type": "code_interpreter"}, function(name="now")]},
        {
            "tools": [
                {"type": "code_interpreter"},
                function(name="now", description="now", parameters={"type": "object", "properties": {}}),
            ],
        },
        ["tools[code_interpreter]", "tools[now].function.description", "tools[now].function.parameters"],
        [],
    ),
    (
        "arguments that are no object",
        "anthropic-agents",
        {"tools": [function(**{**FULL, "parameters": {"type": "array", "items": {}}})]},
        {"tools": [function(**{**FULL, "parameters": {"items": {}}})]},
        [],
        ["tools[f].function.parameters.type"],
    ),
    (
        "a name that no function may have",
        "local",
        {"tools": [function(**{**FULL, "name": "no such thing!"})]},
        {},
        [],
        ["tools[no such thing!]"],
    ),
    (
        "a field that no schema has",
        "local",
        {"tools": [function(**FULL, kind="x")], "response_format": {"type": "json_object", "odd": 1}},
        {"tools": [function(**FULL)], "response_format": {"type": "json_object"}},
        [],
        ["tools[f].function.kind", "response_format.odd"],
    ),
    (
        "a schema without a name",
        "local",
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
        {},
        [],
        ["response_format"],
    ),
    ("half a character", "local", {"instructions": "\ud83d"}, {}, [], ["instructions"]),
    ("a pair without a name", "local", {"metadata": {"": "x"}}, {}, [], ["metadata."]),
    (
        "thirteen pairs",
        "openai-agents",
        {"metadata": {f"a.{number}": "x" for number in range(13)}},
        {"metadata": {f"a.{number}": "x" for number in range(12)}},
        [],
        ["metadata.a.12"],
    ),
    (
        "what another platform alone has",
        "anthropic-agents",
        {"platforms": {"openai-agents": {"service_tier": "flex"}}},
        {"platforms": {"openai-agents": {"service_tier": "flex"}}},
        [],
        ["platforms.openai-agents.service_tier"],
    ),
    (
        "what only this platform has",
        "openai-agents",
        {"platforms": {"openai-agents": {"service_tier": "flex", "speed": "fast"}}},
        {"platforms": {"openai-agents": {"service_tier": "flex"}}},
        [],
        ["platforms.openai-agents.speed"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("_case", "to", "document", "left", "maps", "lost"), CASES, ids=[case[0] for case in CASES]
)
def test_what_becomes_of(
    _case: str, to: str, document: dict[str, Json], left: dict[str, Json], maps: list[str], lost: list[str]
) -> None:
    result = moved(document, to)
    assert dict(result.document) == {"model": "m", **left}
    assert told(result, Outcome.MAPPED) == maps
    assert told(result, Outcome.LOST) == lost
    assert [fate for fate in result.outcomes if not fate.note and fate.outcome is not Outcome.CARRIED] == []
    assert list(faults(result.document)) == []
    there = check_expressible(declared("desk", result.document), to, capabilities_of(to))
    assert [said.summary for said in there if said.severity == "error"] == []


def test_every_part_is_told_once() -> None:
    document: dict[str, Json] = {
        "name": "Desk",
        "instructions": "Answer.",
        "tools": [function(**FULL), {"type": "code_interpreter"}],
        "metadata": {"a": "b", "c": "d"},
        "temperature": 0.5,
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}},
    }
    result = moved(document, "openai-agents")
    assert told(result, Outcome.CARRIED) == ["name", "model", "instructions", "tools[f]", "metadata"]
    assert told(result, Outcome.MAPPED) == ["tools[code_interpreter]", "response_format"]
    assert told(result, Outcome.LOST) == ["temperature"]
    assert [fate.value for fate in result.with_outcome(Outcome.LOST)] == [0.5]


def test_a_model_is_to_be_looked_at_only_on_another_platform() -> None:
    for to, expected in (("local", ["m"]), ("openai-assistants", [None])):
        assert [
            fate.value for fate in moved({}, to).with_outcome(Outcome.CARRIED) if fate.path == "model"
        ] == expected


def test_what_a_manifest_has_no_place_for_is_lost_everywhere() -> None:
    search: Json = {"type": "bing_grounding", "bing_grounding": {"connection": "c"}}
    result = moved({}, "local", withheld=("instructions",), nameless=(search,), strange={"file_ids": ["file-1"]})
    assert told(result, Outcome.LOST) == ["instructions", "tools[bing_grounding]", "file_ids"]
    assert "fill it in again" in result.with_outcome(Outcome.LOST)[0].note
    assert result.with_outcome(Outcome.LOST)[1].value == search


def resources(**ids: list[str]) -> dict[str, Json]:
    return {
        "tool_resources": {
            "code_interpreter": {"file_ids": [*ids["files"]]},
            "file_search": {"vector_store_ids": [*ids["stores"]]},
        }
    }


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("local", "Put the originals into the project, with `files: [{path: PATH, tool: code_interpreter}]`."),
        ("anthropic-agents", "tool: code_interpreter}]`. No agent has files there."),
    ],
)
def test_files_are_lost_by_name_with_what_to_do(to: str, words: str) -> None:
    resource_names = ResourceNames({"file-1": "prices.csv"}, {"vs_1": "Handbook"}, {"vs_1": ["file-1", "file-2"]})
    document = {"model": "m", **resources(files=["file-1"], stores=["vs_1", "vs_2"])}
    source = Source("desk", "asst_1", None, "openai-assistants", document)
    result = migrated(source, Destination(to, capabilities_of(to), faults), resource_names)
    files, stores = result.with_outcome(Outcome.LOST)
    assert files.path == "tool_resources.code_interpreter.file_ids"
    assert words in files.note
    assert files.value == [{"id": "file-1", "name": "prices.csv"}]
    known: list[Json] = [{"id": "file-1", "name": "prices.csv"}, {"id": "file-2", "name": None}]
    assert stores.value == [
        {"id": "vs_1", "name": "Handbook", "files": known},
        {"id": "vs_2", "name": None},
    ]
    assert "tool_resources" not in result.document


def test_resources_of_a_dialect_are_told_of() -> None:
    index: Json = {"indexes": [{"name": "orders"}]}
    document: dict[str, Json] = {"tool_resources": {"azure_ai_search": index}}
    (lost,) = moved(document, "local").with_outcome(Outcome.LOST)
    assert (lost.path, lost.value) == ("tool_resources.azure_ai_search.indexes", [{"name": "orders"}])


def test_what_cannot_be_helped_stays_and_is_told() -> None:
    result = moved({"model": ""}, "local")
    assert result.document == {"model": ""}
    assert told(result, Outcome.LOST) == ["model"]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.floats(-1, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TOOLS = st.fixed_dictionaries(
    {"type": st.sampled_from(["function", "code_interpreter", "file_search", "retrieval"]) | ANY},
    optional={
        "function": st.fixed_dictionaries({}, optional=dict.fromkeys((*FULL, "strict", "odd"), ANY)) | ANY,
        "file_search": ANY,
    },
)
ANSWERS = st.fixed_dictionaries(
    {"id": st.just("asst_1"), "model": st.just("m")},
    optional={
        **{name: ANY for name in FIELDS if name != "model"},
        "metadata": st.dictionaries(st.text(max_size=70), st.text(max_size=4), max_size=20) | ANY,
        "tools": st.lists(TOOLS | ANY, max_size=4),
        "name": st.text(max_size=300) | ANY,
    },
)


@settings(max_examples=75)
@given(answer=ANSWERS, to=st.sampled_from(["local", "openai-agents", "anthropic-agents"]))
def test_whatever_was_answered_becomes_a_manifest_without_fault(answer: dict[str, Json], to: str) -> None:
    observed = observed_assistant(answer)
    known = declaring.declared(observed, "desk")
    source = Source("desk", "asst_1", observed.name, "openai-assistants", known.document, nameless=known.nameless)
    result = migrated(source, Destination(to, capabilities_of(to), faults), ResourceNames())
    assert list(faults(result.document)) == []
    there = check_expressible(declared("desk", result.document), to, capabilities_of(to))
    assert [said for said in there if said.severity == "error"] == []
