"""Any manifest there can be, within what the schema allows; few names and values, so that they meet."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from support.planning import declared

Manifest = dict[str, Json]

TEXTS = st.sampled_from(["", "a", "b", "größer\n{x} ${y}", "c d"])
NUMBERS = st.sampled_from([0, 0.1, 0.25, 1, 1.0, 0.9999])
PLAIN_MODELS = st.sampled_from(["m", "n"])
PAIR_NAMES = st.sampled_from(["a", "b.c", "d[0]", "team", "e f"])

_NAMES = st.sampled_from(["f", "g", "h-1", "code_interpreter", "file_search"])
_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, 1.0, "x", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b.c", "__p", "]"]), inner),
    max_leaves=4,
)
_FUNCTIONS = st.fixed_dictionaries(
    {"name": _NAMES},
    optional={
        "description": TEXTS,
        "parameters": st.fixed_dictionaries({"type": st.just("object")}, optional={"properties": _VALUES})
        | st.just({}),
        "strict": st.none() | st.booleans(),
    },
)
_SEARCHES = st.fixed_dictionaries(
    {},
    optional={
        "max_num_results": st.sampled_from([1, 20]),
        "ranking_options": st.fixed_dictionaries(
            {"score_threshold": st.sampled_from([0, 0.0, 0.4])},
            optional={"ranker": st.sampled_from(["auto", "default_2024_08_21"])},
        ),
    },
)
_TOOLS: st.SearchStrategy[Manifest] = st.one_of(
    st.just({"type": "code_interpreter"}),
    st.fixed_dictionaries({"type": st.just("file_search")}, optional={"file_search": _SEARCHES}),
    st.fixed_dictionaries({"type": st.just("function"), "function": _FUNCTIONS}),
)


def _identity(tool: Manifest) -> str:
    function = tool.get("function")
    return f"function {function['name']}" if isinstance(function, dict) else str(tool["type"])


TOOL_LISTS = st.lists(_TOOLS, max_size=4, unique_by=_identity)
RESOURCES: st.SearchStrategy[Json] = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "code_interpreter": st.fixed_dictionaries(
            {}, optional={"file_ids": st.lists(st.sampled_from(["f1", "f2", "f3"]), unique=True)}
        ),
        "file_search": st.fixed_dictionaries(
            {}, optional={"vector_store_ids": st.lists(st.sampled_from(["vs1", "vs2"]), max_size=1)}
        ),
    },
)
FORMATS: st.SearchStrategy[Json] = st.one_of(
    st.sampled_from([None, "auto", {"type": "text"}, {"type": "json_object"}]),
    st.fixed_dictionaries(
        {
            "type": st.just("json_schema"),
            "json_schema": st.fixed_dictionaries(
                {"name": st.just("n")},
                optional={"schema": st.fixed_dictionaries({"a": _VALUES}), "strict": st.none() | st.booleans()},
            ),
        }
    ),
)
FIELDS: dict[str, st.SearchStrategy[Json]] = {
    "description": st.none() | TEXTS,
    "instructions": st.none() | TEXTS,
    "tools": TOOL_LISTS.map(list),
    "tool_resources": RESOURCES,
    "response_format": FORMATS,
}
SAMPLING: dict[str, st.SearchStrategy[Json]] = {"temperature": st.none() | NUMBERS, "top_p": st.none() | NUMBERS}
PAIRS = st.dictionaries(PAIR_NAMES, TEXTS)
METADATA: st.SearchStrategy[Json] = st.none() | PAIRS.map(lambda pairs: {**pairs})
EFFORTS = st.sampled_from([None, "low", "medium", "high"])
IGNORED: st.SearchStrategy[Json] = st.lists(
    st.sampled_from(
        [
            "instructions",
            "metadata",
            "metadata.team",
            "tools",
            "tools[f]",
            "tools[g].function.description",
            "tools[f].function.parameters.properties",
            "tool_resources.file_search",
            "tool_resources.code_interpreter.file_ids",
            "response_format.json_schema.schema",
        ]
    ),
    unique=True,
    max_size=2,
).map(list)


def manifests(*, reasoning: bool = True, rules: bool = False) -> st.SearchStrategy[Manifest]:
    """Manifests without their names; with ``rules`` also of ``lifecycle``, and with ``reasoning`` models."""
    optional: dict[str, st.SearchStrategy[Json]] = {**FIELDS, "metadata": METADATA, "reasoning_effort": EFFORTS}
    if rules:
        optional["lifecycle"] = st.fixed_dictionaries(
            {}, optional={"prevent_destroy": st.booleans(), "ignore_changes": IGNORED}
        )
    plain = st.fixed_dictionaries({"model": PLAIN_MODELS}, optional={**optional, **SAMPLING})
    unsampled: dict[str, st.SearchStrategy[Json]] = dict.fromkeys(SAMPLING, st.none())
    thinking = st.fixed_dictionaries({"model": st.just("o3")}, optional={**optional, **unsampled})
    return plain | thinking if reasoning else plain


def projects(keys: Iterable[str] = ("desk", "night", "noon")) -> st.SearchStrategy[list[Desired]]:
    """What a few manifests declare."""
    return st.dictionaries(st.sampled_from(list(keys)), manifests(rules=True)).map(
        lambda chosen: [declared(key, manifest) for key, manifest in chosen.items()]
    )
