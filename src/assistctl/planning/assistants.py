"""The peculiarities of assistants in a plan: ids in their fields, and their code interpreter's files."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Observed
from assistctl.model.capabilities import ASSISTANTS_API, Capabilities, FieldDefaults
from assistctl.model.change import Absence, FieldDiff, Missing, Origin, QualifiedKey
from assistctl.model.kind import Kind
from assistctl.ownership.canonical import (
    TOOLS,
    Path,
    canonical_units,
    default_of,
    digest_of_units,
    dotted,
    known_units,
    same,
)
from assistctl.ownership.file_marks import (
    FILES,
    PATHS,
    HeldFile,
    interpreter_files,
    marked_tokens,
    store_token,
    tokens_of_files,
)
from assistctl.ownership.mark import Mark
from assistctl.ownership.placeholders import (
    file_ids,
    labels_of,
    replaced_ids,
    store_ids,
    uploads_read,
    with_tokens,
)
from assistctl.ownership.projection import is_comparable
from assistctl.ownership.references_by_key import revision_token
from assistctl.ownership.sensitive import digest_without_secrets
from assistctl.planning.capability_check import check_expressible, to_platform, with_tools_named
from assistctl.planning.decision import Contents, Decision, KindFacts
from assistctl.planning.identity.inventory import Owned, interpret
from assistctl.planning.rosters import Rosters
from assistctl.planning.uses import in_words_of_manifest
from assistctl.planning.vector_stores.file_changes import REMOVED_OUTSIDE, FileChange, HolderFiles


@dataclass(frozen=True, slots=True)
class Assistants(KindFacts[Observed, Desired]):
    """The facts of assistants on ``platform``.

    ``store_tokens`` has the tokens of the project's vector stores by their ids, ``gone`` are the ids of uploads
    that are not there, ``unread`` the uploads of ours that nothing reads at the moment. ``rosters`` tells who
    names whom, ``everything`` the same with all that is there even where nothing is named. ``moved_stores`` maps
    the new keys of vector stores to those they move from, ``former_stores`` to those they have moved from.
    """

    platform: str
    capabilities: Capabilities
    store_tokens: dict[str, str]
    gone: Collection[str]
    unread: Collection[HeldFile] = ()
    rosters: Rosters = field(default_factory=Rosters)
    everything: Callable[[], Rosters] = Rosters
    moved_stores: Mapping[str, str] = field(default_factory=dict)
    former_stores: Mapping[str, str] = field(default_factory=dict)
    _unread: dict[str, HeldFile] = field(init=False, repr=False, compare=False)
    _unread_tokens: dict[str, str] = field(init=False, repr=False, compare=False)
    kind = Kind.ASSISTANT
    rewritten = (FILES, PATHS)

    def __post_init__(self) -> None:
        """Find the uploads that nothing reads by their ids."""
        object.__setattr__(self, "_unread", {each.file_id: each for each in self.unread})
        object.__setattr__(self, "_unread_tokens", {each.file_id: each.token for each in self.unread})

    def read(self, listed: Observed, mark: Mark | None) -> Owned:
        """An assistant with the uploads that it has."""
        fields = listed.fields
        if mark is not None and self.rosters.named:
            fields = self.rosters.with_tokens(QualifiedKey(self.kind, mark.key), listed)
        uploads = uploads_read([listed]) if FILES in listed.metadata else []
        held = [upload for upload in uploads if upload.file_id not in self.gone]
        lost = {upload.token: upload for upload in uploads if upload.file_id in self.gone}
        tokens: Mapping[str, str] = self.store_tokens
        if held or self._unread:
            tokens = ChainMap(
                {upload.file_id: upload.token for upload in held}, self._unread_tokens, self.store_tokens
            )
        read = interpret(listed, mark, self.capabilities.field_defaults, tokens, fields)
        return replace(read, held=tuple(held), lost=tuple(lost.values())) if uploads else read

    def read_otherwise(self, owned: Owned) -> Iterator[Owned]:
        """An assistant with tokens for all of ours that it may have named by key, and by a key they had before."""
        yield from self._before_stores_moved(owned)
        for fields in self.everything().named_before(self.kind, owned):
            read = interpret(owned.observed, owned.mark, self.capabilities.field_defaults, owned.tokens, fields)
            yield replace(read, held=owned.held, lost=owned.lost)

    def digest(self, owned: Owned, desired: Desired | None) -> str:
        """A digest of its fields."""
        units, names = self._units_answered(owned), self.capabilities.field_defaults.tool_names
        if owned.baseline.secrets or (desired is not None and desired.secret_paths):
            return digest_without_secrets(owned.observed, desired, units, names)
        return digest_of_units(units)

    def _units_answered(self, owned: Owned) -> Mapping[Path, Json]:
        """The canonical units of what was answered, by the Assistants API's defaults, whatever the platform's."""
        defaults, answered = self.capabilities.field_defaults, owned.observed
        if owned.fields is not answered.fields or defaults is not ASSISTANTS_API:
            return canonical_units(
                answered.fields, answered.metadata, FieldDefaults(tool_names=defaults.tool_names)
            )
        return {**owned.units, **{("metadata", key): text for key, text in answered.metadata.items()}}

    def expressed(self, desired: Desired) -> tuple[Desired, Iterable[Diagnostic]]:
        """``desired`` in the form in which the platform expresses it."""
        diagnostics = check_expressible(desired, self.platform, self.capabilities)
        expressed = to_platform(desired, self.platform, self.capabilities)
        return expressed, with_tools_named(desired, diagnostics, self.capabilities.field_defaults.tool_names)

    def given(self, desired: Desired) -> Mapping[str, Json]:
        """The fields that the platform is given of ``desired``, with tokens for its files and its vector store."""
        return to_platform(with_tokens(desired), self.platform, self.capabilities).fields

    def named_later(self, desired: Desired) -> Collection[str]:
        """See ``Rosters.named_later``."""
        return self.rosters.named_later(desired) if self.rosters.named else ()

    def comparable(self, desired: Desired, owned: Owned | None) -> tuple[Desired, Mapping[str, str]]:
        """``desired`` with tokens for its files and its vector store."""
        tokens = owned.tokens if owned is not None else self.store_tokens
        held, lost = (owned.held, owned.lost) if owned is not None else ((), ())
        if not (held or lost or desired.interpreter_files or desired.store or "tool_resources" in desired.fields):
            return desired, {}
        labels = labels_of(desired, held, lost)
        desired = with_tokens(desired)
        fields = replaced_ids(desired.fields, lambda text: tokens.get(text, text))
        return desired if fields is desired.fields else replace(desired, fields=fields), labels

    def in_words_of_manifest(self, diffs: Sequence[FieldDiff], desired: Desired | None) -> Sequence[FieldDiff]:
        """``diffs`` with what it names of other kinds under the manifest's fields for that."""
        if not self.capabilities.uses_in:
            return diffs
        own = desired.platform_fields.get(self.platform, {}) if desired is not None else {}
        return in_words_of_manifest(diffs, own, self.platform, self.capabilities)

    def contents(self, desired: Desired, owned: Owned | None) -> Contents:
        """The files that its code interpreter is to have, and the assistants that it names."""
        files = self._files(desired, owned)
        old_key = self._key_on_record(desired, owned) if owned is not None else None
        if old_key is not None:
            # What is on record knows its store by the key: later it would seem to have been given another one.
            diff = FieldDiff("vector_store", old_key, desired.store, Origin.MANIFEST)
            files = replace(files, reasons=["its vector store has another key"], renewed=[diff])
        if owned is None or not self.rosters.named:
            return files
        outdated = self.rosters.outdated(self.kind, desired, owned.observed)
        if not outdated:
            return files
        return replace(
            files,
            reasons=[
                *files.reasons,
                *(f"{about} has a new version" for about in sorted({about for about, _ in outdated})),
            ],
            renewed=[*files.renewed, *(diff for _, diff in outdated)],
            outdated=frozenset(revision_token(about) for about, _ in outdated),
        )

    def _key_on_record(self, desired: Desired, owned: Owned) -> str | None:
        """The key that it knows the vector store by that it goes on searching, if that is another one by now.

        The store moves with this plan, or it has moved with an apply that was not about the assistant.
        """
        key = desired.store or ""
        if key not in self.moved_stores and key not in self.former_stores:
            return None
        if owned.mark is None or owned.mark.key != desired.key or not self._searches(key, owned):
            return None
        if key in self.moved_stores:
            return self.moved_stores[key]
        is_outdated = any(_was_applied_as(before, owned) for before in self._before_stores_moved(owned))
        return self.former_stores[key] if is_outdated else None

    def _searches(self, key: str, owned: Owned) -> bool:
        token = store_token(key)
        return any(self.store_tokens.get(store_id) == token for store_id in store_ids(owned.observed.fields))

    def _before_stores_moved(self, owned: Owned) -> Iterator[Owned]:
        """An assistant that searches a vector store which has moved, as it was read before that."""
        if not self.former_stores:
            return
        former = {store_token(key): store_token(old_key) for key, old_key in self.former_stores.items()}
        fields = replaced_ids(owned.fields, lambda text: former.get(text, text))
        if fields == owned.fields:
            return
        read = interpret(owned.observed, owned.mark, self.capabilities.field_defaults, fields=fields)
        yield replace(read, tokens=owned.tokens, held=owned.held, lost=owned.lost)

    def _files(self, desired: Desired, owned: Owned | None) -> Contents:
        """The files that its code interpreter is to have; uploads of ours that are declared by id stay ours."""
        metadata = owned.observed.metadata if owned is not None else {}
        if not (desired.interpreter_files or self._unread or FILES in metadata):
            return Contents(store=desired.store)
        named = file_ids(desired.fields)
        found = (self._unread[file_id] for file_id in named if file_id in self._unread)
        again = {upload.token: upload.path for upload in found}
        if not (desired.interpreter_files or again) and FILES not in metadata:
            return Contents(store=desired.store)
        reads = again | {upload.token: upload.path for upload in interpreter_files(metadata, named)}
        reads |= {token: file.path for token, file in tokens_of_files(desired.interpreter_files).items()}
        missing = [
            Missing(Kind.FILE, upload.path or upload.file_id, upload.file_id, Absence.DELETED_OUTSIDE)
            for upload in (owned.lost if owned is not None else ())
        ]
        decision = Decision(missing=missing, files=(_interpreter_reads(desired, owned),))
        return Contents(decision, reads=reads, store=desired.store)

    def staying(self, owned: Owned) -> Decision:
        """Its files go on being read."""
        stays = frozenset(upload.file_id for upload in owned.held)
        return Decision(
            files=(HolderFiles(stays=stays),) if stays else (), diagnostics=tuple(self._told_of_moves(owned))
        )

    def _told_of_moves(self, owned: Owned) -> Iterator[Diagnostic]:
        """A word about each vector store that moves without an assistant which searches it."""
        for key, old_key in self.moved_stores.items():
            if owned.mark is not None and self._searches(key, owned):
                yield _moves_alone(owned.mark.key, key, old_key)

    def ending(self, key: str, owned: Owned) -> Contents:
        """The files of its code interpreter go with it."""
        ends = tuple((upload, "its assistant is deleted") for upload in owned.held)
        files = (HolderFiles((str(self.kind), key), ends=ends),) if ends else ()
        reasons = ["the platform archives it"] if self.capabilities.archives else []
        edited = _foreign_edits(owned, self.capabilities)
        for before in self.read_otherwise(owned) if edited else ():
            others = _foreign_edits(before, self.capabilities)
            edited = tuple(unit for unit in edited if unit in others)
        reasons += [f"changed outside since: {', '.join(map(dotted, edited))}"] if edited else []
        return Contents(Decision(files=files), reasons)


