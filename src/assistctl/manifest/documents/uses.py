"""Fields that name other things of the project by their keys: ``environment``, ``memory_stores``, ``skills``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.json_value import Json
from assistctl.model.assistant import USE_FIELDS, Use
from assistctl.model.kind import Kind


def uses_in(value: Mapping[str, Json]) -> Iterator[Use]:
    """Each thing that an assistant's document names in these fields."""
    for field, kind in USE_FIELDS.items():
        declared = value.get(field)
        if isinstance(declared, str):
            yield Use(kind, declared, field)
        for place, item in enumerate(declared if isinstance(declared, list) else ()):
            path = f"{field}[{place}]"
            if isinstance(item, str):
                yield Use(kind, item, path)
            elif isinstance(item, dict):
                yield _use(kind, item, path)


def with_references(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The fields of another document, with each key in its ``skills`` as a reference."""
    skills = fields.get("skills")
    if not isinstance(skills, list):
        return dict(fields)
    references: list[Json] = [{"skill": item} if isinstance(item, str) else item for item in skills]
    return {**fields, "skills": references}


def _use(kind: Kind, item: Mapping[str, Json], path: str) -> Use:
    version = item.get("version")
    settings = {name: value for name, value in item.items() if name not in {str(kind), "version"}}
    return Use(kind, str(item.get(kind)), path, None if version is None else str(version), settings)
