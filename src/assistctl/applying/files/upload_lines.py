"""The lines of the upload record: what one says of an upload, and whether this machine wrote it.

The record lies in the checkout, where anybody may have put it. So each line bears the seal of a key that lies
elsewhere (``assistctl.secrets.machine_key``), over the project, target, address and account too: it is good for
nothing anywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from assistctl.checkout.untrusted_files import read_regular
from assistctl.model.source_file import Identity, SourceFile
from assistctl.secrets.machine_key import MachineKey

Entry: TypeAlias = Mapping[str, object]

HELD = "held"
"""The field of a line about an upload that is left to a vector store."""

_PURPOSE = "assistctl upload record"
_SEAL = "seal"
_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Filed:
    """An upload as the platform lists it: its name there, and its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """An upload that was begun: ``file_id`` is ``None`` when it is not known to have ended.

    One that was to be deleted has an id and no ``identity``. ``filed`` is what the platform must show under that
    id, where that was known. ``proven``: this machine wrote it down; what is not is anybody's word. ``held``: it
    was left to a vector store.
    """

    identity: Identity | None
    filed: Filed | None
    file_id: str | None = None
    attempt: str = ""
    proven: bool = False
    held: bool = False


def sealed(entry: Entry, key: MachineKey | None) -> str:
    """The line for ``entry``, with its newline; without a seal where there is no ``key``."""
    line = dict(entry) if key is None else {**entry, _SEAL: key.seal(_PURPOSE, _text(entry))}
    return json.dumps(line) + "\n"


def is_sealed(entry: Entry, key: MachineKey | None) -> bool:
    """Whether a line was written with ``key``."""
    plain = {name: value for name, value in entry.items() if name != _SEAL}
    return key is not None and key.holds(_PURPOSE, _text(plain), entry.get(_SEAL))


def about(source: SourceFile) -> dict[str, object]:
    """The part of a line about a file of the project."""
    return {"sha256": source.identity.sha256, "name": source.identity.name, "size": source.size}


def lines_in(path: Path) -> Iterator[dict[str, object]]:
    """The entries of a file; a line that was cut off is left out."""
    try:
        text = read_regular(path, _LARGEST).decode("utf-8", "replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            yield entry


def recorded(entry: Entry, *, proven: bool) -> Recorded | None:
    """The upload that a line tells of; ``None`` when it cannot be understood."""
    sha256, name, size, file_id = (entry.get(field) for field in ("sha256", "name", "size", "id"))
    kept = entry.get("filed_as", name)
    known_id = file_id if isinstance(file_id, str) else None
    filed = Filed(kept, size) if isinstance(kept, str) and isinstance(size, int) else None
    if sha256 is None and known_id is not None:
        return Recorded(None, filed, known_id, proven=proven, held=entry.get(HELD) is True)
    if filed is None or not isinstance(sha256, str) or not isinstance(name, str):
        return None
    return Recorded(Identity(sha256, name), filed, known_id, str(entry.get("attempt", "")), proven)


def _text(entry: Entry) -> bytes:
    return json.dumps(entry, sort_keys=True, separators=(",", ":")).encode("ascii")
