"""From what an apply found to what is to be declared so that it is so again: a rollback is an ordinary plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from assistctl.model.kind import RESOURCE_KINDS
from assistctl.model.plan import Desired, Diagnostic, Json, Kind, Lifecycle, Position, QualifiedKey, Severity
from assistctl.model.resource import CONTENT, DesiredResource
from assistctl.model.source_file import SourceFile
from assistctl.ownership.file_marks import FILES, interpreter_files, tokens_of_files, was_filled_with
from assistctl.ownership.mark import BASELINE, is_marked, read_mark
from assistctl.ownership.placeholders import file_ids, store_ids
from assistctl.planning.images import declared_fields, managed_fields, manages, taken_apart
from assistctl.planning.undone import Image, Present, RollbackDeclarations, Undone
from assistctl.secrets.template import Template

# So many documents are named in a message.
_NAMED = 5


def uploads_to_look_for(undone: Undone, declared: Mapping[str, Desired]) -> frozenset[str]:
    """The ids of uploads that matter for the way back, as no manifest declares what they are."""
    return frozenset(
        file_id
        for about, image in undone.images.items()
        if image is not None and about.kind is Kind.ASSISTANT and not _declared_files(declared.get(about.key))
        for file_id in file_ids(image.fields)
    )


def declare_rollback(undone: Undone, now: Present) -> RollbackDeclarations:
    """What makes things be as they were. What is not declared because it was not there is to be deleted.

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
        fields = managed_fields(image, self.now.sent.get(about.key, {}))
        self._fill_in_secrets(about, image, fields, declared_fields(now), _secrets_of(now))
        fields, own = taken_apart(image, fields)
        mark = read_mark(image.metadata)
        if mark is not None and mark.key != about.key:
            self._lose(about, f"it had the key {mark.key} then, and keeps the one it has now")
        if not is_marked(image.metadata):
            # What it read was nobody's of ours, and is there still.
            self.back.release.add(about.key)
            fields = {**fields, **_resources(image)}
            secrets, templates = _secrets_of(now), _templates_of(now)
            desired = Desired(
                about.key,
                fields,
                self.position,
                secret_paths=secrets,
                platform_fields=own,
                templates=templates,
            )
            self.back.desired.append(desired)
            return
        fields.pop("tool_resources", None)
        desired = Desired(
            about.key,
            fields,
            self.position,
            Lifecycle(prevent_destroy=bool(mark and mark.prevent_destroy)),
            _secrets_of(now),
            platform_fields=own,
            import_id=image.id if about.key in self.undone.forgotten else None,
            templates=_templates_of(now),
        )
        self.back.desired.append(self._searching(self._reading(desired, image, now), image, now))

    def _reading(self, desired: Desired, image: Image, now: Desired | None) -> Desired:
        """``desired`` with the code interpreter's files: the declared ones, else those that are still there."""
        ids = file_ids(image.fields)
        if not ids or not manages(image, ("tool_resources", "code_interpreter", "file_ids")):
            return desired
        about = QualifiedKey(Kind.ASSISTANT, desired.key)
        files = _declared_files(now)
        held = interpreter_files(image.metadata, ids)
        if files and not (held and all(one in self.now.kept for one in ids)):
            tokens = tokens_of_files(files)
            gone = [one.path or one.file_id for one in held if one.token not in tokens]
            if gone:
                self._lose(about, f"not in the checkout as it was then: {_named(gone)}")
            return replace(desired, interpreter_files=files)
        there = [one for one in ids if one in self.now.uploads or one in self.now.kept]
        if len(there) < len(ids):
            self._lose(about, "its files are gone from the platform, and no manifest declares them")
        return _with_ids(desired, "code_interpreter", "file_ids", there)

    def _searching(self, desired: Desired, image: Image, now: Desired | None) -> Desired:
        """``desired`` with the vector store it searched: what it is declared to be, else as it is there."""
        ids = store_ids(image.fields)
        if not ids or not manages(image, ("tool_resources", "file_search", "vector_store_ids")):
            return desired
        there = [one for one in ids if one in self.now.stores]
        keys = [key for one in there if (key := self.now.stores[one]) is not None]
        if len(ids) == len(keys) == 1 and keys[0] in self.now.declared_stores:
            return replace(desired, store=keys[0])
        if len(there) < len(ids):
            if now is not None and now.store is not None:
                return replace(desired, store=now.store)
            about = QualifiedKey(Kind.ASSISTANT, desired.key)
            self._lose(about, "its files are gone from the platform, and no manifest declares them")
        return _with_ids(desired, "file_search", "vector_store_ids", there)

    def _store(self, about: QualifiedKey, image: Image) -> None:
        if image.id in self.now.stores and self.now.stores[image.id] is None:
            self._lose(about, f"{image.id} was let go, and stays so")
            return
        now = self.now.declared_stores.get(about.key)
        documents = self.now.documents.get(image.id)
        if now is None:
            is_there = about.key in self.now.stores.values()
            state = "stays as it is" if is_there else "is not there any more"
            self._lose(about, f"no manifest declares its documents, so it {state}")
            return
        self.back.about.add(about)
        fields = managed_fields(image, now.fields)
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
        fields = managed_fields(image, declared)
        secrets = now.secret_paths if now is not None else frozenset[str]()
        self._fill_in_secrets(about, image, fields, declared, secrets)
        fields, own = taken_apart(image, fields)
        mark = read_mark(image.metadata)
        if not is_marked(image.metadata):
            self.back.release.add(about.key)
        if image.id not in self.now.resources and about.kind in self.now.loses:
            self._lose(about, f"{self.now.loses[about.kind]} were deleted with it")
        files = now.files if now is not None and now.fields.get(CONTENT) == fields.get(CONTENT) else ()
        if CONTENT in fields and not files:
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
        """What an assistant searches has to be declared only where it is not there: the rest is not touched."""
        ready = {*self.now.stores.values(), *(store.key for store in self.back.stores)}
        needed = dict.fromkeys(one.store for one in self.back.desired if one.store is not None)
        missing = [key for key in needed if key not in ready and key in self.now.declared_stores]
        self.back.stores += [self.now.declared_stores[key] for key in missing]
        self.back.about |= {QualifiedKey(Kind.VECTOR_STORE, key) for key in missing}

    def _tell_of_documents(self) -> None:
        """Name the documents that the apply deleted and that are not in the checkout."""
        declared = {
            *(entry.source.path for store in self.now.declared_stores.values() for entry in store.files),
            *(file.path for one in self.now.declared.values() for file in one.interpreter_files),
        }
        gone = sorted(path for path in self.undone.deleted_files if path not in declared)
        if gone:
            summary = f"no manifest declares what the apply {self.undone.id} deleted: {_named(gone)}"
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

    def _lose(self, about: QualifiedKey, what: str) -> None:
        summary = f"{about} does not go back in full: {what}"
        self.back.diagnostics.append(_warning(summary, about.key, self.position))


