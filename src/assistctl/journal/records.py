"""The words of the journal as data: what an apply set out to do, what was there before, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.change import Action, QualifiedKey, Request, Summary
from assistctl.model.check_report import CheckStatus
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.model.knowledge import ObservedStore

_TAKEN_OVER = (Kind.ASSISTANT, *RESOURCE_KINDS)


class Outcome(StrEnum):
    """The outcome of an operation.

    ``UNKNOWN``: it may have been carried out. ``WITHDRAWN``: what it created is gone again, another was faster.
    """

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"


class State(StrEnum):
    """The state of an apply as a whole. ``INTERRUPTED``: it has no end, or has not come to it yet."""

    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class JournalTarget:
    """A target as the journal names it. ``address`` is ``address_digest`` of where it was deployed to."""

    name: str
    platform: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class GitState:
    """The checkout an apply ran from.

    ``branch`` is ``None`` on a detached head. ``dirty`` with local changes, ``None`` where git could not tell.
    """

    commit: str | None
    branch: str | None
    dirty: bool | None


@dataclass(frozen=True, slots=True)
class CiRun:
    """The CI run an apply was part of, as far as its system says."""

    system: str
    url: str | None = None
    actor: str | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """The user, machine, checkout and CI run behind a command."""

    user: str
    host: str
    git: GitState | None = None
    ci: CiRun | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """An apply as far as it is known before it begins. ``command`` was run: ``apply``, ``rollback ID``."""

    target: JournalTarget
    who: Actor
    command: str = "apply"
    summary: Summary = field(default_factory=Summary)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header(Heading):
    """The head of an apply in the journal. ``tool`` is the version of assistctl that wrote it."""

    id: str
    project: str
    started: datetime
    tool: str


@dataclass(frozen=True, slots=True)
class BeforeImage:
    """One thing as it was before an operation, in the Assistants API's shapes.

    ``withheld`` maps what holds a secret (``instructions``, ``tools``, ``metadata.team``) to an empty text; older
    journals have a digest there. It is then not in ``fields`` or ``metadata``: it cannot be restored from the
    journal, and what is declared stands in.
    """

    id: str
    fields: Mapping[str, Json]
    metadata: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, observed: Observed | ObservedStore) -> BeforeImage:
        """The thing as a platform returned it, as the state before an operation."""
        return cls(observed.id, observed.fields, observed.metadata)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing an apply is about to do. ``before`` is ``None`` when it does not exist yet.

    ``secret_paths`` are paths (``instructions``, ``tools[0].function.description``, ``metadata.team``) of strings
    that hold an ``${env:}`` value, as ``Desired`` has them. ``unanswered`` are the fields that no answer need
    show, ``unanswered_in_tools`` the names of such inside tools: they may be meant to stay unseen.
    """

    kind: Kind
    key: str
    action: Action
    id: str | None = None
    before: BeforeImage | None = None
    request: Request | None = None
    secret_paths: frozenset[str] = frozenset()
    unanswered: frozenset[str] = frozenset()
    unanswered_in_tools: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation in the journal: what was intended, and its outcome.

    ``sent`` maps each field that was sent (``metadata.team`` for a pair) to a short digest of its value, or to an
    empty text where it holds a secret. ``values`` are the new ones that may be shown; ``None`` where the
    journal is of a version that kept none. Without an ``outcome`` the apply was cut off: it may have been carried
    out. ``id`` is that of the thing after it.
    """

    number: int
    kind: Kind
    key: str
    action: Action
    at: datetime
    id: str | None = None
    before: BeforeImage | None = None
    sent: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Json] | None = None
    outcome: Outcome | None = None
    error: str | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """A check that was asked before a change and after it; ``None`` where it was not.

    ``worse``: it passed before, and does not any more. ``reasons`` say why it did not pass.
    """

    key: str
    index: int
    ask: str
    at: datetime
    before: CheckStatus | None
    after: CheckStatus | None
    worse: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an apply: how many operations had each outcome, and what stopped it, if anything did.

    ``touched`` says whether the platform was changed, or may have been; ``None`` where the record does not say.
    Where it does, ``done`` counts what was carried out by action, files apart.
    """

    at: datetime
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    error: str | None = None
    done: Mapping[Action, int] = field(default_factory=dict)
    touched: bool | None = None

    @property
    def state(self) -> State:
        """The state of the apply as a whole."""
        if self.error is None and all(
            outcome is Outcome.OK or not count for outcome, count in self.counts.items()
        ):
            return State.DONE
        touched = bool(self.counts.get(Outcome.OK)) if self.touched is None else self.touched
        return State.PARTIAL if touched else State.FAILED


@dataclass(frozen=True, slots=True)
class ApplySummary:
    """An apply in the list of them. ``problem`` says why its ``header`` cannot be read, if so."""

    id: str
    target: str
    header: Header | None
    ending: Ending | None
    problem: str | None = None

    @property
    def state(self) -> State:
        """The state of the apply as a whole."""
        return self.ending.state if self.ending else State.INTERRUPTED


@dataclass(frozen=True, slots=True)
class Apply:
    """One apply as it was recorded. ``truncated``: the last of it was cut off while it was written."""

    header: Header
    entries: tuple[Entry, ...]
    ending: Ending | None
    truncated: bool = False
    checks: tuple[CheckEntry, ...] = ()

    @property
    def state(self) -> State:
        """The state of the apply as a whole."""
        return self.ending.state if self.ending else State.INTERRUPTED

    @property
    def forgotten(self) -> frozenset[str]:
        """The keys of what it let go, of kinds that can be taken over by an id."""
        return frozenset(
            entry.key
            for entry in self.entries
            if entry.kind in _TAKEN_OVER and entry.action is Action.FORGET and entry.outcome is Outcome.OK
        )

    @property
    def deleted_files(self) -> frozenset[str]:
        """The paths of files whose uploads it began to delete: replaced ones, and those that went."""
        return frozenset(
            entry.key
            for entry in self.entries
            if (entry.kind, entry.action) == (Kind.FILE, Action.DELETE) and entry.outcome is not Outcome.FAILED
        )

    def before_images(self) -> Mapping[QualifiedKey, BeforeImage | None]:
        """Everything this apply began to change, as it was before; ``None`` for what did not exist.

        What failed or has no outcome is in it, as it may have been changed all the same; what was withdrawn is
        not: what bears its key now is somebody else's work.
        """
        images: dict[QualifiedKey, BeforeImage | None] = {}
        for entry in self.entries:
            if entry.outcome not in {Outcome.SKIPPED, Outcome.WITHDRAWN}:
                images.setdefault(QualifiedKey(entry.kind, entry.key), entry.before)
        return images
