"""What apply would send: only what differs, and always the whole metadata map with our marks in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from assistctl.model.capabilities import ASSISTANTS_API, FieldDefaults
from assistctl.model.plan import Desired, Json, Kind, Observed, Request
from assistctl.ownership.baseline import read_baseline, write_baseline
from assistctl.ownership.canonical import PLATFORMS, canonical_units, cleared
from assistctl.ownership.digests import digested_request
from assistctl.ownership.field_paths import Path
from assistctl.ownership.file_marks import FILES, PATHS, HeldFile, files_pairs, tokens_of_files
from assistctl.ownership.mark import BASELINE, MARK, OUR_PREFIX, Mark
from assistctl.ownership.placeholders import is_token, replaced_ids
from assistctl.ownership.sensitive import secret_paths, touches
from assistctl.planning.comparison.ignore_changes import covers
from assistctl.planning.comparison.three_way import MODEL_SETTINGS, Comparison
from assistctl.planning.request_fields import add_companions, changed_own_fields
from assistctl.secrets.redaction import SECRET


def create_request(desired: Desired, mark: Mark, defaults: FieldDefaults = ASSISTANTS_API) -> Request:
    """Everything that is declared, marked as ours. ``defaults`` are the platform's."""
    fields = {name: value for name, value in desired.fields.items() if name != "metadata"}
    declared = desired.fields.get("metadata")
    metadata = declared if isinstance(declared, dict) else {}
    units = canonical_units(fields, metadata, defaults)
    secret_units = [unit for unit in units if touches(secret_paths(desired), unit)]
    pairs = {**_texts(metadata), **_ours(mark, units, secret_units)}
    return Request(
        fields,
        pairs,
        reads=_reads(desired),
        store=desired.store,
        digested=digested_request(fields, pairs, desired, units, secret_units),
    )


def update_request(comparison: Comparison, mark: Mark, replaced_together: Iterable[Iterable[str]] = ()) -> Request:
    """The fields that differ, and the metadata with other people's pairs as they are.

    Of fields that go ``replaced_together``, all are sent when one is, those that are not managed as they are.
    """
    observed = comparison.observed
    fields: dict[str, Json] = {}
    for unit in comparison.changed:
        fields.update(_field(comparison, unit))
    if comparison.model_changes:
        fields.update(_settings_for_new_model(comparison))
    for group in replaced_together:
        add_companions(fields, tuple(group), comparison)
    metadata = {**_kept_pairs(comparison), **_texts(_metadata(comparison.declared))}
    for unit in comparison.undeclared:
        if unit[0] == "metadata":
            metadata.pop(str(unit[1]), None)
    metadata.update(_ours(mark, comparison.applied, comparison.secret_units))
    reads = _reads(comparison.desired)
    removed = observed.metadata.keys() - metadata.keys() - ({FILES, PATHS} if reads else set())
    return Request(
        fields,
        metadata,
        observed.revision,
        frozenset(removed),
        reads,
        comparison.desired.store,
        digested_request(fields, metadata, comparison.desired, comparison.applied, comparison.secret_units),
    )


def naming_still(request: Request, held: Iterable[HeldFile]) -> Request:
    """``request`` with our pairs about uploads that are declared by their ids from now on: they stay ours."""
    kept = {one.token: one.path for one in held}
    if not kept:
        return request
    return replace(request, reads={**kept, **request.reads}, removed=request.removed - {FILES, PATHS})


def forget_request(observed: Observed) -> Request:
    """The metadata without our pairs; nothing else."""
    theirs = {key: value for key, value in observed.metadata.items() if not key.startswith(OUR_PREFIX)}
    baseline = read_baseline(observed.metadata.get(BASELINE))
    digested: dict[str, Json] = {
        key: SECRET if baseline.is_secret(("metadata", key)) else text for key, text in theirs.items()
    }
    gone = frozenset(observed.metadata.keys() - theirs.keys())
    return Request({}, theirs, observed.revision, gone, digested=[{}, digested])


def released(request: Request) -> Request:
    """``request`` without our pairs: what it leaves is nobody's."""
    ours = {key for key in request.metadata if key.startswith(OUR_PREFIX)}
    theirs = {key: value for key, value in request.metadata.items() if key not in ours}
    return replace(request, metadata=theirs, removed=request.removed | ours, reads={})


def resolved(request: Request, ids: Mapping[str, str]) -> Request:
    """``request`` with ids for its tokens, and with the pairs that say what the ids of files stand for.

    Raises ``KeyError`` for a token that ``ids`` does not have.
    """
    fields = replaced_ids(request.fields, lambda one: ids[one] if is_token(one) else one)
    pairs = files_pairs([(ids[token], token, path) for token, path in request.reads.items()])
    return replace(request, fields=fields, metadata={**request.metadata, **pairs}, reads={})


def _reads(desired: Desired) -> dict[str, str]:
    return {token: file.path for token, file in tokens_of_files(desired.interpreter_files).items()}


def _kept_pairs(comparison: Comparison) -> dict[str, str]:
    """What is there but for what is written anew: what an assistant's files are."""
    anew = {FILES, PATHS} if comparison.kind is Kind.ASSISTANT else set()
    return {key: value for key, value in comparison.observed.metadata.items() if key not in anew}


def _settings_for_new_model(comparison: Comparison) -> Mapping[str, Json]:
    """Nulls for the settings that nobody declares, or declares to be the platform's own choice."""
    return {
        str(unit[0]): None
        for unit in MODEL_SETTINGS
        if comparison.desired.fields.get(str(unit[0])) is None and not covers(comparison.ignored, unit)
    }


def _field(comparison: Comparison, unit: Path) -> Mapping[str, Json]:
    field = str(unit[0])
    if field == "metadata":
        return {}
    if field == "tool_resources":
        return {field: _tool_resources(comparison)}
    if field == PLATFORMS:
        return {field: changed_own_fields(comparison)}
    return {field: comparison.fields[field] if unit in comparison.declared else cleared(unit)}


def _tool_resources(comparison: Comparison) -> Json:
    """All of it: whether a platform keeps what is left out is not written anywhere."""
    there = comparison.observed.fields.get("tool_resources")
    resources = dict(there) if isinstance(there, dict) else {}
    units = {**{unit: cleared(unit) for unit in comparison.undeclared}, **comparison.declared}
    for unit, value in units.items():
        if unit[0] == "tool_resources":
            tool, ids_name = str(unit[1]), str(unit[2])
            resource = resources.get(tool)
            resources[tool] = {**(resource if isinstance(resource, dict) else {}), ids_name: value}
    return resources


def _metadata(units: Mapping[Path, Json]) -> dict[str, Json]:
    return {str(unit[1]): value for unit, value in units.items() if unit[0] == "metadata"}


def _texts(pairs: Mapping[str, Json]) -> dict[str, str]:
    return {key: str(value) for key, value in pairs.items()}


def _ours(mark: Mark, units: Mapping[Path, Json], secret_units: Iterable[Path]) -> dict[str, str]:
    return {MARK: str(mark), BASELINE: write_baseline(units, secret_units)}
