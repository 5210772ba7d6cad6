"""Whose a declared environment is, and what was applied to it, in the name of its template.

A template has no metadata (``TemplateCreateParams`` of openai 3.57.0), so both stand behind the name that people
gave it, short enough for its 256 characters::

    Analysis [assistctl acme/prod/analysis! 1u:pM3vA9yXcK1dQx…]

The exclamation mark says that it is protected. The templates that come with the files of assistants have names of
another form (``environment_template``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from assistctl.errors import PlatformError
from assistctl.ownership.mark import BASELINE, MARK, Mark, read_mark

LONGEST = 256
"""How many characters the name of a template has at most."""

_OURS = re.compile(
    r"(?P<name>.*) \[assistctl (?P<project>[^\s/\]]+)/(?P<target>[^\s/\]]+)/(?P<key>[^\s/\]!]+)(?P<protected>!?)"
    r"(?: (?P<baseline>[^\s\]]+))?\]",
    re.DOTALL,
)


def template_name_of(name: str, metadata: Mapping[str, str]) -> str:
    """The name of a template that is called ``name`` and has our pairs in ``metadata``.

    Raises ``PlatformError`` where that is too long, and for pairs that have no place in it.
    """
    if others := sorted(metadata.keys() - {MARK, BASELINE}):
        raise PlatformError(f"an environment template has no metadata: {', '.join(others)}", "Nothing was sent.")
    mark = read_mark(metadata)
    if mark is None:
        return name
    protected = "!" if mark.prevent_destroy else ""
    words = [f"assistctl {mark.project}/{mark.target}/{mark.key}{protected}", metadata.get(BASELINE, "")]
    ours = " ".join(filter(None, words))
    whole = f"{name} [{ours}]"
    if len(whole) > LONGEST:
        raise PlatformError(
            f"the name of the environment {mark.key} is {len(whole) - LONGEST} characters too long",
            f"A template's name has {LONGEST} at most, and whose it is stands in it: shorten `name`, or the key.",
        )
    return whole


def read_name(text: str) -> tuple[str, dict[str, str]]:
    """What a template is called, and our pairs in its name: none where it is nobody's."""
    found = _OURS.fullmatch(text)
    if found is None:
        return text, {}
    mark = Mark(found["project"], found["target"], found["key"], bool(found["protected"]))
    pairs = {MARK: str(mark), BASELINE: found["baseline"]}
    return found["name"], {pair: value for pair, value in pairs.items() if value}
