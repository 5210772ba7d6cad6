"""Files and vector stores in memory, as a platform of another package may keep them, sound or with faults."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistctl.errors import NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.model.knowledge import Attachment, Indexing, ObservedStore, StoreFile, UploadedFile
from assistctl.model.source_file import SourceFile


@dataclass
class Shelf:
    """Uploads and vector stores as they should be, unless one of the ``faults`` is named."""

    faults: frozenset[str]
    breaks: list[tuple[int, bool]]
    uploads: dict[str, UploadedFile] = field(default_factory=dict)
    stores: dict[str, ObservedStore] = field(default_factory=dict)
    held: dict[str, dict[str, StoreFile]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def upload(self, source: SourceFile, sent: Callable[[int], None]) -> UploadedFile:
        """Every byte is counted."""
        if "counts no bytes" not in self.faults:
            sent(source.size)
        name = source.identity.name
        if "spoils names" in self.faults:
            name = name.encode("ascii", "replace").decode()
        made = UploadedFile(f"f{next(self._numbers)}", name, source.size, 0)
        self.uploads[made.id] = made
        return made

    async def list_files(self) -> Sequence[UploadedFile]:
        """The oldest first."""
        return [*self.uploads.values()]

    async def find_file(self, file_id: str) -> UploadedFile | None:
        """One upload."""
        return self.uploads.get(file_id)

    async def delete_file(self, file_id: str) -> None:
        """One upload, which may be gone."""
        if file_id not in self.uploads and "an upload is deleted once" in self.faults:
            raise NotFoundError("it is not there")
        self.uploads.pop(file_id, None)

    async def list_stores(self) -> Sequence[ObservedStore]:
        """The oldest first."""
        stores = [self._counted(store) for store in self.stores]
        if "stores: the newest first" in self.faults:
            stores.reverse()
        return stores[:100] if "lists one page of stores" in self.faults else stores

    async def find_store(self, store_id: str) -> ObservedStore | None:
        """One store."""
        return self._counted(store_id) if store_id in self.stores else None

    async def create_store(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> ObservedStore:
        """An empty one, unless the next request is to break."""
        status, _ = self.breaks.pop() if self.breaks else (200, True)
        made = ObservedStore(f"s{next(self._numbers)}", dict(fields), dict(metadata))
        self.stores[made.id] = made
        self.held[made.id] = {}
        if status >= 500:
            failed = "a lost store is a failure" in self.faults
            raise (PlatformError if failed else OutcomeUnknownError)("HTTP 500")
        return made

    async def update_store(
        self, store_id: str, fields: Mapping[str, Json], metadata: Mapping[str, str]
    ) -> ObservedStore:
        """What was there with ``fields`` put in, and the metadata replaced."""
        before = self.stores[store_id]
        sent = {name: value for name, value in fields.items() if value is not None or "no null" not in self.faults}
        pairs = {**before.metadata, **metadata} if "metadata is merged" in self.faults else dict(metadata)
        self.stores[store_id] = replace(before, fields={**before.fields, **sent}, metadata=pairs)
        return self._counted(store_id)

    async def delete_store(self, store_id: str) -> None:
        """One store, which may be gone; its uploads stay."""
        self.stores.pop(store_id, None)
        for file_id in self.held.pop(store_id, {}):
            if "stores take their uploads along" in self.faults:
                self.uploads.pop(file_id, None)

    async def list_store_files(self, store_id: str) -> Sequence[StoreFile]:
        """What is in one store."""
        return [*self.held[store_id].values()]

    async def attach(self, store_id: str, files: Sequence[Attachment]) -> str:
        """Uploads with their attributes."""
        kept = files[:1] if "attaches one alone" in self.faults else files
        for attachment in kept:
            attributes = {} if "forgets attributes" in self.faults else dict(attachment.attributes)
            self.held[store_id][attachment.file_id] = StoreFile(attachment.file_id, "completed", attributes)
        return f"b{len(kept)}"

    async def indexing(self, store_id: str, batch_id: str) -> Indexing:
        """Done at once."""
        assert store_id in self.stores
        return Indexing(0, int(batch_id[1:]), 0)

    async def set_attributes(self, store_id: str, file_id: str, attributes: Mapping[str, Json]) -> None:
        """All of them are replaced."""
        before = self.held[store_id][file_id]
        kept = {**before.attributes, **attributes} if "attributes are merged" in self.faults else dict(attributes)
        self.held[store_id][file_id] = replace(before, attributes=kept)

    async def detach(self, store_id: str, file_id: str) -> None:
        """The upload stays."""
        if file_id not in self.held[store_id] and "a file is detached once" in self.faults:
            raise NotFoundError("it is not there")
        self.held[store_id].pop(file_id, None)

    def _counted(self, store_id: str) -> ObservedStore:
        return replace(self.stores[store_id], completed=len(self.held[store_id]))
