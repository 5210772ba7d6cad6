"""The lock: one holder, whatever dies, hangs or is forced; between real processes where that matters."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistctl.errors import JournalError, LockedError
from assistctl.journal import Actor, CiRun, Holder, Journal, Lock, open_journal
from assistctl.journal.lock import holding
from assistctl.journal.storage.folder import FolderStore
from assistctl.journal.storage.store import Tag
from support.journal_clock import Jumping, now
from support.journal_races import at_work, race
from support.journals import WHO
from support.object_stores import Service
from support.python_process import PythonProcess


def test_a_second_one_is_told_who_holds_it(shared_journal: Journal) -> None:
    who = Actor(
        "runner", "a-runner", None, CiRun("GitHub Actions", "https://github.com/x/y/actions/runs/7", "ann")
    )

    async def work() -> None:
        async with shared_journal.locked("prod", who, timeout=0) as lock:
            assert lock is not None
            with pytest.raises(LockedError) as caught:
                async with shared_journal.locked("prod", WHO, timeout=0):
                    pytest.fail("two holders")
            for word in ("GitHub Actions", "https://github.com/x/y/actions/runs/7", "ann", lock.id, "since"):
                assert word in caught.value.summary
            assert "--lock-timeout" in caught.value.hint
            assert f"assistctl unlock {lock.id}" in caught.value.hint
            async with shared_journal.locked("staging", WHO, timeout=0) as other:
                assert other is not None
            assert await shared_journal.holder("prod") == lock.holder
        assert await shared_journal.holder("prod") is None

    asyncio.run(work())


def test_whoever_waits_has_it_when_it_comes_free(shared_journal: Journal, jumping: Jumping) -> None:
    waited_for: list[Holder] = []

    async def second(turn: asyncio.Event) -> None:
        async with shared_journal.locked("prod", WHO, timeout=20, lease=30, waiting=tell) as lock:
            assert turn.is_set()
            assert lock is not None

    async def work() -> None:
        turn = asyncio.Event()
        async with shared_journal.locked("prod", WHO, timeout=0) as first:
            waiting = asyncio.create_task(second(turn))
            await until(lambda: bool(waited_for))
            turn.set()
        await waiting
        assert first is not None
        assert [holder.id for holder in waited_for] == [first.id]

    def tell(holder: Holder) -> None:
        waited_for.append(holder)

    jumping.run(work, shared_journal)


def test_it_is_renewed_as_long_as_it_is_held(shared_journal: Journal, jumping: Jumping) -> None:
    async def work() -> None:
        async with shared_journal.locked("prod", WHO, timeout=0, lease=12) as lock:
            assert lock is not None
            with pytest.raises(LockedError):
                async with shared_journal.locked("prod", WHO, timeout=27):
                    pytest.fail("two holders")
            assert not lock.lost

    jumping.run(work, shared_journal)


def test_a_holder_that_was_killed_loses_it_after_its_lease(
    shared: Service, tmp_path: Path, jumping: Jumping
) -> None:
    journal = open_journal("acme", tmp_path, address=shared.address, environment=shared.environment)
    with holder_process(shared, lease=12) as process:
        process.kill()
        process.wait()

    async def work() -> float:
        with pytest.raises(LockedError):
            async with journal.locked("prod", WHO, timeout=4):
                pytest.fail("it was taken before its lease was over")
        begun = now()
        async with journal.locked("prod", WHO, timeout=200) as lock:
            assert lock is not None
            return now() - begun

    # The second waiter knows nothing of the first one's waiting.
    assert 12 <= jumping.run(work, journal) < 100


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be stopped here")
def test_a_holder_that_slept_too_long_knows_it(tmp_path: Path) -> None:
    """Stopped as a laptop's sleep would; another takes the lock; woken, it must not go on."""
    service = Service(f"file://{tmp_path}/shared", {}, "")
    journal = open_journal("acme", tmp_path, address=service.address)

    async def take() -> None:
        async with journal.locked("prod", WHO, timeout=20) as lock:
            process.send_signal(signal.SIGCONT)
            assert await asyncio.to_thread(heard, process) == ["lost"]
            # And it took nothing with it when it ended.
            assert await asyncio.to_thread(process.wait, 20) == 0
            assert lock is not None
            assert not lock.lost
            assert await journal.holder("prod") == lock.holder

    with holder_process(service, lease=0.4) as process:
        process.send_signal(signal.SIGSTOP)
        asyncio.run(take())


class DeafStore(FolderStore):
    """A folder whose conditional puts stop getting through, as when the network goes."""

    is_deaf = False

    async def replace(self, key: str, data: bytes, tag: Tag) -> Tag | None:
        if self.is_deaf:
            raise JournalError("no answer")
        return await super().replace(key, data, tag)


