"""For any two sets of manifests: apply(A), apply(B) leaves exactly B, and apply makes what plan lists."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.dashboard import Dashboard
from support.projects import ProjectFolder
from support.server import Asked, Payload, RecordingServer

Manifest = dict[str, Any]

# No lone surrogates (they are no UTF-8) and no `${`, which has a meaning of its own.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).filter(lambda text: "${" not in text)
UNIT = st.sampled_from([0, 0.1, 0.25, 1 / 3, 0.7, 1, 1.0])
LEAVES: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "integer", "minimum": 0},
    {"enum": ["a", "b", 1, True, None]},
]
SCHEMA = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, max_size=3).map(
        lambda properties: {"type": "object", "properties": properties}
    ),
    max_leaves=4,
).map(lambda schema: schema if schema.get("type") == "object" else {"type": "object", "properties": {"v": schema}})
FUNCTION = st.fixed_dictionaries(
    {"name": st.sampled_from(["f", "g", "h"])},
    optional={"description": TEXT, "parameters": SCHEMA, "strict": st.booleans()},
).map(lambda function: {"type": "function", "function": function})
SEARCH = st.fixed_dictionaries(
    {"type": st.just("file_search")},
    optional={
        "file_search": st.fixed_dictionaries(
            {},
            optional={
                "max_num_results": st.integers(1, 50),
                "ranking_options": st.fixed_dictionaries(
                    {"score_threshold": UNIT}, optional={"ranker": st.sampled_from(["auto", "default_2024_08_21"])}
                ),
            },
        )
    },
)


def tool_name(tool: dict[str, Any]) -> str:
    """What tells one tool of an assistant from another."""
    return str(tool["function"]["name"] if tool["type"] == "function" else tool["type"])


TOOLS = st.lists(
    st.one_of(st.just({"type": "code_interpreter"}), SEARCH, FUNCTION), max_size=4, unique_by=tool_name
)
FORMAT = st.sampled_from(
    [
        None,
        "auto",
        {"type": "text"},
        {"type": "json_object"},
        {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
    ]
)
MANIFEST = st.fixed_dictionaries(
    {"model": st.sampled_from(["gpt-4.1", "gpt-4o"])},
    optional={
        "name": TEXT | st.none(),
        "description": TEXT | st.none(),
        "instructions": TEXT | st.none(),
        "temperature": UNIT | st.none() | st.just(2),
        "top_p": UNIT | st.none(),
        "tools": TOOLS,
        "response_format": FORMAT,
        "metadata": st.dictionaries(st.sampled_from(["team", "tier", "x y", "ä"]), TEXT, max_size=3),
        "tool_resources": st.sampled_from([{}, {"code_interpreter": {"file_ids": ["file-a", "file-b"]}}]),
    },
)
MANIFESTS = st.dictionaries(st.sampled_from(["a", "b", "c-1", "d_2"]), MANIFEST, min_size=2, max_size=4)
# What the second set leaves out of an assistant that is otherwise as in the first.
LEFT_OUT = st.sets(
    st.sampled_from(["description", "instructions", "temperature", "tools", "metadata"]), min_size=1
)
EDITS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(
            [
                {"instructions": "theirs"},
                {"temperature": 0.9},
                {"tools": [{"type": "code_interpreter"}]},
                {"name": "theirs"},
                {"model": "gpt-4o"},
                {"description": None},
                {"response_format": {"type": "json_object"}},
            ]
        ),
    ),
    max_size=3,
)
DEFAULTS: dict[str, Any] = {
    "description": None,
    "instructions": None,
    "temperature": 1.0,
    "top_p": 1.0,
    "tools": [],
    "response_format": "auto",
}


def declare(remote: ProjectFolder, manifests: dict[str, Manifest]) -> None:
    """These manifests and no other."""
    for path in (remote.path / "assistants").glob("*.yaml"):
        path.unlink()
    for key, fields in manifests.items():
        remote.manifest(key, **fields)


def plain_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """A tool with what is left out filled in, as reference pages describe the defaults."""
    if tool["type"] == "function":
        function = {"description": None, "parameters": None, "strict": False} | tool["function"]
        if function["parameters"] in (None, {}, {"type": "object", "properties": {}}):
            function["parameters"] = None
        function["strict"] = function["strict"] or False
        return {"type": "function", "function": function}
    if tool["type"] == "file_search":
        options = tool.get("file_search") or {}
        ranking = options.get("ranking_options") or {"score_threshold": 0}
        return {
            "type": "file_search",
            "max_num_results": options.get("max_num_results"),
            "threshold": float(ranking["score_threshold"]),
        }
    return tool


def plain(field: str, value: Payload) -> Payload:
    """A field so that what means the same is equal."""
    if field == "tools":
        return sorted((plain_tool(tool) for tool in value or []), key=repr)
    if field == "tool_resources":
        return {name: inner for name, inner in (value or {}).items() if any(inner.values())}
    if field == "response_format":
        return "auto" if value is None or isinstance(value, str) or value["type"] == "text" else value["type"]
    return DEFAULTS.get(field) if value is None else value


def holds(stored: dict[str, Any], key: str, fields: Manifest, before: Manifest | None) -> None:
    """``stored`` is as declared; what was declared ``before`` and is not now is back at its default."""
    named: dict[str, Payload] = {"name": key, **fields}
    for field, value in named.items():
        if field == "metadata":
            assert {name: stored["metadata"].get(name) for name in value} == value
        else:
            assert plain(field, stored[field]) == plain(field, value), field
    for field in {*(before or {})} - {*fields} - {"name", "metadata", "tool_resources"}:
        assert plain(field, stored[field]) == plain(field, DEFAULTS[field]), field
    for pair in {*((before or {}).get("metadata") or {})} - {*(fields.get("metadata") or {})}:
        assert pair not in stored["metadata"]


def operation(asked: Asked) -> tuple[str, str | None]:
    """What a request does, and to which id."""
    assistant_id = asked.path.partition("/assistants")[2].strip("/") or None
    if asked.method == "DELETE":
        return "delete", assistant_id
    return ("update" if assistant_id else "create"), assistant_id


def applied_as_planned(remote: ProjectFolder, server: RecordingServer) -> None:
    """Plan, apply, plan: the requests are the plan's changes, the results say so, and nothing is left."""
    planned = remote.run("plan", "--no-adopt", "--format", "json").json
    assert len({(change["kind"], change["key"]) for change in planned["changes"]}) == len(planned["changes"])
    server.clear()
    applied = remote.run("apply", "--no-adopt", "--allow-deletes", "--yes", "--format", "json")
    assert applied.code == 0, applied.err + applied.out
    listed = sorted(((change["action"], change["id"]) for change in planned["changes"]), key=repr)
    assert sorted((operation(asked) for asked in server.mutations), key=repr) == listed
    assert sorted((result["action"], result["key"]) for result in applied.json["results"]) == sorted(
        (change["action"], change["key"]) for change in planned["changes"]
    )
    again = remote.run("plan", "--no-adopt", "--detailed-exitcode")
    assert again.code == 0, again.out


