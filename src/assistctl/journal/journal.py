"""The journal of a project: it records applies, lists them, reads them back, and keeps them from overlapping.

Their ids sort by time, and are short enough to type.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assistctl.errors import JournalError, did_you_mean
from assistctl.journal.check_records import KEPT_OF_EACH, decode_checks, encode_checks
from assistctl.journal.line_format import ApplyLine, encode
from assistctl.journal.lock import LEASE, Lock, current_holder, holding, unlock
from assistctl.journal.lock_record import Holder
from assistctl.journal.reader import read_apply, read_ending, read_header
from assistctl.journal.records import Actor, Apply, ApplySummary, Header, Heading
from assistctl.journal.storage.open_store import open_store
from assistctl.journal.storage.store import Log, Store, Tag
from assistctl.journal.writer import Record, recording
from assistctl.model.counting import first_named
from assistctl.model.past_check import PastCheck, PastChecks
from assistctl.version import __version__

KEEP = 100
"""How many applies are kept per target, unless told otherwise."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_APPLIES = "applies"
_CHECKS = "checks"
_READERS = 16
_TRIES = 16
_ID_STEP = timedelta(microseconds=16)
"""Moments this far apart have different ids."""
APPLY_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{4}")
_NAMED = 5


def open_journal(
    project: str,
    directory: Path,
    *,
    address: str | None = None,
    environment: Mapping[str, str] | None = None,
    keep: int = KEEP,
) -> Journal:
    """The journal of ``project``, whose folder is ``directory``; ``address`` is what ``journal:`` says.

    ``environment`` is the process's with the project's ``.env``: credentials for an object store come from it.
    ``keep`` is how many applies to keep per target. Touches nothing yet. Raises ``JournalError`` for an address
    that is wrong, or that needs the extra ``journal``.
    """
    return Journal(project, open_store(directory, address, environment or {}), keep=keep)


def address_digest(base_url: str | None) -> str:
    """The digest of a target's address that the journal keeps: 16 characters, empty without an address."""
    return hashlib.sha256(base_url.encode()).hexdigest()[:16] if base_url else ""


