"""Environments and memory stores that manifests name by key, offline: each mistake at its place."""

from __future__ import annotations

from typing import Any

import pytest

from support.projects import ProjectFolder

ERROR, INFO = "error", "info"


@pytest.fixture
def shop(project: ProjectFolder) -> ProjectFolder:
    """A project with an environment, a memory store and an assistant that names both."""
    project.write(
        "assistctl.yaml",
        """\
        project: acme
        targets:
          cloud: {platform: anthropic-agents, api_key: k}
          plain: {platform: local}
        """,
    )
    project.write("assistants/analysis.yaml", "kind: environment\npackages: {python: [pandas]}\n")
    project.write("assistants/customers.yaml", "kind: memory_store\n")
    desk(project)
    return project


def desk(project: ProjectFolder, more: str = "") -> None:
    """The assistant, and ``more`` of its manifest."""
    text = f"model: claude-opus-5-5\nenvironment: analysis\nmemory_stores:\n  - customers\n{more}"
    project.write("assistants/desk.yaml", text)


def told(project: ProjectFolder, *args: str) -> list[tuple[Any, ...]]:
    """What ``validate`` says: file, line, column, severity, path, summary and advice."""
    found = project.run("validate", "--format", "json", *args).json["diagnostics"]
    fields = ("file", "line", "column", "severity", "path", "summary", "detail")
    return [tuple(diagnostic[field] for field in fields) for diagnostic in found]


def test_all_is_well(shop: ProjectFolder) -> None:
    assert told(shop) == []
    said = told(shop, "-t", "cloud")
    assert [diagnostic[3:5] for diagnostic in said] == [(INFO, "environment"), (INFO, "memory_stores[0]")]


def test_a_key_that_nothing_declares(shop: ProjectFolder) -> None:
    desk(shop, "  - {memory_store: custommers, access: read_only}\n")
    summary = "no document declares a memory store with the key 'custommers'"
    place = ("assistants/desk.yaml", 5, 20)
    assert told(shop) == [(*place, ERROR, "memory_stores[1]", summary, "Did you mean 'customers'?")]


def test_a_key_of_another_kind(shop: ProjectFolder) -> None:
    desk(shop, "  - analysis\n")
    summary = "no document declares a memory store with the key 'analysis'"
    place = ("assistants/desk.yaml", 5, 5)
    assert told(shop) == [(*place, ERROR, "memory_stores[1]", summary, "There is an environment with this key.")]


def test_a_key_that_two_kinds_have(shop: ProjectFolder) -> None:
    shop.write("assistants/more.yaml", "kind: environment\nkey: customers\n")
    found = told(shop)
    assert [diagnostic[3:5] for diagnostic in found] == [(ERROR, "key")]
    assert found[0][5].startswith("the key 'customers' is declared twice")


@pytest.mark.parametrize(
    ("text", "place", "path"),
    [
        ("kind: environment\nnetwork: {access: restricted, acces: a}\n", (2, 31), "network.acces"),
        ("kind: environment\nnetwork: {access: open}\n", (2, 19), "network.access"),
        (
            "kind: environment\nnetwork: {access: enabled, allowed_domains: [a]}\n",
            (2, 28),
            "network.allowed_domains",
        ),
        ("kind: environment\npackages: {pip: [pandas]}\n", (2, 12), "packages.pip"),
        (
            "kind: environment\nplatforms: {anthropic-agents: {typ: cloud}}\n",
            (2, 32),
            "platforms.anthropic-agents.typ",
        ),
        ("kind: environment\nskills: [refunds]\n", (2, 10), "skills[0]"),
        ("kind: memory_store\nmemories: [a]\n", (2, 1), "memories"),
    ],
)
def test_what_a_document_may_not_say(shop: ProjectFolder, text: str, place: tuple[int, int], path: str) -> None:
    shop.write("assistants/odd.yaml", text)
    errors = [diagnostic for diagnostic in told(shop) if diagnostic[3] == ERROR]
    assert [(error[0], error[1:3], error[4]) for error in errors] == [("assistants/odd.yaml", place, path)]


def test_a_platform_without_such_things_says_so(shop: ProjectFolder) -> None:
    errors = [diagnostic for diagnostic in told(shop, "-t", "plain") if diagnostic[3] == ERROR]
    assert [(error[0], error[5]) for error in errors] == [
        ("assistants/analysis.yaml", "local has no environments"),
        ("assistants/customers.yaml", "local has no memory stores"),
        ("assistants/desk.yaml", "local cannot express environment"),
        ("assistants/desk.yaml", "local cannot express memory_stores[0]"),
    ]
    assert shop.run("apply", "--yes", "-t", "plain").code == 1


def test_what_cannot_be_expressed_is_told_offline(shop: ProjectFolder) -> None:
    text = "kind: environment\nnetwork: {access: disabled}\npackages: {python: [pandas]}\nenv: {A: b}\n"
    shop.write("assistants/analysis.yaml", text)
    errors = [
        (diagnostic[1], diagnostic[4], diagnostic[5])
        for diagnostic in told(shop, "-t", "cloud")
        if diagnostic[3] == ERROR
    ]
    assert errors == [
        (3, "packages", "anthropic-agents cannot install packages without a network"),
        (4, "env", "anthropic-agents cannot express env"),
    ]


def test_a_memory_store_that_nobody_uses(shop: ProjectFolder) -> None:
    shop.manifest("desk", environment="analysis")
    assert [diagnostic[3:6] for diagnostic in told(shop)] == [(INFO, "", "nothing uses this memory store")]


def test_a_skill_is_used_by_an_assistant_or_by_an_environment(shop: ProjectFolder) -> None:
    shop.write("assistants/refunds/SKILL.md", "---\nname: refunds\ndescription: How money goes back.\n---\nAsk.\n")
    shop.write("assistants/refunds.yaml", "kind: skill\nfolder: refunds\n")
    [(*_, severity, _, summary, advice)] = told(shop)
    assert (severity, summary) == (INFO, "nothing uses this skill")
    assert advice == "An assistant, or on openai-agents an environment, does when it says `skills: [refunds]`."
    shop.write("assistants/analysis.yaml", "kind: environment\nskills: [refunds]\n")
    assert told(shop) == []
