"""What an apply puts on record, and how it is found again, in every kind of place."""

from __future__ import annotations

import asyncio
import stat
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from assistctl.errors import JournalError
from assistctl.journal import BeforeImage, Journal, Operation, Outcome, State, open_journal
from assistctl.model.change import Action, QualifiedKey
from assistctl.model.kind import Kind
from support.journals import WHO, create, heading, logs_of, record_one, update
from support.object_stores import Service


def test_what_was_recorded_is_read_back(shared_journal: Journal) -> None:
    async def work() -> None:
        async with shared_journal.apply(heading(command="rollback 20261122T214455-1f3a")) as record:
            changed = await record.intend(update())
            made = await record.intend(create())
            await record.outcome(made, Outcome.FAILED, error="the model is unknown")
            await record.outcome(changed, Outcome.OK)
            skipped = await record.intend(create("late"))
            await record.outcome(skipped, Outcome.SKIPPED, error="interrupted")
        apply = await shared_journal.read(record.id)

        assert apply.header.who == WHO
        assert apply.header.target == heading().target
        assert apply.header.command == "rollback 20261122T214455-1f3a"
        assert apply.header.summary.update == 1
        assert [(entry.key, entry.outcome, entry.error) for entry in apply.entries] == [
            ("order-desk", Outcome.OK, None),
            ("translator", Outcome.FAILED, "the model is unknown"),
            ("late", Outcome.SKIPPED, "interrupted"),
        ]
        assert apply.entries[0].before == update().before
        assert set(apply.entries[0].sent) == {"instructions", "metadata.team"}
        assert apply.ending is not None
        assert apply.ending.counts == {Outcome.OK: 1, Outcome.FAILED: 1, Outcome.SKIPPED: 1}
        assert (apply.state, apply.truncated) == (State.PARTIAL, False)

    asyncio.run(work())


def test_before_images_are_the_state_before_the_first_change_that_was_begun(folder: Journal) -> None:
    async def work() -> None:
        async with folder.apply(heading()) as record:
            for operation in (update("a", "first"), create("b"), update("a", "second")):
                await record.outcome(await record.intend(operation), Outcome.OK)
            await record.outcome(await record.intend(update("c")), Outcome.SKIPPED)
            await record.outcome(await record.intend(update("d")), Outcome.FAILED)
        images = (await folder.read(record.id)).before_images()

        assert list(images) == [(Kind.ASSISTANT, "a"), (Kind.ASSISTANT, "b"), (Kind.ASSISTANT, "d")]
        first = images[QualifiedKey(Kind.ASSISTANT, "a")]
        assert first is not None
        assert first.fields["instructions"] == "first"
        assert images[QualifiedKey(Kind.ASSISTANT, "b")] is None

    asyncio.run(work())


def test_applies_are_listed_newest_first_and_by_target(shared_journal: Journal) -> None:
    async def work() -> None:
        ids = [await record_one(shared_journal, target) for target in ("prod", "staging", "prod")]

        assert [past.id for past in await shared_journal.applies()] == ids[::-1]
        listed = await shared_journal.applies("prod")
        assert [(past.id, past.target, past.state) for past in listed] == [
            (ids[2], "prod", State.DONE),
            (ids[0], "prod", State.DONE),
        ]
        assert await shared_journal.applies("nowhere") == []

    asyncio.run(work())


def test_two_projects_at_one_address_do_not_meet(shared: Service, tmp_path: Path) -> None:
    async def work() -> None:
        first, second = (
            open_journal(project, tmp_path, address=shared.address, environment=shared.environment)
            for project in ("first", "second")
        )
        mine = await record_one(first)
        assert [past.id for past in await first.applies()] == [mine]
        assert await second.applies() == []
        async with first.locked("prod", WHO, timeout=0) as lock, second.locked("prod", WHO, timeout=0) as other:
            assert lock is not None
            assert other is not None

    asyncio.run(work())


def test_only_the_newest_are_kept_of_each_target(shared: Service, tmp_path: Path) -> None:
    async def work() -> None:
        journal = open_journal("acme", tmp_path, address=shared.address, environment=shared.environment, keep=2)
        other = await record_one(journal, "staging")
        ids = [await record_one(journal) for _ in range(4)]
        assert [past.id for past in await journal.applies()] == [ids[3], ids[2], other]

    asyncio.run(work())


