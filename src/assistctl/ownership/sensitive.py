"""Secret values, and the stand-ins that are shown and digested for them.

Short secrets are found by trying, in whatever a digest was made of that others read without the values. So each is
left out: of what is sent, the text with ``(secret NAME)`` in its place counts; of what is there, whether it still
is what was applied.

Whoever reads the baseline of a readable field reads its value too, beside it. Of a write-only one there is the
digest alone, so its text with ``(secret NAME)`` is what a baseline has a digest of, too. A secret there that
changes its value is then not told from the old one.

``names`` are those of the platform's tools: paths name tools by their identities.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import Capabilities, FieldDefaults
from assistctl.model.kind import Kind
from assistctl.model.knowledge import DesiredStore
from assistctl.model.resource import DesiredResource
from assistctl.model.tool_names import ASSISTANTS_API_TOOLS, ToolNames
from assistctl.ownership.canonical import TOOLS, Path, canonical_units, digest, digest_of_units, dotted, parse
from assistctl.ownership.mark import BASELINE, Baseline, hidden, read_baseline
from assistctl.secrets.redaction import SECRET
from assistctl.secrets.template import Named, Template, with_labels

Declared: TypeAlias = Desired | DesiredStore | DesiredResource
"""What a manifest declares of a thing of any kind."""

# Keys of a user's own JSON Schema may look like path syntax, so inside one nothing finer is told apart.
_DEPTH_IN_TOOLS = 4
_DEPTH = 3


def kind_of(desired: Declared) -> Kind:
    """The kind of thing that is declared."""
    if isinstance(desired, DesiredResource):
        return desired.kind
    return Kind.ASSISTANT if isinstance(desired, Desired) else Kind.VECTOR_STORE


def secret_paths(desired: Declared, names: ToolNames = ASSISTANTS_API_TOOLS) -> tuple[Path, ...]:
    """The paths of strings with an ``${env:}`` value, with tools by identity and not by place."""
    return tuple(_no_finer(_by_identity(desired, parse(text), names)) for text in desired.secret_paths)


def templates(desired: Declared, names: ToolNames = ASSISTANTS_API_TOOLS) -> Mapping[Path, Template]:
    """The templates of the strings with an ``${env:}`` value, by path, with tools by identity."""
    return {_by_identity(desired, parse(text), names): made for text, made in desired.templates.items()}


def shown_declared(value: Json, path: Path, desired: Declared, names: ToolNames = ASSISTANTS_API_TOOLS) -> Json:
    """The declared ``value`` at ``path`` with ``(secret NAME)`` for each secret in it.

    ``(secret)`` when a secret is in it in another form than was declared.
    """
    secrets = {
        text
        for text in desired.secret_paths
        if touches([_no_finer(_by_identity(desired, parse(text), names))], path)
    }
    made = [desired.templates[text] for text in secrets if text in desired.templates]
    if value is None or not secrets:
        return value
    if len(made) < len(secrets):
        return SECRET
    shown = with_labels(value, {template.filled: template.shown for template in made})
    left = json.dumps(with_labels(value, {template.filled: "" for template in made}), ensure_ascii=False)
    values = (piece.value for template in made for piece in template.pieces if isinstance(piece, Named))
    return SECRET if any(json.dumps(text, ensure_ascii=False)[1:-1] in left for text in values if text) else shown


def touches(secrets: Iterable[Path], path: Path) -> bool:
    """Whether ``path`` is, lies in, or holds one of the secrets."""
    # A part of a field that is never answered is a unit of its own, with a dot in its name.
    if path and "." in str(path[0]):
        path = (*parse(str(path[0])), *path[1:])
    return any(secret[: min(len(secret), len(path))] == path[: min(len(secret), len(path))] for secret in secrets)


def shown_path(path: Path, plain_tools: frozenset[str]) -> Path:
    """The ``path`` of a secret difference, without a tool's name that is not among the ``plain_tools``."""
    if path[0] != "tools" or len(path) == 1 or path[1] in plain_tools:
        return path
    return ("tools", SECRET, *path[2:])


def plainly_named_tools(desired: Declared, names: ToolNames = ASSISTANTS_API_TOOLS) -> frozenset[str]:
    """The identities of the declared tools that hold no secret themselves."""
    tools = desired.fields.get("tools")
    identities = names.identities(tools if isinstance(tools, list) else [])
    hidden = {path[1] for path in secret_paths(desired, names) if path[0] == "tools" and path[2:] in names.parts}
    return frozenset(identities) - hidden


