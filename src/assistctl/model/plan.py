"""The plan: what was asked for and allowed, what apply would do, and what that was decided upon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.change import Action, Change, Drift, Missing, QualifiedKey, Summary
from assistctl.model.document_parts import (
    FORMAT_VERSION,
    change_part,
    counts_part,
    diagnostic_part,
    drift_part,
    missing_part,
)
from assistctl.model.file_operations import FileOperations, FileTotals
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.secrets.redaction import masked

_KINDS_WITH_KEYS = (Kind.ASSISTANT, Kind.VECTOR_STORE, *RESOURCE_KINDS)


@dataclass(frozen=True, slots=True)
class TargetName:
    """A target as plans name it."""

    name: str
    platform: str


class Seen(NamedTuple):
    """A thing that a plan looked at."""

    kind: str
    key: str
    id: str


def seen_as(kind: Kind, key: str, object_id: str) -> str:
    """``kind:key:id``, by which a plan remembers what it looked at.

    Only the id may hold a colon; of a file only its path, which is its key.
    """
    return f"{kind}:{key}:{object_id}"


def read_seen(name: str) -> Seen:
    """The thing for which ``seen_as`` made ``name``."""
    kind, rest = name.split(":", 1)
    key, object_id = rest.rsplit(":", 1) if kind == Kind.FILE else rest.split(":", 1)
    return Seen(kind, key, object_id)


@dataclass(frozen=True, slots=True)
class PlanScope:
    """The options a plan was made with, which its apply must share."""

    keys: tuple[str, ...] = ()
    destroy: bool = False
    adopt: bool | None = None
    allow_deletes: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The share of a project's things that one apply may delete or update, in percent.

    Below ``min_existing`` owned things of a kind no threshold holds: half of two is not a landslide.
    """

    max_delete_percent: float = 30
    max_update_percent: float = 100
    min_existing: int = 10

    def exceeded(self, action: Action, count: int, owned: int) -> bool:
        """Whether ``count`` is too many of the ``owned`` things of a kind to delete, or to update."""
        return owned >= self.min_existing and count * 100 > self.percent(action) * owned

    def percent(self, action: Action) -> float:
        """The threshold for one action."""
        return self.max_delete_percent if action is Action.DELETE else self.max_update_percent


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """The owner of a plan, and the changes allowed in it.

    ``adopt`` is ``None`` while nobody decided. ``destroy`` plans the deletion of everything the project owns.
    ``only`` narrows the plan to some things. ``allow_deletes`` passes the threshold for deletes, and lets
    everything be deleted at once. ``confirm_destroy``: a ``destroy`` needs ``allow_deletes``, too.
    ``may_empty``: to delete everything does not. ``forget`` are the keys to let go, of whatever kind, without
    deleting them; ``release`` those of assistants to let go once they are as declared. ``address`` is where the
    target is, so that a plan is not applied elsewhere. ``deletable`` are the ids of the only things that may be
    deleted; ``None`` where there is no such bound. ``also_declared`` are assistants that the manifests declare and
    the plan is not about: what they name by its id stays. ``targets`` are the names of the project's targets,
    ``None`` where they are not known. ``rolls_back``: what is declared is what an apply had found.
    ``named_by_targets`` are the texts in the options of the project's targets, which may be ids of things, and
    where each of them stands.
    """

    project: str
    target: TargetName
    thresholds: Thresholds = Thresholds()
    adopt: bool | None = None
    destroy: bool = False
    allow_deletes: bool = False
    only: frozenset[QualifiedKey] | None = None
    forget: frozenset[str] = frozenset()
    release: frozenset[str] = frozenset()
    address: str = ""
    deletable: frozenset[str] | None = None
    confirm_destroy: bool = False
    may_empty: bool = False
    also_declared: tuple[Desired, ...] = ()
    targets: frozenset[str] | None = None
    rolls_back: bool = False
    named_by_targets: Mapping[str, str] = field(default_factory=dict)

    def exceeded(
        self, changes: Iterable[Change], owned: Mapping[Kind, int]
    ) -> dict[tuple[Kind, Action], tuple[int, int]]:
        """The kinds and actions of which ``changes`` are too many: how many, and of how many that are ``owned``.

        Each kind in ``owned`` counts for itself, for what goes with one thing of it may be all that it has. Vector
        stores come and go with assistants, and are not among them.
        """
        limited = (Action.UPDATE,) if self.allow_deletes else (Action.DELETE, Action.UPDATE)
        counts = Counter((change.kind, change.action) for change in changes)
        return {
            (kind, action): (counts[kind, action], number)
            for kind, number in owned.items()
            for action in limited
            if not self.destroy and self.thresholds.exceeded(action, counts[kind, action], number)
        }

    def includes(self, kind: Kind, key: str) -> bool:
        """Whether this plan is about the thing of that kind and key."""
        return self.only is None or (kind, key) in self.only

    @property
    def is_narrowed(self) -> bool:
        """Whether this plan is about something else than all that is declared and owned."""
        return self.only is not None or self.destroy or self.rolls_back

    def may_delete(self, object_id: str) -> bool:
        """Whether deleting what has this id is within what this plan is for."""
        return self.deletable is None or object_id in self.deletable


