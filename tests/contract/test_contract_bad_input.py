"""Bad input: exit 1, a message with file:line:column, no traceback, no request sent, nothing changed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from support.projects import Outcome, ProjectFolder
from support.server import RecordingServer

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
FLAT_BOMB = "model: gpt-4.1\nmetadata: &m {a: b}\ntools: [" + ", ".join(["*m"] * 200_000) + "]\n"
DEEP = "[" * 5_000 + "]" * 5_000


@dataclass(frozen=True)
class Case:
    """A manifest that is wrong: at which line of ``file``, and words that must be said.

    ``None`` is any line, where several can be blamed.
    """

    text: str | bytes
    line: int | None
    words: tuple[str, ...] = ()
    column: int | None = None
    file: str = "assistants/one.yaml"


CASES = {
    "unknown field": Case("model: gpt-4.1\nfoo: 1\n", 2, ("foo",), 1),
    "misspelt field": Case(
        "model: gpt-4.1\ninstuctions: hi\n", 2, ("instuctions", "did you mean", "instructions"), 1
    ),
    "misspelt nested field": Case(
        "model: gpt-4.1\nlifecycle:\n  prevent_destory: true\n", 3, ("did you mean", "prevent_destroy"), 3
    ),
    "misspelt field of a tool": Case(
        "model: gpt-4.1\ntools:\n  - type: function\n    function:\n      name: f\n      paramters: {}\n",
        6,
        ("tools[f].function", "did you mean", "parameters"),
        7,
    ),
    "misspelt tool type": Case(
        "model: gpt-4.1\ntools:\n  - type: code_interpeter\n",
        3,
        ("tools[0].type", "did you mean", "code_interpreter", "file_search", "function"),
        11,
    ),
    "no model": Case("name: One\n", 1, ("model",)),
    "model of a wrong type": Case("model: [gpt-4.1]\n", 1, ("model",), 8),
    "model null": Case("model:\n", 1, ("model",)),
    "temperature a word": Case("model: gpt-4.1\ntemperature: hot\n", 2, ("temperature",), 14),
    "temperature in quotes": Case("model: gpt-4.1\ntemperature: '0.2'\n", 2, ("temperature",), 14),
    "temperature yes": Case("model: gpt-4.1\ntemperature: true\n", 2, ("temperature",), 14),
    "temperature too high": Case("model: gpt-4.1\ntemperature: 2.1\n", 2, ("temperature", "2"), 14),
    "temperature too low": Case("model: gpt-4.1\ntemperature: -0.1\n", 2, ("temperature", "0"), 14),
    "top_p too high": Case("model: gpt-4.1\ntop_p: 1.01\n", 2, ("top_p", "1"), 8),
    "NaN": Case("model: gpt-4.1\ntemperature: .nan\n", 2, ("temperature",), 14),
    "infinity": Case("model: gpt-4.1\ntemperature: .inf\n", 2, ("temperature",), 14),
    "NaN inside a function's parameters": Case(
        "model: gpt-4.1\ntools:\n  - type: function\n    function:\n      name: f\n"
        "      parameters: {type: object, maxProperties: .NaN}\n",
        6,
        ("tools[f].function.parameters",),
    ),
    "a number too large for a float": Case("model: gpt-4.1\ntemperature: 1e999\n", 2, ("temperature",), 14),
    "name too long": Case(f"model: gpt-4.1\nname: {'n' * 257}\n", 2, ("name", "256"), 7),
    "description too long": Case(f"model: gpt-4.1\ndescription: {'n' * 513}\n", 2, ("description", "512"), 14),
    "instructions too long": Case(
        f"model: gpt-4.1\ninstructions: {'n' * 256_001}\n", 2, ("instructions", "256"), 15
    ),
    "129 tools": Case(
        "model: gpt-4.1\ntools:\n"
        + "".join(f"- {{type: function, function: {{name: f{n}}}}}\n" for n in range(129)),
        3,
        ("tools", "128"),
    ),
    "function's name too long": Case(
        f"model: gpt-4.1\ntools:\n- type: function\n  function: {{name: {'f' * 65}}}\n", 4, ("64",)
    ),
    "function's name with a space": Case(
        "model: gpt-4.1\ntools:\n- type: function\n  function: {name: look up}\n", 4, ("tools[0].function.name",)
    ),
    "two functions of one name": Case(
        "model: gpt-4.1\ntools:\n" + "- {type: function, function: {name: f}}\n" * 2,
        4,
        ("f",),
    ),
    "metadata key too long": Case(f"model: gpt-4.1\nmetadata: {{{'k' * 65}: v}}\n", 2, ("64",)),
    "metadata value too long": Case(f"model: gpt-4.1\nmetadata: {{k: {'v' * 513}}}\n", 2, ("metadata.k", "512")),
    "metadata value a number": Case("model: gpt-4.1\nmetadata: {k: 1}\n", 2, ("metadata.k",), 15),
    "max_num_results zero": Case(
        "model: gpt-4.1\ntools: [{type: file_search, file_search: {max_num_results: 0}}]\n",
        2,
        ("max_num_results",),
    ),
    "ranking options without a threshold": Case(
        "model: gpt-4.1\ntools: [{type: file_search, file_search: {ranking_options: {ranker: auto}}}]\n",
        2,
        ("score_threshold",),
    ),
    "two vector stores": Case(
        "model: gpt-4.1\ntool_resources: {file_search: {vector_store_ids: [a, b]}}\n", 2, ("vector_store_ids", "1")
    ),
    "21 files for code interpreter": Case(
        f"model: gpt-4.1\ntool_resources: {{code_interpreter: {{file_ids: {[f'f{n}' for n in range(21)]}}}}}\n",
        2,
        ("file_ids", "20"),
    ),
    "reasoning effort unknown": Case("model: gpt-4.1\nreasoning_effort: hihg\n", 2, ("high", "minimal"), 19),
    "response format unknown": Case("model: gpt-4.1\nresponse_format: json\n", 2, ("response_format", "auto")),
    "duplicate YAML key": Case("model: gpt-4.1\nname: a\nname: b\n", 3, ("name", "twice", "2"), 1),
    "duplicate nested YAML key": Case("model: gpt-4.1\nmetadata:\n  a: b\n  a: c\n", 4, ("a",), 3),
    "tab for indentation": Case("model: gpt-4.1\nmetadata:\n\ta: b\n", 3, ("tab",)),
    "a YAML error": Case("model: gpt-4.1\nname: [unclosed\n", 3),
    "an unknown anchor": Case("model: *nothing\n", 1, ("nothing",), 8),
    "aliases that explode": Case("model: gpt-4.1\n" + BOMB, None),
    "aliases that explode, flat": Case(FLAT_BOMB, 3),
    "an alias inside itself": Case("model: gpt-4.1\nmetadata: &m\n  a: *m\n", 3),
    "a merge of itself": Case("model: gpt-4.1\nmetadata: &m\n  <<: *m\n  a: b\n", 3),
    "a python tag": Case("model: !!python/object/apply:os.system ['true']\n", 1, ("python",), 8),
    "a python name tag": Case("model: !!python/name:os.system\n", 1, ("python",), 8),
    "a tag of somebody's": Case("model: !secret gpt-4.1\n", 1, ("!secret",), 8),
    "not UTF-8": Case(b"model: gpt-4.1\nname: caf\xe9\n", 2, ("UTF-8",), 10),
    "UTF-16": Case("model: gpt-4.1\n".encode("utf-16"), 1, ("UTF-8",)),
    "a NUL": Case(b"model: gpt-4.1\nname: a\x00b\n", 2),
    "an escape character": Case(b"model: gpt-4.1\nname: a\x1b[2Jb\n", 2),
    "a lone surrogate": Case('model: gpt-4.1\nname: "\\ud800"\n', 2),
    "an empty file": Case("", 1),
    "only a comment": Case("# nothing\n", 1),
    "only a separator": Case("---\n", 1),
    "a list": Case("- model: gpt-4.1\n", 1, ("mapping",)),
    "a text": Case("gpt-4.1\n", 1, ("mapping",)),
    "a mapping with a number as key": Case("model: gpt-4.1\nmetadata: {1: a}\n", 2),
    "deep nesting": Case(f"model: gpt-4.1\ntools: {DEEP}\n", 2),
    "deep nesting of mappings": Case("model: gpt-4.1\nmetadata: " + "{a: " * 3000 + "1" + "}" * 3000 + "\n", 2),
    "deep nesting of blocks": Case(
        "model: gpt-4.1\nmetadata:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 1500)), None
    ),
    "several documents without keys": Case("model: gpt-4.1\n---\nmodel: gpt-4.1\n", 1, ("key",)),
    "one document of two without a key": Case("key: a\nmodel: gpt-4.1\n---\nmodel: gpt-4.1\n", 4, ("key",)),
    "one key in two documents": Case("key: a\nmodel: gpt-4.1\n---\nkey: a\nmodel: gpt-4.1\n", 4, ("'a'",), 6),
    "a key in capitals": Case("key: One\nmodel: gpt-4.1\n", 1, ("key",), 6),
    "a key of 65": Case(f"key: {'k' * 65}\nmodel: gpt-4.1\n", 1, ("key", "64"), 6),
    "a key with a dash first": Case("key: -a\nmodel: gpt-4.1\n", 1, ("key",), 6),
    "a key with a newline": Case('key: "a\\n"\nmodel: gpt-4.1\n', 1, ("key",), 6),
    "instructions with text and file": Case(
        "model: gpt-4.1\ninstructions: {file: a.md, text: hi}\n", 2, ("instructions",)
    ),
    "a file that is not there": Case(
        "model: gpt-4.1\ninstructions: {file: prompts/no.md}\n", 2, ("prompts/no.md",)
    ),
    "a path out of the project": Case(
        "model: gpt-4.1\ninstructions: {file: ../../outside.md}\n", 2, ("outside.md", "project")
    ),
    "an absolute path": Case("model: gpt-4.1\ninstructions: {file: /etc/hostname}\n", 2, ("project",)),
    "a path to a folder": Case("model: gpt-4.1\ninstructions: {file: .}\n", 2),
    "a path to the home folder": Case("model: gpt-4.1\ninstructions: {file: ~/.bashrc}\n", 2),
    "a path with a NUL": Case('model: gpt-4.1\ninstructions: {file: "a\\0b"}\n', 2),
    "a path of 5000": Case(f"model: gpt-4.1\ninstructions: {{file: {'a' * 5000}}}\n", 2),
    "an unset variable": Case("model: ${var:model}\n", 1, ("model",)),
    "an unset environment variable": Case("model: ${env:NOT_SET_ANYWHERE}\n", 1, ("NOT_SET_ANYWHERE",)),
    "a metadata pair of ours": Case("model: gpt-4.1\nmetadata: {assistctl: x}\n", 2, ("assistctl",)),
    "ignore_changes of nothing": Case(
        "model: gpt-4.1\nlifecycle: {ignore_changes: [temprature]}\n", 2, ("temperature",)
    ),
}


def refusal(shown: Outcome, case: Case) -> None:
    """The message a person can act upon."""
    assert shown.code == 1, shown
    where = re.search(rf"{re.escape(case.file)}:(\d+):(\d+)", shown.err)
    assert where, shown.err[:2000]
    assert case.line in {None, int(where[1])}, shown.err[:2000]
    if case.column is not None:
        assert int(where[2]) == case.column, shown.err[:2000]
    for word in case.words:
        assert word.lower() in shown.err.lower(), shown.err[:2000]
    assert len(shown.err) < 8_000


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_bad_manifest(remote: ProjectFolder, server: RecordingServer, case: Case) -> None:
    remote.write("../outside.md", "secret of somebody else")
    remote.write("assistants/one.yaml", case.text)
    remote.manifest("two")
    before = remote.snapshot()
    shown = remote.run("apply", "--yes")
    refusal(shown, case)
    assert "secret of somebody else" not in shown.out + shown.err
    assert (server.asked, remote.snapshot()) == ([], before)


def test_validate_says_the_same_of_all_at_once_and_json_says_where(project: ProjectFolder) -> None:
    """But for unset variables, which are warnings there."""
    wrong = {name: case for name, case in CASES.items() if "unset" not in name}
    for number, case in enumerate(wrong.values()):
        project.write(f"assistants/m{number}.yaml", case.text)
    shown = project.run("validate", "--format", "json")
    assert shown.code == 1
    errors = [diagnostic for diagnostic in shown.json["diagnostics"] if diagnostic["severity"] == "error"]
    assert all(error["summary"] and error["column"] >= 1 for error in errors)
    told = {(error["file"], error["line"]) for error in errors} | {(error["file"], None) for error in errors}
    places = {name: (f"assistants/m{number}.yaml", case.line) for number, (name, case) in enumerate(wrong.items())}
    assert [name for name, place in places.items() if place not in told] == []


def test_all_errors_of_all_manifests_are_told_at_once(project: ProjectFolder) -> None:
    project.write("assistants/a.yaml", "modle: gpt-4.1\ntemperature: 3\n")
    project.write("assistants/b.yaml", "model: gpt-4.1\n\n\nfoo: 1\n")
    shown = project.run("validate")
    assert shown.code == 1
    for where in ("assistants/a.yaml:1:1", "assistants/a.yaml:2:14", "assistants/b.yaml:4:1"):
        assert where in shown.out


def test_one_key_in_two_files_names_both(remote: ProjectFolder, server: RecordingServer) -> None:
    remote.write("assistants/a.yaml", "key: desk\nmodel: gpt-4.1\n")
    remote.write("assistants/b.yaml", "# comment\nkey: desk\nmodel: gpt-4.1\n")
    remote.write("assistants/sub/desk.yaml", "model: gpt-4.1\n")
    shown = remote.run("apply", "--yes")
    assert (shown.code, server.asked) == (1, [])
    assert "assistants/b.yaml:2:6" in shown.err
    assert "assistants/a.yaml:1" in shown.err
    assert "assistants/sub/desk.yaml" in shown.err


@pytest.mark.parametrize("stem", ["Order Desk", "café", "-x", "a.b", "k" * 65])
def test_a_file_whose_stem_is_no_key_is_told_to_say_key(project: ProjectFolder, stem: str) -> None:
    project.write(f"assistants/{stem}.yaml", "model: gpt-4.1\n")
    shown = project.run("plan")
    assert shown.code == 1
    assert f"assistants/{stem}.yaml:1:" in shown.err
    assert "key:" in shown.err


# Symlinks, and files that are included


def test_a_symlink_that_leaves_the_project_is_refused(remote: ProjectFolder, server: RecordingServer) -> None:
    outside = remote.write("../outside/prompt.md", "not yours")
    (remote.path / "prompt.md").symlink_to(outside)
    (remote.path / "folder").symlink_to(outside.parent)
    for target in ("../prompt.md", "../folder/prompt.md"):
        remote.write("assistants/one.yaml", f"model: gpt-4.1\ninstructions: {{file: {target}}}\n")
        shown = remote.run("apply", "--yes")
        refusal(shown, Case("", 2, ("project", "link")))
        assert "not yours" not in shown.err
    assert server.asked == []


def test_a_manifest_that_is_a_symlink_out_of_the_project_is_refused(
    remote: ProjectFolder, server: RecordingServer
) -> None:
    outside = remote.write("../outside/m.yaml", "model: gpt-4.1\n")
    (remote.path / "assistants/one.yaml").symlink_to(outside)
    shown = remote.run("apply", "--yes")
    assert (shown.code, server.asked) == (1, [])
    assert "assistants/one.yaml" in shown.err


@pytest.mark.parametrize("name", ["assistants/prompt.md", "assistants/one.yaml"])
def test_symlinks_that_go_round_are_refused(project: ProjectFolder, name: str) -> None:
    project.write("assistants/one.yaml", "model: gpt-4.1\ninstructions: {file: prompt.md}\n")
    (project.path / name).unlink(missing_ok=True)
    (project.path / name).symlink_to(project.path / name)
    shown = project.run("plan")
    assert shown.code == 1
    assert "assistants/one.yaml" in shown.err


def test_a_symlink_inside_the_project_is_fine(project: ProjectFolder) -> None:
    project.write("prompts/real.md", "Be kind.")
    (project.path / "assistants/prompt.md").symlink_to(project.path / "prompts/real.md")
    project.write("assistants/one.yaml", "model: gpt-4.1\ninstructions: {file: prompt.md}\n")
    assert "Be kind." in project.run("plan").out


INCLUDED = {
    "not UTF-8": ("prompt.md", b"line one\nvoil\xe0\n", 2, 5),
    "JSON with a comma too many": ("tool.json", b'{\n  "name": "f",\n}\n', 3, None),
    "JSON with a duplicate key": ("tool.json", b'{\n  "name": "f",\n  "name": "g"\n}\n', 3, None),
    "JSON with a misspelt field": ("tool.json", b'{\n  "name": "f",\n  "paramters": {}\n}\n', 3, 3),
    "JSON with NaN": ("tool.json", b'{"name": "f",\n "parameters": {"x": NaN}}\n', 2, None),
    "JSON nested deeply": (
        "tool.json",
        b'{"name": "f",\n "parameters": {"x": ' + DEEP.encode() + b"}}\n",
        None,
        None,
    ),
    "JSON that is a list": ("tool.json", b"[]\n", 1, None),
    "JSON that is empty": ("tool.json", b"", 1, None),
    "JSON with a huge number": (
        "tool.json",
        b'{"name": "f",\n "parameters": {"x": ' + b"9" * 5000 + b"}}\n",
        2,
        None,
    ),
}


@pytest.mark.parametrize("case", INCLUDED.values(), ids=INCLUDED)
def test_an_error_inside_an_included_file_names_that_file(
    remote: ProjectFolder, server: RecordingServer, case: tuple[str, bytes, int | None, int | None]
) -> None:
    name, text, line, column = case
    remote.write(f"assistants/{name}", text)
    remote.write(
        "assistants/one.yaml",
        "model: gpt-4.1\ninstructions: {file: prompt.md}\n"
        if name == "prompt.md"
        else "model: gpt-4.1\ntools:\n- type: function\n  function: {file: tool.json}\n",
    )
    refusal(remote.run("apply", "--yes"), Case(text, line, column=column, file=f"assistants/{name}"))
    assert server.asked == []


# assistctl.yaml

PROJECT_FILES = {
    "misspelt field": ("project: acme\ntagets: {}\n", 2, ("did you mean", "targets")),
    "misspelt field of a target": (
        "project: acme\ntargets:\n  prod: {platform: local, base_ulr: x}\n",
        3,
        ("did you mean", "base_url"),
    ),
    "misspelt platform": (
        "project: acme\ntargets:\n  local: {platform: openai-asistants}\n",
        3,
        ("did you mean", "openai-assistants"),
    ),
    "misspelt safety rule": ("project: acme\nsafety: {max_deletes_percent: 1}\n", 2, ("max_delete_percent",)),
    "safety rule over 100": ("project: acme\nsafety: {max_delete_percent: 130}\n", 2, ("100",)),
    "safety rule a word": ("project: acme\nsafety: {min_existing: many}\n", 2, ("min_existing",)),
    "project of a wrong type": ("project: [acme]\n", 1, ("project",)),
    "default target that is none": (
        "project: acme\ndefault_target: prdo\ntargets: {prod: {platform: local}}\n",
        2,
        ("did you mean", "prod"),
    ),
    "duplicate YAML key": ("project: acme\nproject: other\n", 2, ("project",)),
    "a list": ("- project\n", 1, ()),
    "not UTF-8": (b"project: acme # caf\xe9\n", 1, ("UTF-8",)),
    "a python tag": ("project: !!python/object/apply:os.getcwd []\n", 1, ("python",)),
    "assistants folder out of the project": (
        "project: acme\nassistants: ../elsewhere\n",
        2,
        ("outside the project",),
    ),
    "journal at no address": ("project: acme\njournal: ftp://host/x\n", 2, ("ftp", "s3://")),
    "journal with a password": ("project: acme\njournal: s3://key:pass@bucket/x\n", 2, ("credentials",)),
    "aliases that explode": ("project: acme\n" + BOMB, None, ()),
    "nested deeply": (f"project: {DEEP}\n", 1, ()),
    "a tab": ("project: acme\ntargets:\n\tprod: {}\n", 3, ("tab",)),
}


@pytest.mark.parametrize(("text", "line", "words"), PROJECT_FILES.values(), ids=PROJECT_FILES)
def test_bad_project_file(
    project: ProjectFolder, text: str | bytes, line: int | None, words: tuple[str, ...]
) -> None:
    project.write("assistctl.yaml", text)
    project.manifest("one")
    (project.path.parent / "elsewhere").mkdir()
    before = project.snapshot()
    refusal(project.run("apply", "--yes"), Case(text, line, words, file="assistctl.yaml"))
    assert project.run("validate").code == 1
    assert project.snapshot() == before


def test_project_is_required_to_plan_or_apply_and_not_to_validate(project: ProjectFolder) -> None:
    project.write("assistctl.yaml", "assistants: assistants/\n")
    project.manifest("one")
    assert project.run("validate").code == 0
    for command in (["plan"], ["apply", "--yes"], ["destroy", "--yes"]):
        shown = project.run(*command)
        assert shown.code == 1
        assert "project" in shown.err
        assert "assistctl.yaml" in shown.err


def test_an_empty_project_file_has_no_project(project: ProjectFolder) -> None:
    project.write("assistctl.yaml", "")
    project.manifest("one")
    shown = project.run("plan")
    assert shown.code == 1
    assert "project" in shown.err
