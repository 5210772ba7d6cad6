"""The record of applies, to look them up and undo them; and the lock that keeps them from overlapping.

``open_journal`` is where to begin: ``Journal.apply`` records, ``applies`` and ``read`` look up, ``locked`` locks.
"""

from assistctl.journal.actor import current_actor
from assistctl.journal.journal import KEEP, Journal, address_digest, open_journal
from assistctl.journal.lineage import Created, created_by
from assistctl.journal.lock import LEASE, Lock
from assistctl.journal.lock_record import Holder
from assistctl.journal.past_ids import past_ids
from assistctl.journal.records import (
    Actor,
    Apply,
    ApplySummary,
    BeforeImage,
    CheckEntry,
    CiRun,
    Ending,
    Entry,
    GitState,
    Header,
    Heading,
    JournalTarget,
    Operation,
    Outcome,
    State,
)
from assistctl.journal.storage.address import parse_address
from assistctl.journal.writer import Record

__all__ = [
    "KEEP",
    "LEASE",
    "Actor",
    "Apply",
    "ApplySummary",
    "BeforeImage",
    "CheckEntry",
    "CiRun",
    "Created",
    "Ending",
    "Entry",
    "GitState",
    "Header",
    "Heading",
    "Holder",
    "Journal",
    "JournalTarget",
    "Lock",
    "Operation",
    "Outcome",
    "Record",
    "State",
    "address_digest",
    "created_by",
    "current_actor",
    "open_journal",
    "parse_address",
    "past_ids",
]
