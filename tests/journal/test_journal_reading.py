"""Reading journals whose writer was cut off, or that something else wrote; and finding an apply by its id."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.errors import JournalError
from assistctl.journal import Apply, Journal, Outcome, State
from assistctl.journal.journal import APPLY_ID, matching, new_apply_id
from assistctl.journal.reader import read_apply, read_ending
from support.journals import create, heading, logs_of, record_one, update


@pytest.fixture
def log(folder: Journal, tmp_path: Path) -> bytes:
    """The log of an apply of two operations."""

    async def work() -> None:
        async with folder.apply(heading()) as record:
            first, second = await record.intend(update()), await record.intend(create())
            await record.outcome(first, Outcome.OK)
            await record.outcome(second, Outcome.FAILED, error="no")

    asyncio.run(work())
    (path,) = logs_of(tmp_path)
    return path.read_bytes()


def test_cut_off_at_any_byte_it_holds_all_that_was_whole(log: bytes) -> None:
    head = log.index(b"\n")
    for length in range(head, len(log)):
        cut = read_apply(log[:length])
        whole = [json.loads(line) for line in log[:length].split(b"\n")[1:-1]]
        assert len(cut.entries) == sum(line["type"] == "intent" for line in whole)
        assert _settled(cut) == sum(line["type"] == "outcome" for line in whole)
        assert cut.state is State.INTERRUPTED
        assert cut.truncated == (length > head and log[length - 1 : length] != b"\n")
    assert read_apply(log).state is State.PARTIAL


def test_what_a_power_cut_left_of_the_last_write_is_passed_over(log: bytes) -> None:
    """A file system may have made the file longer and not have written all of it: zeros, then a piece."""
    lines = log.splitlines(keepends=True)
    left = b"".join(lines[:3]) + b"\0" * 50 + lines[3] + lines[4]
    cut = read_apply(left)
    assert (len(cut.entries), _settled(cut), cut.truncated, cut.state) == (2, 0, True, State.INTERRUPTED)


def test_damage_before_the_end_is_told_and_not_passed_over(log: bytes) -> None:
    with pytest.raises(JournalError, match="damaged"):
        read_apply(log.replace(b'"type":"intent"', b'"type":"in', 1))


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"{", b"[]\n", b'{"type":"apply"}\n', b'{"type":"end"}\n', b"\xff\n"]
)
def test_without_its_head_it_is_not_read(data: bytes) -> None:
    with pytest.raises(JournalError, match="head cannot be read"):
        read_apply(data)


def test_a_newer_format_is_refused_with_the_way_out(folder: Journal, tmp_path: Path) -> None:
    async def work() -> None:
        old, new = await record_one(folder), await record_one(folder)
        path = logs_of(tmp_path)[-1]
        path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":2', 1))

        with pytest.raises(JournalError, match=f"{new} cannot be read.*newer version of assistctl") as caught:
            await folder.read(new)
        assert caught.value.hint == "Upgrade assistctl."
        newest, oldest = await folder.applies()
        assert newest.header is None
        assert "newer version" in str(newest.problem)
        assert (oldest.id, oldest.problem) == (old, None)

    asyncio.run(work())


def test_what_a_later_minor_version_adds_is_passed_over(log: bytes) -> None:
    lines = log.splitlines(keepends=True)
    more = [line.replace(b'{"type"', b'{"later":[1],"type"') for line in lines]
    more.insert(1, b'{"type":"later","number":9}\n')
    assert read_apply(b"".join(more)) == read_apply(log)


def test_an_apply_that_was_cut_off_is_listed_as_interrupted(folder: Journal, tmp_path: Path) -> None:
    asyncio.run(record_one(folder))
    (path,) = logs_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-5])
    (past,) = asyncio.run(folder.applies())
    assert (past.state, past.ending) == (State.INTERRUPTED, None)
    assert past.header is not None


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"\n", b'{"type":"end"}', b"[" * 5000]), max_size=8))
def test_nothing_that_stands_in_a_log_is_a_traceback(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    read_ending(data)
    with pytest.raises(JournalError):
        read_apply(data)


def test_a_full_disk_loses_nothing_that_was_reported(folder: Journal, tmp_path: Path) -> None:
    async def work() -> None:
        async with folder.apply(heading()) as record:
            first = await record.intend(update("first"))
            (path,) = logs_of(tmp_path)
            with no_file_larger_than(path.stat().st_size + 100):
                with pytest.raises(JournalError, match="cannot be used"):
                    await record.intend(update("too-much"))
                with pytest.raises(JournalError):
                    await record.outcome(first, Outcome.OK, error="x" * 200)
            await record.outcome(first, Outcome.OK)
            await record.outcome(await record.intend(update("second")), Outcome.OK)
        apply = await folder.read(record.id)
        assert [(entry.key, entry.outcome) for entry in apply.entries] == [
            ("first", Outcome.OK),
            ("second", Outcome.OK),
        ]
        assert (apply.state, apply.truncated) == (State.DONE, False)

    asyncio.run(work())


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """No file of this process can grow beyond ``size`` bytes, as on a full disk: a write stops in its middle."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


IDS = ["20261122T214455-1f3a", "20261122T214455-90bb", "20261123T080000-1f3b"]


@pytest.mark.parametrize(
    ("given", "found"),
    [("20261122T214455-1f3a", 0), ("20261123", 2), ("20261122T214455-9", 1), ("1f3a", 0), ("90bb", 1)],
)
def test_an_apply_is_found_by_the_beginning_of_its_id_or_its_end(given: str, found: int) -> None:
    assert matching(given, IDS) == IDS[found]


@pytest.mark.parametrize(
    ("given", "known", "summary", "hint"),
    [
        ("20261122", IDS, "20261122 may mean 20261122T214455-90bb, 20261122T214455-1f3a", "Write more of the id."),
        ("20261122T214455-1f3b", IDS, "there is no apply", "did you mean '20261122T214455-1f3a'?"),
        ("zzz", IDS, "there is no apply zzz", "`assistctl history` lists them."),
        ("", IDS, "there is no apply", "assistctl history"),
        ("2026", [], "the journal is empty", "An apply writes it."),
    ],
)
def test_an_id_that_is_not_one_is_explained(given: str, known: list[str], summary: str, hint: str) -> None:
    with pytest.raises(JournalError) as caught:
        matching(given, known)
    assert summary in caught.value.summary
    assert hint in caught.value.hint


@given(st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), min_size=2))  # noqa: DTZ001  # hypothesis wants bounds without a zone
def test_ids_sort_by_time(times: list[datetime]) -> None:
    ids = [new_apply_id(time) for time in sorted(times)]
    assert all(APPLY_ID.fullmatch(object_id) for object_id in ids)
    assert ids == sorted(ids)


def _settled(apply: Apply) -> int:
    return sum(entry.outcome is not None for entry in apply.entries)
