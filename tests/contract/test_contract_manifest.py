"""What a manifest means: documents, keys, variables, included files, fields that come and go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.dashboard import Dashboard
from support.project_snapshots import ProjectSnapshots
from support.projects import ProjectFolder, key_of
from support.server import Payload, RecordingServer

pytestmark = pytest.mark.from_snapshots

# Applied together: the tests that have ``stored`` read what became of each.
MANIFESTS = {
    "plain.yaml": "model: gpt-4.1\n",
    "many.yaml": "key: a\nmodel: gpt-4.1\n---\nkey: b\nmodel: gpt-4.1\nname: Bee\n",
    "sub/c.yml": "model: gpt-4.1\n",
    "filled.yaml": """\
        model: gpt-4.1
        name: n ${env:X}
        description: d ${env:X}
        metadata: {team: "m ${env:X}"}
        tools:
          - type: function
            function:
              name: f
              description: t ${env:X}
              parameters: {type: object, properties: {a: {type: string, description: "p ${env:X}"}}}
        """,
    "no-yaml.yaml": "model: gpt-4.1\ninstructions: ${env:YAML}\n",
    "sub/including.yaml": "model: gpt-4.1\ninstructions: {file: ../../shared/p.md}\n",
    "../shared/p.md": "shared",
    "function.yaml": "model: gpt-4.1\ntools: [{type: function, function: {file: tools/f.json}}]\n",
    "tools/f.json": '{"name": "f", "description": "Looks up", "strict": true}',
    "anchored.yaml": """\
        model: gpt-4.1
        metadata: &base {a: "1", b: "2"}
        tools:
          - type: function
            function:
              name: f
              parameters:
                <<: &common {type: object, additionalProperties: false}
                properties: {x: {<<: *common, additionalProperties: true}}
        """,
}


def deploy_manifests(remote: ProjectFolder) -> None:
    """Apply them all; a plan is then empty."""
    for name, text in MANIFESTS.items():
        remote.write(f"assistants/{name}", text)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("X", "filled")
        environment.setenv("YAML", "a\ntemperature: 0\n- '\"}{")
        applied = remote.run("apply", "--yes")
        assert applied.code == 0, applied.err + applied.out
        assert remote.run("plan", "--detailed-exitcode").code == 0


@pytest.fixture
def stored(snapshots: ProjectSnapshots, remote: ProjectFolder, dashboard: Dashboard) -> dict[str, dict[str, Any]]:
    """Name → the assistant that these manifests left on the account."""
    snapshots.restore("manifests", lambda: deploy_manifests(remote))
    return {assistant["name"]: assistant for assistant in dashboard.all()}


def deployed(remote: ProjectFolder, dashboard: Dashboard, text: str, *args: str) -> dict[str, Any]:
    """The one assistant on the account after ``text`` was applied; a plan is then empty."""
    remote.write("assistants/one.yaml", text)
    applied = remote.run("apply", "--yes", *args)
    assert applied.code == 0, applied.err + applied.out
    assert remote.run("plan", "--detailed-exitcode", *args).code == 0
    (stored,) = dashboard.all()
    return stored


def all_deployed(remote: ProjectFolder, dashboard: Dashboard, texts: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Key → the assistant on the account, after a manifest for each was applied; a plan is then empty."""
    for key, text in texts.items():
        remote.write(f"assistants/{key}.yaml", f"model: gpt-4.1\n{text}\n")
    applied = remote.run("apply", "--yes", "--format", "json")
    assert applied.code == 0, applied.err + applied.out
    pending = remote.run("plan", "--detailed-exitcode")
    assert pending.code == 0, pending.out
    ids = {result["key"]: result["id"] for result in applied.json["results"]}
    if ids.keys() != texts.keys():
        ids = remote.run("output").json
    by_id = {assistant["id"]: assistant for assistant in dashboard.all()}
    return {key: by_id[assistant_id] for key, assistant_id in ids.items()}


