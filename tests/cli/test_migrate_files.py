"""migrate: files that can be had from where an assistant is go along, with what was set on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from assistctl.local.app import create_app
from support.dashboard import Dashboard
from support.managed_agents import ManagedAgents
from support.projects import ProjectFolder
from support.server import Answer, RecordingServer, serving

HEADERS = {"OpenAI-Beta": "assistants=v2"}
EXPIRES = {"anchor": "last_active_at", "days": 30}
CHUNKING = {"type": "static", "static": {"max_chunk_size_tokens": 1200, "chunk_overlap_tokens": 200}}


@pytest.fixture
def clouds(project: ProjectFolder, server: RecordingServer, tmp_path: Path) -> Iterator[ProjectFolder]:
    with serving(create_app(tmp_path / "new.db")) as new, serving(ManagedAgents().app()) as managed:
        project.write(
            "assistctl.yaml",
            f"""\
            project: acme
            targets:
              old: {{platform: openai-assistants, base_url: "{server.url}", api_key: k}}
              new: {{platform: openai-assistants, base_url: "{new.url}", api_key: k}}
              managed: {{platform: anthropic-agents, base_url: "{managed.url.removesuffix("/v1")}", api_key: k}}
            """,
        )
        yield project


def upload(server: RecordingServer, name: str, data: bytes, purpose: str = "assistants") -> str:
    made = httpx2.post(f"{server.url}/files", data={"purpose": purpose}, files={"file": (name, data)})
    identity: str = made.json()["id"]
    return identity


def searcher(server: RecordingServer, *names: str, **tools: Any) -> None:
    """An assistant that searches a vector store with a page of each name."""
    store = httpx2.post(
        f"{server.url}/vector_stores",
        json={"name": "Handbook", "expires_after": EXPIRES, "metadata": {"team": "support"}},
        headers=HEADERS,
    ).json()["id"]
    for name in names:
        body = {"attributes": {"lang": "de"}, "chunking_strategy": CHUNKING}
        identity = upload(server, name, f"# Page {name}\n".encode())
        httpx2.post(
            f"{server.url}/vector_stores/{store}/files", json={"file_id": identity, **body}, headers=HEADERS
        )
    person = Dashboard(server.url)
    resources = {"file_search": {"vector_store_ids": [store]}, **tools}
    kinds = [{"type": kind} for kind in resources]
    person.create(name="Librarian", model="gpt-6-luna", tools=kinds, tool_resources=resources)
    person.close()


def moved(project: ProjectFolder, to: str, *args: str) -> dict[str, Any]:
    shown = project.run("migrate", "--from", "old", "--to", to, "--format", "json", *args)
    assert shown.code in (0, 2), shown.err
    (assistant,) = shown.json["assistants"]
    return {"files": assistant["files"], **{field["path"]: field for field in assistant["fields"]}}


def test_what_a_vector_store_has_goes_along(clouds: ProjectFolder, server: RecordingServer) -> None:
    searcher(server, "page.md", "sheet.csv")
    found = moved(clouds, "new")
    assert {fate["outcome"] for path, fate in found.items() if path != "files"} == {"carried", "mapped"}
    note = found["tool_resources.file_search.vector_store_ids"]["note"]
    assert "files/librarian/" in note
    assert "sheet.csv.txt" in note
    written = yaml.safe_load((clouds.path / "assistants/librarian.yaml").read_text())
    assert written["files"] == [
        {"path": f"files/librarian/{name}", "tool": "file_search", "attributes": {"lang": "de"}}
        for name in ("page.md", "sheet.csv.txt")
    ]
    assert written["vector_store"] == {
        "expires_after": EXPIRES,
        "metadata": {"team": "support"},
        "chunking_strategy": CHUNKING,
    }
    assert (clouds.path / "assistants/files/librarian/page.md").read_text().strip() == "# Page page.md"
    done = clouds.run("apply", "--target", "new", "--yes")
    assert done.code == 0, done.out + done.err
    assert clouds.run("plan", "--target", "new", "--detailed-exitcode").code == 0


def test_uploads_that_may_be_downloaded_are_the_same_bytes(clouds: ProjectFolder, server: RecordingServer) -> None:
    data = bytes(range(256))
    names = ["../../.env", "a b.bin", "a b.bin", "données [1].csv"]
    ids = [upload(server, name, data, "user_data") for name in names]
    person = Dashboard(server.url)
    person.create(
        name="Desk",
        model="gpt-6-luna",
        tools=[{"type": "code_interpreter"}],
        tool_resources={"code_interpreter": {"file_ids": ids}},
    )
    person.close()
    found = moved(clouds, "new")
    paths = [name for name in found["files"] if name.startswith("files/")]
    assert len(paths) == len(names)
    assert all((clouds.path / "assistants" / path).read_bytes() == data for path in paths)
    assert not any(".." in path or "/." in path for path in paths)
    assert {"files/desk/env", "files/desk/a b.bin", "files/desk/données _1_.csv"} <= {*paths}
    assert clouds.run("validate").code == 0


@pytest.mark.parametrize(
    ("name", "data"), [("store.p12", b"\x30\x82"), ("notes.txt", b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n")]
)
def test_a_private_key_stays_where_it_is(
    clouds: ProjectFolder, server: RecordingServer, name: str, data: bytes
) -> None:
    """No manifest may name it, and it would be in git."""
    resources = {"code_interpreter": {"file_ids": [upload(server, name, data, "user_data")]}}
    person = Dashboard(server.url)
    person.create(name="Desk", model="m", tools=[{"type": "code_interpreter"}], tool_resources=resources)
    person.close()
    shown = clouds.run("migrate", "--from", "old", "--to", "new", "--format", "json").json
    assert f"private keys are not taken along: {name}" in [
        diagnostic["summary"] for diagnostic in shown["diagnostics"]
    ]
    assert shown["assistants"][0]["files"] == ["desk.yaml"]
    assert clouds.run("validate").code == 0


def test_where_one_is_missing_none_is_taken(clouds: ProjectFolder, server: RecordingServer) -> None:
    searcher(server, "page.md", "other.md")
    refused: list[str] = []

    def fault(asked: Any) -> Answer | None:
        is_first = asked.path.endswith("/content") and (not refused or refused[0] in asked.path)
        if is_first:
            refused.append(next(part for part in asked.path.split("/") if part.startswith("file-")))
        return Answer(404) if is_first else None

    server.fault = fault
    found = moved(clouds, "new", "--check")
    assert found["tool_resources.file_search.vector_store_ids"]["outcome"] == "lost"
    assert found["files"] == ["librarian.yaml"]


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("/v1/vector_stores", Answer(503)),
        ("/v1/files", Answer(409)),
        ("/v1/files/", Answer(hangs_up=True)),
        ("/content", Answer(500)),
    ],
)
def test_what_may_be_read_another_time_stops_it_before_anything_is_written(
    clouds: ProjectFolder, server: RecordingServer, part: str, fault: Answer
) -> None:
    """An assistant that is declared without its files would be left alone by the next migration."""
    searcher(
        server, "page.md", code_interpreter={"file_ids": [upload(server, "prices.csv", b"sku,price", "user_data")]}
    )
    before = clouds.snapshot()
    server.fault = lambda asked: fault if part in asked.path else None
    failed = clouds.run("migrate", "--from", "old", "--to", "new")
    assert failed.code == 1, failed
    assert "not all that belongs to the assistants could be read" in failed.err
    assert "Nothing was written; try again." in failed.err
    assert clouds.snapshot() == before
    server.reset()
    found = moved(clouds, "new")
    assert sorted(found["files"]) == ["files/librarian/page.md", "files/librarian/prices.csv", "librarian.yaml"]
    assert "lost" not in {fate["outcome"] for path, fate in found.items() if path != "files"}


def test_check_writes_none(clouds: ProjectFolder, server: RecordingServer) -> None:
    searcher(server, "page.md")
    before = clouds.snapshot()
    assert "files/librarian/page.md" in moved(clouds, "new", "--check")["files"]
    assert clouds.snapshot() == before


def test_knowledge_that_a_platform_keeps_with_no_agent_can_be_a_skill(
    clouds: ProjectFolder, server: RecordingServer
) -> None:
    searcher(server, "page.md")
    found = moved(clouds, "managed", "--check")
    fate = found["tool_resources.file_search.vector_store_ids"]
    assert fate["outcome"] == "lost"
    assert "can become a skill" in fate["note"]
    assert found["files"] == ["librarian.yaml"]


def test_more_than_is_held_in_memory_is_not_downloaded(
    clouds: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistctl.operations.migration_library.MOST", 5)
    searcher(server, "page.md")
    shown = clouds.run("migrate", "--from", "old", "--to", "new", "--check", "--format", "json")
    assert shown.code == 2
    assert any("were not downloaded" in diagnostic["summary"] for diagnostic in shown.json["diagnostics"])
    assert not any(asked.path.endswith("/content") for asked in server.asked)
