"""The journal's format: JSON lines, one per thing that happened, the head first and the end last.

    {"type": "apply", "format": "assistctl-journal", "version": 1, "header": {…}}
    {"type": "intent", "number": 1, "at": …, "kind", "key", "action", "id", "before": {…} | null, "sent": {…},
     "values": {…}}
    {"type": "outcome", "number": 1, "at": …, "outcome", "id", "error"}
    {"type": "check", "at": …, "key", "index", "ask", "before", "after", "worse", "reasons"}
    {"type": "end", "at": …, "counts": {…}, "error", "done": {…}, "touched": …}

A later version of the same number may add fields and types of lines; readers pass over what they do not know.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from assistctl.errors import JournalError
from assistctl.journal.records import BeforeImage, Ending, Header, Outcome
from assistctl.json_value import Json
from assistctl.model.change import Action
from assistctl.model.check_report import CheckStatus
from assistctl.model.kind import Kind
from assistctl.secrets.redaction import masked

FORMAT = "assistctl-journal"
VERSION = 1


class ImageData(msgspec.Struct):
    """A ``BeforeImage`` on a line."""

    id: str
    fields: dict[str, Any]
    metadata: dict[str, str] = {}
    withheld: dict[str, str] = {}


class ApplyLine(msgspec.Struct, tag_field="type", tag="apply"):
    """The head of an apply."""

    header: Header
    format: str = FORMAT
    version: int = VERSION


class IntentLine(msgspec.Struct, tag_field="type", tag="intent"):
    """An operation that is about to begin."""

    number: int
    at: datetime
    kind: Kind
    key: str
    action: Action
    id: str | None = None
    before: ImageData | None = None
    sent: dict[str, str] = {}
    values: dict[str, Any] | None = None


class OutcomeLine(msgspec.Struct, tag_field="type", tag="outcome"):
    """The outcome of the operation of this number."""

    number: int
    at: datetime
    outcome: Outcome
    id: str | None = None
    error: str | None = None


class CheckLine(msgspec.Struct, tag_field="type", tag="check"):
    """A check of something that was changed: how it came out before, and after."""

    at: datetime
    key: str
    index: int
    ask: str
    before: CheckStatus | None = None
    after: CheckStatus | None = None
    worse: bool = False
    reasons: list[str] = []


class EndLine(msgspec.Struct, tag_field="type", tag="end", omit_defaults=True):
    """The end of an apply."""

    at: datetime
    counts: dict[Outcome, int] = {}
    error: str | None = None
    done: dict[Action, int] = {}
    touched: bool | None = None

    def ending(self) -> Ending:
        """The end as the journal's readers have it."""
        return Ending(self.at, self.counts, self.error, self.done, self.touched)


Line: TypeAlias = ApplyLine | IntentLine | OutcomeLine | CheckLine | EndLine

_TYPES: dict[str, type[Line]] = {
    "apply": ApplyLine,
    "intent": IntentLine,
    "outcome": OutcomeLine,
    "check": CheckLine,
    "end": EndLine,
}


def encode(line: Line) -> bytes:
    """A line with its newline, in ASCII: half a surrogate pair that a platform answered is kept as it was.

    Secrets in it are masked.
    """
    return json.dumps(masked(msgspec.to_builtins(line)), separators=(",", ":")).encode("ascii") + b"\n"


def decode(data: bytes) -> Line | None:
    """The line in ``data``; ``None`` for a type that only a later version knows.

    Raises ``ValueError`` when it is no line of a journal, whole and sound, and ``JournalError`` when it is of a
    format that is too new.
    """
    try:
        raw = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(raw, dict):
        raise ValueError("not an object")  # noqa: TRY004  # it is the text that is wrong
    _check_version(raw)
    kind = _TYPES.get(str(raw.get("type")))
    # A ValidationError is a ValueError.
    return msgspec.convert(raw, kind) if kind else None


def image_data(image: BeforeImage | None) -> ImageData | None:
    """``image`` as it goes on a line."""
    if image is None:
        return None
    return ImageData(image.id, dict(image.fields), dict(image.metadata), dict(image.withheld))


def image_of(data: ImageData | None) -> BeforeImage | None:
    """The image on a line."""
    return None if data is None else BeforeImage(data.id, data.fields, data.metadata, data.withheld)


def _check_version(raw: dict[str, Json]) -> None:
    if raw.get("type") != "apply":
        return
    version = raw.get("version")
    if raw.get("format") != FORMAT or not isinstance(version, int):
        raise ValueError("not the head of a journal")
    if version > VERSION:
        raise JournalError(
            f"it was written by a newer version of assistctl (format {version}; this one knows up to {VERSION})",
            "Upgrade assistctl.",
        )
