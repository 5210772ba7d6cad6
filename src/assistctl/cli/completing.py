"""Completion of keys, targets and topics while somebody types: from files alone, fast, and silent on errors.

A key is told by its line in a manifest, not by a manifest that is valid: half of one is what people have then.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Complete: TypeAlias = "Callable[[click.Context, click.Parameter, str], list[CompletionItem]]"

_LARGEST = 1024 * 1024
# Not compiled before they are asked for: every command imports this.
_DOCUMENT = r"(?m)^---"
_KEY_LINE = r"""(?m)^key:\s*["']?([a-z0-9][a-z0-9_-]{0,63})["']?\s*(?:#.*)?$"""
_MANIFEST = r"""(?m)\A\s*\{|^(?:model|kind|name|key)\s*:"""
_STEM = r"[a-z0-9][a-z0-9_-]{0,63}"


def _quietly(words: Callable[[Path], Iterable[str]]) -> Complete:
    """The words that begin like what was typed, of the project that ``-C`` names; none when anything is wrong."""

    @functools.wraps(words)
    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        try:
            found = sorted({*words(Path(ctx.params.get("directory") or "."))})
        except Exception:  # noqa: BLE001  # somebody is typing: whatever it is, the command will tell
            return []
        return [CompletionItem(word) for word in found if word.startswith(incomplete)]

    return complete


@_quietly
def complete_keys(directory: Path) -> Iterator[str]:
    """The keys that manifests declare."""
    from assistctl.checkout.untrusted_files import read_regular
    from assistctl.manifest.project.discovery import discover
    from assistctl.manifest.project.project import Project

    directory = directory.resolve()
    folder = directory / (_settings(directory).get("assistants") or "assistants")
    files, _ = discover(Project(directory, None, folder.resolve()), None)
    for file in files:
        try:
            text = read_regular(file.path, _LARGEST).decode("utf-8")
        except (OSError, ValueError):
            continue
        for document in re.split(_DOCUMENT, text):
            declared = re.search(_KEY_LINE, document)
            if declared:
                yield declared[1]
            elif re.search(_MANIFEST, document) and re.fullmatch(_STEM, file.path.stem):
                yield file.path.stem


def complete_keys_or_files(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Keys, and where none begins like that, the shell's own completion of files."""
    from click.shell_completion import CompletionItem

    return complete_keys(ctx, parameter, incomplete) or [CompletionItem(incomplete, type="file")]


@_quietly
def complete_targets(directory: Path) -> Iterator[str]:
    """The targets that are declared, and every platform's name."""
    from assistctl.platforms.registry import known_platforms

    yield from known_platforms()
    yield from _settings(directory).get("targets") or ()


@_quietly
def complete_topics(_: Path) -> Iterable[str]:
    """The pages of the manual."""
    from assistctl.manual import topics

    return topics()


@_quietly
def complete_schemas(_: Path) -> Iterable[str]:
    """The names of schemas."""
    from assistctl.manifest.validation.schema import SCHEMAS

    return SCHEMAS


def _settings(directory: Path) -> dict[str, Any]:
    import yaml

    from assistctl.checkout.untrusted_files import read_regular
    from assistctl.manifest.project.project import PROJECT_FILE

    try:
        declared = yaml.safe_load(read_regular(directory / PROJECT_FILE, _LARGEST))
    except (OSError, yaml.YAMLError):
        return {}
    return declared if isinstance(declared, dict) else {}
