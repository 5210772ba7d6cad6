"""Where the embedded platform's model and embeddings are, told by the project's ``.env``."""

from __future__ import annotations

import pytest

from assistctl.testing.scripted_model import ScriptedModel
from support.projects import ProjectFolder

KEY = "sk-of-the-model"


def test_runs_are_answered_by_the_model_that_the_file_names(project: ProjectFolder) -> None:
    with ScriptedModel() as model:
        model.on(None, f"Hello {KEY}.")
        project.write(".env", f"ASSISTCTL_MODEL_URL={model.url}\nASSISTCTL_MODEL_API_KEY={KEY}\n")
        project.manifest("desk", checks=[{"ask": "Hello?", "expect": {"contains": "Hello"}}])
        assert project.run("apply", "--yes").code == 0
        outcome = project.run("check", "-v")
        assert outcome.code == 0, outcome.out
        assert KEY not in outcome.out
        assert [asked.headers["authorization"] for asked in model.requests] == [f"Bearer {KEY}"]


def test_the_environment_wins(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedModel() as model:
        model.on(None, "Hello.")
        monkeypatch.setenv("ASSISTCTL_MODEL_URL", model.url)
        project.write(".env", "ASSISTCTL_MODEL_URL=http://127.0.0.1:9/v1\n")
        project.manifest("desk", checks=[{"ask": "Hello?"}])
        assert project.run("apply", "--yes").code == 0
        assert project.run("check").code == 0


def test_in_ci_the_file_names_no_model(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedModel() as model:
        model.on(None, "Hello.")
        project.manifest("desk", checks=[{"ask": "Hello?"}])
        assert project.run("apply", "--yes").code == 0
        project.write(".env", f"ASSISTCTL_MODEL_URL={model.url}\n")
        monkeypatch.setenv("CI", "true")
        outcome = project.run("check")
        assert outcome.code == 1
        assert "No model is configured" in outcome.out
        assert model.requests == []


def test_embeddings_are_had_where_the_file_says(project: ProjectFolder) -> None:
    project.write(".env", "ASSISTCTL_EMBEDDINGS_URL=ftp://127.0.0.1/v1\n")
    outcome = project.run("list")
    assert outcome.code == 1
    assert (
        "The embeddings' address '(secret ASSISTCTL_EMBEDDINGS_URL)' is not an http:// or https:// URL"
        in outcome.err
    )
