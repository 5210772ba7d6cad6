"""``options`` of a target: a name the platform does not have is an error, with the nearest it has."""

from __future__ import annotations

import pytest

from assistctl.platforms.registry import known_platforms, options_of
from support.projects import ProjectFolder

OWN = ("local", "openai-assistants", "openai-agents", "anthropic-agents", "azure-foundry", "mistral-agents")


@pytest.mark.parametrize("platform", OWN)
@pytest.mark.parametrize("command", [("validate",), ("plan",), ("apply", "--yes"), ("list",), ("gc",)])
def test_a_misspelt_option_is_told_where_it_stands(
    project: ProjectFolder, platform: str, command: tuple[str, ...]
) -> None:
    project.write(
        "assistctl.yaml",
        f"""\
        project: acme
        default_target: it
        targets:
          it:
            platform: {platform}
            options: {{timeout: 3, timout: 3}}
        """,
    )
    project.manifest("desk")
    outcome = project.run(*command, "--format", "json")
    assert outcome.code == 1
    (told,) = (
        diagnostic
        for diagnostic in outcome.json["diagnostics"]
        if diagnostic["severity"] == "error" and "option" in diagnostic["path"]
    )
    assert (told["file"], told["line"], told["column"]) == ("assistctl.yaml", 6, 27)
    assert told["path"] == "targets.it.options.timout"
    assert "Did you mean 'timeout'?" in told["detail"]


def test_validate_looks_at_every_target(project: ProjectFolder) -> None:
    project.write(
        "assistctl.yaml",
        "project: acme\ntargets:\n  local: {}\n  prod: {platform: openai-agents, options: {databse: x}}\n"
        "  plugin: {platform: of-another-package, options: {whatever: 1}}\n",
    )
    project.manifest("desk")
    assert "prod.options.databse" in project.run("validate").out
    assert project.run("plan").code == 0


def test_every_platform_of_ours_states_its_options() -> None:
    assert {name: options_of(name) is not None for name in known_platforms()} == dict.fromkeys(OWN, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("{embeddings_url: 5}", "options.embeddings_url of target 'local' must be a text"),
        ("{embeddings_url: localhost}", "'localhost' is not an http:// or https:// URL"),
        ("{embeddings_url: 'http://127.0.0.1:1/v1', embeddings_model: ''}", "options.embeddings_model of target"),
    ],
)
def test_an_address_of_embeddings_that_cannot_be_used(project: ProjectFolder, options: str, told: str) -> None:
    project.write("assistctl.yaml", f"project: acme\ntargets:\n  local: {{options: {options}}}\n")
    project.manifest("desk")
    outcome = project.run("plan")
    assert outcome.code == 1
    assert told in outcome.err
