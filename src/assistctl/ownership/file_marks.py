"""Recognising uploads again: the marks written beside them on the platform, and reading them.

The platform keeps no checksum of an upload and hands its bytes out to nobody, so what it was is written where it
is used: in the attributes of a vector store's file, and, for the code interpreter, in two of the assistant's
metadata pairs. A vector store that holds all it should says so in one pair of its own, so that its files need not
be listed to plan that nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from assistctl.checkout.untrusted_files import composed
from assistctl.json_value import Json
from assistctl.model.knowledge import DesiredStore, ObservedStore, StoreEntry, StoreFile
from assistctl.model.source_file import Identity, SourceFile
from assistctl.ownership.canonical import canonical, digest, parse
from assistctl.ownership.mark import MAX_VALUE
from assistctl.secrets.redaction import SECRET
from assistctl.secrets.template import with_labels

FILES = "assistctl_files"
PATHS = "assistctl_paths"
# How many pairs of an assistant these are.
OUR_FILE_PAIRS = 2
SHA256 = "assistctl_sha256"
PATH = "assistctl_path"

FILE_TOKEN = "assistctl:file:"  # noqa: S105  # no password, whatever it sounds like
STORE_TOKEN = "assistctl:vector_store:"  # noqa: S105

_ID_CHARACTERS = 5
_IDENTITY_CHARACTERS = 12
_ENTRY_CHARACTERS = _ID_CHARACTERS + _IDENTITY_CHARACTERS
_VERSION = "1:"
# What `auto` stands for; an answer never says `auto` (API reference of vector store files).
_AUTO_CHUNKING: Mapping[str, Json] = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
}


@dataclass(frozen=True, slots=True)
class HeldFile:
    """An upload of ours where it is used: by what it is, and the path it came from (empty: not known)."""

    file_id: str
    token: str
    path: str


@cache
def file_token(identity: Identity) -> str:
    """The token for an upload of that identity."""
    return FILE_TOKEN + digest([identity.sha256, identity.name], salt="file", length=_IDENTITY_CHARACTERS)


def store_token(key: str) -> str:
    """The token for the vector store with that key."""
    return STORE_TOKEN + key


def files_pairs(files: Sequence[tuple[str, str, str]], *, as_one: bool = False) -> dict[str, str]:
    """The metadata pairs that say what the code interpreter's files are: of each its id, token and path.

    20 files need 342 characters of 512; paths are written as far as they fit, for whoever reads them, and with
    ``as_one`` as far as both pairs fit into one.
    """
    if not files:
        return {}
    entries = "".join(_id_digest(file_id) + token.removeprefix(FILE_TOKEN) for file_id, token, _ in files)
    marks = _VERSION + entries
    room = MAX_VALUE - len(marks) - 1 if as_one else MAX_VALUE
    paths = _as_fits((path for _, _, path in files), room)
    return {FILES: marks, **({PATHS: paths} if paths else {})}


def interpreter_files(metadata: Mapping[str, str], file_ids: Iterable[Json]) -> list[HeldFile]:
    """The files among an assistant's ``file_ids`` that are ours."""
    known = _marked_files(metadata)
    ids = [file_id for file_id in file_ids if isinstance(file_id, str)]
    return [HeldFile(file_id, *known[_id_digest(file_id)]) for file_id in ids if _id_digest(file_id) in known]


def marked_tokens(metadata: Mapping[str, str]) -> frozenset[str]:
    """The tokens of all uploads that an assistant's metadata names, whether or not it still has them."""
    return frozenset(token for token, _ in _marked_files(metadata).values())


def attributes_of(entry: StoreEntry) -> dict[str, Json]:
    """All attributes of a file in a vector store: the declared ones, and what it is."""
    return {**entry.attributes, SHA256: entry.source.identity.sha256, PATH: entry.source.path}


def held_in_store(file: StoreFile) -> HeldFile | None:
    """The file in a vector store, when we put it there."""
    sha256, path = file.attributes.get(SHA256), file.attributes.get(PATH)
    if not isinstance(sha256, str) or not isinstance(path, str):
        return None
    name = composed(path.rpartition("/")[2])
    return HeldFile(file.id, file_token(Identity(sha256, name)), path)


def same_attributes(observed: Mapping[str, Json], wanted: Mapping[str, Json]) -> bool:
    """Whether two sets of attributes are equal; a number may come back as a float."""
    return canonical("attributes", dict(observed)) == canonical("attributes", dict(wanted))


