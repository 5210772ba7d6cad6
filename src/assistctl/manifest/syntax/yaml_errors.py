"""A YAML parser's errors, in words for those who write manifests."""

from __future__ import annotations

import yaml

from assistctl.diagnostics import Diagnostic, Position, Severity

# Pieces of the parser's messages (PyYAML's, pure and over libyaml) -> what is wrong, and the way on.
_MEANINGS = (
    (
        "mapping values are not allowed",
        "there is a second `: ` here",
        "Quote text that contains a colon and a space, or check the indentation.",
    ),
    ("found a tab character", "there is a tab in the indentation", "YAML indents with spaces."),
    (
        "could not find expected ':'",
        "there is a line without `key:`",
        "Check the indentation and the quotes above.",
    ),
    ("did not find expected key", "the indentation does not fit", "Keys of one mapping start in one column."),
    ("expected <block end>", "the indentation does not fit", "Keys of one mapping start in one column."),
    (
        "did not find expected '-'",
        "the list ends here without a reason",
        "Indent this line, or start it with `- `.",
    ),
    ("',' or '}'", "a { is not closed by a }", 'Inside { } quote text with braces: "${var:NAME}".'),
    ("',' or ']'", "a [ is not closed by a ]", "Inside [ ] quote text with brackets or braces."),
    ("found unexpected end of stream", "a quote is opened and never closed", "Close it."),
    ("found unexpected document", "a quote is opened and never closed", "Close it."),
    (
        "unknown escape character",
        "there is no such escape in double quotes",
        "Double the backslash, or use ' quotes.",
    ),
    (
        "block sequence entries are not allowed",
        "a list cannot start here",
        "Put its first `- ` on a line of its own.",
    ),
    (
        "did not find expected alphabetic",
        "a * or & must be followed by a name",
        "Quote text that starts with * or &.",
    ),
    ("exceeded", "the nesting is too deep", "Flatten it."),
)


def syntax_error(error: yaml.YAMLError | ValueError, text: str, file: str) -> Diagnostic:
    """The diagnostic for text that is not YAML."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read")
    summary, detail = _meaning(said, _character_at(text, position))
    return Diagnostic(Severity.ERROR, f"this is not valid YAML: {summary}", detail, position=position)


def _meaning(said: str, character: str) -> tuple[str, str]:
    if "cannot start any token" in said and character == "\t":
        return "there is a tab in the indentation", "YAML indents with spaces."
    if "cannot start any token" in said:
        return f"text cannot start with {character!r}", "Quote it."
    for piece, summary, detail in _MEANINGS:
        if piece in said:
            return f"{summary} ({said})", detail
    return said, ""


def _character_at(text: str, position: Position) -> str:
    lines = text.splitlines(keepends=True)
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    return line[position.column - 1 : position.column]
