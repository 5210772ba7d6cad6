"""Hashes that are kept: a changed file is never missed, and one that was not touched is not read."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistctl.checkout.untrusted_files import UnusableFileError
from assistctl.manifest.files.found_file import FileStat, FoundFile, find
from assistctl.manifest.files.hash_cache import HashCache, is_settled, moment, place_for
from assistctl.manifest.files.hashing import hashes
from support.manifest_folder import ManifestFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files to hash."""
    (tmp_path / "docs").mkdir()
    for name in "abc":
        (tmp_path / f"docs/{name}").write_text(f"content {name}")
    wait_for_the_clock(tmp_path / "docs/c")
    return tmp_path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are opened below ``docs``, as they are."""
    names: list[str] = []
    really_open = os.open

    def counting_open(path: str | Path, *rest: int, **options: int) -> int:
        if "docs" in Path(path).parts:
            names.append(Path(path).name)
        return really_open(path, *rest, **options)

    monkeypatch.setattr(os, "open", counting_open)
    return names


def wait_for_the_clock(path: Path) -> None:
    """Come back when the file system's clock, which ticks every few milliseconds, is past the file's times."""
    while not is_settled(FileStat.of(path.stat()), moment()):
        pass


def hashed(folder: Path, *names: str) -> dict[str, str]:
    """The hashes of the files of ``folder/docs``, with a cache in ``folder``."""
    cache = HashCache(folder, folder / "cache/hashes")
    wanted = names or sorted(path.name for path in (folder / "docs").iterdir())
    found = hashes([find(folder / "docs", name, folder) for name in wanted], cache)
    return {file.path.removeprefix("docs/"): str(sha256) for file, sha256 in found.items()}


def truth(folder: Path) -> dict[str, str]:
    """The same by reading everything."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "docs").iterdir()}


def test_what_was_not_touched_is_not_read_again(folder: Path, opened: list[str]) -> None:
    assert hashed(folder) == truth(folder)
    assert opened == ["a", "b", "c"]
    opened.clear()
    assert hashed(folder) == truth(folder)
    assert opened == []


def test_only_what_changed_is_read(folder: Path, opened: list[str]) -> None:
    hashed(folder)
    (folder / "docs/b").write_text("another b")
    (folder / "docs/d").write_text("content d")
    (folder / "docs/a").rename(folder / "docs/e")
    opened.clear()
    assert hashed(folder) == truth(folder)
    assert opened == ["b", "d", "e"]


def same_size_same_times(path: Path) -> None:
    before = path.stat()
    path.write_text(path.read_text()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path) -> None:
    before = path.stat()
    other = path.with_name("other")
    other.write_text(path.read_text()[::-1])
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [same_size_same_times, replaced])
def test_a_change_that_hides_its_time_is_seen(folder: Path, change: Callable[[Path], None]) -> None:
    hashed(folder)
    change(folder / "docs/a")
    assert hashed(folder) == truth(folder)


def test_a_file_from_the_future_is_read_each_time(folder: Path, opened: list[str]) -> None:
    later = moment() + 10**12
    os.utime(folder / "docs/a", ns=(later, later))
    hashed(folder)
    opened.clear()
    assert hashed(folder) == truth(folder)
    assert opened == ["a"]


@pytest.mark.parametrize(
    ("mtime", "ctime", "read_at", "settled"),
    [
        (5, 5, 6 + 20_000_000, True),
        (5, 5, 5, False),
        (7, 5, 7, False),
        (5, 7, 7, False),
        (1_000_000_000, 1_000_000_000, 2_999_999_999, False),
        (1_000_000_000, 1_000_000_000, 3_000_000_001 + 20_000_000, True),
    ],
)
def test_the_racy_rule(mtime: int, ctime: int, read_at: int, settled: bool) -> None:
    assert is_settled(FileStat(1, mtime, ctime, 1, 1), read_at) is settled


def test_what_was_written_this_moment_is_not_kept(folder: Path) -> None:
    place = folder / "cache/hashes"
    file = find(folder / "docs", "a", folder)
    cache = HashCache(folder, place)
    cache.add(file.path, file.stat, "0" * 64, read_at=file.stat.ctime_ns)
    cache.save()
    assert not place.exists()


contents = st.sampled_from([b"a", b"b", b"ab", b"ba"])
steps = st.lists(
    st.tuples(st.sampled_from(["write", "replace", "hide", "remove", "hash"]), st.sampled_from("xy"), contents),
    max_size=12,
)


@settings(max_examples=75)
@given(steps)
def test_a_changed_file_is_never_missed(changes: list[tuple[str, str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "docs").mkdir()
        for what, file, content in changes:
            change(folder / "docs" / file, what, content)
            if what == "hash":
                assert hashed(folder) == truth(folder)
        assert hashed(folder) == truth(folder)
        assert hashed(folder) == truth(folder)


def change(path: Path, what: str, content: bytes) -> None:
    """Change a file as fast as can be, each in its own way."""
    before = path.stat() if path.exists() else None
    if what == "replace":
        path.with_name("new").write_bytes(content)
        path.with_name("new").replace(path)
    elif what == "remove":
        path.unlink(missing_ok=True)
    elif what in {"write", "hide"}:
        path.write_bytes(content)
    if what == "hide" and before:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda text: text[:-1],
        lambda text: text.replace("docs/a", "docs/b"),
        lambda _: "assistctl hashes 1 nonsense\n{}",
        lambda _: "\udcff",
        lambda _: "[" * 100_000,
    ],
)
def test_a_damaged_cache_is_none(folder: Path, damage: Callable[[str], str], opened: list[str]) -> None:
    hashed(folder)
    place = folder / "cache/hashes"
    place.write_bytes(damage(place.read_text()).encode("utf-8", "surrogateescape"))
    opened.clear()
    assert hashed(folder) == truth(folder)
    assert opened == ["a", "b", "c"]
    opened.clear()
    hashed(folder)
    assert opened == []