def test_only_model_is_required_and_name_defaults_to_the_key(stored: dict[str, dict[str, Any]]) -> None:
    plain = stored["plain"]
    assert plain["model"] == "gpt-4.1"
    assert (plain["instructions"], plain["description"], plain["tools"]) == (None, None, [])
    assert (plain["temperature"], plain["top_p"], plain["response_format"]) == (1.0, 1.0, "auto")


def test_several_documents_and_files_and_folders(remote: ProjectFolder, stored: dict[str, dict[str, Any]]) -> None:
    names = {"a": "a", "b": "Bee", "c": "c"}
    ids = remote.run("output").json
    assert {key: ids[key] for key in names} == {key: stored[name]["id"] for key, name in names.items()}
    assert [*ids] == sorted(ids)
    assert len(ids) == len(stored) == 9


def test_the_key_is_the_identity_and_not_the_name_or_the_file(remote: ProjectFolder, dashboard: Dashboard) -> None:
    first = deployed(remote, dashboard, "key: desk\nname: Desk\nmodel: gpt-4.1\n")
    remote.remove("one")
    remote.write("assistants/moved/elsewhere.yaml", "key: desk\nname: Renamed\nmodel: gpt-4.1\n")
    assert remote.run("apply", "--yes").code == 0
    assert [(assistant["id"], assistant["name"]) for assistant in dashboard.all()] == [(first["id"], "Renamed")]


def test_the_assistants_folder_is_the_projects_choice(project: ProjectFolder) -> None:
    project.write("assistctl.yaml", "project: acme\nassistants: bots\n")
    project.write("bots/one.yaml", "model: gpt-4.1\n")
    project.write("assistants/two.yaml", "model: gpt-4.1\n")
    assert [change["key"] for change in project.run("plan", "--format", "json").json["changes"]] == ["one"]


# Variables

VARIABLES = {
    "a variable of the target": ("${var:word}", "from the target"),
    "inside a text": ("<${var:word}>, <${var:word}>", "<from the target>, <from the target>"),
    "of the environment": ("${env:WORD}", "from the environment"),
    "of .env": ("${env:DOTENV_WORD}", "from .env"),
    "the environment goes before .env": ("${env:BOTH}", "environment"),
    "escaped": ("$${var:word}", "${var:word}"),
    "escaped env": ("$${env:WORD}", "${env:WORD}"),
    "escaped anything": ("$${", "${"),
    "other braces": ("{x} {{y}} ${z} ${other:a} $x $$ ${ } %{a} {%b%}", None),
    "a value is not filled again": ("${env:TRICKY}", "${var:word} $${ ${env:WORD}"),
    "a variable with an environment variable": ("${var:indirect}", "from the environment!"),
}


def test_variables_in_a_text(remote: ProjectFolder, dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "from the environment")
    monkeypatch.setenv("BOTH", "environment")
    monkeypatch.setenv("TRICKY", "${var:word} $${ ${env:WORD}")
    remote.write(".env", "DOTENV_WORD='from .env'\nBOTH=dotenv\n")
    text = (remote.path / "assistctl.yaml").read_text()
    variables = 'variables: {word: from the target, indirect: "${env:WORD}!"}'
    remote.write("assistctl.yaml", text.replace("api_key: test-key", f"api_key: test-key, {variables}"))
    texts = {key_of(case): f"instructions: '{written}'" for case, (written, _) in VARIABLES.items()}
    stored = all_deployed(remote, dashboard, texts)
    for case, (written, meant) in VARIABLES.items():
        assert stored[key_of(case)]["instructions"] == (written if meant is None else meant), case


def test_var_on_the_command_line_goes_before_the_targets(remote: ProjectFolder, dashboard: Dashboard) -> None:
    stored = deployed(
        remote, dashboard, "model: ${var:m}\nname: '${var:n}'\n", "--var", "m=gpt-4.1", "--var", "n=a=b ${var:m}"
    )
    assert (stored["model"], stored["name"]) == ("gpt-4.1", "a=b ${var:m}")


