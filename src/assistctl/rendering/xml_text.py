"""XML 1.0 that holds any text."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from assistctl.secrets.escaping import visible
from assistctl.secrets.redaction import Masked

# What XML 1.0 cannot hold, written in whatever way (section 2.2), and no other escape has replaced yet.
_NO_CHARACTER = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """``text`` for an element or an attribute."""
    return _NO_CHARACTER.sub("\ufffd", visible(text, multiline=True))


def xml_document(root: ET.Element) -> Masked:
    """The whole document, indented."""
    ET.indent(root)
    return Masked(f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n')
