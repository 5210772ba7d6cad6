"""The requests that apply sends: only differences, and always the whole metadata with our marks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from assistctl.json_value import Json
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Request
from assistctl.model.resource import CONTENT
from assistctl.model.tool_names import ToolNames
from assistctl.ownership.canonical import PLATFORMS, Path, canonical_units, cleared, covers, own_fields
from assistctl.ownership.file_marks import FILES, PATHS, files_pairs
from assistctl.ownership.mark import BASELINE, MARK, OUR_PREFIX, Mark, write_baseline
from assistctl.ownership.placeholders import is_token, replaced_ids
from assistctl.ownership.references_by_key import tokens_in_own_fields, with_ids
from assistctl.ownership.sensitive import Declared, secret_paths, sent_without_secrets, touches, unseen_secrets
from assistctl.planning.comparison.three_way import MODEL_SETTINGS, Comparison
from assistctl.planning.decision import Contents
from assistctl.planning.identity.inventory import Owned
from assistctl.secrets.redaction import SECRET


def create_request(desired: Declared, mark: Mark, capabilities: Capabilities, contents: Contents) -> Request:
    """Everything that is declared, marked as ours. ``capabilities`` are the platform's."""
    defaults = capabilities.field_defaults
    fields = {name: value for name, value in desired.fields.items() if name != "metadata"}
    declared = desired.fields.get("metadata")
    metadata = declared if isinstance(declared, dict) else {}
    units = canonical_units(fields, metadata, defaults)
    secret_units = [unit for unit in units if touches(secret_paths(desired, defaults.tool_names), unit)]
    pairs = {
        **_texts(metadata),
        **_ours(mark, unseen_secrets(desired, capabilities).recorded(units), secret_units),
    }
    return Request(
        fields,
        pairs,
        reads=contents.reads,
        store=contents.store,
        digested=_digested(fields, pairs, desired, units, secret_units, names=defaults.tool_names),
        sources=contents.sources,
    )


def update_request(
    comparison: Comparison, mark: Mark, contents: Contents, rewritten: Collection[str] = ()
) -> Request:
    """The fields that differ, and the metadata with other people's pairs as they are.

    Of fields that a platform replaces together, all are sent when one is, those that are not managed as they are.
    The ``rewritten`` pairs of ours are not taken over from what is there.
    """
    fields: dict[str, Json] = {}
    for unit in comparison.changed:
        fields.update(_field(comparison, unit))
    if comparison.model_changes:
        fields.update(_settings_for_new_model(comparison))
    for group in comparison.capabilities.replaced_together:
        _add_companions(fields, group, comparison)
    observed = comparison.owned.observed
    metadata = {key: value for key, value in observed.metadata.items() if key not in rewritten}
    metadata.update(_texts(_metadata(comparison.declared)))
    for unit in comparison.undeclared:
        if unit[0] == "metadata":
            metadata.pop(str(unit[1]), None)
    metadata.update(_ours(mark, comparison.recorded, comparison.secret_units))
    removed = observed.metadata.keys() - metadata.keys() - ({FILES, PATHS} if contents.reads else set())
    return Request(
        fields,
        metadata,
        observed.revision,
        frozenset(removed),
        contents.reads,
        contents.store,
        digested=_digested(
            fields,
            metadata,
            comparison.desired,
            comparison.to_record,
            comparison.secret_units,
            names=comparison.tool_names,
        ),
        kept=dict(_not_sent(comparison, fields)),
        sources=contents.sources if CONTENT in fields else (),
    )


def first_of(
    request: Request, later: Collection[str], desired: Declared, mark: Mark, capabilities: Capabilities
) -> Request:
    """The part of a create ``request`` that can be made before what the fields ``later`` name is there.

    Those are fields of the platform's own, or ``tools``. It is marked as having nothing of them.
    """
    own: dict[str, Json] = {
        platform: {name: value for name, value in fields.items() if name not in later}
        for platform, fields in _own_by_platform(request.fields).items()
    }
    rest = {name: value for name, value in request.fields.items() if name not in {PLATFORMS, *later}}
    metadata = {"metadata": desired.fields["metadata"]} if "metadata" in desired.fields else {}
    contents = Contents(reads=request.reads, store=request.store, sources=request.sources)
    part = replace(desired, fields={**rest, **({PLATFORMS: own} if own else {}), **metadata})
    return create_request(part, mark, capabilities, contents)


def completing(request: Request, first: Request, revision: str | None) -> Request:
    """The rest of ``request`` after its ``first`` part, which exists as ``revision``; both without tokens."""
    made = own_fields(first.fields)
    own: dict[str, Json] = {
        platform: {name: value for name, value in fields.items() if name not in made}
        for platform, fields in _own_by_platform(request.fields).items()
    }
    fields = {name: value for name, value in request.fields.items() if name not in first.fields}
    if any(own.values()):
        fields[PLATFORMS] = {platform: part for platform, part in own.items() if part}
    return replace(request, fields=fields, revision=revision, kept=first.fields, first=None)


def forget_request(owned: Owned) -> Request:
    """The metadata without our pairs; nothing else."""
    observed = owned.observed
    theirs = {key: value for key, value in observed.metadata.items() if not key.startswith(OUR_PREFIX)}
    digested: dict[str, Json] = {
        key: SECRET if owned.baseline.is_secret(("metadata", key)) else text for key, text in theirs.items()
    }
    gone = frozenset(observed.metadata.keys() - theirs.keys())
    return Request({}, theirs, observed.revision, gone, digested=[{}, digested])


