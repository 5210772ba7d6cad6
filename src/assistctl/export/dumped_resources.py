"""Environments, memory stores and skills that exist -> the documents that declare them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistctl.export.dumped import Style
from assistctl.export.from_observed import own_part, withheld_units
from assistctl.export.undeclared import Scope, identity, keyed, undeclared
from assistctl.export.yaml_writer import Written, written_document
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities, RosterEntry
from assistctl.model.kind import Kind
from assistctl.model.resource import CONTENT, DesiredResource
from assistctl.ownership.canonical import PLATFORMS, Path, canonical, default_of, dotted, same
from assistctl.ownership.mark import BASELINE, read_baseline, read_mark, users_pairs


@dataclass(frozen=True, slots=True)
class ResourceDump:
    """The documents for what is there of each kind and no document declares. Keys in ``taken`` are not free.

    ``contents`` are the files of what is made of files, by its id: without them it is left out.
    """

    scope: Scope
    style: Style
    taken: set[str]
    contents: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    _references: dict[str, _Reference] = field(default_factory=dict)

    def of_kind(
        self, kind: Kind, observed: Sequence[Observed], declared: Sequence[DesiredResource]
    ) -> Iterator[Written]:
        """Those of one kind. What others name comes first: they name it by its key."""
        table = self.style.capabilities.resources[kind]
        had = Counter(self.scope.key_of(resource.metadata) for resource in observed)
        duplicates = {key for key, count in had.items() if key is not None and count > 1}
        chosen = undeclared(observed, declared, self.scope)
        if CONTENT in table.fields:
            chosen = [resource for resource in chosen if resource.id in self.contents]
        named = keyed(chosen, (), self.scope, self.taken)
        self._note(kind, [*_owned(observed, declared, self.scope, duplicates), *named])
        for key, found in named:
            self.taken.add(key)
            withheld, unseen = withheld_units(found), _unseen(found, table)
            resource, unnamed = self._naming_by_key(found, table)
            files = self.contents.get(resource.id, {})
            folder = f"{kind}s/{key}"
            document: dict[str, Json] = {
                "kind": str(kind),
                **identity(key, resource, self.scope, duplicates),
                **_document(resource, key, table, withheld, (*unseen, *unnamed)),
                **({CONTENT: folder} if files else {}),
            }
            schema = self.style.schema(kind.replace("_", "-"))
            written = written_document(document, key, schema=schema, withheld=tuple(map(dotted, withheld)))
            contents = {f"{folder}/{path}": content for path, content in files.items()}
            yield replace(written, contents=contents, unseen=unseen, unnamed=unnamed)

    def _note(self, kind: Kind, named: Iterable[tuple[str, Observed]]) -> None:
        """Remember the keys that things of one kind have in documents."""
        self._references.update((thing.id, _Reference(kind, key, thing.revision)) for key, thing in named)

    def _naming_by_key(self, resource: Observed, table: Capabilities) -> tuple[Observed, tuple[str, ...]]:
        """``resource`` with keys for ids in its lists, and the lists left out that name what has no document."""
        fields, unnamed = dict(resource.fields), []
        for kind, entry in table.resource_entries.items():
            name = f"{kind}s"
            listed = fields.get(name)
            items = listed if isinstance(listed, list) else []
            references = [self._reference(kind, entry, item) for item in items]
            if None not in references:
                fields |= {name: references} if references else {}
            else:
                del fields[name]
                unnamed.append(name)
        return replace(resource, fields=fields), tuple(unnamed)

    def _reference(self, kind: Kind, entry: RosterEntry, item: Json) -> Json:
        """An entry of a list as a document has it; ``None`` where no document can."""
        told = item if isinstance(item, dict) else {}
        found = self._references.get(str(told.get(entry.id)))
        if found is None or found.kind is not kind:
            return None
        version = told.get(entry.revision)
        pinned: dict[str, Json] = {} if version in {None, found.newest} else {"version": version}
        return {str(kind): found.key, **pinned}


@dataclass(frozen=True, slots=True)
class _Reference:
    """A thing by the key that it has in a document, and its newest version."""

    kind: Kind
    key: str
    newest: str | None


def _owned(
    observed: Iterable[Observed], declared: Iterable[DesiredResource], scope: Scope, duplicates: Collection[str]
) -> Iterator[tuple[str, Observed]]:
    """What documents declare already, by its key."""
    keys = {resource.moved_from or resource.key: resource.key for resource in declared}
    for resource in observed:
        had = scope.key_of(resource.metadata)
        if had in keys and had not in duplicates:
            yield keys[had], resource


def _unseen(resource: Observed, table: Capabilities) -> tuple[str, ...]:
    """The fields that were applied and that no answer shows."""
    baseline = read_baseline(resource.metadata.get(BASELINE))
    return tuple(
        name for name in sorted(table.write_only) if baseline.has((name,)) and name not in resource.fields
    )


def _lifecycle(resource: Observed, unseen: Sequence[str]) -> dict[str, Json]:
    """Protection as it is; what no answer shows stays as it is, until somebody declares it."""
    mark = read_mark(resource.metadata)
    rules: dict[str, Json] = {"prevent_destroy": True} if mark and mark.prevent_destroy else {}
    return rules | ({"ignore_changes": [*unseen]} if unseen else {})


def _document(
    resource: Observed, key: str, table: Capabilities, withheld: Sequence[Path], unseen: Sequence[str]
) -> dict[str, Json]:
    document = dict(_fields(resource, key, table, {str(unit[0]) for unit in withheld if len(unit) == 1}))
    pairs = users_pairs(dict(resource.metadata))
    pairs = {name: text for name, text in pairs.items() if ("metadata", name) not in withheld}
    own = own_part(resource, table.defaults)
    rules = _lifecycle(resource, unseen)
    return {
        **document,
        **({"metadata": pairs} if pairs else {}),
        **({PLATFORMS: own} if own else {}),
        **({"lifecycle": rules} if rules else {}),
    }


def _fields(
    resource: Observed, key: str, table: Capabilities, withheld: Collection[str]
) -> Iterator[tuple[str, Json]]:
    """The fields that are not as they would be without being declared."""
    defaults = table.field_defaults
    for name, value in resource.fields.items():
        is_told = name not in withheld and name in table.fields and not (name == "name" and value == key)
        if is_told and not same(canonical(name, value, defaults), default_of((name,), defaults)):
            yield name, value
