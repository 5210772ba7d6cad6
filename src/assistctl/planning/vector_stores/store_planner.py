"""The part of a plan that is about files and vector stores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from assistctl.model.file_operations import FileOperations, StoreOperations
from assistctl.model.knowledge import DesiredStore, ObservedStore
from assistctl.model.plan import (
    Absence,
    Action,
    Change,
    Desired,
    Diagnostic,
    Drift,
    Kind,
    Missing,
    Observed,
    QualifiedKey,
    Severity,
    seen_as,
)
from assistctl.ownership.canonical import digest
from assistctl.ownership.digests import digest_without_secrets
from assistctl.ownership.file_marks import (
    FILES,
    HeldFile,
    attributes_without_secrets,
    held_in_store,
    store_token,
    tokens_of,
    tokens_of_files,
    was_settled,
)
from assistctl.ownership.mark import read_mark
from assistctl.planning import safety_rules as safety
from assistctl.planning.comparison.placeholders import file_ids
from assistctl.planning.comparison.three_way import Comparison, creation_diffs
from assistctl.planning.identity.marking import marking
from assistctl.planning.identity.moves import still_declared
from assistctl.planning.kept_forms import told_of_form
from assistctl.planning.options import PlanOptions
from assistctl.planning.references import References
from assistctl.planning.requests import create_request, forget_request, update_request
from assistctl.planning.vector_stores.contents_diff import Contents, compared, counted, everything
from assistctl.planning.vector_stores.file_changes import FileChanges, Holder
from assistctl.planning.vector_stores.inventory import Knowledge, StoreInventory, uploads_read
from assistctl.planning.vector_stores.store_view import as_desired, as_observed


@dataclass(slots=True)
class KnowledgeDraft:
    """The plan of the project's files and vector stores while it is being made.

    ``references`` are the ids that some assistant names once the plan is carried out.
    """

    plan_options: PlanOptions
    knowledge: Knowledge
    store_inventory: StoreInventory
    references: References = field(default_factory=References)
    changes: list[Change] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    unchanged: int = 0
    files: FileChanges = field(default_factory=FileChanges)
    _work: dict[str, StoreOperations] = field(default_factory=dict)

    @property
    def concerned(self) -> bool:
        """Whether anything is declared or there that has to do with files."""
        return bool(
            self.files.uploads or self.files.kept or self.store_inventory.wanted or self.store_inventory.live
        )

    def decide_stores(self, owned: Iterable[Observed]) -> None:
        """Add what is to be done about every vector store that the plan is about; ``owned`` are the assistants."""
        self._note_uploads(owned)
        self.files.named = frozenset(self.references.ids)
        left_behind = set(self.store_inventory.moved.values())
        for key in sorted({*self.store_inventory.wanted, *self.store_inventory.live} - left_behind):
            wanted, there = self.store_inventory.wanted.get(key), self.store_inventory.there(key)
            concerned = wanted is not None or self.plan_options.includes(Kind.VECTOR_STORE, key)
            if there is not None and concerned:
                self.seen[seen_as(Kind.VECTOR_STORE, key, there.id)] = self._digest(there, wanted)
            if wanted is not None and wanted.shared and key in self.plan_options.forget:
                self.diagnostics.append(still_declared(wanted))
            if wanted is not None:
                self._create(wanted) if there is None else self._update(wanted, there)
            elif there is not None and concerned:
                self._end(key, there)

    def interpreter_reads(self, desired: Desired, observed: Observed | None) -> None:
        """Add what becomes of the files that an assistant's code interpreter has, and is to have."""
        holder = (str(Kind.ASSISTANT), desired.key)
        held, lost = self._held_by(observed) if observed else ([], {})
        there = {one.token: one for one in held}
        self._miss(lost.values())
        wanted = tokens_of_files(desired.interpreter_files)
        by_id = set(file_ids(desired.fields))
        for one in held:
            if one.file_id in by_id:
                self.files.stays(one.file_id)
        gone = [one for token, one in there.items() if token not in wanted and one.file_id not in by_id]
        stale = {one.path: one for one in gone}
        for token, source in wanted.items():
            self.files.wanted(token, source)
            if token in there:
                self.files.stays(there[token].file_id)
                continue
            replaced = [stale.pop(source.path)] if source.path in stale else []
            reason = "deleted outside" if token in lost else "changed" if replaced else "new"
            self.files.changes(holder, source, token, reason, replaced)
        for one in stale.values():
            self.files.goes(holder, one, "no longer declared")

    def interpreter_ends(self, key: str, observed: Observed) -> None:
        """Add that the files of an assistant's code interpreter go with it."""
        for held in self._held_by(observed)[0]:
            self.files.goes((str(Kind.ASSISTANT), key), held, "its assistant is deleted")

    def interpreter_stays(self, observed: Observed) -> None:
        """Note the files of an assistant that the plan leaves alone."""
        for held in self._held_by(observed)[0]:
            self.files.stays(held.file_id)

    def lost_reads(self, observed: Observed) -> dict[str, str]:
        """The uploads that an assistant's code interpreter has and that are not there: their paths, by id."""
        return {one.file_id: one.path or one.file_id for one in self._held_by(observed)[1].values()}

    def work(self) -> FileOperations:
        """What all of it comes to."""
        needed = self.files.needed()
        known = {token: one for token, one in self.files.in_place.items() if token not in needed}
        known |= {store_token(key): store_id for store_id, key in self.store_inventory.keys_by_id.items()}
        recorded = self.knowledge.observed.recorded_tokens()
        return FileOperations(
            uploads=needed,
            known=known,
            recorded={token: recorded[token] for token in needed if token in recorded},
            stores=self._work,
            discards=self.files.discards(),
        )

    def _note_uploads(self, owned: Iterable[Observed]) -> None:
        for one in owned:
            for held in self._held_by(one)[0]:
                self.files.found(held.token, held.file_id)
        for files in self.knowledge.observed.files.values():
            for file in files:
                in_store = held_in_store(file)
                if in_store is not None and file.id not in self.knowledge.observed.gone:
                    self.files.found(in_store.token, in_store.file_id)

    def _held_by(self, observed: Observed) -> tuple[list[HeldFile], dict[str, HeldFile]]:
        """The uploads of ours that an assistant's code interpreter has, and by token those that are gone."""
        held, gone = uploads_read([observed]), self.knowledge.observed.gone
        return (
            [one for one in held if one.file_id not in gone],
            {one.token: one for one in held if one.file_id in gone},
        )

    def _miss(self, lost: Iterable[HeldFile]) -> None:
        self.missing += [
            Missing(Kind.FILE, one.path or one.file_id, one.file_id, Absence.DELETED_OUTSIDE) for one in lost
        ]

    def _create(self, store: DesiredStore) -> None:
        contents = everything(store)
        self._note(store, contents)
        desired = as_desired(store)
        marked = marking(self.plan_options, store.key, store.lifecycle)
        self.changes.append(
            Change(
                Kind.VECTOR_STORE,
                store.key,
                None,
                Action.CREATE,
                f"not on the platform; {counted(len(tokens_of(store)))}",
                creation_diffs(desired) + marked.diffs,
                name=desired.name,
                request=create_request(desired, marked.mark),
                secret_paths=desired.secret_paths,
            )
        )

    def _update(self, store: DesiredStore, there: ObservedStore) -> None:
        files = self.knowledge.observed.files.get(there.id)
        if store.leaves_files:
            self._leave(there)
            files = None
        untouched = was_settled(store, there)
        contents = Contents()
        # One that was not looked into says that it holds what is declared.
        if files is not None:
            contents = compared(store, files, self.knowledge.observed.gone)
            self._miss(contents.lost)
            self._note(store, contents, untouched=untouched)
            self._note_drift(store, there, contents, untouched=untouched)
        desired = as_desired(store)
        before = as_observed(there)
        comparison = Comparison(desired, before, kind=Kind.VECTOR_STORE)
        self.drift += comparison.drift
        platform = self.plan_options.target.platform
        self.diagnostics += told_of_form(desired, platform, comparison.kept_in_another_form)
        marked = marking(self.plan_options, store.key, store.lifecycle, there.metadata)
        diffs = comparison.diffs + marked.diffs
        reasons = [*contents.reasons(), *(["its fields changed"] if diffs else [])]
        if not reasons and not untouched and files is not None:
            reasons = ["an earlier apply was not finished"]
        if not reasons:
            self.unchanged += 1
            return
        if files is None:
            # Only its fields change; what it says of its files is still so.
            self._work[store.key] = StoreOperations(sync_marker=there.metadata.get(FILES, ""))
        self.changes.append(
            Change(
                Kind.VECTOR_STORE,
                store.key,
                there.id,
                Action.UPDATE,
                "; ".join(reasons),
                diffs,
                name=desired.name,
                request=update_request(comparison, marked.mark),
                before=before,
                secret_paths=desired.secret_paths,
            )
        )

    def _note(self, store: DesiredStore, contents: Contents, *, untouched: bool = False) -> None:
        """Tell the files' changes of what this vector store holds, is to hold, and holds no longer."""
        holder = _holder(store.key)
        for token, entry in tokens_of(store).items():
            self.files.wanted(token, entry.source)
        for file_id in contents.held.values():
            self.files.stays(file_id)
        for one in contents.changes:
            reason = f"{one.reason}, outside" if untouched and one.is_new else one.reason
            self.files.changes(holder, one.entry.source, one.token, reason, one.replaces)
        for held in contents.removed:
            self.files.goes(holder, held, "no longer declared")
        for held in contents.spare:
            self.files.spare(holder, held)
        self._work[store.key] = contents.work

    def _note_drift(
        self, store: DesiredStore, there: ObservedStore, contents: Contents, *, untouched: bool
    ) -> None:
        """What others did to the files of a vector store that held all that is declared."""
        if not untouched:
            return
        paths = [one.entry.source.path for one in contents.changes]
        known = {one.key for one in self.missing}
        self.missing += [
            Missing(Kind.FILE, path, None, Absence.NOT_THERE)
            for one in contents.changes
            if one.is_new and (path := one.entry.source.path) not in known
        ]
        self.drift += [
            Drift(Kind.VECTOR_STORE, store.key, there.id, f"files[{path}]", None, path) for path in paths
        ]
        if contents.foreign and there.metadata.get(FILES) != contents.work.sync_marker:
            self.diagnostics.append(_foreign_files(store, contents.foreign))

    def _end(self, key: str, there: ObservedStore) -> None:
        """Add what becomes of a vector store that is declared no longer."""
        if key in self.plan_options.forget:
            self._forget(key, there)
        elif not self.plan_options.may_delete(there.id):
            self._leave(there)
            self.diagnostics.append(safety.not_ours_to_delete(QualifiedKey(Kind.VECTOR_STORE, key), there.id))
        elif there.id in self.references:
            self._leave(there)
            about = QualifiedKey(Kind.VECTOR_STORE, key)
            self.diagnostics.append(safety.still_named(about, there.id, self.references.named_by[there.id]))
        else:
            self._delete(key, there)

    def _leave(self, there: ObservedStore) -> None:
        for file in self.knowledge.observed.files.get(there.id, ()):
            self.files.stays(file.id)

    def _delete(self, key: str, there: ObservedStore) -> None:
        self._empty(key, there, "its vector store is deleted")
        self._work[key] = StoreOperations(holding=there.total)
        reason = "destroy" if self.plan_options.destroy else "no longer declared"
        before = as_observed(there)
        change = Change(Kind.VECTOR_STORE, key, there.id, Action.DELETE, reason, name=before.name, before=before)
        mark = read_mark(there.metadata)
        if mark and mark.prevent_destroy:
            change, diagnostic = safety.protected(change)
            self.diagnostics.append(diagnostic)
        self.changes.append(change)

    def _forget(self, key: str, there: ObservedStore) -> None:
        self._leave(there)
        before = as_observed(there)
        self.changes.append(
            Change(
                Kind.VECTOR_STORE,
                key,
                there.id,
                Action.FORGET,
                "let go without deleting it",
                name=before.name,
                request=forget_request(before),
                before=before,
            )
        )

    def _empty(self, key: str, there: ObservedStore, reason: str) -> None:
        for file in self.knowledge.observed.files.get(there.id, ()):
            held = held_in_store(file)
            if held is not None:
                self.files.goes(_holder(key), held, reason)

    def _digest(self, there: ObservedStore, wanted: DesiredStore | None) -> str:
        """A digest of all that a change of a vector store could overwrite, but for secrets."""
        files = self.knowledge.observed.files.get(there.id, ())
        held = {file.id: attributes_without_secrets(file.attributes, wanted) for file in files}
        own = digest_without_secrets(as_observed(there), as_desired(wanted) if wanted is not None else None)
        return digest([own, held])


def _holder(key: str) -> Holder:
    return str(Kind.VECTOR_STORE), key


def _foreign_files(store: DesiredStore, count: int) -> Diagnostic:
    return Diagnostic(
        Severity.INFO,
        f"the vector store of {store.key} also holds {counted(count)} that this project did not put there",
        "Apply leaves them alone.",
        key=store.key,
        position=store.position,
    )