def test_variables_reach_every_text_of_a_manifest(stored: dict[str, dict[str, Any]]) -> None:
    filled = stored["n filled"]
    function = filled["tools"][0]["function"]
    assert (filled["description"], filled["metadata"]["team"]) == ("d filled", "m filled")
    assert function["description"] == "t filled"
    assert function["parameters"]["properties"]["a"]["description"] == "p filled"


def test_a_value_cannot_become_yaml(stored: dict[str, dict[str, Any]]) -> None:
    found = stored["no-yaml"]
    assert (found["instructions"], found["temperature"]) == ("a\ntemperature: 0\n- '\"}{", 1.0)


@pytest.mark.parametrize("name", ["var:model", "env:MODEL_NAME"])
def test_an_unset_variable_is_a_warning_of_validate_and_stops_the_rest(
    remote: ProjectFolder, server: RecordingServer, name: str
) -> None:
    remote.write("assistants/one.yaml", f"model: ${{{name}}}\n")
    validated = remote.run("validate", "--format", "json")
    assert validated.code == 0
    (warning,) = validated.json["diagnostics"]
    assert (warning["severity"], warning["file"], warning["line"]) == ("warning", "assistants/one.yaml", 1)
    assert name.partition(":")[2] in warning["summary"]
    for command in (["plan"], ["apply", "--yes"]):
        shown = remote.run(*command)
        assert shown.code == 1
        assert "assistants/one.yaml:1:8" in shown.err
        assert name.partition(":")[2] in shown.err
    assert server.asked == []


def test_a_misspelt_variable_is_answered_with_the_right_one(project: ProjectFolder) -> None:
    project.write("assistctl.yaml", "project: acme\ntargets: {local: {variables: {model: gpt-4.1}}}\n")
    project.write("assistants/one.yaml", "model: ${var:modle}\n")
    shown = project.run("plan")
    assert shown.code == 1
    assert "did you mean 'model'?" in shown.err.lower()


def test_validate_reads_no_key(project: ProjectFolder) -> None:
    project.write(
        "assistctl.yaml",
        "project: acme\ndefault_target: p\n"
        "targets:\n"
        "  p: {platform: openai-assistants, base_url: 'http://127.0.0.1:9/v1', api_key: '${env:NO_KEY}'}\n",
    )
    project.manifest("one")
    assert project.run("validate").code == 0
    shown = project.run("plan")
    assert shown.code == 1
    assert "NO_KEY" in shown.err


# Included files


def test_an_included_file_is_taken_verbatim(remote: ProjectFolder, dashboard: Dashboard) -> None:
    texts = ["no newline", "one\n", "three\n\n\n", "crlf\r\nend\r\n", "  spaces  \n", "ünï→🙂\n"]
    for number, text in enumerate(texts):
        remote.write(f"assistants/prompts/p{number}.md", text.encode())
    including = {f"a{number}": f"instructions: {{file: prompts/p{number}.md}}" for number in range(len(texts))}
    stored = all_deployed(remote, dashboard, including)
    assert [stored[key]["instructions"] for key in including] == texts


def test_paths_are_relative_to_the_manifest(stored: dict[str, dict[str, Any]]) -> None:
    assert stored["including"]["instructions"] == "shared"


def test_an_included_function(stored: dict[str, dict[str, Any]]) -> None:
    assert stored["function"]["tools"][0]["function"]["description"] == "Looks up"


def test_instructions_of_256000_characters_in_a_file(remote: ProjectFolder, dashboard: Dashboard) -> None:
    remote.write("assistants/p.md", "é" * 256_000)
    assert (
        len(deployed(remote, dashboard, "model: gpt-4.1\ninstructions: {file: p.md}\n")["instructions"]) == 256_000
    )
    remote.write("assistants/p.md", "é" * 256_001)
    shown = remote.run("plan")
    assert shown.code == 1
    assert "256" in shown.err


