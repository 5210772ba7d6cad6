"""The frame of an HTML page that stands alone: no script, nothing loaded from anywhere, light and dark.

The page forbids itself everything but its own style sheet, by that sheet's digest (Content Security Policy
Level 3, https://www.w3.org/TR/CSP3/).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files

from assistctl.secrets.escaping import visible
from assistctl.secrets.redaction import Masked, mask_markup


def html_page(title: str, sections: Iterable[str]) -> Masked:
    """The whole page; ``title`` is text, ``sections`` are markup."""
    style, policy = _style_and_policy()
    return mask_markup(f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{as_text(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
{joined(sections)}
</main>
</body>
</html>
""")


@cache
def _style_and_policy() -> tuple[str, str]:
    style = files("assistctl.rendering.html").joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return style, f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def section(title: str, cards: Sequence[str]) -> str:
    """A section with a title, which is text; none without ``cards``, which are markup."""
    return f"<section><h2>{as_text(title)}</h2>\n{joined(cards)}</section>" if cards else ""


def isolated(text: str) -> str:
    """Text whose writing direction stays its own matter."""
    return f"<bdi>{as_text(text)}</bdi>"


def as_text(text: str) -> str:
    """Text from outside, made harmless."""
    return escape(visible(text))


def joined(parts: Iterable[str]) -> str:
    """Pieces of markup, one a line."""
    return "\n".join(part for part in parts if part)
