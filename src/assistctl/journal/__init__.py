"""What applies did, so that it can be looked up and undone; and the lock that keeps them from overlapping.

``open_journal`` is where to begin: ``Journal.apply`` records, ``applies`` and ``read`` look up, ``locked`` locks.
"""

from assistctl.journal.address import parse_address
from assistctl.journal.journal import KEEP, Journal, address_digest, open_journal
from assistctl.journal.lineage import Created, created_by
from assistctl.journal.lock import LEASE, Lock
from assistctl.journal.lock_record import Holder
from assistctl.journal.past_ids import past_ids
from assistctl.journal.recording import Record
from assistctl.journal.who import who_is_it
from assistctl.journal.words import (
    Apply,
    BeforeImage,
    CiRun,
    Ending,
    Entry,
    GitState,
    Header,
    Heading,
    JournalTarget,
    Operation,
    Outcome,
    Past,
    State,
    Who,
)

__all__ = [
    "KEEP",
    "LEASE",
    "Apply",
    "BeforeImage",
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
    "Past",
    "Record",
    "State",
    "Who",
    "address_digest",
    "created_by",
    "open_journal",
    "parse_address",
    "past_ids",
    "who_is_it",
]