def test_anchors_and_merge_keys(stored: dict[str, dict[str, Any]]) -> None:
    assert stored["anchored"]["tools"][0]["function"]["parameters"] == {
        "type": "object",
        "additionalProperties": False,
        "properties": {"x": {"type": "object", "additionalProperties": True}},
    }


# Fields that come and go

FIELDS: dict[str, tuple[str, Any, Any]] = {
    "description": ("hello", "hello", None),
    "instructions": ("hello", "hello", None),
    "temperature": ("0.3", 0.3, 1.0),
    "top_p": ("0.3", 0.3, 1.0),
    "response_format": ("{type: json_object}", {"type": "json_object"}, "auto"),
    "tools": ("[{type: code_interpreter}]", [{"type": "code_interpreter"}], []),
}


def test_a_field_that_was_applied_and_is_removed_goes_back_to_the_default(
    remote: ProjectFolder, dashboard: Dashboard
) -> None:
    declared = all_deployed(remote, dashboard, {name: f"{name}: {case[0]}" for name, case in FIELDS.items()})
    assert {name: declared[name][name] for name in FIELDS} == {name: case[1] for name, case in FIELDS.items()}
    removed = all_deployed(remote, dashboard, dict.fromkeys(FIELDS, ""))
    assert {name: removed[name][name] for name in FIELDS} == {name: case[2] for name, case in FIELDS.items()}
    for name, case in FIELDS.items():
        dashboard.change(removed[name], **{name: case[1]})
    left = remote.run("plan", "--detailed-exitcode")
    assert left.code == 0, f"from then on it is not managed\n{left.out}"


def test_a_field_never_declared_is_not_managed(remote: ProjectFolder, dashboard: Dashboard) -> None:
    for name, stored in all_deployed(remote, dashboard, dict.fromkeys(FIELDS, "")).items():
        dashboard.change(stored, **{name: FIELDS[name][1]})
    planned = remote.run("plan", "--detailed-exitcode", "--format", "json")
    assert (planned.code, planned.json["drift"]) == (0, [])
    kept = all_deployed(remote, dashboard, dict.fromkeys(FIELDS, "name: Other"))
    assert {name: kept[name][name] for name in FIELDS} == {name: case[1] for name, case in FIELDS.items()}


def test_a_declared_null_clears(remote: ProjectFolder, dashboard: Dashboard) -> None:
    nullable = {name: case for name, case in FIELDS.items() if name != "tools"} | {"name": ("x", "x", None)}
    all_deployed(remote, dashboard, {name: f"{name}: {case[0]}" for name, case in nullable.items()})
    cleared = all_deployed(remote, dashboard, {name: f"{name}: null" for name in nullable})
    assert {name: cleared[name][name] for name in nullable} == {name: case[2] for name, case in nullable.items()}


def test_a_removed_name_goes_back_to_the_key(remote: ProjectFolder, dashboard: Dashboard) -> None:
    deployed(remote, dashboard, "model: gpt-4.1\nname: Desk\n")
    assert deployed(remote, dashboard, "model: gpt-4.1\n")["name"] == "one"


def parameters(schema: str) -> str:
    """A manifest's tools: a function with these parameters."""
    return f"tools: [{{type: function, function: {{name: f, parameters: {schema}}}}}]"


def search(options: str) -> str:
    """A manifest's tools: file search with these options."""
    return f"tools: [{{type: file_search, file_search: {options}}}]"