def sent_without_secrets(
    fields: Mapping[str, Json],
    metadata: Mapping[str, str],
    desired: Declared,
    units: Mapping[Path, Json],
    secret_units: Collection[Path],
    *,
    names: ToolNames = ASSISTANTS_API_TOOLS,
) -> tuple[dict[str, Json], dict[str, Json]]:
    """The fields and the metadata that are sent, without secrets; what is sent without any stays as it is.

    ``units`` are the canonical ones that the baseline is about. ``names`` are those of the platform's tools.
    """
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
    told = {
        name: SECRET if name in untold_fields else with_labels(value, labels) for name, value in fields.items()
    }
    return told, pairs


def digest_of(observed: Observed) -> str:
    """A digest of all that an update could overwrite in a thing."""
    return digest_of_units(canonical_units(observed.fields, observed.metadata))


def digest_without_secrets(
    observed: Observed,
    desired: Declared | None,
    units: Mapping[Path, Json] | None = None,
    names: ToolNames = ASSISTANTS_API_TOOLS,
) -> str:
    """A digest of all that an update could overwrite in an assistant, but for secrets.

    Of what ``desired`` or the baseline calls secret, it has whether it still is what was applied.
    ``units`` are its canonical ones, by the Assistants API's own defaults, where they are known already, ``names``
    those of the platform's tools.
    """
    if units is None:
        units = canonical_units(observed.fields, observed.metadata, FieldDefaults(tool_names=names))
    text = observed.metadata.get(BASELINE, "")
    secrets = secret_paths(desired, names) if desired is not None and desired.secret_paths else ()
    if not secrets and "!" not in text:
        # No unit was given a secret, nor is any declared: most things are like that.
        return digest_of_units(units)
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


@dataclass(frozen=True, slots=True)
class UnseenSecrets:
    """The text to digest in place of each secret that no answer shows, by its path from its unit."""

    labels: Mapping[Path, str]

    def labelled(self, part: Path, value: Json) -> Json:
        """The canonical ``value`` of a unit, or of a single tool, as a baseline records it."""
        for path, label in self.labels.items():
            if path[: len(part)] == part:
                value = _replaced(value, path[len(part) :], label)
        return value

    def recorded(self, units: Mapping[Path, Json]) -> dict[Path, Json]:
        """All the canonical ``units`` as a baseline records them."""
        return {unit: self.labelled(unit, value) for unit, value in units.items()}


def unseen_secrets(desired: Declared, capabilities: Capabilities) -> UnseenSecrets:
    """The declared secrets in write-only fields, and in what is write-only in the platform's own tools."""
    labels: dict[Path, str] = {}
    for text in sorted(desired.secret_paths):
        made = desired.templates.get(text)
        for path in _unseen_paths(desired, text, capabilities):
            labels[path] = made.shown if made is not None else SECRET
    return UnseenSecrets(labels)


def _by_identity(desired: Declared, path: Path, names: ToolNames) -> Path:
    """A declared ``path`` with a tool's identity in the place of its number."""
    tools = desired.fields.get("tools")
    if path[0] != "tools" or len(path) == 1 or not isinstance(tools, list):
        return path
    return ("tools", names.identities(tools)[int(path[1])], *path[2:])


def _no_finer(path: Path) -> Path:
    return path[: _DEPTH_IN_TOOLS if path[0] == "tools" else _DEPTH]


def _state(unit: Path, value: Json, baseline: Baseline) -> Json:
    """Whether a unit is as it was applied, tool by tool where it is tools."""
    if unit != TOOLS or not isinstance(value, dict):
        return baseline.is_still(unit, value)
    return [
        baseline.is_still(unit, value),
        *(baseline.is_still((*unit, name), value[name]) for name in sorted(value)),
    ]


def _labels(desired: Declared, fields: Mapping[str, Json]) -> dict[str, str]:
    """The stand-in for each text with a secret, both as declared and as sent."""
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


def _unseen_paths(desired: Declared, text: str, capabilities: Capabilities) -> Iterator[Path]:
    for name in capabilities.write_only:
        # A part of a field that is never answered is a unit of its own, with a dot in its name.
        if text == name or text.startswith((f"{name}.", f"{name}[")):
            yield (name, *parse(text.removeprefix(name)))
    path = _by_identity(desired, parse(text), capabilities.field_defaults.tool_names)
    if path[:1] == ("tools",) and capabilities.write_only_in_tools.intersection(map(str, path[2:3])):
        yield path


def _replaced(value: Json, path: Path, label: str) -> Json:
    """``value`` with ``label`` at ``path``, if anything is there."""
    if not path:
        return value if value is None else label
    step, *rest = path
    if isinstance(value, list) and str(step).isdecimal() and int(step) < len(value):
        place = int(step)
        return [*value[:place], _replaced(value[place], tuple(rest), label), *value[place + 1 :]]
    if isinstance(value, dict) and str(step) in value:
        return {**value, str(step): _replaced(value[str(step)], tuple(rest), label)}
    return value
