"""Where CI is set: the embedded platform and empty secrets are named."""

from __future__ import annotations

import pytest

from support.projects import ProjectFolder


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_the_embedded_platform_is_named_in_ci(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    project.manifest("one", model="gpt-6-luna")
    assert "embedded platform" not in project.run("plan").err + project.run("plan").out
    monkeypatch.setenv("CI", "true")
    shown = project.run(*command)
    assert "target 'local' is the embedded platform" in shown.out + shown.err
    (warning,) = project.run("plan", "--format", "json").json["diagnostics"]
    assert warning["severity"] == "warning"
    assert "ASSISTCTL_TARGET" in warning["detail"]


def test_another_platform_is_not(remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    remote.manifest("one", model="gpt-6-luna")
    assert remote.run("plan", "--format", "json").json["diagnostics"] == []


@pytest.mark.parametrize(
    ("platform", "name", "extra"),
    [
        ("openai-assistants", "KEY", ', base_url: "https://a.invalid/v1", api_key: "${env:KEY}"'),
        ("openai-agents", "OPENAI_API_KEY", ""),
        ("anthropic-agents", "ANTHROPIC_API_KEY", ""),
        ("mistral-agents", "MISTRAL_API_KEY", ""),
    ],
)
def test_an_empty_secret_is_named(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch, platform: str, name: str, extra: str
) -> None:
    project.write("assistctl.yaml", f"project: acme\ntargets: {{prod: {{platform: {platform}{extra}}}}}\n")
    project.manifest("one", model="gpt-6-luna")
    monkeypatch.setenv(name, "")
    shown = project.run("plan", "-t", "prod")
    assert shown.code == 1
    assert f"{name} is set, but empty" in shown.err
