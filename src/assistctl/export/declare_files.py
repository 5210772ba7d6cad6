"""Uploads and vector stores of ours that exist -> the ``files`` that declare them, where those can be named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistctl.export.from_observed import withheld_units
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.counting import first_named
from assistctl.model.knowledge import ObservedStore, StoreFile
from assistctl.ownership.canonical import dotted
from assistctl.ownership.file_marks import HeldFile, held_in_store, interpreter_files, same_chunking
from assistctl.ownership.mark import OUR_PREFIX, read_mark, users_pairs
from assistctl.ownership.placeholders import file_ids
from assistctl.planning.vector_stores.inventory import as_observed
from assistctl.secrets.redaction import holds_secret

# So many files that are missing are named.
_NAMED = 3


class NotNameableError(Exception):
    """A manifest cannot name what something holds; the message is the end of a sentence."""


@dataclass(frozen=True, slots=True)
class HeldStore:
    """A vector store of ours and its files."""

    key: str
    observed: ObservedStore
    files: Sequence[StoreFile]

    @property
    def held(self) -> list[HeldFile]:
        """The files that this project put there."""
        return [held for file in self.files if (held := held_in_store(file)) is not None]


@dataclass(frozen=True, slots=True)
class DeclaredStore:
    """The declaration of a vector store: its own fields, its ``files``, and what is left out of both.

    ``is_protected``: it may not be deleted.
    """

    fields: Mapping[str, Json]
    files: tuple[Mapping[str, Json], ...]
    withheld: tuple[str, ...] = ()
    is_protected: bool = False


Naming = Callable[[HeldFile], str | None]
"""How a manifest names the file that an upload was made of; ``None`` where it is not in the project any more."""


def declared_store(store: HeldStore, naming: Naming) -> DeclaredStore:
    """The declaration of a vector store with its files.

    Raises ``NotNameableError`` when the plan after it would take something out of it.
    """
    paths = _paths(store.held, naming)
    own = store_fields(store)
    withheld, entries = [*own.withheld], []
    for file in store.files:
        held = held_in_store(file)
        if held is None:
            continue
        path = paths[held.file_id]
        attributes = {name: value for name, value in file.attributes.items() if not name.startswith(OUR_PREFIX)}
        secret = sorted(name for name, value in attributes.items() if holds_secret([name, value]))
        withheld += [f"files[{path}].attributes.{name}" for name in secret]
        plain: Json = {name: value for name, value in attributes.items() if name not in secret}
        entries.append({"path": path, "attributes": plain} if plain else {"path": path})
    entries.sort(key=lambda entry: str(entry["path"]))
    fields = {**own.fields, **_chunking(store.files)}
    return DeclaredStore(fields, tuple(entries), tuple(withheld), own.is_protected)


def store_fields(store: HeldStore) -> DeclaredStore:
    """The declaration of a vector store without its files."""
    mark = read_mark(store.observed.metadata)
    withheld = tuple(dotted(unit) for unit in withheld_units(as_observed(store.observed)))
    return DeclaredStore(_fields(store, withheld), (), withheld, bool(mark and mark.prevent_destroy))


def interpreter_entries(observed: Observed, naming: Naming) -> list[str]:
    """The files of an assistant's code interpreter, as manifest entries.

    Raises ``NotNameableError`` when it cannot name all of them.
    """
    ids = file_ids(observed.fields)
    held = interpreter_files(observed.metadata, ids)
    if len(held) < len(ids):
        raise NotNameableError("it reads uploads that this project did not make")
    paths = _paths(held, naming)
    names = Counter(path.rpartition("/")[2] for path in paths.values())
    if any(count > 1 for count in names.values()):
        raise NotNameableError("two of its files have the same name")
    return sorted(paths.values())


def _paths(held: Sequence[HeldFile], naming: Naming) -> dict[str, str]:
    """The manifest's path for each file, by the upload's id."""
    paths = {file.file_id: naming(file) for file in held}
    missing = sorted(file.path or file.file_id for file in held if paths[file.file_id] is None)
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise NotNameableError(f"{first_named(missing, _NAMED)} {verb} not in the project as uploaded")
    if len({file.token for file in held}) < len(held):
        raise NotNameableError("it holds two uploads of one file")
    return {file_id: path for file_id, path in paths.items() if path is not None}


def _fields(store: HeldStore, withheld: Sequence[str]) -> dict[str, Json]:
    fields: dict[str, Json] = {}
    name, expires = store.observed.fields.get("name"), store.observed.fields.get("expires_after")
    if isinstance(name, str) and name != store.key and "name" not in withheld:
        fields["name"] = name
    if isinstance(expires, dict) and "expires_after" not in withheld:
        fields["expires_after"] = expires
    pairs = users_pairs(dict(store.observed.metadata))
    plain: Json = {key: text for key, text in pairs.items() if dotted(("metadata", key)) not in withheld}
    return {**fields, "metadata": plain} if plain else fields


def _chunking(files: Iterable[StoreFile]) -> dict[str, Json]:
    """The chunking of the files, where it was chosen. Raises ``NotNameableError`` if the files differ."""
    ours = [file.chunking for file in files if held_in_store(file) is not None]
    chosen = next((chunking for chunking in ours if not same_chunking(chunking, None)), None)
    if any(not same_chunking(chunking, chosen) for chunking in ours):
        raise NotNameableError("its files are cut into passages in different ways")
    return {} if chosen is None else {"chunking_strategy": dict(chosen)}
