"""One set of manifests, several targets: variables, overrides, and accounts that are shared."""

from __future__ import annotations

import pytest

from support.projects import ProjectFolder

TARGETS = """\
project: acme
default_target: staging
targets:
  staging:
    platform: local
    options: {database: shared.db}
    variables: {model: gpt-4.1-mini}
    overrides:
      desk: {temperature: 0, metadata: {stage: staging}}
  prod:
    platform: local
    options: {database: shared.db}
    variables: {model: gpt-4.1}
"""


@pytest.fixture
def two_targets(project: ProjectFolder) -> ProjectFolder:
    """Staging and prod in one account."""
    project.write("assistctl.yaml", TARGETS)
    project.write(
        "assistants/desk.yaml",
        "model: ${var:model}\ntemperature: 0.7\nmetadata: {team: support}\ninstructions: Be brief.\n",
    )
    return project


def created(project: ProjectFolder, target: str) -> dict[str, object]:
    change = project.run("plan", "-t", target, "--format", "json").json["changes"][0]
    return {diff["path"]: diff["new"] for diff in change["diffs"]}


def test_variables_and_overrides_make_the_difference(two_targets: ProjectFolder) -> None:
    staging, prod = created(two_targets, "staging"), created(two_targets, "prod")
    assert staging["instructions"] == prod["instructions"]
    assert (staging["model"], prod["model"]) == ("gpt-4.1-mini", "gpt-4.1")
    assert (staging["temperature"], prod["temperature"]) == (0, 0.7)
    assert (staging["metadata.stage"], staging["metadata.team"]) == ("staging", "support")
    assert "metadata.stage" not in prod


def test_targets_in_one_account_never_touch_each_other(two_targets: ProjectFolder) -> None:
    assert two_targets.run("apply", "--yes", "-t", "staging").code == 0
    assert two_targets.run("apply", "--yes", "-t", "prod").code == 0
    for target in ("staging", "prod"):
        assert two_targets.run("plan", "--detailed-exitcode", "-t", target).code == 0
    assert two_targets.run("destroy", "--yes", "-t", "staging").code == 0
    assert two_targets.run("plan", "--detailed-exitcode", "-t", "prod").code == 0
    assert two_targets.run("output", "-t", "staging").json == {}


@pytest.mark.parametrize(
    "command", [("plan", "-t", "live"), ("validate", "-t", "live"), ("init", "--staging", "live")]
)
def test_an_unknown_target_is_told_of_the_projects_own_and_of_platforms_apart(
    two_targets: ProjectFolder, command: tuple[str, ...]
) -> None:
    shown = two_targets.run(*command)
    assert shown.code == 1
    summary, hint = (line.strip() for line in shown.err.splitlines())
    assert summary == "error: there is no target 'live'"
    own, _, platforms = hint.partition(" A platform can be named too: ")
    assert own == "The targets are: staging, prod. To add it, declare it under `targets:` in assistctl.yaml."
    assert {"local", "openai-agents"} <= {*platforms.removesuffix(".").split(", ")}


@pytest.mark.parametrize(
    ("override", "position", "words"),
    [
        ("desk: {temprature: 0}", "assistctl.yaml:6:24", "did you mean 'temperature'?"),
        ("desk: {temperature: 3}", "assistctl.yaml:6:37", "temperature"),
        ("dsk: {temperature: 0}", "assistctl.yaml:6:22", "did you mean 'desk'?"),
        ("desk: {key: other}", "assistctl.yaml:6", "belong into the manifest"),
    ],
)
def test_a_wrong_override_is_told_where_it_stands(
    two_targets: ProjectFolder, override: str, position: str, words: str
) -> None:
    two_targets.write(
        "assistctl.yaml",
        f"""\
        project: acme
        default_target: local
        targets:
          local:
            platform: local
            overrides: {{{override}}}
            variables: {{model: gpt-4.1}}
        """,
    )
    shown = two_targets.run("plan")
    assert shown.code == 1
    assert position in shown.err
    assert words in shown.err.lower()
