"""Reads a difference back from what was shown of it, and holds it against the two texts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import unescape

from rich.console import Console

from assistctl.model.change import Action, Change, Drift, FieldDiff, Origin, Summary
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, TargetName
from assistctl.rendering.html.plan_page import plan_html
from assistctl.rendering.markdown.plan_markdown import drift_markdown, plan_markdown
from assistctl.rendering.text.plan_text import print_plan
from assistctl.secrets.escaping import visible

_TEXT_ROW = re.compile(r" {8} *(\d+) ([-+~])│ ?(.*)", re.DOTALL)
_MARKDOWN_ROW = re.compile(r"([-+]) +(\d+) │ ?(.*)", re.DOTALL)
_HTML_ROW = re.compile(
    r'<div class="row (?:changed|removed|added)"><span class="number">(\d+)</span>'
    r'<span class="line-sign">([-+~])</span><span class="words before">(.*?)</span><span class="words after">'
)
_MARKS = {"[-": ("-", "-]"), "{+": ("+", "+}")}
_ESCAPES = re.compile(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|x([0-9a-f]{2})|([nrt]))")
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True)
class ShownLine:
    """A line of one of the texts, as it was shown: ``-`` is the old text, ``+`` the new one."""

    sign: str
    number: int
    text: str


def in_text(old: str, new: str) -> list[ShownLine]:
    """The lines of the difference on a console, with ``-v``; a changed line counts as one of each."""
    file = io.StringIO()
    print_plan(Console(file=file, width=80, color_system=None), plan_of(old, new), verbose=True)
    rows = map(_TEXT_ROW.fullmatch, file.getvalue().split("\n"))
    return list(_numbered((int(row[1]), row[2], _side(row[3], "-"), _side(row[3], "+")) for row in rows if row))


def in_html(old: str, new: str) -> list[ShownLine]:
    """The lines of the difference on a page; a changed line counts as one of each."""
    rows = _HTML_ROW.findall(plan_html(plan_of(old, new)))
    return list(
        _numbered(
            (int(number), sign, _html_side(words, "ins"), _html_side(words, "del")) for number, sign, words in rows
        )
    )


def _html_side(words: str, other: str) -> str:
    return unescape(re.sub("<[^>]*>", "", re.sub(f"<{other}>.*?</{other}>", "", words)))


def in_markdown(old: str, new: str) -> list[ShownLine]:
    """The lines of the difference in a comment."""
    return _in_markdown(plan_markdown(plan_of(old, new)))


def in_drift_markdown(old: str, new: str) -> list[ShownLine]:
    """The lines of the difference in a comment about what was changed outside."""
    drift = Drift(Kind.ASSISTANT, "a", "asst_1", "instructions", observed=new, desired=old)
    return _in_markdown(drift_markdown(replace(plan_of("", ""), changes=(), drift=(drift,))))


def _in_markdown(document: str) -> list[ShownLine]:
    rows = map(_MARKDOWN_ROW.fullmatch, document.split("\n"))
    return [ShownLine(row[1], int(row[2]), _side(row[3], row[1])) for row in rows if row]


def plan_of(old: str, new: str) -> Plan:
    """A plan with one changed field."""
    diff = FieldDiff("instructions", old, new, Origin.MANIFEST)
    change = Change(Kind.ASSISTANT, "a", "asst_1", Action.UPDATE, "manifest changed", (diff,))
    return Plan("acme", TargetName("prod", "local"), (change,), (), (), Summary(update=1), {}, "sha256:0")


def falsehoods(old: str, new: str, lines: list[ShownLine]) -> list[str]:
    """What of the lines is not so: each has to be the line that it is said to be, and none may be lacking."""
    texts = {"-": old.removesuffix("\n").split("\n"), "+": new.removesuffix("\n").split("\n")}
    found = [
        f"{line.sign} {line.number}: {line.text!r}"
        for line in lines
        if line.number > len(texts[line.sign]) or not _same(line.text, texts[line.sign][line.number - 1])
    ]
    shown = {(line.sign, line.number) for line in lines}
    rest = [[text for number, text in enumerate(texts[s], 1) if (s, number) not in shown] for s in "-+"]
    if rest[0] != rest[1] and (old and new):
        found.append(f"not shown: {rest}")
    return found


def _numbered(rows: Iterable[tuple[int, str, str, str]]) -> Iterator[ShownLine]:
    """A changed line has the number of the new one only; the lines between two rows are the same in both texts."""
    at_old = at_new = 0
    for number, sign, old, new in rows:
        skipped = number - 1 - (at_old if sign == "-" else at_new)
        at_old, at_new = at_old + skipped + (sign != "+"), at_new + skipped + (sign != "-")
        if sign != "+":
            yield ShownLine("-", at_old, old)
        if sign != "-":
            yield ShownLine("+", at_new, new)


def _side(text: str, sign: str) -> str:
    """One of the two texts in a line with ``[-old-]`` and ``{+new+}``."""
    pieces, position, side, end = [""], 0, "", ""
    while position < len(text):
        two = text[position : position + 2]
        if not side and two in _MARKS:
            (side, end), position = _MARKS[two], position + 2
            pieces.append("")
        elif side and two == end:
            side, position = "", position + 2
            pieces.append("")
        else:
            pieces[-1] += text[position] if side in {"", sign} else ""
            position += 1
    return "".join(_CLOSING.sub(r"\1\2\3", _OPENING.sub(r"\1\2\3", piece)) for piece in pieces)


_OPENING = re.compile(r"(\[(?=\\+-)|\{(?=\\+\+))(\\*)\\([-+])")
_CLOSING = re.compile(r"(-(?=\\+\])|\+(?=\\+\}))(\\*)\\([\]}])")


def _same(shown: str, line: str) -> bool:
    return _read(shown) == _read(visible(line))


def _read(text: str) -> str:
    """Without the signs for white space and hidden characters, which have to be the same all the same."""
    plain = text.replace("·", " ").rstrip().removesuffix("↵")
    return _ESCAPES.sub(lambda m: _NAMED[m[4]] if m[4] else chr(int(m[1] or m[2] or m[3], 16)), plain).rstrip()
