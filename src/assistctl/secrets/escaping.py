"""Text from outside made harmless: secrets are masked, and what could hide or move something is an escape.

What counts as hidden follows Unicode: general categories Cc, Cf, Cs, Zl and Zp (UAX #44) and the property
Default_Ignorable_Code_Point, minus what legitimate writing needs: joiners inside emoji and inside scripts that
join, presentation selectors after emoji, and visible format characters such as Arabic number signs.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from assistctl.secrets.redaction import Masked, mask

_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001fbff"
_JOINING_SCRIPTS = "\u0600-\u0604\u0606-\u061b\u061d-\u109f\u1780-\u17b3\u17b6-\u17ff\u1820-\u18af"
_IDEOGRAPHS = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_CONTROLS = "\x00-\x1f\x7f-\x9f"
_SEPARATORS = "\u2028\u2029"
_SURROGATES = "\ud800-\udfff"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ZERO_WIDTH = "\u00ad\u034f\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"
_FILLERS = "\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufff0-\ufff8"
_ASTRAL = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"

_HIDDEN = (
    f"[{_CONTROLS}{_SEPARATORS}{_SURROGATES}{_BIDI}{_ZERO_WIDTH}{_FILLERS}{_ASTRAL}]"
    rf"|(?<![{_EMOJI}0-9#*])[\ufe0e\ufe0f]|[\ufe00-\ufe0d]"
    rf"|(?<![{_IDEOGRAPHS}])[\U000e0100-\U000e01ef]"
    rf"|\u200c(?![{_JOINING_SCRIPTS}])|(?<![{_JOINING_SCRIPTS}])\u200c"
    rf"|\u200d(?![{_JOINING_SCRIPTS}{_EMOJI}])|(?<![{_JOINING_SCRIPTS}{_EMOJI}\ufe0f])\u200d"
)
# GitHub's runner takes a line that begins with ::name, behind white space or not, for a command, and ##[name]
# wherever it stands (https://github.com/actions/runner, src/Runner.Common/ActionCommand.cs); Azure's takes
# ##vso[name] wherever it stands.
_LINE_COMMAND = re.compile(r"^([^\S\n]*)::", re.MULTILINE)
_PARTED = r"\1\\::"
_INNER_COMMAND = re.compile(r"#(#[A-Za-z]*\[)")
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_BYTE, _BMP = 0xFF, 0xFFFF


def visible(text: str, *, multiline: bool = False) -> str:
    r"""``text`` without secrets, and with every hidden character as an escape: ``\x1b``, ``\u202e``, ``\n``.

    With ``multiline`` newlines and tabs stay as they are. Accents, every script and emoji stay readable.
    """
    # Here, because what is shown may be cut or wrapped afterwards, and half a secret is not found any more.
    return escape_hidden(mask(text), lambda char: char if multiline and char in "\n\t" else as_escape(char))


def cut(text: str, longest: int = 200) -> str:
    """``text`` on one line without secrets, which are masked before it is cut: at most ``longest`` characters."""
    line = " ".join(mask(text).split())
    return line if len(line) <= longest else f"{line[:longest]}…"


def escape_hidden(text: str, escape: Callable[[str], str]) -> str:
    """``text`` with each hidden character replaced by what ``escape`` makes of it."""
    return _hidden().sub(lambda match: escape(match.group()), text)


@functools.cache
def _hidden() -> re.Pattern[str]:
    """Hidden characters. Compiled when text is shown: it takes longer than all else that ``--version`` does."""
    return re.compile(_HIDDEN)


def as_escape(char: str) -> str:
    r"""``char`` as an escape; strings of Python and those of YAML in double quotes have the same ones."""
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code <= _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _BMP else f"\\U{code:08x}"


class DeliberateCommands(Masked):
    """Commands of ours to a CI runner, finished and masked: they pass a stream as what they are."""

    __slots__ = ()


def without_commands(text: str) -> str:
    """One line of text in which no runner finds a command, wherever it is put."""
    return _INNER_COMMAND.sub(r"#\\\1", text)


@dataclass(slots=True)
class RunnerCommands:
    """Takes out of the text of a stream what a CI runner that reads it would take for a command.

    The text stays readable: a backslash parts what makes the command.
    """

    _is_blank: bool = True

    def disarmed(self, text: str) -> str:
        """``text``, which goes on where the last one ended."""
        first, newline, rest = text.partition("\n")
        if self._is_blank:
            first = _LINE_COMMAND.sub(_PARTED, first)
        last = rest.rpartition("\n")[2] if newline else first
        self._is_blank = (bool(newline) or self._is_blank) and not last.strip()
        return _INNER_COMMAND.sub(r"#\\\1", f"{first}{newline}{_LINE_COMMAND.sub(_PARTED, rest)}")


def without_inner_commands(json_text: str) -> str:
    """JSON in which no string holds ``##[``, which some runners take for a command wherever it stands."""
    return _INNER_COMMAND.sub(lambda match: f"\\u0023{match[1]}", json_text)


_JOINERS = "\u200c\u200d"


@dataclass(slots=True)
class VisiblePieces:
    """Makes text harmless that comes piece by piece, as if it had come whole; the sink masks it.

    What depends on the next character waits for it.
    """

    _before: str = ""
    _waiting: str = ""

    def harmless(self, piece: str) -> str:
        """The text that may be shown, now that ``piece`` has come too."""
        text = self._waiting + piece
        ready = text.rstrip(_JOINERS)
        self._waiting = text[len(ready) :]
        return self._escaped(ready)

    def rest(self) -> str:
        """The text held back for a next character, now that none comes."""
        text, self._waiting = self._waiting, ""
        return self._escaped(text)

    def _escaped(self, text: str) -> str:
        if not text:
            return ""
        shown = len(_lines_kept(self._before))
        whole = _lines_kept(self._before + text)
        self._before = text[-1]
        return whole[shown:]


def _lines_kept(text: str) -> str:
    return escape_hidden(text, lambda char: char if char in "\n\t" else as_escape(char))
