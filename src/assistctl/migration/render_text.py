"""A migration for people at a terminal: each assistant in a few lines, then what to do, once for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from assistctl.json_value import Json
from assistctl.migration.report import FieldOutcome, Migrated, Migration, Outcome
from assistctl.model.counting import first_named
from assistctl.model.plan import TargetName
from assistctl.rendering.text.plan_text import Line, emit
from assistctl.rendering.values import label, value_text
from assistctl.secrets.escaping import visible

_VERBS = {Outcome.CARRIED: "carries over", Outcome.MAPPED: "maps", Outcome.LOST: "lost"}
_COLOURS = {Outcome.CARRIED: "green", Outcome.MAPPED: "yellow", Outcome.LOST: "bold red"}
_TITLES = {
    Outcome.LOST: "Lost, and the nearest way on:",
    Outcome.MAPPED: "Maps, and how:",
    Outcome.CARRIED: "Carries over, and what to know of it:",
}
_DECLARED = "Declared by manifests already, which stay as they are:"
_WIDEST_VERB = max(map(len, _VERBS.values()))
_LONGEST_VALUE = 40
_MOST_NAMES = 5
_INDENT = Text("      ")


@dataclass(frozen=True, slots=True)
class _Told:
    """One field of one assistant."""

    key: str
    field_outcome: FieldOutcome


def print_migration(console: Console, migration: Migration) -> None:
    """Prints the outcome of each field, and what to do about what is lost."""
    emit(console, [Line(Text(_heading(migration), "bold")), Line()])
    for assistant in migration.assistants:
        emit(console, [*_assistant(assistant), Line()])
    if migration.manifests:
        emit(console, [Line(Text(_DECLARED, "bold")), Line()])
    for manifest in migration.manifests:
        emit(console, [*_assistant(manifest), Line()])
    for outcome, title in _TITLES.items():
        lines = [line for group in _groups(migration, outcome) for line in _advice(group)]
        if lines:
            emit(console, [Line(Text(title, _COLOURS[outcome])), *lines, Line()])
    emit(console, [Line(Text(line)) for line in _left_out(migration)])
    emit(console, [Line(Text(_conclusion(migration), "bold"))])


def _heading(migration: Migration) -> str:
    return f"{label(migration.project)}: {_place(migration.source)} → {_place(migration.target)}"


def _place(target: TargetName) -> str:
    return f"{label(target.name)} ({label(target.platform)})"


def _assistant(assistant: Migrated) -> Iterator[Line]:
    name = f"  {label(assistant.name)}" if assistant.name else ""
    head = Text.assemble(
        (label(assistant.key), "bold"), name, (f"  {label(assistant.file or assistant.id)}", "dim")
    )
    yield Line(head, prefix=Text("  "), hang=4)
    for outcome, verb in _VERBS.items():
        paths = [_placed(field_outcome) for field_outcome in assistant.with_outcome(outcome)]
        if paths:
            prefix = Text(f"      {verb:<{_WIDEST_VERB}}  ", _COLOURS[outcome])
            yield Line(Text(", ".join(paths)), prefix=prefix)


def _placed(field_outcome: FieldOutcome) -> str:
    """The path of a field, with where it stands when it is lost."""
    position = field_outcome.position if field_outcome.outcome is Outcome.LOST else None
    return visible(f"{field_outcome.path} ({position})" if position else field_outcome.path)


def _groups(migration: Migration, outcome: Outcome) -> list[list[_Told]]:
    """The outcomes with the same note, whatever the field; those without need no more words."""
    groups: dict[str, list[_Told]] = {}
    for assistant in migration.judged:
        for field_outcome in assistant.with_outcome(outcome):
            if field_outcome.note:
                groups.setdefault(field_outcome.note, []).append(_Told(assistant.key, field_outcome))
    return list(groups.values())


def _advice(group: Sequence[_Told]) -> Iterator[Line]:
    fields = ", ".join(visible(about) for about in dict.fromkeys(told.field_outcome.about for told in group))
    keys = list(dict.fromkeys(told.key for told in group))
    count = f"  ({len(keys):,} {'assistant' if len(keys) == 1 else 'assistants'})"
    yield Line(Text.assemble((fields, "bold"), (count, "dim")), prefix=Text("  "), hang=4)
    yield Line(Text(visible(group[0].field_outcome.note)), prefix=_INDENT)
    for line in _values(group) if group[0].field_outcome.outcome is Outcome.CARRIED else _members(group, keys):
        yield Line(Text(line, "dim"), prefix=_INDENT, hang=4)


def _values(group: Sequence[_Told]) -> Iterator[str]:
    """The values there are, and how often: whose they are is of no matter."""
    counts = Counter(_short(told.field_outcome.value) for told in group if told.field_outcome.value is not None)
    if counts:
        yield ", ".join(f"{value} ({count:,})" for value, count in counts.most_common())


def _members(group: Sequence[_Told], keys: Sequence[str]) -> Iterator[str]:
    """The assistants it is about; a line for each that has files to be looked for."""
    several = len({told.field_outcome.about for told in group}) > 1
    details = {
        key: ", ".join(
            filter(None, (_detail(told.field_outcome, several=several) for told in group if told.key == key))
        )
        for key in keys
    }
    if any(isinstance(told.field_outcome.value, list) for told in group):
        yield from (f"{label(key)}: {detail}" for key, detail in details.items())
    else:
        yield ", ".join(f"{label(key)} ({detail})" if detail else label(key) for key, detail in details.items())


def _detail(field_outcome: FieldOutcome, *, several: bool) -> str:
    """The function or pair, or of ``several`` fields their names, with a value that is short."""
    which = ""
    if field_outcome.about.startswith("tools.function") or field_outcome.about == "metadata":
        which = field_outcome.path.removeprefix("metadata.").removeprefix("tools[").partition("]")[0]
    elif several and not isinstance(field_outcome.value, list):
        which = field_outcome.path
    is_setting = field_outcome.about.startswith("vector_stores.") and isinstance(field_outcome.value, dict)
    value = value_text(field_outcome.value) if is_setting else _short(field_outcome.value)
    return f"{visible(which)} {value}".strip()


def _short(value: Json) -> str:
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return ", ".join(_thing(item) for item in value)
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return f"{value_text(value[:_LONGEST_VALUE].rstrip())} …"
    return value_text(value)


def _thing(resource: Json) -> str:
    """A file or a vector store: its name and id, and what is in it."""
    if not isinstance(resource, dict):
        return value_text(resource)
    name, identity = resource.get("name"), label(str(resource.get("id")))
    known = f"{label(name)} ({identity})" if isinstance(name, str) and name else identity
    more = [
        f"{name} {value_text(value)}" for name, value in resource.items() if name not in {"id", "name", "files"}
    ]
    known = " ".join((known, *more))
    files = resource.get("files")
    if not isinstance(files, list):
        return known
    return f"{known} with {', '.join(_thing(file) for file in files) or 'no files'}"


def _left_out(migration: Migration) -> Iterator[str]:
    if migration.declared:
        names = first_named([label(name) for name in migration.declared], _MOST_NAMES)
        yield f"Declared by manifests already, so that none are written: {names}."
    if migration.others:
        yield f"Owned by others, and left out: {migration.others:,}."


def _conclusion(migration: Migration) -> str:
    total = len(migration.judged)
    if not total:
        return "Nothing to migrate: no manifest is missing."
    losing = sum(bool(assistant.with_outcome(Outcome.LOST)) for assistant in migration.judged)
    assistants = f"{total:,} {'assistant' if total == 1 else 'assistants'}"
    return f"{assistants}: {total - losing:,} without loss, {losing:,} with something lost."
