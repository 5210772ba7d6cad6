"""What is never read, by no way into a manifest: not shown, not deployed, and said where it stands."""

from __future__ import annotations

import json
from collections.abc import Collection

import pytest

from support.projects import Outcome, ProjectFolder
from support.server import RecordingServer

SECRET = "do-not-deploy-this"
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----\n"
HELD = json.dumps({"name": "f", "description": SECRET})
PRIVATE = {
    ".env": f"OTHER={SECRET}\n",
    ".env.example": SECRET,
    ".envrc": SECRET,
    ".ENV": SECRET,
    "sub/.env.d/values": SECRET,
    ".git/config": SECRET,
    ".Git/config": SECRET,
    "sub/.git/hooks/x": SECRET,
    ".assistctl/notes": SECRET,
    ".g\u200cit/config": SECRET,
    ".env ": SECRET,
    "id_rsa": SECRET,
    "keys/ID_ED25519": SECRET,
    "keys/store.p12": SECRET,
    "keys/server.pem": KEY,
    "keys/server.KEY": f"x\n{KEY}",
    "keys/pgp.txt": f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{SECRET}\n",
    "keys/notes.md": f"Read on.\n\n    {KEY}",
    "keys/large.txt": "x" * (1024 * 1024 - 16) + KEY,
}
BY_CONTENT = frozenset(name for name, text in PRIVATE.items() if "PRIVATE KEY" in text)
# Of what is uploaded the content is looked at once no name is wrong any more.
UNSUSPICIOUS = frozenset(name for name in BY_CONTENT if name.endswith((".txt", ".md")))
NAMES = pytest.mark.parametrize("names", [PRIVATE.keys() - UNSUSPICIOUS, UNSUSPICIOUS], ids=["name", "content"])


@pytest.fixture
def private(remote: ProjectFolder) -> ProjectFolder:
    """A project with all that is never read, and one file that is."""
    for name, text in PRIVATE.items():
        remote.write(name, text.encode())
    remote.write("docs/guide.md", "Public.\n")
    return remote


def refused(project: ProjectFolder, server: RecordingServer, *, about: str) -> None:
    """``plan`` and ``apply`` say it of every manifest, with its place; nothing of it is sent or shown."""
    checked = project.run("validate")
    assert SECRET not in checked.out + checked.err
    manifests = [f"assistants/{path.name}" for path in project.path.glob("assistants/*.yaml")]
    for command in (["plan"], ["plan", "--format", "json"], ["apply", "--yes"]):
        done = project.run(*command)
        assert done.code == 1, done.out
        assert SECRET not in done.out + done.err
        if "json" in command:
            found = [diagnostic for diagnostic in done.json["diagnostics"] if diagnostic["severity"] == "error"]
            assert [error["summary"] for error in found if "never read" not in error["summary"]] == []
            assert [error["detail"] for error in found if "another file" not in error["detail"]] == []
            places = sorted((error["file"], error["line"], error["path"]) for error in found)
            assert places == sorted((manifest, 1, about) for manifest in manifests)
    assert SECRET not in str(server.asked)
    assert not server.mutations


def test_instructions(private: ProjectFolder, server: RecordingServer) -> None:
    for number, name in enumerate(PRIVATE):
        private.manifest(f"one-{number}", instructions={"file": f"../{name}"})
    refused(private, server, about="instructions.file")


def test_a_function(private: ProjectFolder, server: RecordingServer) -> None:
    for number, name in enumerate(PRIVATE):
        private.write(name, (f"{KEY if name in BY_CONTENT else ''}{HELD}").encode())
        private.manifest(f"one-{number}", tools=[{"type": "function", "function": {"file": f"../{name}"}}])
    refused(private, server, about="tools[0].function.file")


@NAMES
@pytest.mark.parametrize("tool", ["file_search", "code_interpreter"])
def test_files(private: ProjectFolder, server: RecordingServer, tool: str, names: Collection[str]) -> None:
    for number, name in enumerate(names):
        private.manifest(f"one-{number}", tools=[{"type": tool}], files=[f"../{name}"])
    refused(private, server, about="files[0]")


@NAMES
def test_documents_of_a_vector_store(
    private: ProjectFolder, server: RecordingServer, names: Collection[str]
) -> None:
    for number, name in enumerate(names):
        store = {"kind": "vector_store", "key": f"one-{number}", "files": [f"../{name}"]}
        private.write(f"assistants/one-{number}.yaml", json.dumps(store))
    refused(private, server, about="files[0]")


ROUNDABOUT = (
    "../docs/../.git/config",
    "./../.git/../.git/config",
    ".././.git//config",
    "../link",
    "../linked-folder/config",
    "../first",
    "{root}/.git/config",
)