def released(request: Request) -> Request:
    """``request`` without our pairs: what it leaves is nobody's."""
    ours = {key for key in request.metadata if key.startswith(OUR_PREFIX)}
    theirs = {key: value for key, value in request.metadata.items() if key not in ours}
    return replace(request, metadata=theirs, removed=request.removed | ours, reads={})


def resolved(request: Request, ids: Mapping[str, str], *, as_one: bool = False) -> Request:
    """``request`` with ids for its tokens, and with the pairs that say what the ids of files stand for.

    With ``as_one`` these have the room of one alone. Raises ``KeyError`` for a token that ``ids`` does not have.
    """
    fields = with_ids(replaced_ids(request.fields, lambda text: ids[text] if is_token(text) else text), ids)
    files = [(ids[token], token, path) for token, path in request.reads.items()]
    pairs = files_pairs(files, as_one=as_one)
    return replace(request, fields=fields, metadata={**request.metadata, **pairs}, reads={})


def _own_by_platform(fields: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    platforms = fields.get(PLATFORMS)
    named = platforms.items() if isinstance(platforms, dict) else ()
    return {platform: own for platform, own in named if isinstance(own, dict)}


def _digested(
    fields: Mapping[str, Json],
    metadata: Mapping[str, str],
    desired: Declared,
    units: Mapping[Path, Json],
    secret_units: Collection[Path],
    *,
    names: ToolNames,
) -> Json:
    """The request without any secrets."""
    shown: tuple[Mapping[str, Json], Mapping[str, Json]] = (fields, {**metadata})
    if desired.templates or secret_units:
        shown = sent_without_secrets(fields, metadata, desired, units, secret_units, names=names)
    return [dict(part) for part in shown]


def _not_sent(comparison: Comparison, sent: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """The declared fields, and the platform's own, that are not ``sent`` and not ignored, with ids for tokens."""
    observed = comparison.owned.observed.fields
    own_there = own_fields(observed)
    for field, value in comparison.fields.items():
        if field == PLATFORMS and isinstance(value, dict):
            ours = {
                name: own_there[name] if name in own_there and tokens_in_own_fields(part) else part
                for name, part in own_fields(comparison.fields).items()
                if not _has(sent, f"{PLATFORMS}.{name}")
            }
            yield PLATFORMS, dict.fromkeys(value, ours)
        elif field not in sent and field != "metadata" and (field,) not in comparison.ignored:
            is_nested = isinstance(value, dict | list)
            has_ids = field == "tool_resources" or (is_nested and bool(tokens_in_own_fields(value)))
            yield field, observed[field] if has_ids and field in observed else value


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
        return {field: _changed_own_fields(comparison)}
    return {field: comparison.fields[field] if unit in comparison.declared else cleared(unit)}


def _tool_resources(comparison: Comparison) -> Json:
    """All of it: whether a platform keeps what is left out is not written anywhere."""
    observed = comparison.owned.fields.get("tool_resources")
    resources = dict(observed) if isinstance(observed, dict) else {}
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


def _changed_own_fields(comparison: Comparison) -> Json:
    """The platform's own fields that differ, each as a whole: what is declared no longer in them as null."""
    changed: dict[str, Json] = {}
    platform = ""
    for unit in comparison.changed:
        if unit[0] == PLATFORMS:
            platform, name = str(unit[1]), str(unit[2])
            changed[name] = _whole(comparison, platform, name)
    return {platform: changed}


def _add_companions(fields: dict[str, Json], group: tuple[str, ...], comparison: Comparison) -> None:
    """Add to ``fields`` what of ``group`` is missing, if any of it is there.

    A name is that of a field, or ``platforms.NAME`` for one of the platform's own.
    What a new model is not known to accept is not carried over to it.
    """
    if not any(_has(fields, name) for name in group):
        return
    forgets = "model" in group and comparison.model_changes
    for name in group:
        if _has(fields, name):
            continue
        if _has(comparison.fields, name):
            _put(fields, name, _get(comparison.fields, name), comparison)
        elif _has(comparison.owned.fields, name):
            _put(fields, name, None if forgets else _get(comparison.owned.fields, name), comparison)


def _whole(comparison: Comparison, platform: str, name: str) -> Json:
    declared = own_fields(comparison.fields).get(name)
    dropped: dict[str, Json] = {
        str(unit[3]): None for unit in comparison.undeclared if unit[:-1] == (PLATFORMS, platform, name)
    }
    return {**dropped, **declared} if isinstance(declared, dict) else declared


def _has(fields: Mapping[str, Json], name: str) -> bool:
    own = _own_name(name)
    return own in own_fields(fields) if own else name in fields


def _get(fields: Mapping[str, Json], name: str) -> Json:
    own = _own_name(name)
    return own_fields(fields)[own] if own else fields[name]


def _own_name(name: str) -> str:
    """The name of a platform's own field; empty for one of the document's."""
    field, _, own = name.partition(".")
    return own if field == PLATFORMS else ""


def _put(fields: dict[str, Json], name: str, value: Json, comparison: Comparison) -> None:
    own = _own_name(name)
    if not own:
        fields[name] = value
        return
    platforms = comparison.fields.get(PLATFORMS) or comparison.owned.fields.get(PLATFORMS)
    platform = next(iter(platforms)) if isinstance(platforms, dict) else ""
    fields[PLATFORMS] = {platform: {**own_fields(fields), own: value}}