def _interpreter_reads(desired: Desired, owned: Owned | None) -> HolderFiles:
    """The files that a code interpreter has, and is to have."""
    held = owned.held if owned is not None else ()
    lost = {upload.token for upload in owned.lost} if owned is not None else set()
    marked = marked_tokens(owned.observed.metadata) if owned is not None else frozenset()
    held_by_token = {upload.token: upload for upload in held}
    wanted, by_id = tokens_of_files(desired.interpreter_files), set(file_ids(desired.fields))
    stays = {upload.file_id for upload in held if upload.file_id in by_id}
    stays |= {held_by_token[token].file_id for token in wanted if token in held_by_token}
    gone = [
        upload for token, upload in held_by_token.items() if token not in wanted and upload.file_id not in by_id
    ]
    stale = {upload.path or upload.file_id: upload for upload in gone}
    changes = []
    for token, source in wanted.items():
        if token not in held_by_token:
            replaces = (stale.pop(source.path),) if source.path in stale else ()
            reason = "changed" if replaces else REMOVED_OUTSIDE if token in marked else "new"
            reason = "deleted outside" if token in lost else reason
            changes.append(FileChange(source, token, reason, replaces=replaces))
    ends = tuple((upload, "no longer declared") for upload in stale.values())
    holder = (str(Kind.ASSISTANT), desired.key)
    return HolderFiles(holder, wanted, frozenset(stays), tuple(changes), ends)


