"""Texts and manifests as hypothesis strategies: nonsense that comes close to sense, and what is valid."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from assistctl.json_value import Json

# Pieces that YAML, the schema and references give a meaning to, so that nonsense comes close to sense.
PIECES = (
    *"{}[]:,-?&*!|>'\"%@`#~ \n\t\\",
    *(
        "\n  ",
        "\n    - ",
        ": ",
        "- ",
        "---\n",
        "...\n",
        "<<: ",
        "&a ",
        "*a",
        "!!str ",
        "!x ",
        "|\n ",
        "null",
        "true",
    ),
    *(
        "0x",
        "1e999",
        ".nan",
        "${var:a}",
        "${env:A}",
        "$${",
        "${var:",
        "\ufeff",
        "\u2028",
        "\0",
        "é",
        "key",
        "model",
    ),
    *(
        "instructions",
        "file",
        "tools",
        "type",
        "function",
        "name",
        "parameters",
        "metadata",
        "temperature",
        "files",
    ),
    *("tool_resources", "response_format", "json_schema", "lifecycle", "platforms", "checks", "code_interpreter"),
)
nonsense = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
file_bytes = st.binary(max_size=200) | nonsense.map(lambda text: text.encode())

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
scalar: st.SearchStrategy[Json] = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
)
anything: st.SearchStrategy[Json] = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
mapping = st.dictionaries(text, anything, max_size=4)
identifier = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
metadata_key = text.filter(lambda key: bool(key) and not key.startswith("assistctl"))


def identity(declared: dict[str, Any]) -> tuple[str, str | None]:
    """What must be unique in a list of tools."""
    return declared["type"], declared.get("function", {}).get("name")


function = st.fixed_dictionaries(
    {"name": identifier},
    optional={"description": text, "parameters": mapping, "strict": st.sampled_from([True, False, None])},
)
ranking = st.fixed_dictionaries(
    {"score_threshold": st.floats(0, 1)}, optional={"ranker": st.sampled_from(["auto", "default_2024_08_21"])}
)
search = st.fixed_dictionaries({}, optional={"max_num_results": st.integers(1, 50), "ranking_options": ranking})
tool: st.SearchStrategy[dict[str, Any]] = (
    st.just({"type": "code_interpreter"})
    | st.fixed_dictionaries({"type": st.just("file_search")}, optional={"file_search": search})
    | st.fixed_dictionaries({"type": st.just("function"), "function": function})
)
tools = st.lists(tool, max_size=4, unique_by=identity)
json_schema = st.fixed_dictionaries(
    {"name": identifier},
    optional={"description": text, "schema": mapping, "strict": st.sampled_from([True, False])},
)
response_format = st.sampled_from(
    [None, "auto", {"type": "text"}, {"type": "json_object"}]
) | st.fixed_dictionaries({"type": st.just("json_schema"), "json_schema": json_schema})
fields = st.fixed_dictionaries(
    {"model": text.filter(bool), "name": st.none() | text},
    optional={
        "description": st.none() | text,
        "instructions": st.none() | text,
        "tools": tools,
        "metadata": st.none() | st.dictionaries(metadata_key, text, max_size=12),
        "temperature": st.none() | st.floats(0, 2) | st.integers(0, 2),
        "top_p": st.none() | st.floats(0, 1),
        "response_format": response_format,
        "reasoning_effort": st.sampled_from([None, "none", "minimal", "low", "medium", "high", "xhigh", "max"]),
    },
)