EQUAL = {
    "the order of tools": (
        "tools: [{type: code_interpreter}, {type: function, function: {name: f}}]",
        "tools: [{type: function, function: {name: f}}, {type: code_interpreter}]",
    ),
    "an integer and a float": ("temperature: 1", "temperature: 1.0"),
    "no temperature and null": ("temperature: 1.0", "temperature: null"),
    "strict false and none": (
        "tools: [{type: function, function: {name: f, strict: false}}]",
        "tools: [{type: function, function: {name: f}}]",
    ),
    "no parameters and empty ones": (
        "tools: [{type: function, function: {name: f}}]",
        parameters("{type: object, properties: {}}"),
    ),
    "default ranking and none": (
        search("{ranking_options: {ranker: auto, score_threshold: 0}}"),
        "tools: [{type: file_search}]",
    ),
    "the other default ranking": (
        search("{ranking_options: {ranker: default_2024_08_21, score_threshold: 0.0}}"),
        search("{}"),
    ),
    "auto and null": ("response_format: auto", "response_format: null"),
    "no resources": ("tool_resources: {}", "tool_resources: {code_interpreter: {file_ids: []}}"),
    "the order of metadata": ("metadata: {a: '1', b: '2'}", "metadata: {b: '2', a: '1'}"),
    "the order of parameters' keys": (
        parameters("{type: object, required: [a], properties: {a: {}}}"),
        parameters("{properties: {a: {}}, type: object, required: [a]}"),
    ),
}


def forth_and_back(cases: dict[str, tuple[str, str]]) -> list[dict[str, str]]:
    """Manifests by key, before and after: each case in both directions."""
    forth = {f"forth-{key_of(case)}": texts for case, texts in cases.items()}
    back = {f"back-{key_of(case)}": texts[::-1] for case, texts in cases.items()}
    return [{key: texts[side] for key, texts in {**forth, **back}.items()} for side in (0, 1)]


def test_what_means_the_same_is_no_change(remote: ProjectFolder, dashboard: Dashboard) -> None:
    first, second = forth_and_back(EQUAL)
    all_deployed(remote, dashboard, first)
    for key, text in second.items():
        remote.write(f"assistants/{key}.yaml", f"model: gpt-4.1\n{text}\n")
    assert remote.run("plan", "--format", "json").json["changes"] == []


DIFFERENT = {
    "empty and null instructions": ("instructions: ''", "instructions: null"),
    "a newline at the end": ('instructions: "a\\n"', "instructions: a"),
    "strict": (
        "tools: [{type: function, function: {name: f, strict: true}}]",
        "tools: [{type: function, function: {name: f}}]",
    ),
    "text format and auto": ("response_format: {type: text}", "response_format: {type: json_object}"),
    "a number and a text in parameters": (
        parameters("{type: object, properties: {a: {enum: [1]}}}"),
        parameters("{type: object, properties: {a: {enum: ['1']}}}"),
    ),
    "a number and a boolean in parameters": (
        parameters("{type: object, properties: {a: {enum: [1]}}}"),
        parameters("{type: object, properties: {a: {enum: [true]}}}"),
    ),
    "the order of an enum": (
        parameters("{type: object, properties: {a: {enum: [x, y]}}}"),
        parameters("{type: object, properties: {a: {enum: [y, x]}}}"),
    ),
    "composed and decomposed letters": ('name: "\\u00e9"', 'name: "e\\u0301"'),
    "a temperature near another": ("temperature: 0.2", "temperature: 0.2001"),
}


def test_what_differs_is_a_change_that_is_carried_out(remote: ProjectFolder, dashboard: Dashboard) -> None:
    before, after = (all_deployed(remote, dashboard, texts) for texts in forth_and_back(DIFFERENT))
    same = [key for key in before if as_text(before[key]) == as_text(after[key])]
    assert same == []


def as_text(assistant: dict[str, Any]) -> str:
    """What an assistant is, without its metadata; ``1`` and ``true`` differ."""
    return json.dumps({**assistant, "metadata": None}, sort_keys=True)


def test_another_model_carries_nothing_over_that_is_not_declared(
    remote: ProjectFolder, dashboard: Dashboard, server: RecordingServer
) -> None:
    """A reasoning model answers 400 to the temperature that was stored for the one before."""
    deployed(remote, dashboard, "model: gpt-4.1\n")
    dashboard.change(dashboard.all()[0], temperature=0.4)
    server.clear()
    stored = deployed(remote, dashboard, "model: o3\n")
    (update,) = server.mutations
    assert (update.body["model"], update.body["temperature"], update.body["top_p"]) == ("o3", None, None)
    assert stored["model"] == "o3"