@pytest.mark.parametrize("entry", ["null", "[]", '[1,"x"]', '{"a": 1}', "[1,2,3,4,5,6]"])
def test_a_whole_cache_of_nonsense_is_none(folder: Path, entry: str) -> None:
    body = f'{{"docs/a": {entry}}}'
    head = f"assistctl hashes 1 {hashlib.sha256(body.encode()).hexdigest()}"
    (folder / "cache").mkdir()
    (folder / "cache/hashes").write_text(f"{head}\n{body}")
    assert hashed(folder) == truth(folder)


@pytest.mark.parametrize("obstacle", ["folder", "file"])
def test_a_cache_that_cannot_be_written_is_no_error(folder: Path, obstacle: str) -> None:
    if obstacle == "folder":
        (folder / "cache/hashes/x").mkdir(parents=True)
    else:
        (folder / "cache").write_text("a file, not a folder")
    assert hashed(folder) == truth(folder)
    assert [path.name for path in folder.rglob("hashes*")] == (["hashes"] if obstacle == "folder" else [])


def test_the_cache_is_private_and_written_only_with_news(folder: Path) -> None:
    hashed(folder)
    place = folder / "cache/hashes"
    first = place.stat()
    assert stat.S_IMODE(first.st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    hashed(folder)
    assert place.stat().st_ino == first.st_ino
    (folder / "docs/d").write_text("new")
    wait_for_the_clock(folder / "docs/d")
    hashed(folder)
    assert place.stat().st_ino != first.st_ino
    assert list(place.parent.iterdir()) == [place]


def test_what_another_target_reads_is_kept_and_what_is_gone_is_not(folder: Path, opened: list[str]) -> None:
    hashed(folder, "a", "b")
    (folder / "docs/b").unlink()
    hashed(folder, "c")
    assert '"docs/b"' not in (folder / "cache/hashes").read_text()
    opened.clear()
    hashed(folder)
    assert opened == []


def test_large_files_are_hashed_side_by_side(folder: Path) -> None:
    for number in range(5):
        (folder / f"docs/large{number}").write_bytes(bytes([number]) * 600_000)
    assert hashed(folder) == truth(folder)


def gone(path: Path) -> None:
    path.unlink()


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_link(path: Path) -> None:
    path.rename(path.with_name("aside"))
    path.symlink_to("aside")


@pytest.mark.parametrize(
    ("what", "said"),
    [(gone, "is gone"), (grown, "was changed"), (a_pipe, "was changed"), (a_link, "cannot be read")],
)
def test_a_file_that_changes_after_it_was_found(folder: Path, what: Callable[[Path], None], said: str) -> None:
    file = find(folder / "docs", "a", folder)
    what(folder / "docs/a")
    (error,) = hashes([file], HashCache(folder, folder / "cache/hashes")).values()
    assert isinstance(error, UnusableFileError)
    assert said in error.summary
    assert not (folder / "cache/hashes").exists()


@pytest.fixture
def grow_while_read(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes a file grow when the reading of any file has begun."""
    digest = hashlib.file_digest

    def arrange(path: Path) -> None:
        def slow_digest(file: FileIO, name: str) -> object:
            grown(path)
            return digest(file, name)

        monkeypatch.setattr(hashlib, "file_digest", slow_digest)

    return arrange


def test_a_file_that_changes_while_it_is_read(folder: Path, grow_while_read: Callable[[Path], None]) -> None:
    grow_while_read(folder / "docs/a")
    file = find(folder / "docs", "a", folder)
    (error,) = hashes([file], HashCache(folder, folder / "cache/hashes")).values()
    assert isinstance(error, UnusableFileError)
    assert "was changed while it was read" in error.summary


def test_a_change_while_reading_is_told_with_its_place(
    manifests: ManifestFolder, grow_while_read: Callable[[Path], None]
) -> None:
    grow_while_read(manifests.write("docs/a.md", "text"))
    manifests.assistant("a", {"path": "../docs/a.md"})
    (message,) = manifests.load().errors
    assert message.summary == "docs/a.md: it was changed while it was read"
    assert (message.key, message.path) == ("a", "files[0].path")
    assert message.position is not None


def test_loading_changes_nothing_in_the_project_and_reads_once(
    manifests: ManifestFolder, opened: list[str]
) -> None:
    paths = [manifests.write(f"docs/{name}.md", name) for name in "ab"]
    manifests.assistant("a", "../docs/**")
    manifests.assistant("b", "../docs/a.md")
    wait_for_the_clock(paths[-1])
    before = {path: path.stat() for path in manifests.path.rglob("*") if path.is_file()}
    first = manifests.load()
    assert opened == ["a.md", "b.md"]
    again = manifests.load()
    assert opened == ["a.md", "b.md"]
    assert first.stores == again.stores
    after = {path: path.stat() for path in manifests.path.rglob("*") if path.is_file()}
    assert {path: FileStat.of(status) for path, status in before.items()} == {
        path: FileStat.of(status) for path, status in after.items()
    }
    place = place_for(manifests.path)
    assert place is not None
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_one_file_for_two_paths(folder: Path) -> None:
    (folder / "docs/link").symlink_to("a")
    found = hashes(
        [find(folder / "docs", name, folder) for name in ("a", "link")], HashCache(folder, folder / "cache/hashes")
    )
    assert len(found) == 2
    assert len(set(found.values())) == 1
    assert all(isinstance(file, FoundFile) for file in found)