class Journal:
    """The applies and locks of one project in one ``Store``. Everything raises ``JournalError`` on failure."""

    def __init__(self, project: str, store: Store, *, keep: int = KEEP) -> None:
        self.project = _checked("project", project)
        self._store = store
        self._keep = max(1, keep)

    @property
    def place(self) -> str:
        """The journal's place, for people."""
        return self._store.place

    @property
    def shared(self) -> bool:
        """Whether it has an address that other machines use too, and so a lock."""
        return self._store.shared

    @asynccontextmanager
    async def apply(self, heading: Heading) -> AsyncIterator[Record]:
        """Record an apply for the time of the block; the oldest applies of the target go at its end."""
        earlier = await self._earlier(heading.target.name)
        header, log = await self._begun(heading, earlier)
        async with recording(header.id, log) as record:
            yield record
        # What was done is on record; that there is too much of it is for the next one to mend.
        with suppress(JournalError):
            await self._prune(heading.target.name, [*earlier, header.id])

    async def applies(self, target: str | None = None) -> list[ApplySummary]:
        """The applies to ``target``, or to every target, newest first."""
        slots = asyncio.Semaphore(_READERS)

        async def read(name: str, apply_id: str) -> ApplySummary | None:
            async with slots:
                return await self._past(name, apply_id)

        found = await asyncio.gather(*(read(name, apply_id) for name, apply_id in await self._ids(target)))
        return sorted((past for past in found if past), key=lambda past: past.id, reverse=True)

    async def read(self, apply_id: str, target: str | None = None) -> Apply:
        """The apply whose id this is, or the beginning of it. Says what may be meant when it is not one."""
        places = {known: name for name, known in await self._ids(target)}
        found = matching(apply_id, places)
        data = await self._store.read_log(self._key(places[found], _APPLIES, found))
        if data is None:
            raise JournalError(
                f"the apply {found} was deleted at this moment", "assistctl history lists what is left."
            )
        try:
            return read_apply(data)
        except JournalError as error:
            raise JournalError(f"the apply {found} cannot be read: {error.summary}", error.hint) from error

    async def since(self, apply: Apply) -> list[Apply]:
        """The applies to the same target after ``apply``, oldest first; what is deleted meanwhile is left out."""
        target = apply.header.target.name
        later = sorted(apply_id for _, apply_id in await self._ids(target) if apply_id > apply.header.id)
        slots = asyncio.Semaphore(_READERS)

        async def read(apply_id: str) -> bytes | None:
            async with slots:
                return await self._store.read_log(self._key(target, _APPLIES, apply_id))

        found = await asyncio.gather(*(read(apply_id) for apply_id in later))
        return [read_apply(data) for data in found if data is not None]

    @asynccontextmanager
    async def locked(
        self,
        target: str,
        who: Actor,
        *,
        timeout: float,  # noqa: ASYNC109  # part of what is asked for: past it, the holder is named
        lease: float = LEASE,
        waiting: Callable[[Holder], None] = lambda _: None,
    ) -> AsyncIterator[Lock | None]:
        """Keep others from applying to ``target`` during the block; ``None`` where there is no lock.

        Waits at most ``timeout`` seconds, and tells ``waiting`` whom for. Check ``lost`` before each change.
        Raises ``LockedError``.
        """
        if not self._store.shared:
            yield None
            return
        async with holding(
            self._store, self._lock(target), who, timeout=timeout, lease=lease, waiting=waiting
        ) as lock:
            yield lock

    async def holder(self, target: str) -> Holder | None:
        """The holder of the lock on ``target``; ``None`` when it is free, or there is no lock."""
        return await current_holder(self._store, self._lock(target)) if self._store.shared else None

    async def unlock(self, target: str, lock_id: str) -> Holder:
        """Take the lock on ``target`` from the holder with this id, and say who that was."""
        if not self._store.shared:
            raise JournalError(
                "nothing is locked: the journal is a folder of this checkout", "Only a shared journal has a lock."
            )
        return await unlock(self._store, self._lock(target), lock_id)

    async def past_checks(self, target: str, key: str) -> PastChecks:
        """The past checks of an assistant on ``target``."""
        return (await self._past_checks(self._checks(target, key)))[0]

    async def record_checks(self, target: str, key: str, outcomes: Sequence[PastCheck]) -> None:
        """Put on record how checks of an assistant came out on ``target``."""
        place = self._checks(target, key)
        for _ in range(_TRIES):
            past, tag = await self._past_checks(place)
            data = encode_checks(past.with_these(outcomes, KEPT_OF_EACH))
            put = self._store.create(place, data) if tag is None else self._store.replace(place, data, tag)
            if await put is not None:
                return
        raise JournalError(f"too many write {place} in {self.place} at once", "Try again.")

    async def _past_checks(self, place: str) -> tuple[PastChecks, Tag | None]:
        stored = await self._store.get(place)
        return (PastChecks(), None) if stored is None else (decode_checks(stored.data, place), stored.tag)

    async def _earlier(self, target: str) -> Sequence[str]:
        """The ids of the applies to ``target`` so far, sorted; none where they cannot be listed."""
        # Whoever may write and not list can still apply, and what fails altogether says so when it is written.
        with suppress(JournalError):
            return [apply_id for _, apply_id in await self._ids(target)]
        return ()

    async def _begun(self, heading: Heading, earlier: Sequence[str]) -> tuple[Header, Log]:
        known = {field.name: getattr(heading, field.name) for field in fields(Heading)}
        for attempt in range(_TRIES):
            now = datetime.now(UTC)
            # Others who begin in the same moment have the ids right after it.
            apply_id = new_apply_id(_moment_after(earlier, now) + attempt * _ID_STEP)
            header = Header(id=apply_id, project=self.project, started=now, tool=__version__, **known)
            key = self._key(heading.target.name, _APPLIES, header.id)
            log = await self._store.create_log(key, encode(ApplyLine(header)))
            if log is not None:
                return header, log
        raise JournalError(f"too many applies begin at once in {self.place}", "Try again.")

    async def _past(self, target: str, apply_id: str) -> ApplySummary | None:
        edges = await self._store.log_edges(self._key(target, _APPLIES, apply_id))
        if edges is None:
            return None
        first, tail = edges
        ending = read_ending(tail)
        try:
            return ApplySummary(apply_id, target, read_header(first), ending)
        except JournalError as error:
            return ApplySummary(apply_id, target, None, ending, f"{error.summary}. {error.hint}".strip())

    async def _ids(self, target: str | None) -> list[tuple[str, str]]:
        targets = [target] if target is not None else await self._store.names(self.project)
        found = []
        for name in targets:
            names = await self._store.names(self._key(name, _APPLIES))
            found += [(name, apply_id) for apply_id in names if APPLY_ID.fullmatch(apply_id)]
        return found

    async def _prune(self, target: str, ids: Sequence[str]) -> None:
        for apply_id in ids[: -self._keep]:
            await self._store.delete_log(self._key(target, _APPLIES, apply_id))

    def _checks(self, target: str, key: str) -> str:
        return self._key(target, _CHECKS, f"{_checked('assistant', key)}.json")

    def _lock(self, target: str) -> str:
        return self._key(target, "lock.json")

    def _key(self, target: str, *names: str) -> str:
        return "/".join((self.project, _checked("target", target), *names))