def of_any_kind(keys: Iterable[str]) -> frozenset[QualifiedKey]:
    """All that a person may mean by ``keys``: what has one of them, of whatever kind."""
    return frozenset(QualifiedKey(kind, key) for key in keys for kind in _KINDS_WITH_KEYS)


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes that apply would make, and the state they were decided upon.

    ``seen`` maps each thing the plan looked at, by ``seen_as``, to a digest of its observed state;
    ``fingerprint`` is the digest of all of them. ``files`` counts the changes of files, which ``summary`` leaves
    out (``None``: nobody declares or has any); ``knowledge`` is what they come to. ``missing`` is what is declared
    and not there; ``existing_ids`` are those of all assistants and vector stores that were listed, of any owner.
    ``scope`` are the options it was made with; ``None`` for one that was read from a document. ``narrowed``: it is
    not about all that is declared and owned, but about some keys, about deleting, or about what an apply had done.
    """

    project: str
    target: TargetName
    changes: tuple[Change, ...]
    drift: tuple[Drift, ...]
    diagnostics: tuple[Diagnostic, ...]
    summary: Summary
    seen: Mapping[str, str]
    fingerprint: str
    files: FileTotals | None = None
    knowledge: FileOperations = field(default_factory=FileOperations)
    missing: tuple[Missing, ...] = ()
    existing_ids: frozenset[str] = frozenset()
    scope: PlanScope | None = field(default=None, compare=False)
    narrowed: bool = field(default=False, compare=False)

    @classmethod
    def from_document(cls, document: Mapping[str, Json]) -> Plan:
        """The plan in its JSON document, saved or printed. Raises ``ValueError`` when that is none.

        It can be shown in every format. It cannot be carried out: what would be sent is not in a document.
        """
        from assistctl.model.read_plan import read_plan

        read = read_plan(document)
        return cls(
            project=read.project,
            target=TargetName(read.target.name, read.target.platform),
            changes=tuple(change.read() for change in read.changes),
            drift=tuple(drift.read() for drift in read.drift),
            missing=tuple(missing.read() for missing in read.missing),
            diagnostics=tuple(diagnostic.read() for diagnostic in read.diagnostics),
            summary=read.summary.read(),
            seen={seen_as(seen.kind, seen.key, seen.id): seen.digest for seen in read.observed},
            fingerprint=read.fingerprint,
            files=read.files.read() if read.files else None,
        )

    def to_document(self) -> dict[str, Json]:
        """The plan as ``assistctl plan --format json`` prints it, secrets masked."""
        return {name: masked(value) for name, value in plan_document(self).items()}

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The reasons why the plan cannot be applied: manifests that do not fit the platform."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity is Severity.ERROR)

    @property
    def blocked(self) -> tuple[Change, ...]:
        """The changes a safety rule refuses."""
        return tuple(change for change in self.changes if change.blocked)


def plan_document(plan: Plan) -> dict[str, Json]:
    """The plan as printed by ``plan --format json`` and as saved, unchanged things only counted.

    ``observed`` lists the state the plan was decided upon: ``[{"kind", "key", "id", "digest"}]``.
    """
    return {
        **document_head(plan),
        **counts_part(plan.summary, plan.files),
        "changes": [change_part(change) for change in plan.changes],
        "drift": [drift_part(drift) for drift in plan.drift],
        "missing": [missing_part(missing) for missing in plan.missing],
        "diagnostics": [diagnostic_part(diagnostic) for diagnostic in plan.diagnostics],
        "fingerprint": plan.fingerprint,
        "observed": [{**read_seen(name)._asdict(), "digest": digest} for name, digest in plan.seen.items()],
    }


def document_head(plan: Plan) -> dict[str, Json]:
    """The beginning of every document: its format, the project and the target."""
    return {
        "format_version": FORMAT_VERSION,
        "project": plan.project,
        "target": {"name": plan.target.name, "platform": plan.target.platform},
    }
