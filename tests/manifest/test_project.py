"""``assistctl.yaml``, ``.env`` and the choice of a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from assistctl.errors import ManifestError, ProjectError
from assistctl.manifest import Project, Safety, Target, load_project
from assistctl.secrets.redaction import mask

PLATFORMS = ("local", "openai-agents", "openai-assistants")
FULL = """\
project: acme
assistants: agents
default_target: staging
targets:
  staging:
    platform: openai-assistants
    base_url: https://${var:region}.example/v1
    api_key: ${env:KEY}
    organization: org_1
    project: proj_1
    variables: {region: eu, version: 1.10, wide: 0x1F, flag: yes, on: true, literal: "$${env:KEY}"}
    options: {default_query: {api-version: v1, sig: "${env:KEY}"}, retries: 3, list: ["${var:region}", null]}
  local: {}
safety: {max_delete_percent: 10, max_update_percent: 50.5, min_existing: 3}
"""

Load = Callable[..., Project]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes files into a folder and loads it as a project."""

    def load(files: Mapping[str, str | bytes] | None = None, **environ: str) -> Project:
        for name, content in (files or {}).items():
            path = tmp_path / name
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_project(tmp_path, environ)

    return load


def test_everything_is_read(load: Load, tmp_path: Path) -> None:
    project = load({"assistctl.yaml": FULL})
    assert (project.name, project.default_target) == ("acme", "staging")
    assert project.directory == tmp_path.resolve()
    assert project.assistants == tmp_path.resolve() / "agents"
    assert project.safety == Safety(10, 50.5, 3)
    staging = project.targets["staging"]
    assert (staging.platform, staging.organization, staging.project) == ("openai-assistants", "org_1", "proj_1")
    assert staging.api_key == "${env:KEY}"
    assert str(staging.position) == "assistctl.yaml:6:5"
    project.require()


def test_variables_keep_the_text_they_are_written_with(load: Load) -> None:
    variables = load({"assistctl.yaml": FULL}).targets["staging"].variables
    assert variables == {
        "region": "eu",
        "version": "1.10",
        "wide": "0x1F",
        "flag": "yes",
        "on": "true",
        "literal": "$${env:KEY}",
    }


def test_a_target_without_platform_is_on_the_one_of_its_name(load: Load) -> None:
    assert load({"assistctl.yaml": FULL}).target("local", {}, PLATFORMS).platform == "local"


def test_defaults(load: Load, tmp_path: Path) -> None:
    project = load({"assistctl.yaml": ""})
    assert (project.name, project.targets, project.safety) == (None, {}, Safety(30, 100, 10))
    assert project.assistants == tmp_path.resolve() / "assistants"


def test_no_project_file(load: Load, tmp_path: Path) -> None:
    project = load()
    assert project.name is None
    with pytest.raises(ProjectError, match=r"there is no assistctl\.yaml in") as raised:
        project.require()
    assert "assistctl init" in raised.value.hint
    assert str(tmp_path) in raised.value.summary


def test_no_project_file_here_but_one_above(load: Load, tmp_path: Path) -> None:
    load({"assistctl.yaml": "project: acme\n"})
    below = tmp_path / "assistants"
    below.mkdir()
    with pytest.raises(ProjectError) as raised:
        load_project(below, {}).require()
    assert f"-C {tmp_path.resolve()}" in raised.value.hint


def test_a_project_without_a_name(load: Load) -> None:
    with pytest.raises(ProjectError, match="does not name the project"):
        load({"assistctl.yaml": "assistants: agents\n"}).require()


def test_the_environment_wins_over_env_file(load: Load) -> None:
    project = load({".env": "# comment\nexport A=file\nB='two words'\nC=\"${A}\"\nD\nE=\n"}, A="process")
    assert project.environment == {"A": "process", "B": "two words", "C": "${A}", "E": ""}
    assert project.diagnostics == ()


def test_a_line_of_env_file_that_is_none(load: Load) -> None:
    project = load({".env": "A=1\nthis is 'no line\nB=2\n"})
    assert [str(diagnostic.position) for diagnostic in project.diagnostics] == [".env:2:1"]
    assert "no line" not in repr(project.diagnostics)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"project: \xff\n", "assistctl.yaml:1:10"),
        (b"\xff\xfep\0", "assistctl.yaml:1:1"),
        (b"project: a\x00b\n", "assistctl.yaml:1:11"),
        ("a: \u2028\n".encode(), "assistctl.yaml:1:4"),
    ],
)
def test_bytes_that_are_no_text(load: Load, content: bytes, place: str) -> None:
    with pytest.raises(ManifestError) as raised:
        load({"assistctl.yaml": content})
    assert [str(diagnostic.position) for diagnostic in raised.value.diagnostics] == [place]


