"""Secrets that are written out in ``assistctl.yaml``, which goes into git."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.manifest.syntax.yaml_values import Node, Path, dotted

# Prefixes of vendors' keys, and the beginning of a JSON Web Token.
_KEY = re.compile(r"(?:\b|_)(?:sk-|sess-|xai-|gsk_|AIza|eyJ)[A-Za-z0-9_.-]{16,}")
# What no word and no name of a local server's key looks like: long, and with digits.
_RANDOM = re.compile(r"(?=\D*\d)[A-Za-z0-9_+/=.-]{24,}")
_REFERENCE = "${env:"


def written_secrets(settings: dict[str, Node], of: str = "targets") -> Iterator[Diagnostic]:
    """A warning for each text in what ``of`` has by name that looks like a key; the text is not shown."""
    for name, setting in settings.items():
        owner = f"target {name!r}" if of == "targets" else f"{of}.{name}"
        for path, node in _texts(setting, (of, name)):
            text = node.written
            is_key = path[-1] == "api_key" and _RANDOM.fullmatch(text)
            if _REFERENCE not in text and (is_key or _KEY.search(text)):
                yield Diagnostic(
                    Severity.WARNING,
                    f"{path[-1]} of {owner} looks like a secret that is written out",
                    "This file goes into git. Write ${env:NAME}, and set NAME in the environment or in .env.",
                    path=dotted(path),
                    position=node.position,
                )


def _texts(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _texts(child, (*path, key))
    elif isinstance(node.value, list):
        for place, child in enumerate(node.value):
            yield from _texts(child, (*path, place))
    elif isinstance(node.value, str):
        yield path, node
