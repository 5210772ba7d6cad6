"""What is digested where others read the digest and not the values: never a secret.

Short secrets are found by trying, in whatever a digest was made of. So each is left out: of what is sent, the
text with ``(secret NAME)`` in its place counts; of what is there, whether it still is what was applied.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import FieldDefaults
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS, ToolNames
from assistctl.ownership.baseline import Baseline, hidden, read_baseline
from assistctl.ownership.canonical import canonical_units, digest
from assistctl.ownership.field_paths import Path, dotted, parse
from assistctl.ownership.mark import BASELINE, OUR_PREFIX
from assistctl.ownership.sensitive import Declared, secret_paths, templates, touches
from assistctl.secrets.redaction import SECRET
from assistctl.secrets.template import with_labels

_TOOLS: Path = ("tools",)


def digested_request(
    fields: Mapping[str, Json],
    metadata: Mapping[str, str],
    desired: Declared,
    units: Mapping[Path, Json],
    secret_units: Collection[Path],
    *,
    names: ToolNames = ASSISTANTS_API_TOOLS,
) -> Json:
    """What is sent, without secrets. ``units`` are the canonical ones that the baseline is about.

    ``names`` are those of the platform's tools.
    """
    if not desired.templates and not secret_units:
        return [dict(fields), dict(metadata)]
    labels = _labels(desired, fields)
    made = templates(desired, names)
    # It was given a secret once, and nothing declared says where in it.
    untold = {unit for unit in secret_units if not touches(made, unit)}
    untold_fields = {str(unit[0]) for unit in untold}
    pairs: dict[str, Json] = {
        key: labels.get(value, SECRET) if ("metadata", key) in secret_units else value
        for key, value in metadata.items()
    }
    if BASELINE in metadata:
        pairs[BASELINE] = hidden(metadata[BASELINE], units)
    return [
        {name: SECRET if name in untold_fields else with_labels(value, labels) for name, value in fields.items()},
        pairs,
    ]


def digest_of(observed: Observed) -> str:
    """A digest of all that an update could overwrite in a thing."""
    units = canonical_units(observed.fields, observed.metadata)
    return digest({dotted(unit): value for unit, value in units.items()})


def digest_without_secrets(
    observed: Observed,
    desired: Declared | None,
    units_but_ours: Mapping[Path, Json] | None = None,
    names: ToolNames = ASSISTANTS_API_TOOLS,
) -> str:
    """A digest of all that an update could overwrite in an assistant, but for secrets.

    Of what ``desired`` or the baseline calls secret, it has whether it still is what was applied.
    ``units_but_ours`` are its canonical units, by the Assistants API's own defaults and without our pairs, where
    they are known already, ``names`` those of the platform's tools.
    """
    units = _all_units(observed, units_but_ours, names)
    text = observed.metadata.get(BASELINE, "")
    secrets = secret_paths(desired, names) if desired is not None and desired.secret_paths else ()
    if not secrets and "!" not in text:
        # No unit was given a secret, nor is any declared: most things are like that.
        return digest({dotted(unit): value for unit, value in units.items()})
    baseline = read_baseline(text)
    digested: dict[str, Json] = {
        dotted(unit): _state(unit, value, baseline)
        if baseline.is_secret(unit) or touches(secrets, unit)
        else value
        for unit, value in units.items()
    }
    if text:
        digested[dotted(("metadata", BASELINE))] = hidden(text, units, lambda unit: touches(secrets, unit))
    return digest(digested)


def _all_units(
    observed: Observed, units_but_ours: Mapping[Path, Json] | None, names: ToolNames
) -> Mapping[Path, Json]:
    if units_but_ours is None:
        return canonical_units(observed.fields, observed.metadata, FieldDefaults(tool_names=names))
    ours: dict[Path, Json] = {
        ("metadata", key): value for key, value in observed.metadata.items() if key.startswith(OUR_PREFIX)
    }
    return {**units_but_ours, **ours}


def _state(unit: Path, value: Json, baseline: Baseline) -> Json:
    """Whether a unit is as it was applied, tool by tool where it is tools."""
    if unit != _TOOLS or not isinstance(value, dict):
        return baseline.is_still(unit, value)
    return [
        baseline.is_still(unit, value),
        *(baseline.is_still((*unit, name), value[name]) for name in sorted(value)),
    ]


def _labels(desired: Declared, fields: Mapping[str, Json]) -> dict[str, str]:
    """What stands for each text that holds a secret, as it was declared and as it is sent."""
    labels: dict[str, str] = {}
    for path, made in desired.templates.items():
        sent = _at(fields, parse(path))
        if isinstance(sent, str) and sent != made.filled:
            labels[sent] = SECRET
        labels[made.filled] = made.shown
    return labels


def _at(value: Json | Mapping[str, Json], path: Path) -> Json:
    found: Json = dict(value) if isinstance(value, Mapping) else value
    for step in path:
        if isinstance(found, list) and str(step).isdigit() and int(step) < len(found):
            found = found[int(step)]
        elif isinstance(found, dict):
            found = found.get(str(step))
        else:
            return None
    return found
