"""A migration as a JSON document, as ``migrate --format json`` prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistctl.json_value import Json
from assistctl.migration.report import FieldOutcome, Migrated, Migration, Outcome
from assistctl.model.document_parts import FORMAT_VERSION
from assistctl.model.plan import TargetName
from assistctl.rendering.json import diagnostics_document


def migration_document(
    migration: Migration,
    folder: str,
    files: Mapping[str, Sequence[str]],
    servers: Mapping[str, Sequence[str]],
    *,
    written: bool,
) -> dict[str, Json]:
    """``migration`` with the ``files`` of each key below ``folder``, and those of MCP ``servers``.

    ``written`` says whether they are there.
    """
    return {
        "format_version": FORMAT_VERSION,
        "project": migration.project,
        "source": _target(migration.source),
        "target": _target(migration.target),
        "summary": dict(_summary(migration)),
        "folder": folder,
        "written": written,
        "assistants": [_assistant(assistant, files.get(assistant.key, ())) for assistant in migration.assistants],
        "mcp_servers": [{"key": key, "files": [*names]} for key, names in servers.items()],
        "declared": [*migration.declared],
        "manifests": [_manifest(manifest) for manifest in migration.manifests],
        "others": migration.others,
        "diagnostics": diagnostics_document(migration.diagnostics)["diagnostics"],
    }


def _target(name: TargetName) -> dict[str, Json]:
    return {"name": name.name, "platform": name.platform}


def _summary(migration: Migration) -> dict[str, int]:
    """The assistants, new and declared, those of them that lose something, and the fields of each outcome."""
    fields = {
        str(outcome): sum(len(assistant.with_outcome(outcome)) for assistant in migration.judged)
        for outcome in Outcome
    }
    losing = sum(bool(assistant.with_outcome(Outcome.LOST)) for assistant in migration.judged)
    new, declared = len(migration.assistants), len(migration.manifests)
    return {"assistants": new, "manifests": declared, "with_losses": losing, **fields}


def _assistant(assistant: Migrated, files: Sequence[str]) -> dict[str, Json]:
    return {
        "key": assistant.key,
        "id": assistant.id,
        "name": assistant.name,
        "files": [*files],
        "fields": [_field_document(field_outcome) for field_outcome in assistant.outcomes],
    }


def _manifest(manifest: Migrated) -> dict[str, Json]:
    return {
        "key": manifest.key,
        "name": manifest.name,
        "file": manifest.file,
        "fields": [_field_document(field_outcome) for field_outcome in manifest.outcomes],
    }


def _field_document(field_outcome: FieldOutcome) -> dict[str, Json]:
    known: dict[str, Json] = {
        "path": field_outcome.path,
        "outcome": str(field_outcome.outcome),
        "note": field_outcome.note,
    }
    if field_outcome.value is not None:
        known["value"] = field_outcome.value
    if field_outcome.position is not None:
        known |= {
            "file": field_outcome.position.file,
            "line": field_outcome.position.line or None,
            "column": field_outcome.position.column or None,
        }
    return known
