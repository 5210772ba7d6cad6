"""How often each command asks a platform for the same: once, unless something may have changed since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.errors import ExitCode
from support.clouds import CLOUDS, Cloud
from support.one_project import parts_of, written
from support.projects import ProjectFolder, applied

# The embedded platform is asked in the command's own process, as openai-assistants is over HTTP.
SERVERS = {name.replace("_", "-"): server for name, server in CLOUDS.items() if name != "local"}
LISTS = tuple(
    f"/{kind}"
    for kind in (
        "assistants",
        "agents",
        "pages",
        "vector_stores",
        "skills",
        "memory_stores",
        "environments",
        "templates",
    )
)
READ_ONLY = (
    ("plan", "--out", "saved.plan"),
    ("drift",),
    ("list",),
    ("output", "--files"),
    ("models",),
    ("gc",),
    ("dump",),
    ("migrate", "--from", "cloud", "--to", "local", "--check"),
)


@pytest.fixture(params=SERVERS)
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cloud]:
    with SERVERS[request.param](tmp_path) as running:
        yield running


@pytest.fixture
def deployed(project: ProjectFolder, cloud: Cloud) -> ProjectFolder:
    """The project with all that the platform has a place for, applied."""
    written(project, cloud, parts_of(cloud.platform))
    applied(project)
    return project


def asked_by(project: ProjectFolder, cloud: Cloud, *args: str, code: int = 0) -> Counter[str]:
    """How often a command, which exits with that code, asked for what."""
    cloud.server.clear()
    outcome = project.run(*args)
    assert outcome.code == code, outcome.out + outcome.err
    return Counter(f"{asked.method} {asked.path}?{asked.query}" for asked in cloud.server.asked)


def repeated(counts: Counter[str]) -> dict[str, int]:
    """What was looked at more than once."""
    return {request: count for request, count in counts.items() if count > 1 and request.startswith("GET ")}


def lists(counts: Counter[str]) -> dict[str, int]:
    """How often each list of all there is was asked for, but for uploads, by the end of its path."""
    paths = {request.partition("?")[0]: count for request, count in counts.items() if request.startswith("GET ")}
    found = {path.rpartition("/")[2]: count for path, count in paths.items() if path.endswith(LISTS)}
    assert found
    return found


def exits(command: tuple[str, ...], platform: str) -> int:
    """What a command exits with: where nothing is kept beside agents there is no garbage, and not all moves."""
    if command[0] == "gc" and platform == "mistral-agents":
        return ExitCode.ERROR
    return ExitCode.PENDING if command[0] == "migrate" and platform != "openai-assistants" else ExitCode.OK


def test_what_only_looks_asks_for_nothing_twice(deployed: ProjectFolder, cloud: Cloud) -> None:
    for command in READ_ONLY:
        counts = asked_by(deployed, cloud, *command, code=exits(command, cloud.platform))
        assert repeated(counts) == {}, command
        assert counts or command[0] == "gc"


def test_what_nobody_declares_is_dumped_with_each_list_asked_for_once(
    deployed: ProjectFolder, cloud: Cloud
) -> None:
    for path in (deployed.path / "assistants").glob("*.yaml"):
        path.unlink()
    counts = asked_by(deployed, cloud, "dump", "--to", "elsewhere")
    assert set(lists(counts).values()) == {1}


def test_an_apply_of_a_saved_plan_that_creates_nothing_lists_once(project: ProjectFolder, cloud: Cloud) -> None:
    texts = written(project, cloud, parts_of(cloud.platform))
    applied(project)
    for path, text in texts.items():
        project.write(path, text.replace("Be brief.", "Be very brief.").replace("Ask first.", "Ask twice."))
    assert project.run("plan", "--out", "saved.plan").code == 0
    # With options of its own, it is planned twice from the same lists.
    counts = asked_by(project, cloud, "apply", "saved.plan", "--allow-deletes", "--yes")
    assert set(lists(counts).values()) == {1}


def test_what_is_created_is_listed_for_the_plan_before_and_after(project: ProjectFolder, cloud: Cloud) -> None:
    written(project, cloud, parts_of(cloud.platform))
    counts = asked_by(project, cloud, "apply", "--yes")
    found = lists(counts)
    # Vector stores are known by the answers to what made them.
    assert found.pop("vector_stores", 1) == 1
    assert set(found.values()) == {3}


def test_a_rollback_lists_before_the_lock_and_for_its_plan(project: ProjectFolder, cloud: Cloud) -> None:
    texts = written(project, cloud, parts_of(cloud.platform))
    applied(project)
    for path, text in texts.items():
        project.write(path, text.replace("Be brief.", "Be very brief.").replace("Ask first.", "Ask twice."))
    applied(project)
    last = project.run("history", "--format", "json").json["applies"][0]["id"]
    counts = asked_by(project, cloud, "rollback", last, "--yes")
    assert set(lists(counts).values()) <= {1, 2}
    # The skill's newest version is looked at with each list, and the one that it goes back to is downloaded once.
    downloads = [count for request, count in counts.items() if "/versions/" in request and "/content" in request]
    assert sorted(downloads) == ([1, 1, 2] if "skills" in lists(counts) else [])
