"""Which files ``files:`` takes in, and what is said of those that no platform takes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.checkout.untrusted_files import UnusableFileError
from assistctl.manifest.files.found_file import MAX_NAME, MAX_SIZE, find
from assistctl.model.source_file import Identity
from support.manifest_folder import ManifestFolder, paths

TREE = (
    *("guide.md", "b.txt", "a/one.md", "a/two.md", "a/deep/three.md", "a/deep/four.txt", "a[1].md", "a1.md"),
    *(".hidden.md", ".cached/x.md", ".git/config.md", ".assistctl/log.md", "a/.env.md", "a/.cache/x.md"),
)


@pytest.fixture
def docs(manifests: ManifestFolder) -> ManifestFolder:
    """A project with a tree of files in ``docs``."""
    for name in TREE:
        manifests.write(f"docs/{name}", f"text of {name}")
    return manifests


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("guide.md", ["guide.md"]),
        ("./a/../guide.md", ["guide.md"]),
        ("*.md", ["a1.md", "a[1].md", "guide.md"]),
        ("?.txt", ["b.txt"]),
        ("[!a]*", ["b.txt", "guide.md"]),
        (
            "**",
            [
                "a/deep/four.txt",
                "a/deep/three.md",
                "a/one.md",
                "a/two.md",
                "a1.md",
                "a[1].md",
                "b.txt",
                "guide.md",
            ],
        ),
        ("**/*.md", ["a/deep/three.md", "a/one.md", "a/two.md", "a1.md", "a[1].md", "guide.md"]),
        ("**/**/deep/**", ["a/deep/four.txt", "a/deep/three.md"]),
        ("a/**/t*.md", ["a/deep/three.md", "a/two.md"]),
        ("*/*.md", ["a/one.md", "a/two.md"]),
        ("*/deep/three.md", ["a/deep/three.md"]),
        (".cached/*", [".cached/x.md"]),
        ("*/.cache/*", ["a/.cache/x.md"]),
        (".hidden.md", [".hidden.md"]),
        ("a[1].md", ["a[1].md"]),
        ("a[12].md", ["a1.md"]),
        ("a[[]1].md", ["a[1].md"]),
    ],
)
def test_patterns(docs: ManifestFolder, pattern: str, found: list[str]) -> None:
    docs.assistant("a", f"../docs/{pattern}")
    assert paths(docs.store()) == [f"docs/{name}" for name in found]


def test_what_is_known_of_a_file(docs: ManifestFolder) -> None:
    docs.assistant("a", {"path": "../docs/a/one.md", "attributes": {"year": 2026, "draft": False, "by": "é"}})
    (entry,) = docs.store().files
    content = b"text of a/one.md"
    assert entry.attributes == {"year": 2026, "draft": False, "by": "é"}
    assert entry.source.path == "docs/a/one.md"
    assert entry.source.identity == Identity(hashlib.sha256(content).hexdigest(), "one.md")
    assert entry.source.size == len(content)
    assert entry.source.location.read_bytes() == content
    assert str(entry.position).startswith("assistants/a.yaml:1:")


def test_files_for_the_code_interpreter(docs: ManifestFolder) -> None:
    docs.assistant("a", "../docs/a/*.md", tools=[{"type": "code_interpreter"}])
    assistant = docs.one()
    assert [source.path for source in assistant.interpreter_files] == ["docs/a/one.md", "docs/a/two.md"]
    assert (assistant.store, docs.load().stores) == (None, ())
    assert "files" not in assistant.fields


def test_files_for_both_tools(docs: ManifestFolder) -> None:
    docs.assistant(
        "a",
        {"path": "../docs/b.txt", "tool": "code_interpreter"},
        {"path": "../docs/*.md", "tool": "file_search"},
        {"path": "../docs/b.txt", "tool": "file_search"},
        tools=[{"type": "code_interpreter"}, {"type": "file_search"}],
    )
    assistant = docs.one()
    assert [source.path for source in assistant.interpreter_files] == ["docs/b.txt"]
    assert assistant.store == "a"
    assert paths(docs.store()) == ["docs/a1.md", "docs/a[1].md", "docs/b.txt", "docs/guide.md"]


def test_nothing_is_read_unless_asked(docs: ManifestFolder) -> None:
    docs.assistant("a", "../docs/**", "../docs/missing.md")
    assert docs.said(read=False) == ["docs/missing.md: there is no such file"]
    docs.assistant("a", "../docs/**")
    loaded = docs.load(read=False)
    assert loaded.diagnostics == ()
    assert [(store.key, store.files) for store in loaded.stores] == [("a", ())]


def test_a_reference_in_a_path(docs: ManifestFolder) -> None:
    docs.write("assistctl.yaml", "project: acme\ntargets: {local: {variables: {folder: a}}}\n")
    docs.assistant("a", "../docs/${var:folder}/*.md")
    assert paths(docs.store()) == ["docs/a/one.md", "docs/a/two.md"]
    docs.assistant("a", "../docs/${var:other}/*.md")
    loaded = docs.load(read=False, lenient=True)
    assert [message.severity for message in loaded.diagnostics] == ["warning"]


def test_overrides_of_a_target_replace_the_files(docs: ManifestFolder) -> None:
    docs.write("assistctl.yaml", "project: acme\ntargets: {local: {overrides: {a: {files: [../docs/b.txt]}}}}\n")
    docs.assistant("a", "../docs/*.md")
    assert paths(docs.store()) == ["docs/b.txt"]


def test_a_file_that_is_there_twice_is_one_entry(manifests: ManifestFolder) -> None:
    for folder in "cab":
        manifests.write(f"docs/{folder}/LICENSE", "same")
    manifests.write("docs/b/COPYING", "same")
    manifests.assistant("a", "../docs/**")
    assert paths(manifests.store()) == ["docs/a/LICENSE", "docs/b/COPYING"]


def test_links_inside_the_project_are_followed(docs: ManifestFolder) -> None:
    folder = docs.path / "docs"
    (folder / "latest.md").symlink_to("guide.md")
    (folder / "more").symlink_to("../shared")
    (folder / "loop").symlink_to("..")
    (folder / "itself").symlink_to("itself")
    docs.write("shared/s.md", "shared")
    docs.assistant("a", "../docs/l*.md", "../docs/more/**")
    store = docs.store()
    assert paths(store) == ["docs/latest.md", "shared/s.md"]
    assert store.files[0].source.location == folder / "guide.md"
    assert store.files[0].source.identity.name == "latest.md"
    docs.assistant("a", "../docs/**/s*.md")
    assert paths(docs.store()) == ["shared/s.md"]
    docs.assistant("a", "../docs/its*")
    (said,) = docs.said()
    assert said.startswith("docs/itself: ")


@pytest.mark.parametrize("pattern", ["out.md", "*.md", "outside/*", "**/x.md", "outside/x.md", "[o]utside/**"])
def test_links_that_leave_the_project_are_refused(
    manifests: ManifestFolder, tmp_path_factory: pytest.TempPathFactory, pattern: str
) -> None:
    outside = tmp_path_factory.mktemp("elsewhere")
    (outside / "x.md").write_text("secret plans")
    manifests.write("docs/readme.txt", "text")
    (manifests.path / "docs/out.md").symlink_to(outside / "x.md")
    (manifests.path / "docs/outside").symlink_to(outside)
    manifests.assistant("a", f"../docs/{pattern}")
    loaded = manifests.load()
    assert loaded.stores == ()
    (message,) = loaded.errors
    assert "leaves the project" in message.summary
    assert (message.path, message.key) == ("files[0]", "a")


@pytest.mark.parametrize("name", [".env", "sub/.env", ".assistctl/notes.md", "link.md"])
def test_what_is_private_is_never_uploaded(manifests: ManifestFolder, name: str) -> None:
    for private in (".env", "sub/.env", ".assistctl/notes.md"):
        manifests.write(private, "A=b")
    (manifests.path / "link.md").symlink_to(".env")
    manifests.assistant("a", f"../{name}")
    part = ".assistctl" if "assistctl" in name else ".env"
    assert manifests.said() == [f"{name}: this is never read, because of {part} in its path"]
    manifests.assistant("a", "../**/.env")
    assert manifests.said() == ["./**/.env: all that matches is never read"]


def test_what_is_no_file(manifests: ManifestFolder) -> None:
    manifests.write("docs/a.md", "a")
    os.mkfifo(manifests.path / "docs/pipe.md")
    (manifests.path / "docs/gone.txt").symlink_to("nowhere")
    manifests.assistant("a", "../docs/*.md")
    assert paths(manifests.store()) == ["docs/a.md"]
    manifests.assistant("a", "../docs/pipe.md", "../docs/gone.txt", "../docs/gone.*")
    assert manifests.said() == [
        "docs/pipe.md: this is not a regular file",
        "docs/gone.txt: this is a link to nothing",
        "docs/gone.txt: this is a link to nothing",
    ]


def test_sizes(manifests: ManifestFolder) -> None:
    path = manifests.write("big.bin", "")
    manifests.assistant("a", "../big.bin")
    with path.open("wb") as file:
        file.truncate(MAX_SIZE)
    assert manifests.said(read=False) == []
    with path.open("wb") as file:
        file.truncate(MAX_SIZE + 1)
    assert manifests.said() == ["big.bin: this file has 536,870,913 bytes; at most 536,870,912 are allowed"]


@pytest.mark.parametrize("count", [20, 21])
def test_at_most_twenty_files_for_the_code_interpreter(manifests: ManifestFolder, count: int) -> None:
    for number in range(count):
        manifests.write(f"data/{number}.csv", f"n\n{number}\n")
    manifests.assistant("a", "../data/*", tools=[{"type": "code_interpreter"}])
    loaded = manifests.load(read=False)
    said = [(message.path, message.summary) for message in loaded.diagnostics]
    wrong = [("files", "21 files are for code_interpreter; at most 20 are allowed")]
    assert said == (wrong if count > 20 else [])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a\nb.md", "its name holds the control character '\\n'"),
        ("a\x1b[2Jb.md", "its name holds the control character '\\x1b'"),
        ("a\u2028b.md", "its name holds the control character '\\u2028'"),
        (os.fsdecode(b"caf\xe9.md"), "its name is not valid UTF-8"),
    ],
)
def test_names_that_no_platform_takes(manifests: ManifestFolder, name: str, said: str) -> None:
    manifests.write(f"docs/{name}", "text")
    manifests.assistant("a", "../docs/*")
    (message,) = manifests.load().diagnostics
    assert message.summary.endswith(said)
    assert message.summary.isprintable()


def test_long_names(manifests: ManifestFolder) -> None:
    long = "/".join(["d" * 100] * 5)
    manifests.write(f"{long}/fits.md", "text")
    manifests.write(f"{long}/fits-not.md", "text")
    manifests.assistant("a", "../d*/**/fits.md")
    assert paths(manifests.store()) == [f"{long}/fits.md"]
    manifests.assistant("a", "../d*/**/fits-not.md")
    (said,) = manifests.said()
    assert said.endswith("its path in the project is 516 characters long; at most 512 are allowed")
    with pytest.raises(UnusableFileError, match="256 characters"):
        find(manifests.path, "x" * (MAX_NAME + 1), manifests.path)


@pytest.mark.parametrize("name", ["quo\"ted 'name'.md", "ünïcödé 文書.md", "a b.md", "#1 %20.md"])
def test_names_that_platforms_take(manifests: ManifestFolder, name: str) -> None:
    manifests.write(f"docs/{name}", "text")
    manifests.assistant("a", "../docs/**")
    (entry,) = manifests.store().files
    assert entry.source.identity.name == name


def test_many_wrong_files_are_not_all_named(manifests: ManifestFolder) -> None:
    for number in range(50):
        manifests.write(f"docs/{number:02}.md", "")
    manifests.assistant("a", "../docs/*")
    said = manifests.said()
    assert said[0] == "docs/00.md: this file is empty"
    assert (len(said), said[-1]) == (21, "docs/*: 30 more files cannot be used")


def test_a_broken_document_does_not_hide_its_neighbours_files(docs: ManifestFolder) -> None:
    docs.assistant("a", "../docs/b.txt")
    docs.assistant("b", "../docs/missing.md")
    loaded = docs.load()
    assert [store.key for store in loaded.stores] == ["a"]
    assert loaded.stores[0].files == ()
    assert len(loaded.errors) == 1


@pytest.fixture
def open_folder() -> Iterator[ManifestFolder]:
    """A project in a folder that every user of the machine may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = ManifestFolder(Path(name).resolve())
        folder.write("assistctl.yaml", "project: acme\n")
        yield folder


@pytest.fixture
def nobody() -> Iterator[None]:
    """A user who may not read everything."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    yield
    os.seteuid(mine)


def test_what_may_not_be_read(open_folder: ManifestFolder, request: pytest.FixtureRequest) -> None:
    open_folder.write("docs/closed.md", "text").chmod(0)
    open_folder.write("docs/closed/inner.md", "text").parent.chmod(0)
    open_folder.assistant("a", "../docs/closed.md", "../docs/**")
    request.getfixturevalue("nobody")
    assert open_folder.said() == [
        "docs/closed.md: it cannot be read: permission denied",
        "docs/**: docs/closed cannot be listed: permission denied",
    ]
