"""A migration as a JSON document, as ``migrate --format json`` prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistctl.migration.report import FieldOutcome, Migrated, Migration, Outcome
from assistctl.model.plan import Json, TargetName
from assistctl.rendering.json import FORMAT_VERSION


def migration_document(
    migration: Migration, folder: str, files: Mapping[str, Sequence[str]], *, written: bool
) -> dict[str, Json]:
    """``migration`` with the ``files`` of each key below ``folder``; ``written`` says whether they are there."""
    return {
        "format_version": FORMAT_VERSION,
        "project": migration.project,
        "source": _target(migration.source),
        "target": _target(migration.target),
        "summary": dict(_summary(migration)),
        "folder": folder,
        "written": written,
        "assistants": [_assistant(one, files.get(one.key, ())) for one in migration.assistants],
        "declared": [*migration.declared],
        "others": migration.others,
    }


def _target(name: TargetName) -> dict[str, Json]:
    return {"name": name.name, "platform": name.platform}


def _summary(migration: Migration) -> dict[str, int]:
    """The assistants, those of them that lose something, and the fields of each outcome."""
    fields = {
        str(outcome): sum(len(one.with_outcome(outcome)) for one in migration.assistants) for outcome in Outcome
    }
    losing = sum(bool(one.with_outcome(Outcome.LOST)) for one in migration.assistants)
    return {"assistants": len(migration.assistants), "with_losses": losing, **fields}


def _assistant(one: Migrated, files: Sequence[str]) -> dict[str, Json]:
    return {
        "key": one.key,
        "id": one.id,
        "name": one.name,
        "files": [*files],
        "fields": [_fate(fate) for fate in one.outcomes],
    }


def _fate(fate: FieldOutcome) -> dict[str, Json]:
    known: dict[str, Json] = {"path": fate.path, "outcome": str(fate.outcome), "note": fate.note}
    return known if fate.value is None else {**known, "value": fate.value}
