"""The decision on each vector store of the project, and its peculiarity: the files in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Absence, Drift, Missing
from assistctl.model.counting import counted
from assistctl.model.file_operations import StoreOperations
from assistctl.model.kind import Kind
from assistctl.model.knowledge import DesiredStore, ObservedStore
from assistctl.model.plan import PlanOptions
from assistctl.ownership.canonical import digest
from assistctl.ownership.file_marks import (
    FILES,
    attributes_without_secrets,
    held_in_store,
    tokens_of,
    was_filled_with,
)
from assistctl.ownership.mark import Mark, read_mark
from assistctl.ownership.sensitive import digest_without_secrets
from assistctl.planning.deciding import Decider
from assistctl.planning.decision import Contents, Decision, KindFacts
from assistctl.planning.identity.inventory import Inventory, ObservedKnowledge, Owned, interpret, read_owned
from assistctl.planning.identity.moves import Transfers, still_declared
from assistctl.planning.references import References
from assistctl.planning.vector_stores.contents_diff import StoreContents, compared, everything
from assistctl.planning.vector_stores.file_changes import REMOVED_OUTSIDE, Holder, HolderFiles
from assistctl.planning.vector_stores.inventory import StoreInventory, as_observed


def store_decisions(
    stores: StoreInventory,
    known: ObservedKnowledge,
    plan_options: PlanOptions,
    references: Callable[[], References],
) -> Iterator[Decision]:
    """The decisions on ``stores``; ``known`` is the platform's account of their contents.

    ``references`` gives the ids that are named once the plan is carried out.
    """
    facts = _VectorStores(plan_options, known)
    marks = {store.id: mark for store in stores.live.values() if (mark := read_mark(store.metadata))}
    inventory = Inventory({key: [store] for key, store in stores.live.items()}, marks=marks)
    return Decider(
        facts,
        plan_options,
        inventory,
        read_owned(facts.read, inventory),
        stores.wanted,
        Transfers(stores.moved, forgotten=plan_options.forget),
        lambda key: key in stores.wanted or plan_options.includes(Kind.VECTOR_STORE, key),
        references,
    ).decisions()


@dataclass(frozen=True, slots=True)
class _VectorStores(KindFacts[ObservedStore, DesiredStore]):
    """The facts of vector stores, of which ``known`` is what the platform told."""

    plan_options: PlanOptions
    known: ObservedKnowledge
    capabilities = Capabilities(fields={})
    kind = Kind.VECTOR_STORE
    reason = "its fields changed"

    def read(self, listed: ObservedStore, mark: Mark | None) -> Owned:
        """A vector store; its files are read where they are compared."""
        return interpret(as_observed(listed), mark, self.capabilities.field_defaults)

    def digest(self, owned: Owned, desired: DesiredStore | None) -> str:
        """A digest of its fields and its files."""
        files = self.known.files.get(owned.id, ())
        held = {file.id: attributes_without_secrets(file.attributes, desired) for file in files}
        return digest([digest_without_secrets(owned.observed, desired), held])

    def expressed(self, desired: DesiredStore) -> tuple[DesiredStore, Iterable[Diagnostic]]:
        """``desired`` as it is: every platform with vector stores expresses all of it."""
        is_let_go = desired.shared and desired.key in self.plan_options.forget
        return desired, (still_declared(desired),) if is_let_go else ()

    def comparable(self, desired: DesiredStore, _owned: Owned | None) -> tuple[DesiredStore, Mapping[str, str]]:
        """``desired`` without the secrets of its files: its fields name nothing by an id."""
        secrets = frozenset(path for path in desired.secret_paths if not path.startswith("files"))
        templates = {path: made for path, made in desired.templates.items() if not path.startswith("files")}
        return replace(desired, secret_paths=secrets, templates=templates), {}

    def contents(self, desired: DesiredStore, owned: Owned | None) -> Contents:
        """The files that it is to hold against those that it holds."""
        if owned is None:
            contents = everything(desired)
            size = counted(len(tokens_of(desired)), "file")
            files = _files(desired, contents, untouched=False)
            return Contents(Decision(files=(files,)), [size], operations={desired.key: contents.work})
        files_there = None if desired.leaves_files else self.known.files.get(owned.id)
        if files_there is None:
            # It was not looked into: what it says of its files is still so.
            operations = {desired.key: StoreOperations(sync_marker=owned.observed.metadata.get(FILES, ""))}
            stays = self.staying(owned) if desired.leaves_files else Decision()
            return Contents(stays, operations=operations)
        contents = compared(desired, files_there, self.known.gone)
        untouched = was_filled_with(desired, owned.observed.metadata)
        return Contents(
            _found(desired, owned, contents, untouched=untouched),
            list(contents.reasons()),
            "" if untouched else "an earlier apply was not finished",
            {desired.key: contents.work},
        )

    def staying(self, owned: Owned) -> Decision:
        """Its files go on being read."""
        stays = frozenset(file.id for file in self.known.files.get(owned.id, ()))
        return Decision(files=(HolderFiles(stays=stays),)) if stays else Decision()

    def ending(self, key: str, owned: Owned) -> Contents:
        """Those of its files that are ours go with it."""
        files = map(held_in_store, self.known.files.get(owned.id, ()))
        ends = tuple((held, "its vector store is deleted") for held in files if held is not None)
        total = next(store.total for store in self.known.stores if store.id == owned.id)
        operations = {key: StoreOperations(holding=total)}
        return Contents(Decision(files=(HolderFiles(_holder(key), ends=ends),)), operations=operations)


def _found(store: DesiredStore, owned: Owned, contents: StoreContents, *, untouched: bool) -> Decision:
    """The decision on its files; when ``untouched`` by us, all differences were made by others."""
    missing = [
        Missing(Kind.FILE, held.path or held.file_id, held.file_id, Absence.DELETED_OUTSIDE)
        for held in contents.lost
    ]
    files = (_files(store, contents, untouched=untouched),)
    if not untouched:
        return Decision(missing=missing, files=files)
    paths = [change.source.path for change in contents.changes]
    missing += [
        Missing(Kind.FILE, change.source.path, None, Absence.NOT_THERE)
        for change in contents.changes
        if change.is_new
    ]
    has_others = contents.foreign and owned.observed.metadata.get(FILES) != contents.work.sync_marker
    return Decision(
        drift=[Drift(Kind.VECTOR_STORE, store.key, owned.id, f"files[{path}]", None, path) for path in paths],
        diagnostics=(_foreign_files(store, contents.foreign),) if has_others else (),
        missing=missing,
        files=files,
    )


def _files(store: DesiredStore, contents: StoreContents, *, untouched: bool) -> HolderFiles:
    return HolderFiles(
        _holder(store.key),
        {token: entry.source for token, entry in tokens_of(store).items()},
        frozenset(contents.held.values()),
        tuple(
            replace(change, reason=REMOVED_OUTSIDE) if untouched and change.is_new else change
            for change in contents.changes
        ),
        tuple((held, "no longer declared") for held in contents.removed),
        tuple(contents.spare),
    )


def _holder(key: str) -> Holder:
    return str(Kind.VECTOR_STORE), key


def _foreign_files(store: DesiredStore, count: int) -> Diagnostic:
    return Diagnostic(
        Severity.INFO,
        f"the vector store of {store.key} also holds {counted(count, 'file')} that this project did not put there",
        "Apply leaves them alone.",
        key=store.key,
        position=store.position,
    )
