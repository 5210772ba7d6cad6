"""Words that look the same and are not: letters of another script, and accents composed or not.

Somebody who compares two such lines sees no difference, so the letters that differ are shown by their code points.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

from assistctl.rendering.diff.word_diff import Segment, Side


def with_code_points(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    r"""The segments, with ``\u0430`` for the letters by which one that looks like another differs."""
    shown = list(segments)
    for at in range(len(shown) - 1):
        old, new = shown[at], shown[at + 1]
        if (old.side, new.side) == (Side.OLD, Side.NEW) and look_alike(old.text, new.text):
            pair = told_apart(old.text, new.text)
            shown[at], shown[at + 1] = Segment(Side.OLD, pair[0]), Segment(Side.NEW, pair[1])
    return tuple(shown)


def look_alike(old: str, new: str) -> bool:
    """Whether two different texts look the same to a reader."""
    return old != new and not old.isspace() and _skeleton(old) == _skeleton(new)


def told_apart(old: str, new: str) -> tuple[str, str]:
    r"""Both, with ``\u0430`` for each letter beyond ASCII."""
    return _escaped(old), _escaped(new)


def _escaped(text: str) -> str:
    return "".join(char if char.isascii() else _code_point(char) for char in text)


def _code_point(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= _BMP else f"\\U{ord(char):08x}"


_BMP = 0xFFFF


def _skeleton(text: str) -> str:
    """The text as it looks: letters that are drawn alike as the Latin one (UTS #39, section 4)."""
    return unicodedata.normalize("NFKC", text).translate(_latin())


@cache
def _latin() -> dict[int, str]:
    return {ord(char): latin for char, latin in zip(_DRAWN_ALIKE, _AS_LATIN, strict=True)}


_DRAWN_ALIKE = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0405\u0406\u0408\u0423"
    "\u03bf\u03bd\u03c1\u03b1\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u2010\u2011\u2013\u2212\u2018\u2019\u201c\u201d"
)
_AS_LATIN = "aeopcyxijshdqwABEKMHOPCTXSIJYovpaABEZHIKMNOPTYX----''\"\""
