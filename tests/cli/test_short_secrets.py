"""A short secret, and everything that is written of it: no digest in it can be tried until it fits."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator

import pytest

from assistctl.ownership.canonical import digest
from support.projects import ProjectFolder
from support.server import RecordingServer
from support.stored_objects import StoredObjects

PIN = "7319"
TEXTS = (PIN, f"dial {PIN} first", f"please dial {PIN} first")
SALTS = ("", "instructions", "description", "metadata.pin", "desk", "attributes")
MANIFEST = """\
model: m
description: "${{env:PIN}}"
instructions: {text}
metadata: {{pin: "${{env:PIN}}"}}
tools: [{{type: file_search}}]
files: [{{path: docs/*, attributes: {{pin: "${{env:PIN}}"}}}}]
"""


@pytest.fixture
def desk(remote: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """An assistant with the secret in all kinds of places, applied."""
    monkeypatch.setenv("PIN", PIN)
    remote.write("assistants/docs/one.md", "hello")
    remote.write("assistants/desk.yaml", MANIFEST.format(text="dial ${env:PIN} first"))
    applied = remote.run("apply", "--yes")
    assert applied.code == 0, applied.err
    return remote


def candidates() -> Iterator[str]:
    """Digests of the values as somebody would make them who knows all but the secret."""
    for text in TEXTS:
        for data in (text.encode(), json.dumps(text).encode()):
            hashed = hashlib.sha256(data).digest()
            yield hashed.hex()[:12]
            yield base64.urlsafe_b64encode(hashed).decode()[:6]
        for salt in SALTS:
            yield digest(text, salt=salt, length=6)


def found_in(*written: str) -> list[str]:
    return [candidate for candidate in candidates() for text in written if candidate in text]


def journal_of(project: ProjectFolder) -> str:
    folder = project.path / ".assistctl/journal"
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def test_neither_the_journal_nor_a_saved_plan_has_a_digest_of_it(
    desk: ProjectFolder, stored_objects: StoredObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The candidates are the right ones: whoever reads the assistant finds them there, beside the values.
    [stored] = stored_objects.assistants()
    assert found_in(stored["metadata"]["assistctl_baseline"])
    desk.write("assistants/desk.yaml", MANIFEST.format(text="please dial ${env:PIN} first"))
    assert desk.run("plan", "--out", "change.plan").code == 0
    assert desk.run("apply", "change.plan", "--yes").code == 0
    monkeypatch.setenv("PIN", "2468")
    assert desk.run("apply", "--yes").code == 0
    desk.remove("desk")
    assert desk.run("apply", "--yes", "--allow-deletes").code == 0
    assert found_in(journal_of(desk), (desk.path / "change.plan").read_text()) == []


def test_the_journal_has_no_new_value_with_a_secret_in_it_masked_or_not(desk: ProjectFolder) -> None:
    lines = [json.loads(line) for line in journal_of(desk).splitlines()]
    [values] = [line["values"] for line in lines if line.get("kind") == "assistant"]
    assert values["model"] == "m"
    assert values.keys().isdisjoint({"description", "instructions", "metadata.pin"})


def test_an_old_digest_of_it_in_an_attribute_is_gone_from_its_vector_store(
    desk: ProjectFolder, stored_objects: StoredObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word that all is in is the same with another secret; that this one is another is seen all the same."""
    assert desk.run("plan", "--detailed-exitcode").code == 0
    before = stored_objects.stores()[0]["metadata"]["assistctl_files"]
    monkeypatch.setenv("PIN", "2468")
    assert desk.run("plan", "--detailed-exitcode").code == 2
    assert desk.run("apply", "--yes").code == 0
    [store] = stored_objects.stores()
    assert store["metadata"]["assistctl_files"] == before
    [file] = stored_objects.files_of(store["id"])
    assert file["attributes"]["pin"] == "2468"
    assert desk.run("plan", "--detailed-exitcode").code == 0
    assert desk.run("drift").code == 0


def test_the_password_of_an_address_is_in_no_digest(
    remote: ProjectFolder, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = (remote.path / "assistctl.yaml").read_text()
    with_password = server.url.replace("http://", "http://user:${env:PIN}@")
    remote.write("assistctl.yaml", config.replace(server.url, with_password))
    remote.manifest("desk")
    seen = []
    for pin in (PIN, "2468"):
        monkeypatch.setenv("PIN", pin)
        remote.run("plan", "--out", "a.plan")
        saved = json.loads((remote.path / "a.plan").read_text())
        seen.append(saved["fingerprint"])
    assert seen[0] == seen[1]
    assert re.fullmatch("sha256:[0-9a-f]{64}", seen[0])