def new_apply_id(now: datetime) -> str:
    """An id for an apply that starts ``now`` (UTC): ``20261122T214455-1f3a``.

    The four digits of the end are 65536ths of the second, so that the order holds within it too. Nothing is left
    to chance: two applies that begin at once meet when they are put into the journal.
    """
    return f"{now:%Y%m%dT%H%M%S}-{now.microsecond * 0x10000 // 1_000_000:04x}"


def _moment_after(earlier: Sequence[str], now: datetime) -> datetime:
    """A moment whose id sorts behind those of ``earlier`` applies, the last of them last: ``now`` if that does.

    Machines that share a journal have different clocks, and a clock may be set back; what counts is the order of
    the applies.
    """
    try:
        day, _, fraction = earlier[-1].partition("-")
        second = datetime.strptime(day, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        # Rounded up: no earlier than the first moment of that id.
        last = second + timedelta(microseconds=-(int(fraction, 16) * -1_000_000 // 0x10000))
        return max(now, last + _ID_STEP)
    except (IndexError, ValueError, OverflowError):
        # There is none, or it is not of any day.
        return now


def matching(given: str, known: Iterable[str]) -> str:
    """The id that begins with ``given`` (or ends with it: the four characters after the dash).

    Raises ``JournalError`` when there is none, or more than one.
    """
    ids = sorted(set(known), reverse=True)
    found = [apply_id for apply_id in ids if apply_id == given] or [
        apply_id
        for apply_id in ids
        if given and (apply_id.startswith(given) or apply_id.rpartition("-")[2] == given)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise JournalError(f"{given} may mean {first_named(found, _NAMED)}", "Write more of the id.")
    if not ids:
        raise JournalError(f"there is no apply {given}: the journal is empty", "An apply writes it.")
    raise JournalError(
        f"there is no apply {given}", f"{did_you_mean(given, ids) or '`assistctl history` lists them.'}"
    )


def _checked(what: str, name: str) -> str:
    """``name``, which becomes part of a path, and so must not be ``..`` or hold a slash."""
    if _NAME.fullmatch(name) is None:
        raise JournalError(f"{name!r} cannot be the name of a {what}", "It may hold A-Z, a-z, 0-9, ., - and _.")
    return name