def test_a_holder_that_cannot_renew_knows_it_before_its_lease_is_over(tmp_path: Path, jumping: Jumping) -> None:
    store = DeafStore(tmp_path, shared=True)

    async def work() -> Lock:
        async with holding(jumping.asked_of(store), "lock.json", WHO, timeout=0, lease=30) as lock:
            await asyncio.sleep(3)
            store.is_deaf, since = True, now()
            await until(lambda: lock.lost, seconds=60)
            assert now() - since < 30
        return lock

    lock = jumping.run(work)
    assert str(lock.left_behind) == "no answer"


class LossyStore(FolderStore):
    """A folder that does every put and then loses the answer, every second time."""

    puts = 0

    async def replace(self, key: str, data: bytes, tag: Tag) -> Tag | None:
        put = await super().replace(key, data, tag)
        self.puts += 1
        if self.puts % 2:
            raise JournalError("no answer")
        return put


def test_a_renewal_whose_answer_was_lost_is_no_loss(tmp_path: Path, jumping: Jumping) -> None:
    store = LossyStore(tmp_path, shared=True)

    async def work() -> None:
        async with holding(jumping.asked_of(store), "lock.json", WHO, timeout=0, lease=30) as lock:
            await until(lambda: store.puts >= 4, seconds=300)
            assert not lock.lost

    jumping.run(work)


def test_unlock_takes_it_by_its_id_and_the_holder_notices(shared_journal: Journal, jumping: Jumping) -> None:
    async def work() -> None:
        async with shared_journal.locked("prod", WHO, timeout=0, lease=30) as lock:
            assert lock is not None
            with pytest.raises(JournalError, match=f"it is {lock.id}, held by someone on a-machine"):
                await shared_journal.unlock("prod", "00000000")
            assert (await shared_journal.unlock("prod", lock.id)).id == lock.id
            async with shared_journal.locked("prod", WHO, timeout=0, lease=30) as next_one:
                await until(lambda: lock.lost, seconds=60)
                assert next_one is not None
                assert not next_one.lost
        with pytest.raises(JournalError, match="nothing is locked"):
            await shared_journal.unlock("prod", lock.id)

    jumping.run(work, shared_journal)


def test_a_lock_of_somebody_else_is_left_alone_at_the_end(shared_journal: Journal) -> None:
    async def work() -> None:
        first = shared_journal.locked("prod", WHO, timeout=0)
        lock = await first.__aenter__()
        assert lock is not None
        await shared_journal.unlock("prod", lock.id)
        async with shared_journal.locked("prod", WHO, timeout=0) as second:
            await first.__aexit__(None, None, None)
            assert second is not None
            assert await shared_journal.holder("prod") == second.holder
        assert lock.lost

    asyncio.run(work())


def test_a_journal_of_the_checkout_has_no_lock(folder: Journal) -> None:
    async def work() -> None:
        async with folder.locked("prod", WHO, timeout=0) as lock, folder.locked("prod", WHO, timeout=0) as other:
            assert (lock, other) == (None, None)
        assert await folder.holder("prod") is None
        with pytest.raises(JournalError, match="nothing is locked"):
            await folder.unlock("prod", "00000000")

    assert not folder.shared
    asyncio.run(work())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not what assistctl writes"),
        ("{}", "not what assistctl writes"),
        ("[1]", "not what assistctl writes"),
        ('{"version": 1, "holder": {"id": 7}, "nonce": ""}', "not what assistctl writes"),
        ('{"version": 2}', "newer version"),
    ],
)
def test_a_lock_that_cannot_be_read_is_explained(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "acme/prod").mkdir(parents=True)
    (tmp_path / "acme/prod/lock.json").write_text(content)
    journal = open_journal("acme", tmp_path, address=f"file://{tmp_path}")

    async def work() -> None:
        async with journal.locked("prod", WHO, timeout=0):
            pytest.fail("it was taken")

    with pytest.raises(JournalError, match=words) as caught:
        asyncio.run(work())
    assert caught.value.hint


def test_processes_that_race_for_it_never_hold_it_together(shared: Service, tmp_path: Path) -> None:
    """A slice; ``tests/benchmarks/soak_journal.py`` runs the whole."""
    said = race(shared, tmp_path, processes=2, rounds=10)
    assert said == {"one": 20}


@contextmanager
def holder_process(service: Service, lease: float) -> Iterator[PythonProcess]:
    """A process that holds the lock."""
    process = at_work(service, "hold", lease)
    try:
        assert heard(process)[0] == "held"
        yield process
    finally:
        process.kill()
        process.communicate()


def heard(process: PythonProcess) -> list[str]:
    """The next line that a process says."""
    assert process.stdout is not None
    return process.stdout.readline().split()


async def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something, at most so many seconds."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110  # what is waited for tells nobody
            await asyncio.sleep(0.01)