def test_the_newest_is_kept_though_the_clock_was_set_back(
    shared: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # it is one
            return datetime.now(tz) + timedelta(days=1)

    async def work() -> None:
        journal = open_journal("acme", tmp_path, address=shared.address, environment=shared.environment, keep=2)
        with monkeypatch.context() as context:
            context.setattr(f"{Journal.__module__}.datetime", Ahead)
            ids = [await record_one(journal) for _ in range(2)]
        ids += [await record_one(journal) for _ in range(3)]
        assert ids == sorted(set(ids))
        assert [past.id for past in await journal.applies()] == [ids[4], ids[3]]
        assert (await journal.read(ids[4])).header.started < datetime.now(UTC)

    asyncio.run(work())


def test_a_long_apply_is_read_back_whole(shared_journal: Journal) -> None:
    """Longer than a segment of an object store, with lines that are longer than one by themselves."""
    texts = ["x" * length for length in (10, 40_000, 200_000, 30_000, 100, 70_000)]

    async def work() -> None:
        async with shared_journal.apply(heading()) as record:
            for number, text in enumerate(texts):
                await record.outcome(await record.intend(update(f"k{number}", text)), Outcome.OK)
        apply = await shared_journal.read(record.id)
        assert [entry.before and entry.before.fields["instructions"] for entry in apply.entries] == texts
        assert apply.state is State.DONE
        assert [past.state for past in await shared_journal.applies()] == [State.DONE]

    asyncio.run(work())


def test_operations_side_by_side_are_all_on_record(shared_journal: Journal) -> None:
    async def work() -> None:
        async with shared_journal.apply(heading()) as record:

            async def operation(number: int) -> None:
                begun = await record.intend(update(f"k{number}"))
                await record.outcome(begun, Outcome.OK, object_id=f"asst_{number}")

            await asyncio.gather(*(operation(number) for number in range(100)))
        apply = await shared_journal.read(record.id)
        assert {(entry.key, entry.id) for entry in apply.entries} == {(f"k{n}", f"asst_{n}") for n in range(100)}

    asyncio.run(work())


def test_whoever_is_cancelled_while_waiting_leaves_the_others_whole(folder: Journal) -> None:
    async def work() -> None:
        async with folder.apply(heading()) as record:
            doomed = asyncio.create_task(record.intend(update("doomed")))
            other = asyncio.create_task(record.intend(update("other")))
            await asyncio.sleep(0)
            doomed.cancel()
            await record.outcome(await other, Outcome.OK)
        apply = await folder.read(record.id)
        assert [(entry.key, entry.outcome) for entry in apply.entries] == [("doomed", None), ("other", Outcome.OK)]
        assert apply.ending is not None
        assert apply.ending.counts == {Outcome.OK: 1, Outcome.UNKNOWN: 1}

    asyncio.run(work())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (JournalError("the disk is full", "Make room."), "the disk is full"),
        (KeyboardInterrupt(), "interrupted"),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
def test_what_stops_an_apply_is_its_end(folder: Journal, error: BaseException, words: str) -> None:
    async def work() -> None:
        async with folder.apply(heading()) as record:
            await record.outcome(await record.intend(update()), Outcome.OK)
            raise error

    with pytest.raises(type(error)):
        asyncio.run(work())
    (past,) = asyncio.run(folder.applies())
    assert past.ending is not None
    assert (past.ending.error, past.state) == (words, State.PARTIAL)


def test_an_outcome_is_given_once_and_of_what_was_begun(folder: Journal) -> None:
    async def work() -> None:
        async with folder.apply(heading()) as record:
            number = await record.intend(update())
            await record.outcome(number, Outcome.OK)
            for wrong in (number, number + 1):
                with pytest.raises(ValueError, match="not begun"):
                    await record.outcome(wrong, Outcome.OK)

    asyncio.run(work())


def test_text_that_is_no_text_survives(folder: Journal) -> None:
    """A platform may answer half of a surrogate pair, or what looks like a line of the journal."""
    hostile = '\ud800\n{"type": "end"}\n\x1b[2J\u2028'

    async def work() -> None:
        async with folder.apply(heading()) as record:
            await record.outcome(await record.intend(update(instructions=hostile)), Outcome.OK, error=hostile)
        (entry,) = (await folder.read(record.id)).entries
        assert entry.before is not None
        assert (entry.before.fields["instructions"], entry.error) == (hostile, hostile)

    asyncio.run(work())


def test_files_are_for_their_owner_only(folder: Journal, tmp_path: Path) -> None:
    asyncio.run(record_one(folder))
    inside = list((tmp_path / ".assistctl").rglob("*"))
    assert logs_of(tmp_path)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / ".assistctl", *inside] if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in inside if path.is_file()} == {0o600}


def test_listing_makes_nothing(folder: Journal, tmp_path: Path) -> None:
    assert asyncio.run(folder.applies()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "-x"])
def test_a_name_cannot_lead_out_of_the_journal(tmp_path: Path, name: str) -> None:
    with pytest.raises(JournalError, match="cannot be the name"):
        open_journal(name, tmp_path)
    with pytest.raises(JournalError, match="cannot be the name"):
        asyncio.run(open_journal("acme", tmp_path).applies(name))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".assistctl").write_text("a file")
    with pytest.raises(JournalError, match=r"\.assistctl") as caught:
        asyncio.run(record_one(open_journal("acme", tmp_path)))
    assert "read and write" in caught.value.hint


def test_a_thing_without_request_or_image_is_recorded(folder: Journal) -> None:
    async def work() -> None:
        upload = Operation(Kind.FILE, "data/prices.csv", Action.CREATE)
        remove = Operation(
            Kind.FILE, "old.csv", Action.DELETE, "file-1", BeforeImage("file-1", {"name": "old.csv"})
        )
        async with folder.apply(heading()) as record:
            await record.outcome(await record.intend(upload), Outcome.OK, object_id="file-2")
            await record.outcome(await record.intend(remove), Outcome.OK)
        entries = (await folder.read(record.id)).entries
        assert [(entry.kind, entry.id, dict(entry.sent)) for entry in entries] == [
            (Kind.FILE, "file-2", {}),
            (Kind.FILE, "file-1", {}),
        ]

    asyncio.run(work())
