"""A service that takes one write a second of an object, as Google Cloud Storage does: nothing breaks on it.

See https://cloud.google.com/storage/quotas#objects and https://cloud.google.com/storage/docs/gcs429.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.errors import JournalError
from assistctl.journal import Journal, Outcome, State, open_journal
from assistctl.journal.lock import clock
from assistctl.journal.storage.open_store import open_store
from assistctl.journal.storage.store import Store, Tag
from support.journal_clock import FRACTION, shorten_pauses
from support.journal_races import race
from support.journals import WHO, heading, record_one, update
from support.object_stores import Service, cloud_storage

CHANGES = 20


@pytest.fixture(scope="module")
def slow() -> Iterator[Service]:
    """A Google Cloud Storage with its limit."""
    with cloud_storage(pause=1.0) as service:
        yield service


@pytest.fixture(scope="module")
def quicker() -> Iterator[Service]:
    """The same with a shorter limit, for those whose pauses are shorter by as much."""
    with cloud_storage(pause=FRACTION) as service:
        yield service


@pytest.fixture
def journal(slow: Service, tmp_path: Path) -> Journal:
    """A journal in it that nothing else uses."""
    address = f"{slow.address}/{tmp_path.name}"
    return open_journal("acme", tmp_path, address=address, environment=slow.environment, keep=1)


def test_changes_wait_for_nothing_and_go_as_a_whole(journal: Journal) -> None:
    async def work() -> float:
        begun = clock()
        async with journal.apply(heading()) as record:
            for number in range(CHANGES):
                await record.outcome(await record.intend(update(f"k{number}")), Outcome.OK)
        took = clock() - begun
        apply = await journal.read(record.id)
        assert [entry.key for entry in apply.entries] == [f"k{number}" for number in range(CHANGES)]
        assert apply.state is State.DONE
        # What lies in many objects is deleted when it is the next one's turn to be kept.
        assert [past.id for past in await journal.applies()] == [record.id]
        last = await record_one(journal)
        assert [past.id for past in await journal.applies()] == [last]
        return took

    # Each is written twice, so one a second would take twice as many seconds.
    assert asyncio.run(work()) < CHANGES


def test_a_lock_can_be_taken_and_let_go_at_once(
    quicker: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_pauses(monkeypatch.setattr)
    journal = open_journal("acme", tmp_path, address=quicker.address, environment=quicker.environment)

    async def work() -> None:
        for _ in range(2):
            async with journal.locked("prod", WHO, timeout=20) as lock:
                assert lock is not None
            assert lock.left_behind is None
            assert await journal.holder("prod") is None

    asyncio.run(work())


def test_a_write_that_is_never_taken_is_judged_by_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is looked at before the condition: an answer that one is too fast says nothing of a lost race."""
    shorten_pauses(monkeypatch.setattr)

    async def work(store: Store) -> None:
        tag = await store.create("lock", b"first")
        assert tag is not None

        async def replace_what_is_there() -> None:
            with pytest.raises(JournalError, match="429"):
                await store.replace("lock", b"second", tag)

        puts = await asyncio.gather(
            store.create("lock", b"third"),
            store.replace("lock", b"fourth", Tag('"other"', "1")),
            store.replace("gone", b"fifth", tag),
            store.replace("lock", b"first", Tag('"other"', "1")),
            replace_what_is_there(),
        )
        assert [*puts] == [None, None, None, tag, None]

    with cloud_storage(pause=3600) as service:
        asyncio.run(work(open_store(tmp_path, f"{service.address}/{tmp_path.name}", service.environment)))


def test_processes_that_race_for_a_lock_all_get_it(quicker: Service, tmp_path: Path) -> None:
    place = Service(f"{quicker.address}/{tmp_path.name}", quicker.environment, quicker.url)
    assert race(place, tmp_path, processes=3, rounds=1) == {"one": 3}
