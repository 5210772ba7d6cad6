"""The files for an agent's sessions, as the agent's metadata names them.

The managed agents API keeps no files with an agent: a session is started with them (``resources``). So their ids
are in one metadata pair, without the part that all of them begin with::

    assistctl_uploads: file_ 011CNha8iCJcU1wXNR6q4V8w 011CPMxVD3fHLUhvTqtsQA5w

What the files are, and where they come from, is in one pair more, so that no agent has more pairs of ours than an
assistant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.ownership.file_marks import FILES, PATHS
from assistctl.ownership.placeholders import file_ids
from assistctl.platforms.anthropic.code_tools import INTERPRETER
from assistctl.platforms.translation import Object

UPLOADS = "assistctl_uploads"
FOLDER = "/mnt/session/uploads"
"""Where a session finds what it mounts (https://platform.claude.com/docs/en/managed-agents/files)."""

_PREFIX = "file_"
_LONGEST = 512


def with_files(metadata: Mapping[str, str], ids: Sequence[str]) -> dict[str, str]:
    """An assistant's metadata as its agent has it. Raises ``PlatformError`` where there are too many files."""
    pairs = {key: value for key, value in metadata.items() if key not in {UPLOADS, PATHS}}
    if FILES in pairs:
        pairs[FILES] = "\n".join(filter(None, (pairs[FILES], metadata.get(PATHS))))
    if ids:
        pairs[UPLOADS] = _written(ids)
    return pairs


def without_files(metadata: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """An agent's metadata as its assistant has it, and the ids of its files."""
    pairs = {key: value for key, value in metadata.items() if key != UPLOADS}
    marks, _, paths = pairs.get(FILES, "").partition("\n")
    if paths:
        pairs |= {FILES: marks, PATHS: paths}
    return pairs, _read(metadata.get(UPLOADS, ""))


def files_declared(fields: Mapping[str, Json]) -> list[str] | None:
    """The ids that ``fields`` have for the code interpreter, each once; ``None`` where they are not about it."""
    return list(dict.fromkeys(file_ids(fields))) if "tool_resources" in fields else None


def with_ids(fields: Object, ids: Sequence[str]) -> Object:
    """An agent's fields with its files in the Assistants API's shape."""
    return {**fields, "tool_resources": {INTERPRETER: {"file_ids": [*ids]}}} if ids else fields


def mounted(names: Iterable[tuple[str, str]]) -> list[Json]:
    """``resources`` of a session: a file for each id and name. Raises ``PlatformError`` for two of one name."""
    ids_by_name: dict[str, str] = {}
    for file_id, name in names:
        other = ids_by_name.setdefault(name, file_id)
        if other != file_id:
            raise PlatformError(
                f"the uploads {other} and {file_id} would both be {FOLDER}/{name}", "Rename one of the two."
            )
    return [
        {"type": "file", "file_id": file_id, "mount_path": f"/{name}"} for name, file_id in ids_by_name.items()
    ]


def _written(ids: Sequence[str]) -> str:
    short = all(file_id.startswith(_PREFIX) for file_id in ids)
    text = " ".join([_PREFIX, *(file_id.removeprefix(_PREFIX) for file_id in ids)] if short else ids)
    if len(text) > _LONGEST:
        raise PlatformError(
            f"the ids of {len(ids)} files have no room in an agent's metadata, which keeps {_LONGEST} characters",
            "Nothing was sent. Put several files into one archive.",
        )
    return text


def _read(text: str) -> list[str]:
    prefix, *rest = text.split() or [""]
    if prefix == _PREFIX:
        return [prefix + suffix for suffix in rest]
    return [prefix, *rest] if prefix else []
