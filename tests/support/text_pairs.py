"""Two versions of a prompt as people and editors make them: words and lines changed, moved, re-wrapped."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable

_WORDS = (
    *("the", "order", "desk", "answers", "in", "English", "French", "never", "always", "explain", "a", "returns"),
    *("14", "30", "days", "order_status", "asst_1", "v1.2.3", "`code`", "0.25", "refund,", "customer.", "Ask."),
    *(
        "[-x-]",
        "{+y+}",
        "\\[-",
        "-",
        "+",
        "~",
        "1.",
        "#",
        "##",
        "*",
        "```",
        "\u2502",
        "订单",
        "고객",
        "مرحبا",
        "👩\u200d💻",
    ),
    *("\u00e9", "e\u0301", "\u0430"),
)
_GAPS = (" ", " ", " ", " ", "  ", "\t", "\n", "\n", "\n\n", "\r\n", "\n# ", "\n- ", " \n")


def text_pair(generator: random.Random) -> tuple[str, str]:
    """An old and a new text, each with a newline in it."""
    old = _text(generator)
    new = old
    for _ in range(generator.randint(1, 4)):
        new = generator.choice(_EDITS)(generator, new)
    return old + generator.choice(("\n", "\nend")), new + generator.choice(("\n", "\nend"))


def _text(generator: random.Random) -> str:
    size = generator.choice((0, 2, 6, 20, 60))
    return "".join(generator.choice(_WORDS) + generator.choice(_GAPS) for _ in range(size))


def _word(generator: random.Random, text: str) -> str:
    words = text.split(" ")
    words[generator.randrange(len(words))] = generator.choice((*_WORDS, ""))
    return " ".join(words)


def _line(generator: random.Random, text: str) -> str:
    lines = text.split("\n")
    place = generator.randrange(len(lines))
    lines[place : place + generator.randint(0, 2)] = [_text(generator)] * generator.randint(0, 2)
    return "\n".join(lines)


def _moved(generator: random.Random, text: str) -> str:
    lines = text.split("\n")
    lines.insert(generator.randrange(len(lines)), lines.pop(generator.randrange(len(lines))))
    return "\n".join(lines)


def _rewrapped(generator: random.Random, text: str) -> str:
    return "\n".join(textwrap.wrap(text, generator.randint(10, 60), break_long_words=False))


def _replaced(generator: random.Random, _: str) -> str:
    return _text(generator)


def _twice(generator: random.Random, text: str) -> str:
    return text + generator.choice(("", "\n")) + text


_EDITS: tuple[Callable[[random.Random, str], str], ...] = (
    _word,
    _word,
    _word,
    _line,
    _line,
    _moved,
    _rewrapped,
    _replaced,
    _twice,
)