def test_another_model_keeps_what_is_declared(
    remote: ProjectFolder, dashboard: Dashboard, server: RecordingServer
) -> None:
    deployed(remote, dashboard, "model: gpt-4.1\ntemperature: 0.2\n")
    server.clear()
    stored = deployed(remote, dashboard, "model: gpt-4o\ntemperature: 0.2\n")
    assert (stored["temperature"], stored["top_p"]) == (0.2, 1.0)
    assert server.mutations[0].body["top_p"] is None
    assert server.mutations[0].body.get("temperature", 0.2) == 0.2


def test_reasoning_effort_which_answers_may_not_hold(remote: ProjectFolder, server: RecordingServer) -> None:
    server.tell = lambda _, __, body: without_effort(body)
    remote.write("assistants/one.yaml", "model: o3\nreasoning_effort: low\n")
    assert remote.run("apply", "--yes").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0
    server.clear()
    remote.write("assistants/one.yaml", "model: o3\nreasoning_effort: high\n")
    assert remote.run("plan", "--detailed-exitcode").code == 2
    assert remote.run("apply", "--yes").code == 0
    assert [asked.body.get("reasoning_effort") for asked in server.mutations] == ["high"]
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_reasoning_effort_that_somebody_else_set_is_drift(remote: ProjectFolder, dashboard: Dashboard) -> None:
    stored = deployed(remote, dashboard, "model: o3\nreasoning_effort: low\n")
    dashboard.change(stored, reasoning_effort="high")
    found = remote.run("drift", "--format", "json")
    assert found.code == 2
    assert [drift["path"] for drift in found.json["drift"]] == ["reasoning_effort"]


@pytest.mark.parametrize("answers", [True, False], ids=["answered", "never answered"])
def test_a_rollback_of_a_prompt_leaves_the_effort_as_it_is(
    remote: ProjectFolder, server: RecordingServer, *, answers: bool
) -> None:
    if not answers:
        server.tell = lambda _, __, body: without_effort(body)
    manifest = "model: gpt-5.1\nreasoning_effort: none\ntemperature: 0.2\ninstructions: {}\n"
    for prompt in ("Good.", "Bad."):
        remote.write("assistants/one.yaml", manifest.format(prompt))
        assert remote.run("apply", "--yes").code == 0
    [last, *_] = remote.run("history", "--format", "json").json["applies"]
    server.clear()
    outcome = remote.run("rollback", last["id"], "--yes", "--format", "json")
    assert (outcome.code, outcome.json["diagnostics"]) == (0, [])
    [asked] = server.mutations
    assert asked.body["instructions"] == "Good."
    assert "reasoning_effort" not in asked.body
    remote.write("assistants/one.yaml", manifest.format("Good."))
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_a_rollback_says_when_an_effort_that_no_answer_shows_is_not_what_it_was(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    server.tell = lambda _, __, body: without_effort(body)
    for effort in ("low", "high"):
        remote.write(
            "assistants/one.yaml", f"model: o3\nreasoning_effort: {effort}\ninstructions: For {effort}.\n"
        )
        assert remote.run("apply", "--yes").code == 0
    [last, *_] = remote.run("history", "--format", "json").json["applies"]
    outcome = remote.run("rollback", last["id"], "--yes", "--format", "json")
    assert outcome.code == 0
    told = [diagnostic["summary"] for diagnostic in outcome.json["diagnostics"]]
    assert [summary for summary in told if "go back" in summary] == [
        "one does not go back in full: reasoning_effort is never answered, and is what the manifest says now"
    ]


def without_effort(body: Payload) -> Payload:
    """An answer as the API's own description has it: without ``reasoning_effort``."""
    if isinstance(body, dict):
        return {name: without_effort(value) for name, value in body.items() if name != "reasoning_effort"}
    return [without_effort(item) for item in body] if isinstance(body, list) else body
