"""An assistant that exists -> the manifest that declares it, for ``dump`` and ``migrate``.

What the manifest loader makes of the text is what was observed: a plan after a dump has no field to change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from assistctl.export.from_observed import withheld_units
from assistctl.json_value import Json
from assistctl.manifest.syntax.key_text import LONGEST_KEY, key_from
from assistctl.manifest.syntax.references import escape, mentions
from assistctl.manifest.syntax.yaml_values import NumberRefusedError, read_plain, unprintable_in, unusable_text
from assistctl.model.assistant import Observed
from assistctl.secrets.escaping import as_escape, escape_hidden

SCHEMA_LINE = "# yaml-language-server: $schema={schema}\n"

_PROJECT_STEM = "assistctl"
# A text is a file of its own when it is a page rather than a sentence.
_LONGEST_INLINE = 200
# Text in another order than it is read in: what a file shows would not be what the model is told.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Written:
    """One manifest: its key, and the texts of its files by their path in the manifest folder.

    ``contents`` are the bytes of those that it uploads, in the same way. ``withheld`` are the fields that hold a
    secret: they are left out, as files go into git. ``unseen`` are those that the platform never answers,
    and ``unnamed`` those that name by its id what no document declares.
    ``imports`` is whether it takes over by its id what nobody owns.
    """

    key: str
    files: Mapping[str, str]
    withheld: tuple[str, ...] = ()
    contents: Mapping[str, bytes] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    imports: bool = False


def written_document(
    document: Mapping[str, Json], key: str, *, schema: str, withheld: tuple[str, ...] = ()
) -> Written:
    """The manifest that says what ``document`` does, its long instructions as a file beside it.

    ``schema`` is where an editor finds the JSON Schema, relative to the manifest.
    """
    files: dict[str, str] = {}
    # The project's own file has this name, and is no manifest.
    stem = f"{key}-manifest" if key == _PROJECT_STEM else key
    if stem != key:
        document = {"key": key, **document}
    fields: dict[str, Json] = {name: _escaped(value) for name, value in document.items()}
    instructions = document.get("instructions")
    if isinstance(instructions, str) and _is_page(instructions):
        prompt = f"prompts/{key}.md"
        files[prompt] = instructions
        fields["instructions"] = {"file": prompt}
    files[f"{stem}.yaml"] = SCHEMA_LINE.format(schema=schema) + _yaml(fields)
    return Written(key, files, withheld, imports="import" in document)


def written_mapping(document: Mapping[str, Json], key: str, stem: str, *, schema: str) -> Written:
    """The document of another kind than an assistant, as the file ``stem``."""
    fields = {name: _escaped(value) for name, value in document.items()}
    files = {f"{stem}.yaml": SCHEMA_LINE.format(schema=schema) + _yaml(fields)}
    return Written(key, files, imports="import" in document)


def key_for(observed: Observed, taken: Iterable[str]) -> str:
    """A key made from the assistant's name (or its id), different from those ``taken``."""
    name = "" if ("name",) in withheld_units(observed) else observed.name or ""
    base = key_from(name) or key_from(observed.id) or "assistant"
    used, key, number = {*taken}, base, 2
    while key in used:
        ending = f"-{number}"
        key, number = base[: LONGEST_KEY - len(ending)] + ending, number + 1
    return key


def _escaped(value: Json) -> Json:
    """Text that the loader reads back unchanged: anything that looks like a reference is escaped."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return value


def _is_page(text: str) -> bool:
    """Whether a text is better read in a file; one that a file cannot hold as it is stays in the YAML."""
    fits = unusable_text(text) is None and mentions(text) is None and not _REORDERING.search(text)
    return fits and ("\n" in text or len(text) > _LONGEST_INLINE)


class _Dumper(yaml.SafeDumper):
    """Writes text so that YAML 1.1 and 1.2 read the same, and pages as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002  # PyYAML's signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if unprintable_in(text) or _hidden_escaped(text) != text:
        # PyYAML writes U+0085, U+2028 and U+2029 as they are, as line breaks; escaped they are text. Nor does it
        # escape what nobody can see, which is done below: only here is there a form for that.
        style = '"'
    elif "\n" in text:
        style = "|"
    elif not _stays_text(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _stays_text(text: str) -> bool:
    try:
        return read_plain(text) == text
    except NumberRefusedError:
        return False


_Dumper.add_representer(str, _text)


def _yaml(document: Mapping[str, Json]) -> str:
    text: str = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )
    return _hidden_escaped(text)


def _hidden_escaped(text: str) -> str:
    """``text`` with what cannot be seen, or reorders what is, as the escapes of a string in double quotes."""
    return escape_hidden(text, lambda char: char if char in "\n\t" else as_escape(char))