def _moves_alone(assistant: str, key: str, old_key: str) -> Diagnostic:
    """A vector store gets another key, and an assistant that searches it is not planned."""
    return Diagnostic(
        Severity.INFO,
        f"{assistant} searches the vector store {key}, and has it on record as {old_key} until it is applied, too",
        f"Keep `moved_from: {old_key}` until then; a plan of everything has that update.",
        key=assistant,
    )


def _was_applied_as(before: Owned, owned: Owned) -> bool:
    """Whether what differs between two readings of a thing was applied as the first one has it."""
    differing = [unit for unit, value in before.units.items() if not same(value, owned.units.get(unit))]
    baseline = owned.baseline
    return any(
        baseline.is_still(unit, before.units[unit]) and not baseline.is_still(unit, owned.units.get(unit))
        for unit in differing
    )


def _foreign_edits(owned: Owned, capabilities: Capabilities) -> tuple[Path, ...]:
    """The units of something whose manifest is gone that are not as this project applied them.

    Write-only fields that are missing from the answer, or were given a secret, cannot be judged, and are left out.
    A metadata pair that somebody removed has no name any more; it is told as ``metadata``.
    """
    baseline, defaults = owned.baseline, capabilities.field_defaults
    units = {**{unit: default_of(unit, defaults) for unit in known_units()}, **owned.units}
    edited = [
        unit
        for unit, value in units.items()
        if not (unit[0] in capabilities.write_only and (unit not in owned.units or baseline.is_secret(unit)))
        and is_comparable(unit, value)
        and baseline.has(unit)
        and not baseline.is_still_in_some_form(unit, value)
    ]
    tools = units[TOOLS]
    known = [*units, *((*TOOLS, name) for name in (tools if isinstance(tools, dict) else ()))]
    if TOOLS not in edited and baseline.has_others_than(known):
        edited.append(("metadata",))
    return tuple(edited)