def test_a_byte_order_mark_is_no_matter(load: Load) -> None:
    assert load({"assistctl.yaml": b"\xef\xbb\xbfproject: acme\n"}).name == "acme"


def test_an_env_file_that_is_no_text(load: Load) -> None:
    with pytest.raises(ManifestError) as raised:
        load({".env": b"A=\xff"})
    assert [str(diagnostic.position) for diagnostic in raised.value.diagnostics] == [".env:1:3"]


def test_a_folder_that_leaves_through_a_link(
    load: Load, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (tmp_path / "agents").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(ManifestError) as raised:
        load({"assistctl.yaml": FULL})
    assert [(str(diagnostic.position), diagnostic.path) for diagnostic in raised.value.diagnostics] == [
        ("assistctl.yaml:2:13", "assistants")
    ]


def test_a_project_file_that_is_a_dangling_link(load: Load, tmp_path: Path) -> None:
    (tmp_path / "assistctl.yaml").symlink_to("nowhere")
    with pytest.raises(ManifestError) as raised:
        load()
    assert raised.value.diagnostics[0].summary == "this is a link to nothing"


@pytest.mark.parametrize(
    ("name", "environ", "text", "chosen"),
    [
        ("local", {"ASSISTCTL_TARGET": "staging"}, FULL, "local"),
        (None, {"ASSISTCTL_TARGET": "local"}, FULL, "local"),
        (None, {"ASSISTCTL_TARGET": ""}, FULL, "staging"),
        (None, {}, FULL, "staging"),
        (None, {}, "project: acme", "local"),
        ("openai-agents", {}, "project: acme", "openai-agents"),
    ],
)
def test_which_target(load: Load, name: str | None, environ: dict[str, str], text: str, chosen: str) -> None:
    target = load({"assistctl.yaml": text}, **environ).target(name, {}, PLATFORMS)
    assert target.name == chosen


def test_a_declared_target_wins_over_the_platform_of_its_name(load: Load) -> None:
    project = load({"assistctl.yaml": "targets: {local: {platform: openai-agents}}"})
    assert project.target("local", {}, PLATFORMS).platform == "openai-agents"


@pytest.mark.parametrize(
    ("text", "environ", "name", "said"),
    [
        (FULL, {}, "stagin", ("there is no target 'stagin'", "Did you mean 'staging'?")),
        (
            FULL,
            {"ASSISTCTL_TARGET": "x"},
            None,
            ("there is no target 'x' (from ASSISTCTL_TARGET)", "The targets are: staging, "),
        ),
        (
            "default_target: prod",
            {},
            None,
            ("there is no target 'prod' (default_target at", "No target is declared."),
        ),
        (
            "targets: {p: {platform: openai}}",
            {},
            "p",
            ("assistctl.yaml:1:14: the target 'p' is on", "openai-agents"),
        ),
        ("targets: {prod: {}}", {}, "prod", ("the target 'prod' names no platform", "Add `platform:`")),
    ],
)
def test_no_such_target(
    load: Load, text: str, environ: dict[str, str], name: str | None, said: tuple[str, str]
) -> None:
    with pytest.raises(ProjectError) as raised:
        load({"assistctl.yaml": text}, **environ).target(name, {}, PLATFORMS)
    assert said[0] in str(raised.value)
    assert said[1] in raised.value.hint


def test_strings_of_a_target_are_resolved_and_secrets_masked(load: Load) -> None:
    project = load({"assistctl.yaml": FULL}, KEY="s3cret")
    target = project.target(None, {"region": "us-${env:KEY}"}, PLATFORMS)
    assert project.resolve(target.base_url or "", target) == "https://us-${env:KEY}.example/v1"
    assert project.resolve(target.api_key or "", target, what="api_key") == "s3cret"
    assert mask("s3cret") == "(secret KEY)"


def test_options_are_resolved_all_the_way_down(load: Load) -> None:
    project = load({"assistctl.yaml": FULL}, KEY="s3cret")
    options = project.resolve_options(project.target(None, {}, PLATFORMS))
    query = {"api-version": "v1", "sig": "s3cret"}
    assert options == {"default_query": query, "retries": 3, "list": ["eu", None]}
    assert mask("s3cret") == "(secret KEY)"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("${env:KEY}", "assistctl.yaml:6:5: target 'staging' api_key refers to ${env:KEY}, which is not set"),
        ("${var:zone}", "assistctl.yaml:6:5: target 'staging' api_key refers to ${var:zone}, which is not set"),
    ],
)
def test_what_is_not_set_is_named(load: Load, setting: str, said: str) -> None:
    project = load({"assistctl.yaml": FULL})
    target: Target = project.target(None, {}, PLATFORMS)
    with pytest.raises(ProjectError) as raised:
        project.resolve(setting, target, what="api_key")
    assert str(raised.value) == said
    assert raised.value.hint