def same_chunking(observed: Mapping[str, Json] | None, wanted: Mapping[str, Json] | None) -> bool:
    """Whether a file is cut as is wanted. An answer that does not say (or says ``other``) is believed."""
    if observed is None or observed.get("type") != "static":
        return True
    return canonical("chunking", dict(observed)) == canonical("chunking", dict(_resolved(wanted)))


def sync_marker(store: DesiredStore, foreign: int) -> str:
    """The marker on a vector store that holds all that is declared and ``foreign`` files of others."""
    return f"{_VERSION}{contents_digest(store)} {len(tokens_of(store)) + foreign}"


def is_settled(store: DesiredStore, observed: ObservedStore) -> bool:
    """Whether it need not be looked into: it says it is done, and still has as many files.

    It does not say which secrets its files' attributes hold: those are looked at.
    """
    if observed.in_progress or observed.failed or _attribute_labels(store):
        return False
    return observed.metadata.get(FILES) == f"{_VERSION}{contents_digest(store)} {observed.completed}"


def was_filled_with(store: DesiredStore, metadata: Mapping[str, str]) -> bool:
    """Whether a vector store with that ``metadata`` says that it held what is declared for ``store``.

    What it holds otherwise was then changed by others.
    """
    return filled_with(metadata) == contents_digest(store)


def filled_with(metadata: Mapping[str, str]) -> str | None:
    """The digest of what a vector store with that ``metadata`` says that it held; ``None`` where it does not."""
    said, space, _ = metadata.get(FILES, "").partition(" ")
    return said.removeprefix(_VERSION) if space and said.startswith(_VERSION) else None


def contents_digest(store: DesiredStore) -> str:
    """A digest of all the files that a vector store is to hold, and how; secrets in attributes by name alone."""
    labels = _attribute_labels(store)
    chunking = canonical("chunking", dict(_resolved(store.chunking)))
    entries = sorted(
        [file_token(entry.source.identity), entry.source.path, digest(with_labels(dict(entry.attributes), labels))]
        for entry in store.files
    )
    return digest([chunking, [list(entry) for entry in entries]])


def tokens_of(store: DesiredStore) -> dict[str, StoreEntry]:
    """The entries that a vector store is to hold by token, each upload once."""
    found: dict[str, StoreEntry] = {}
    for entry in store.files:
        found.setdefault(file_token(entry.source.identity), entry)
    return found


def tokens_of_files(files: Iterable[SourceFile]) -> dict[str, SourceFile]:
    """The code interpreter's files, each upload once."""
    found: dict[str, SourceFile] = {}
    for file in files:
        found.setdefault(file_token(file.identity), file)
    return found


def attributes_without_secrets(attributes: Mapping[str, Json], store: DesiredStore | None) -> Json:
    """The attributes of a file that is there, for a digest: a secret is left out.

    Of a file in a vector store that nobody declares there are only the names: no one says which are secret.
    """
    if store is None:
        return [*sorted(attributes)]
    labels, names = _attribute_labels(store), {str(path[-1]) for path in map(parse, store.templates)}
    shown = with_labels(dict(attributes), labels)
    if not isinstance(shown, dict):
        return shown
    return {name: SECRET if name in names and shown[name] == attributes[name] else shown[name] for name in shown}


def _attribute_labels(store: DesiredStore) -> dict[str, str]:
    return {made.filled: made.shown for path, made in store.templates.items() if path.startswith("files")}


def _resolved(chunking: Mapping[str, Json] | None) -> Mapping[str, Json]:
    return _AUTO_CHUNKING if chunking is None or chunking.get("type") == "auto" else chunking


def _marked_files(metadata: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Token and path of each upload that an assistant's metadata names, by the digests of their ids."""
    text = metadata.get(FILES, "")
    if not text.startswith(_VERSION):
        return {}
    body = text.removeprefix(_VERSION)
    entries = [body[at : at + _ENTRY_CHARACTERS] for at in range(0, len(body), _ENTRY_CHARACTERS)]
    paths = metadata.get(PATHS, "").split("\n")
    return {
        entry[:_ID_CHARACTERS]: (FILE_TOKEN + entry[_ID_CHARACTERS:], paths[place] if place < len(paths) else "")
        for place, entry in enumerate(entries)
        if len(entry) == _ENTRY_CHARACTERS
    }


def _id_digest(file_id: str) -> str:
    return digest(file_id, salt="id", length=_ID_CHARACTERS)


def _as_fits(paths: Iterable[str], room: int) -> str:
    text = ""
    for place, path in enumerate(paths):
        longer = f"{text}\n{path}" if place else path
        if len(longer) > room:
            break
        text = longer
    return text