def _declared_files(now: Desired | None) -> tuple[SourceFile, ...]:
    return now.interpreter_files if now is not None else ()


def _secrets_of(now: Desired | None) -> frozenset[str]:
    return now.secret_paths if now is not None else frozenset()


def _templates_of(now: Desired | None) -> Mapping[str, Template]:
    return now.templates if now is not None else {}


def _resources(image: Image) -> dict[str, Json]:
    return {name: value for name, value in image.fields.items() if name == "tool_resources"}


def _with_ids(desired: Desired, tool: str, name: str, ids: list[str]) -> Desired:
    if not ids:
        return desired
    declared = desired.fields.get("tool_resources")
    resources = declared if isinstance(declared, dict) else {}
    return replace(
        desired, fields={**desired.fields, "tool_resources": {**resources, tool: {name: list[Json](ids)}}}
    )


def _named(paths: Iterable[str]) -> str:
    return ", ".join(_first(list(paths)))


def _first(paths: list[str]) -> Iterator[str]:
    yield from paths[:_NAMED]
    if len(paths) > _NAMED:
        yield f"and {len(paths) - _NAMED} more"


def _warning(summary: str, key: str | None, position: Position) -> Diagnostic:
    advice = "Check out the commit of that apply, and apply it, to have that as well."
    return Diagnostic(Severity.WARNING, summary, advice, key=key, position=position)
