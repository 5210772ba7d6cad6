"""Plain scalars, by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema).

Only ``true`` and ``false`` are booleans there: ``on``, ``yes``, dates and ``12:30`` are text.
"""

from __future__ import annotations

import math
import re

from assistctl.manifest.syntax.node import Scalar

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAY_BE_NUMBER = frozenset("0123456789+-.")
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")
_MAX_NUMBER_LENGTH = 400


class NumberRefusedError(ValueError):
    """A number that JSON has no word for, or one longer than any API takes."""


def read_plain(text: str) -> Scalar:
    """What a plain scalar means. Raises ``NumberRefusedError`` for ``.nan``, ``.inf`` and endless numbers."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAY_BE_NUMBER:
        return text
    return _read_number(text)


def _read_number(text: str) -> Scalar:
    if _NOT_FINITE.fullmatch(text):
        raise NumberRefusedError("is not a finite number")
    if not any(form.fullmatch(text) for form in (_DECIMAL, _OCTAL, _HEXADECIMAL, _FLOAT)):
        return text
    if len(text) > _MAX_NUMBER_LENGTH:
        raise NumberRefusedError("has too many digits")
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        return int(text, 0)
    number = float(text)
    if not math.isfinite(number):
        raise NumberRefusedError("is too large")
    return number


def unusable_text(text: str) -> str | None:
    """Why no API takes a text, as the end of a sentence; ``None`` for one that is well."""
    if "\0" in text:
        return "contains a NUL character"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "contains half of a surrogate pair, which is no character"
    return None