def test_apply_a_then_b_leaves_exactly_b(
    remote: ProjectFolder, server: RecordingServer, dashboard: Dashboard
) -> None:
    @settings(max_examples=8, derandomize=True, database=None)
    @given(first=MANIFESTS, second=MANIFESTS, left_out=LEFT_OUT, edits=EDITS)
    def check(
        first: dict[str, Manifest],
        second: dict[str, Manifest],
        left_out: set[str],
        edits: list[tuple[int, dict[str, Any]]],
    ) -> None:
        if "a" in first:
            second["a"] = {name: value for name, value in first["a"].items() if name not in left_out}
        dashboard.clear()
        theirs = dashboard.create(name="a", instructions="Somebody else's.")
        declare(remote, first)
        applied_as_planned(remote, server)
        mine = [assistant for assistant in dashboard.all() if assistant["id"] != theirs["id"]]
        for index, edit in edits:
            if mine:
                dashboard.change(mine[index % len(mine)], **edit)
        declare(remote, second)
        applied_as_planned(remote, server)

        by_id = {assistant["id"]: assistant for assistant in dashboard.all()}
        ids = remote.run("output").json
        assert set(ids) == set(second)
        assert set(by_id) == {*ids.values(), theirs["id"]}, "one assistant per key, and theirs"
        assert by_id[theirs["id"]] == theirs
        for key, fields in second.items():
            holds(by_id[ids[key]], key, fields, first.get(key))

    check()
