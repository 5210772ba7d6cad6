"""Keeps secrets out of everything that is shown: a last net under what the planner already marks as secret."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from assistctl.model import Change, Diagnostic, Drift, FieldDiff, Plan, Result
from assistctl.planning.fates import Fate, Migrated, Migration
from assistctl.rendering.safe_text import SECRET

if TYPE_CHECKING:
    from logging import LogRecord

# Anything shorter would blank out ordinary words; such a value is hidden by its path alone.
_SHORTEST = 4
# Free text only: keys, ids, paths and actions are what scripts match on, and hold no value.
_FREE_TEXT: dict[type, tuple[str, ...]] = {
    FieldDiff: ("old", "new"),
    Drift: ("observed", "desired"),
    Change: ("name", "reason", "diffs"),
    Diagnostic: ("summary", "detail"),
    Result: ("error",),
    Plan: ("changes", "drift", "diagnostics"),
    Fate: ("path", "note", "value"),
    Migrated: ("name", "fates"),
    Migration: ("assistants", "declared"),
}

Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class Redactor:
    """Replaces every known secret in a text, or in all free text of a plan and its parts."""

    secrets: frozenset[str] = frozenset()

    def knowing(self, more: Iterable[str]) -> Redactor:
        """A redactor of these secrets and ``more``, also as they look when something quotes them."""
        forms = {form for secret in more for form in _forms(secret)}
        return Redactor(self.secrets | {form for form in forms if len(form) >= _SHORTEST})

    def text(self, text: str) -> str:
        """``text`` without the secrets; longer ones first, as one may contain another."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, SECRET)
        return text

    def shown(self, value: Shown) -> Shown:
        """``value`` (text, JSON, a plan or part of one, or a sequence of them) without the secrets."""
        return cast("Shown", self._clean(value)) if self.secrets else value

    def _clean(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, tuple | list):
            return type(value)(self._clean(item) for item in value)
        if isinstance(value, dict):
            return {self._clean(key): self._clean(item) for key, item in value.items()}
        names = _FREE_TEXT.get(type(value))
        if names is None or not dataclasses.is_dataclass(value) or isinstance(value, type):
            return value
        return dataclasses.replace(value, **{name: self._clean(getattr(value, name)) for name in names})


def _forms(secret: str) -> Iterator[str]:
    for text in (secret, secret.strip()):
        yield text
        yield repr(text)[1:-1]
        yield repr(text.encode("utf-8", "surrogateescape"))[2:-1]
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]


def keep_out_of_logs(secrets: Iterable[str]) -> None:
    """Replace ``secrets`` in every log record of this process, whoever writes it.

    An SDK that is told to log in full (``OPENAI_LOG=debug``) logs whole requests.
    """
    import logging

    make = logging.getLogRecordFactory()
    if isinstance(make, _RecordsWithoutSecrets):
        make.redactor = make.redactor.knowing(secrets)
    else:
        logging.setLogRecordFactory(_RecordsWithoutSecrets(make, Redactor().knowing(secrets)))


@dataclass(slots=True)
class _RecordsWithoutSecrets:
    """Makes log records as ``make`` does, and takes the secrets out of their text and traceback."""

    make: Callable[..., LogRecord]
    redactor: Redactor

    def __call__(self, *args: object, **options: object) -> LogRecord:
        import logging

        record = self.make(*args, **options)
        record.msg, record.args = self.redactor.text(record.getMessage()), ()
        if record.exc_info:
            # Formatters take the text that is there; an error may quote what it could not send.
            record.exc_text = self.redactor.text(logging.Formatter().formatException(record.exc_info))
        return record
