"""Fills the files that ``init`` writes.

In them ``@NAME@`` stands for a value, and what is between ``#@if NAME`` and ``#@end`` may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from importlib import resources

_SECTION = re.compile(r"^#@if (\w+)\n(.*?)^#@end\n", re.MULTILINE | re.DOTALL)
_VALUE = re.compile(r"@([A-Z_]+)@")


def filled(name: str, values: Mapping[str, str], sections: Collection[str] = ()) -> str:
    """The scaffolded file ``name`` with its ``values`` and, of what may be left out, these ``sections``.

    Raises ``KeyError`` for a name without a value.
    """
    text = (resources.files("assistctl.scaffold") / "files" / name).read_text(encoding="utf-8")
    text = _SECTION.sub(lambda found: found[2] if found[1] in sections else "", text)
    return _VALUE.sub(lambda found: values[found[1]], text)
