"""The outcome of moving an assistant that a manifest already declares to another platform.

The manifest stays as it is. So what is lost here is what a plan for that platform stops at, or leaves out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.json_value import Json
from assistctl.migration.destination import Destination
from assistctl.migration.fit import Names, value_at
from assistctl.migration.manifest_parts import kept_for, parts_of
from assistctl.migration.report import Document, FieldOutcome, Migrated, Outcome
from assistctl.model.assistant import Desired
from assistctl.ownership.canonical import PLATFORMS


def judged(desired: Desired, came_from: str, to: Destination) -> Migrated:
    """The outcome of each field of ``desired``, which was declared for the platform ``came_from``."""
    platforms: dict[str, Json] = {name: dict(own) for name, own in desired.platform_fields.items()}
    document: Document = {**desired.fields, PLATFORMS: platforms}
    names = Names(document.get("tools"))
    told = [*_said(desired, document, names, to)]
    if came_from != to.platform:
        told += kept_for(came_from, document)
    parts = (("name", "name"), *parts_of(document, names, to.platform), *_reading(desired))
    outcomes = (*_model(desired, to), *_carried(parts, to, {field_outcome.path for field_outcome in told}), *told)
    return Migrated(desired.key, "", desired.name, document, outcomes, desired.position.file)


def _said(desired: Desired, document: Document, names: Names, to: Destination) -> Iterator[FieldOutcome]:
    """The losses and mappings, each at its path."""
    left_out = to.left_out_of(desired)
    for said in dict.fromkeys(to.said_of(desired)):
        shown, about = names.shown(said.path), names.about(said.path)
        if said.path in left_out:
            field_outcome = FieldOutcome(
                shown, about, Outcome.LOST, left_out[said.path], _value(said, document, desired)
            )
        elif to.refuses(said):
            field_outcome = FieldOutcome(
                shown, about, Outcome.LOST, to.advice(said), _value(said, document, desired)
            )
        elif said.severity is Severity.INFO:
            field_outcome = FieldOutcome(shown, about, Outcome.MAPPED, said.detail)
        else:
            continue
        yield replace(field_outcome, position=desired.position_of(said.path))


def _model(desired: Desired, to: Destination) -> Iterator[FieldOutcome]:
    """The variables of the target are filled in already: it is a model that somebody chose for ``to``."""
    field_outcome = to.outcome_of_model(desired.fields.get("model"), to.platform)
    yield replace(field_outcome, position=desired.position_of("model"))


def _carried(parts: Iterable[tuple[str, str]], to: Destination, told: Collection[str]) -> Iterator[FieldOutcome]:
    for path, kind in parts:
        if path != "model" and not any(
            told_path == path or told_path.startswith(f"{path}[") for told_path in told
        ):
            support = to.capabilities.fields.get(kind)
            yield FieldOutcome(path, kind, Outcome.CARRIED, support.note if support else "")


def _reading(desired: Desired) -> Iterator[tuple[str, str]]:
    """The files the assistant reads, which are not a field of the API."""
    if desired.file_places:
        yield "files", "files"
    elif desired.store is not None:
        yield "vector_store", "files.file_search"


def _value(said: Diagnostic, document: Document, desired: Desired) -> Json:
    """The lost value, unless it holds a secret."""
    holds_secret = any(path.startswith(said.path) for path in desired.secret_paths)
    return None if holds_secret else value_at({**document}, said.path)
