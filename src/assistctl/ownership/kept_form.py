"""What a platform makes of a text it keeps: other line ends, nothing around it, composed letters.

Unlike what says nothing (``canonical``), this can be meant: a prompt is sent verbatim, its last newline included.
So it counts only beside the baseline: what was applied and is there in another form was changed by nobody.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from itertools import product

from assistctl.model.plan import Json

# A server that stores single precision.
_PRECISION = 1e-6


def differs_in_form_alone(left: Json, right: Json) -> bool:
    """Whether two values that are not equal say the same, but for the form of their texts and numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return _form(left) == _form(right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(differs_in_form_alone(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(differs_in_form_alone, left, right))
    if isinstance(left, float) and isinstance(right, float | int) and not isinstance(right, bool):
        return math.isclose(left, right, rel_tol=_PRECISION)
    return type(left) is type(right) and left == right


def before_it_was_kept(value: Json) -> Iterator[Json]:
    """What may have been sent where ``value`` is there: itself, and what platforms are known to make it of."""
    if not isinstance(value, str) or not value:
        yield value
        return
    letters = (value, unicodedata.normalize("NFD", value))
    lines = (one.replace("\n", "\r\n") for one in letters if "\r" not in one)
    for text, ending in product(dict.fromkeys((*letters, *lines)), ("", "\n", "\r\n")):
        yield text + ending


def _form(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
