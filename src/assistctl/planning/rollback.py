"""From what an apply found to what is to be declared so that it is so again: a rollback is an ordinary plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.json_value import Json
from assistctl.model.assistant import Desired, Lifecycle
from assistctl.model.change import QualifiedKey
from assistctl.model.kind import RESOURCE_KINDS, Kind
from assistctl.model.resource import CONTENT, DesiredResource
from assistctl.ownership.file_marks import FILES, was_filled_with
from assistctl.ownership.mark import BASELINE, is_marked, read_mark
from assistctl.ownership.references_by_key import REFERABLE, with_keys
from assistctl.planning.images import (
    NamesOnRecord,
    declared_fields,
    managed_fields,
    taken_apart,
    unseen_fields,
    was_then,
)
from assistctl.planning.rollback_files import first_paths, given_files, given_store
from assistctl.planning.undone import Image, Present, RollbackDeclarations, Undone
from assistctl.secrets.template import Template


def declare_rollback(undone: Undone, now: Present) -> RollbackDeclarations:
    """The declarations that put things back. Anything undeclared because it was not there is deleted.

    The assistants of keys that were ``forgotten`` are still there, and taken over again. What the journal does
    not hold comes from what is declared now: fields with secrets, and the contents of files, which no platform
    gives back. What is named by id, is still there and is declared nowhere is left as it is.
    """
    return _Return(undone, now, Position(f"apply {undone.id}")).found()


@dataclass(slots=True)
class _Return:
    undone: Undone
    now: Present
    position: Position
    back: RollbackDeclarations = field(default_factory=RollbackDeclarations)
    existing_stores: frozenset[str | None] = field(init=False)
    """The keys of the vector stores that are there."""
    names: NamesOnRecord = field(init=False)

    def __post_init__(self) -> None:
        self.existing_stores = frozenset(self.now.stores.values())
        images = self.undone.images.items()
        found = {image.id: about for about, image in images if image is not None and about.kind in REFERABLE}
        owned = {object_id: about for object_id, (about, _) in self.now.owned.items()}
        unchanged = dict(each for each in self.now.owned.values() if each[0] not in self.undone.images)
        self.names = NamesOnRecord({**found, **owned}, self.now.entries, unchanged)

    def found(self) -> RollbackDeclarations:
        for about, image in sorted(self.undone.images.items()):
            if about.kind is Kind.FILE:
                continue
            if image is None:
                self.back.about.add(about)
            elif about.kind is Kind.ASSISTANT:
                self._assistant(about, image)
            elif about.kind in RESOURCE_KINDS:
                self._resource(about, image)
            else:
                self._store(about, image)
        self._create_missing_stores()
        self._tell_of_documents()
        return self.back

    def _assistant(self, about: QualifiedKey, image: Image) -> None:
        self.back.about.add(about)
        now = self.now.declared.get(about.key)
        fields = managed_fields(image, self.now.sent.get(about.key, {}), self.names)
        self._fill_in_secrets(about, image, fields, declared_fields(now), _secrets_of(now))
        self._fill_in_unseen(about, image, fields, self.now.sent.get(about.key, {}))
        fields, own = taken_apart(image, fields)
        own = self._naming_by_key(own)
        mark = read_mark(image.metadata)
        if mark is not None and mark.key != about.key:
            self._lose(about, f"it had the key {mark.key} then, and keeps the one it has now")
        desired = Desired(
            about.key,
            fields,
            self.position,
            secret_paths=_secrets_of(now),
            platform_fields=own,
            templates=_templates_of(now),
        )
        if is_marked(image.metadata):
            desired = self._owned_again(about, image, desired, protected=bool(mark and mark.prevent_destroy))
        else:
            # Nothing that it read was ours, and all of it is still there.
            self.back.release.add(about.key)
            desired = replace(desired, fields={**fields, **_resources(image)})
        self.back.desired.append(desired)

    def _owned_again(self, about: QualifiedKey, image: Image, desired: Desired, *, protected: bool) -> Desired:
        """``desired`` as the project owned it, with the files and the vector store that it had."""
        desired = replace(
            desired,
            fields={name: value for name, value in desired.fields.items() if name != "tool_resources"},
            lifecycle=Lifecycle(prevent_destroy=protected),
            import_id=image.id if about.key in self.undone.forgotten else None,
        )
        for give_back in (given_files, given_store):
            desired, losses = give_back(desired, image, self.now.declared.get(about.key), self.now)
            for loss in losses:
                self._lose(about, loss)
        return desired

    def _naming_by_key(self, own: Mapping[str, Mapping[str, Json]]) -> dict[str, dict[str, Json]]:
        """A platform's own fields with keys for the ids of what is made again: it gets another id."""
        keys = {
            image.id: about
            for about, image in self.undone.images.items()
            if image is not None and image.id in self.now.gone and about.kind in REFERABLE
        }
        return {
            platform: {name: with_keys(value, keys, self.now.entries) for name, value in fields.items()}
            for platform, fields in own.items()
        }

    def _store(self, about: QualifiedKey, image: Image) -> None:
        if image.id in self.now.stores and self.now.stores[image.id] is None:
            self._lose(about, f"{image.id} was let go, and stays so")
            return
        now = self.now.declared_stores.get(about.key)
        documents = self.now.documents.get(image.id)
        if now is None:
            state = "stays as it is" if about.key in self.existing_stores else "is not there any more"
            self._lose(about, f"no manifest declares its documents, so it {state}")
            return
        self.back.about.add(about)
        fields = managed_fields(image, now.fields, self.names)
        self._fill_in_secrets(about, image, fields, now.fields, now.secret_paths)
        mark = read_mark(image.metadata)
        lifecycle = Lifecycle(prevent_destroy=bool(mark and mark.prevent_destroy))
        now = replace(now, fields=fields, lifecycle=lifecycle, moved_from=None)
        if documents is not None:
            now = replace(now, files=documents.files, chunking=documents.chunking)
        self.back.stores.append(now)
        if FILES in image.metadata and not was_filled_with(now, image.metadata):
            self._lose(about, "its documents are not those in the checkout, which it gets instead")

    def _resource(self, about: QualifiedKey, image: Image) -> None:
        """Of what was nobody's, all goes back to how it was, and it is let go."""
        self.back.about.add(about)
        now = self.now.declared_resources.get(about)
        declared = declared_fields(now)
        fields = managed_fields(image, declared, self.names)
        secrets = now.secret_paths if now is not None else frozenset[str]()
        self._fill_in_secrets(about, image, fields, declared, secrets)
        self._fill_in_unseen(about, image, fields, declared)
        fields, own = taken_apart(image, fields)
        own = self._naming_by_key(own)
        mark = read_mark(image.metadata)
        if not is_marked(image.metadata):
            self.back.release.add(about.key)
        if image.id not in self.now.resources and about.kind in self.now.loses:
            self._lose(about, f"{self.now.loses[about.kind]} were deleted with it")
        files = now.files if now is not None and now.fields.get(CONTENT) == fields.get(CONTENT) else ()
        is_kept = image.id in self.now.resources and about.kind in self.now.keep_contents
        if CONTENT in fields and not files and not is_kept:
            self._lose(about, "the files that it was made of are not those in the checkout")
            fields.pop(CONTENT)
        self.back.resources.append(
            DesiredResource(
                about.kind,
                about.key,
                fields,
                self.position,
                Lifecycle(prevent_destroy=bool(mark and mark.prevent_destroy)),
                secrets,
                own,
                image.id if about.key in self.undone.forgotten else None,
                templates=now.templates if now is not None else {},
                files=files,
            )
        )

    def _create_missing_stores(self) -> None:
        """Declare the stores an assistant searches only where they are missing: others are not touched."""
        ready = {*self.existing_stores, *(store.key for store in self.back.stores)}
        needed = dict.fromkeys(desired.store for desired in self.back.desired if desired.store is not None)
        missing = [key for key in needed if key not in ready and key in self.now.declared_stores]
        self.back.stores += [self.now.declared_stores[key] for key in missing]
        self.back.about |= {QualifiedKey(Kind.VECTOR_STORE, key) for key in missing}

    def _tell_of_documents(self) -> None:
        """Name the documents that the apply deleted and that are not in the checkout."""
        declared = {
            *(entry.source.path for store in self.now.declared_stores.values() for entry in store.files),
            *(file.path for desired in self.now.declared.values() for file in desired.interpreter_files),
        }
        gone = sorted(path for path in self.undone.deleted_files if path not in declared)
        if gone:
            summary = f"no manifest declares what the apply {self.undone.id} deleted: {first_paths(gone)}"
            self.back.diagnostics.append(_warning(summary, None, self.position))

    def _fill_in_secrets(
        self,
        about: QualifiedKey,
        image: Image,
        fields: dict[str, Json],
        declared: Mapping[str, Json],
        secret_paths: frozenset[str],
    ) -> None:
        """Take from the manifest what held a secret then."""
        for path in sorted(image.withheld):
            name = path.split(".", 1)[0]
            if name in declared:
                fields[name] = declared[name]
                if not any(secret.startswith(name) for secret in secret_paths):
                    self._lose(about, f"{path} held a secret, and what the manifest says in its place holds none")
            elif path != BASELINE:
                self._lose(about, f"{path} held a secret, which no journal keeps")

    def _fill_in_unseen(
        self, about: QualifiedKey, image: Image, fields: dict[str, Json], declared: Mapping[str, Json]
    ) -> None:
        """Take from the manifest what no answer ever showed."""
        for path in unseen_fields(image, self.now.write_only.get(about.kind, ())):
            name, _, part = path.partition(".")
            whole = declared.get(name)
            value = whole.get(part) if part and isinstance(whole, dict) else whole
            if value is None:
                self._lose(about, f"{path} is never answered, and no manifest declares it")
                continue
            present = fields.get(name)
            fields[name] = {**(present if isinstance(present, dict) else {}), part: value} if part else value
            if not was_then(image, path, value):
                self._lose(about, f"{path} is never answered, and is what the manifest says now")

    def _lose(self, about: QualifiedKey, what: str) -> None:
        summary = f"{about} does not go back in full: {what}"
        self.back.diagnostics.append(_warning(summary, about.key, self.position))


def _secrets_of(now: Desired | None) -> frozenset[str]:
    return now.secret_paths if now is not None else frozenset()


def _templates_of(now: Desired | None) -> Mapping[str, Template]:
    return now.templates if now is not None else {}


def _resources(image: Image) -> dict[str, Json]:
    return {name: value for name, value in image.fields.items() if name == "tool_resources"}


def _warning(summary: str, key: str | None, position: Position) -> Diagnostic:
    advice = "Check out the commit of that apply, and apply it, to have that as well."
    return Diagnostic(Severity.WARNING, summary, advice, key=key, position=position)
