"""What a platform cannot express is an error that names the field and the platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from assistctl.model import Desired, Diagnostic, Json, Severity


class Support(Protocol):
    """How a platform expresses one field."""

    @property
    def level(self) -> str:
        """``native``, ``mapped`` or ``unsupported``."""

    @property
    def note(self) -> str:
        """How it is mapped, or the nearest way on."""


class Expressible(Protocol):
    """The part of a platform's capabilities that planning asks about."""

    @property
    def fields(self) -> Mapping[str, Support]:
        """The support of each field (``temperature``) and tool (``tools.file_search``)."""

    @property
    def platform_fields(self) -> frozenset[str]:
        """The names allowed under ``platforms.<name>``."""

    @property
    def unreported(self) -> frozenset[str]:
        """The fields that may be missing from answers."""

    @property
    def archives(self) -> bool:
        """Whether a delete only archives."""


def check_expressible(desired: Desired, platform: str, capabilities: Expressible) -> Iterator[Diagnostic]:
    """An error for each declared thing the platform cannot express, an info for each it maps."""
    for name, path in _used(desired):
        support = capabilities.fields.get(name)
        level = support.level if support else "unsupported"
        if level == "native":
            continue
        if level == "mapped":
            yield _diagnostic(desired, path, Severity.INFO, f"{path} is mapped on {platform}", support)
        else:
            yield _diagnostic(desired, path, Severity.ERROR, f"{platform} cannot express {path}", support)
    for name in desired.platform_fields.get(platform, {}):
        if name not in capabilities.platform_fields:
            path = f"platforms.{platform}.{name}"
            yield _diagnostic(desired, path, Severity.ERROR, f"{platform} has no field {name}", None)


def _used(desired: Desired) -> Iterator[tuple[str, str]]:
    """Each capability a manifest asks for, and the path that asks for it."""
    if desired.interpreter_files:
        yield "files.code_interpreter", "files"
    if desired.store is not None:
        yield "files.file_search", "files" if "files" in desired.positions else "vector_store"
    for field, value in desired.fields.items():
        if field != "tools":
            yield field, field
            continue
        yield from _used_tools(value)


def _used_tools(tools: Json) -> Iterator[tuple[str, str]]:
    for place, tool in enumerate(tools if isinstance(tools, list) else []):
        kind = tool.get("type") if isinstance(tool, dict) else None
        yield f"tools.{kind}", f"tools[{place}]"


def _diagnostic(
    desired: Desired, path: str, severity: Severity, summary: str, support: Support | None
) -> Diagnostic:
    note = support.note if support else ""
    return Diagnostic(severity, summary, note, key=desired.key, path=path, position=desired.position_of(path))