@pytest.mark.parametrize("files", [False, True])
def test_roundabout_ways(private: ProjectFolder, server: RecordingServer, files: bool) -> None:
    (private.path / "link").symlink_to(".git/config")
    (private.path / "linked-folder").symlink_to(".git")
    (private.path / "first").symlink_to("second")
    (private.path / "second").symlink_to(private.path / ".env")
    for number, path in enumerate(way.format(root=private.path) for way in ROUNDABOUT):
        if files:
            private.manifest(f"one-{number}", tools=[{"type": "file_search"}], files=[path])
        else:
            private.manifest(f"one-{number}", instructions={"file": path})
    refused(private, server, about="files[0]" if files else "instructions.file")


def test_through_variables(private: ProjectFolder) -> None:
    private.manifest("one", instructions={"file": "../${var:which}"})
    for done in (
        private.run("plan", "--var", "which=.env"),
        private.run("validate", "--var", "which=.git/config"),
    ):
        assert done.code == 1
        assert "never read" in done.err + done.out
        assert SECRET not in done.out + done.err


def test_a_pattern_leaves_it_out(private: ProjectFolder, server: RecordingServer) -> None:
    for pattern in ("../**/*.md", "../.git/**", "../.assistctl/*", "../sub/.env.d/*", "../*/.git/hooks/*"):
        private.manifest("one", tools=[{"type": "file_search"}], files=["../docs/*", pattern])
        done = private.run("apply", "--yes")
        assert SECRET not in done.out + done.err
        assert done.code == (0 if pattern == "../**/*.md" else 1), (pattern, done.err)
        assert SECRET not in str([asked.body for asked in server.asked])
        assert "Public." in str([asked.body for asked in server.mutations])


def test_what_a_pattern_leaves_out_because_of_its_content_is_told(private: ProjectFolder) -> None:
    private.manifest("one", tools=[{"type": "file_search"}], files=["../keys/*", "../docs/*"])
    found = private.run("plan", "--format", "json").json["diagnostics"]
    told = {diagnostic["summary"] for diagnostic in found if "left out" in diagnostic["summary"]}
    names = {"keys/pgp.txt", "keys/notes.md", "keys/large.txt"}
    assert told == {f"{name} is left out: it holds a private key" for name in names}


def test_a_manifest(private: ProjectFolder) -> None:
    (private.path / "assistants/one.yaml").symlink_to("../.git/config")
    for command in (["plan"], ["validate"], ["validate", ".env"], ["validate", ".git/config"]):
        done: Outcome = private.run(*command)
        assert done.code == 1
        assert "never read" in done.out + done.err
        assert SECRET not in done.out + done.err


def test_an_export(private: ProjectFolder) -> None:
    export = json.dumps({"id": "asst_1", "object": "assistant", "model": "m", "instructions": SECRET})
    (private.path / "linked").symlink_to(".git/config")
    for name in (*sorted(PRIVATE.keys() - BY_CONTENT), "linked"):
        private.write(name if name != "linked" else ".git/config", export)
        for place in (f"./{name}", private.path / name):
            done = private.run("migrate", "--from", place, "--to", "prod")
            assert done.code == 1, name
            assert "never read" in done.err, name
            assert SECRET not in done.out + done.err
            assert not list(private.path.glob("assistants/*"))


def test_a_folder_of_exports(private: ProjectFolder) -> None:
    export = {"id": "asst_1", "object": "assistant", "model": "m", "name": "Good"}
    private.write("exported/good.json", json.dumps(export))
    private.write(".git/a.json", json.dumps({**export, "id": "asst_2", "instructions": SECRET}))
    (private.path / "exported/bad.json").symlink_to("../.git/a.json")
    done = private.run("migrate", "--from", "exported", "--to", "prod", "--format", "json")
    assert done.code == 1
    assert "never read" in done.err
    (private.path / "exported/bad.json").unlink()
    assert private.run("migrate", "--from", "exported", "--to", "prod").code == 0


def test_what_only_looks_like_it_is_read(remote: ProjectFolder) -> None:
    for number, name in enumerate(LOOK_ALIKES):
        remote.write(name, "-----BEGIN CERTIFICATE-----\nPRIVATE KEY of nobody\n")
        remote.manifest(f"file-{number}", tools=[{"type": "file_search"}], files=[f"../{name}"])
        remote.manifest(f"text-{number}", instructions={"file": f"../{name}"})
    planned = remote.run("plan", "--format", "json")
    assert planned.code == 0, planned.out
    files = {change["key"] for change in planned.json["changes"] if change["kind"] == "file"}
    assert files == set(LOOK_ALIKES)


LOOK_ALIKES = (
    "environment",
    "git/config",
    "docs/.hidden",
    "id_rsa.pub",
    "keys/server.crt.pem",
    ".github/x.md",
    ".gitignore",
)
