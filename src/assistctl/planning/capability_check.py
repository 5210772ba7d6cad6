"""What a platform cannot express is an error that names the field and the platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from assistctl.errors import did_you_mean
from assistctl.model.model_catalog import Vendor
from assistctl.model.plan import Desired, Diagnostic, Json, Severity

# What is asked for by kind alone: nobody declares tools as such.
_BY_KIND = frozenset({"tools", "files"})
_INTERPRETER, _SEARCH = "code_interpreter", "file_search"


class Support(Protocol):
    """How a platform expresses one field."""

    @property
    def level(self) -> str:
        """``native``, ``mapped`` or ``unsupported``."""

    @property
    def note(self) -> str:
        """How it is mapped, or the nearest way on."""


class Finding(Protocol):
    """Something in a manifest that a platform does not express as it stands there."""

    @property
    def path(self) -> str:
        """Where: ``tools[0].function.description``."""

    @property
    def summary(self) -> str:
        """What is the matter."""

    @property
    def note(self) -> str:
        """How it is mapped, or the nearest way on."""

    @property
    def level(self) -> str:
        """``mapped`` or ``unsupported``."""

    @property
    def lost(self) -> bool:
        """Whether it is mapped to nothing, while what is around it is expressed."""


class Expressible(Protocol):
    """The part of a platform's capabilities that planning asks about."""

    @property
    def fields(self) -> Mapping[str, Support]:
        """The support of each field (``temperature``), tool (``tools.file_search``) and kind of value
        (``response_format.json_object``)."""

    @property
    def platform_fields(self) -> frozenset[str]:
        """The names allowed under ``platforms.<name>``."""

    @property
    def write_only(self) -> frozenset[str]:
        """The fields that may be missing from answers."""

    @property
    def archives(self) -> bool:
        """Whether a delete only archives."""

    @property
    def computed(self) -> frozenset[str]:
        """The fields that are answered with what the platform chose where null was sent."""

    @property
    def replaced_together(self) -> tuple[tuple[str, ...], ...]:
        """The fields that are sent together or not at all."""

    @property
    def vendor(self) -> Vendor | None:
        """Whose models it takes, where those are one vendor's alone."""

    @property
    def embedded(self) -> bool:
        """Whether it is the platform inside this package, which refuses what a model is known to refuse."""

    def findings(self, fields: Mapping[str, Json], own: Mapping[str, Json], /) -> Iterable[Finding]:
        """What in the values of a manifest's fields, and of its fields for this platform, is not expressed."""

    def to_platform(self, fields: Mapping[str, Json], /) -> Mapping[str, Json]:
        """The fields in the form in which the platform expresses them."""


def check_expressible(desired: Desired, platform: str, capabilities: Expressible) -> Iterator[Diagnostic]:
    """An error for each declared thing the platform cannot express, an info for each it maps."""
    for name, path in _used(desired, capabilities.fields):
        support = capabilities.fields.get(name)
        level, note = (support.level, support.note) if support else ("unsupported", "")
        if level == "native":
            continue
        if level == "mapped":
            yield _diagnostic(desired, path, Severity.INFO, f"{path} is mapped on {platform}", note)
        else:
            yield _diagnostic(desired, path, Severity.ERROR, inexpressible(platform, path), note)
    own = desired.platform_fields.get(platform, {})
    for name in own:
        if name not in capabilities.platform_fields:
            path, advice = f"platforms.{platform}.{name}", did_you_mean(name, capabilities.platform_fields)
            yield _diagnostic(desired, path, Severity.ERROR, f"{platform} has no field {name}", advice)
    for finding in capabilities.findings(desired.fields, own):
        severity = Severity.INFO if finding.level == "mapped" else Severity.ERROR
        yield _diagnostic(desired, finding.path, severity, finding.summary, finding.note)


def names_in(tables: Iterable[Mapping[str, Support]]) -> list[str]:
    """All that a manifest can ask of platforms with these ``tables``, the kinds of a thing beside it."""
    known = list(dict.fromkeys(name for table in tables for name in table))
    heads = list(dict.fromkeys(name.partition(".")[0] for name in known))
    return sorted((name for name in known if name not in _BY_KIND), key=lambda name: heads.index(_head(name)))


def support_of(name: str, known: Mapping[str, Support]) -> Support | None:
    """The support of a field, a tool or a kind of value; a kind that is not listed is what the field is."""
    if name in known or _head(name) in _BY_KIND:
        return known.get(name)
    return known.get(_head(name))


def _head(name: str) -> str:
    return name.partition(".")[0]


def inexpressible(platform: str, path: str) -> str:
    """That a platform has no place for what is at ``path``."""
    return f"{platform} cannot express {path}"


def _used(desired: Desired, known: Mapping[str, Support]) -> Iterator[tuple[str, str]]:
    """Each capability a manifest asks for, and the path that asks for it."""
    yield from _used_files(desired)
    for field, value in desired.fields.items():
        # Null is the platform's default, which every platform has.
        if field == "tools":
            yield from _used_tools(value)
        elif value is not None:
            kind = f"{field}.{value.get('type')}" if isinstance(value, dict) else field
            yield kind if kind in known else field, field


def _used_files(desired: Desired) -> Iterator[tuple[str, str]]:
    """``files`` as one where a single tool reads them, else the first entry for each."""
    places = desired.file_places if len(desired.file_places) > 1 else {}
    if desired.interpreter_files or _INTERPRETER in desired.file_places:
        yield f"files.{_INTERPRETER}", places.get(_INTERPRETER, "files")
    if desired.store is not None:
        path = "files" if "files" in desired.positions else "vector_store"
        yield f"files.{_SEARCH}", places.get(_SEARCH, path)


def _used_tools(tools: Json) -> Iterator[tuple[str, str]]:
    for place, tool in enumerate(tools if isinstance(tools, list) else []):
        kind = tool.get("type") if isinstance(tool, dict) else None
        yield f"tools.{kind}", f"tools[{place}]"


def _diagnostic(desired: Desired, path: str, severity: Severity, summary: str, note: str) -> Diagnostic:
    return Diagnostic(severity, summary, note, key=desired.key, path=path, position=desired.position_of(path))
