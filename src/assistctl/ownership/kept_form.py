"""What a platform makes of a text it keeps: other line ends, nothing around it, composed letters.

Unlike what says nothing (``canonical``), this can be meant: a prompt is sent verbatim, its last newline included.
So it counts only beside the baseline: what was applied and is there in another form was changed by nobody.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

from assistctl.json_value import Json

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


def before_it_was_kept(value: Json, want: Json = None) -> Iterator[Json]:
    """What may have been sent where ``value`` is there: itself, and what platforms are known to make it of.

    Of texts inside of it, those that say the same as in ``want``, which is declared now, were sent as in that, and
    the others were all changed in the same way.
    """
    yield value
    if isinstance(value, str):
        texts = dict.fromkeys(as_sent(value) for as_sent in _WAYS_BACK) if value else {}
        yield from (text for text in texts if text != value)
    elif isinstance(value, dict | list):
        yield from (_sent(value, want, as_sent) for as_sent in _WAYS_BACK)


def _sent(value: Json, want: Json, as_sent: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return want if differs_in_form_alone(value, want) else as_sent(value)
    if isinstance(value, dict):
        wanted = want if isinstance(want, dict) else {}
        return {name: _sent(inner, wanted.get(name), as_sent) for name, inner in value.items()}
    if isinstance(value, list):
        items = want if isinstance(want, list) and len(want) == len(value) else [None] * len(value)
        return [_sent(inner, item, as_sent) for inner, item in zip(value, items, strict=True)]
    return value


def _as_sent(text: str, line_end: str, ending: str, *, decomposed: bool) -> str:
    letters = unicodedata.normalize("NFD", text) if decomposed else text
    lines = letters if "\r" in letters else letters.replace("\n", line_end)
    return lines + ending


_WAYS_BACK: tuple[Callable[[str], str], ...] = tuple(
    partial(_as_sent, line_end=line_end, ending=ending, decomposed=decomposed)
    for decomposed, line_end, ending in product((False, True), ("\n", "\r\n"), ("", "\n", "\r\n"))
)


def _form(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
