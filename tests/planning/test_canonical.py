"""One canonical form: stable under itself; baselines fit, differences that miss nothing, paths that read back."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistctl.json_value import Json
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS
from assistctl.ownership.canonical import Path, canonical, canonical_units, digest, dotted, parse, same
from assistctl.ownership.mark import MAX_VALUE, Baseline, read_baseline, write_baseline
from assistctl.planning.comparison.leaf_diff import differences
from support.manifests import EFFORTS, FIELDS, NUMBERS, TEXTS

quick = settings(max_examples=75, derandomize=True, database=None)

FIELDS_OF_ALL_KINDS = st.fixed_dictionaries(
    {}, optional={**FIELDS, "temperature": NUMBERS, "top_p": NUMBERS, "reasoning_effort": EFFORTS, "model": TEXTS}
)
ANYTHING: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
FIELD_NAMES = st.sampled_from(["name", "tools", "tool_resources", "response_format", "temperature", "other"])
TREES: st.SearchStrategy[Json] = st.recursive(
    st.sampled_from([None, True, False, 0, 1, "a", "b"]) | st.lists(st.sampled_from(["a", "b", "c", {"x": 1}])),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b.c", "__p", "]", "'\"", "0"]), inner, max_size=4),
    max_leaves=8,
)


@quick
@given(FIELDS_OF_ALL_KINDS)
def test_the_canonical_form_of_a_canonical_form_is_itself(fields: dict[str, Json]) -> None:
    for field, value in fields.items():
        if field == "tool_resources":
            continue
        once = canonical(field, value)
        again = list(once.values()) if field == "tools" and isinstance(once, dict) else once
        assert same(canonical(field, again), once)


@quick
@given(FIELD_NAMES, ANYTHING, st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2))
def test_whatever_a_platform_answers_has_a_canonical_form(
    field: str, value: Json, metadata: dict[str, Json]
) -> None:
    units = canonical_units({field: value}, metadata)
    assert all(len(digest(unit_value)) == 43 for unit_value in units.values())


@quick
@given(st.lists(ANYTHING, max_size=6))
def test_each_tool_has_an_identity_of_its_own(tools: list[Json]) -> None:
    identities = ASSISTANTS_API_TOOLS.identities(tools)
    assert len(identities) == len(set(identities)) == len(tools)


@quick
@given(TREES, TREES)
def test_differences_miss_nothing(old: Json, new: Json) -> None:
    found = list(differences(("unit",), old, new))
    assert bool(found) is not same(old, new)
    for leaf in _differing(("unit",), old, new):
        assert any(
            difference.path[: len(leaf)] == leaf or leaf[: len(difference.path)] == difference.path
            for difference in found
        ), leaf
    for difference in found:
        assert not same(difference.old, difference.new)


def _differing(path: Path, old: Json, new: Json) -> list[Path]:
    """Where two trees differ; a list is a leaf."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = {**old, **new}
        return [leaf for key in keys for leaf in _differing((*path, key), old.get(key), new.get(key))]
    return [] if same(old, new) else [path]


@quick
@given(
    # Those of each tool fit in beside few of them.
    st.integers(0, 128) | st.integers(35, 50),
    st.dictionaries(st.text(min_size=1, max_size=64), st.text(max_size=9), max_size=12),
    st.data(),
)
def test_a_baseline_fits_and_reads_back(number: int, metadata: dict[str, Json], data: st.DataObject) -> None:
    names = [f"look_up-{place}" for place in range(number)]
    tools: list[Json] = [{"type": "function", "function": {"name": name}} for name in names]
    fields: dict[str, Json] = dict.fromkeys(
        (
            "name",
            "description",
            "model",
            "instructions",
            "temperature",
            "top_p",
            "response_format",
            "reasoning_effort",
        )
    )
    units = canonical_units({**fields, "tools": tools, "tool_resources": None}, metadata)
    secrets = data.draw(st.sets(st.sampled_from(sorted(units, key=dotted))))

    text = write_baseline(units, secrets)
    baseline = read_baseline(text)

    assert len(text) <= MAX_VALUE
    assert text.isascii()
    for unit, value in units.items():
        assert baseline.has(unit)
        assert baseline.is_still(unit, value)
        assert not baseline.is_still(unit, "something else")
        assert baseline.is_secret(unit) is (unit in secrets)
    assert not baseline.has(("metadata", "never declared"))
    assert not baseline.has_others_than([*units, *(("tools", name) for name in names)])
    assert baseline.by_tool is all(baseline.has(("tools", name)) for name in names)


def test_a_baseline_has_room_for_the_largest_manifest_with_secrets_everywhere() -> None:
    fields: dict[str, Json] = {
        "name": "n", "description": "d", "model": "m", "instructions": "i", "temperature": 1, "top_p": 1,
        "response_format": "auto", "reasoning_effort": "low", "tool_resources": None,
        "tools": [{"type": "function", "function": {"name": f"f{number}"}} for number in range(128)],
    }  # fmt: skip
    units = canonical_units(fields, {f"key{number}": "v" for number in range(12)})
    assert len(units) == 23
    text = write_baseline(units, units)
    assert len(text) <= MAX_VALUE
    assert not read_baseline(text).by_tool


@pytest.mark.parametrize("text", [None, 7, "", "1", "1t", "2t:AAAAABBBBBB", "hello there", "1x:AAAAABBBBBB"])
def test_what_is_no_baseline_is_an_empty_one(text: object) -> None:
    assert read_baseline(text) == Baseline()


@pytest.mark.parametrize("text", ["1t:AAAAABB", "1u:!", "1u:AAAAABBBBBB!CC", "1t:!!!", "1u:ö"])
def test_a_baseline_that_was_cut_is_read_as_far_as_it_goes(text: str) -> None:
    assert len(read_baseline(text).entries) <= 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("temperature",), "temperature"),
        (("tools", "order_status", "function", "description"), "tools[order_status].function.description"),
        (("tools", "2"), "tools[2]"),
        (("tools", "f#2", "function"), "tools[f#2].function"),
        (("metadata", "team"), "metadata.team"),
        (("metadata", "a.b[0]"), "metadata.a.b[0]"),
        (("tool_resources", "code_interpreter", "file_ids", 0), "tool_resources.code_interpreter.file_ids[0]"),
        (("tools", "f", "function", "parameters", "a.b"), "tools[f].function.parameters[a.b]"),
        (("tools", "f", "function", "parameters", ""), "tools[f].function.parameters[]"),
        (("response_format", "json_schema", "schema", "enum", 12), "response_format.json_schema.schema.enum[12]"),
    ],
)
def test_paths_read_back(path: Path, text: str) -> None:
    assert dotted(path) == text
    assert parse(text) == path


def test_planning_imports_neither_input_nor_output_nor_a_platform() -> None:
    code = (
        "import sys, assistctl.planning.planner, assistctl.planning.requests\n"
        "heavy = {'openai', 'httpx2', 'starlette', 'sqlite3', 'asyncio', 'deepdiff', 'yaml', 'rich'}\n"
        "print(sorted(name for name in sys.modules\n"
        "             if name in heavy or name.startswith(('assistctl.platforms', 'assistctl.manifest'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
