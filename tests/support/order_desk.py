"""The order desk: an assistant that tests ask and check."""

from __future__ import annotations

from support.projects import ProjectFolder

FUNCTION = {"type": "function", "function": {"name": "order_status"}}


def declare(project: ProjectFolder, *checks: object, key: str = "order-desk", **fields: object) -> None:
    """An assistant with these checks, which are no part of what is deployed."""
    declared = {"checks": checks} if checks else {}
    project.manifest(key, **{"model": "gpt-4o-mini", **declared, **fields})


def deploy(project: ProjectFolder, *checks: object, key: str = "order-desk", **fields: object) -> None:
    """An assistant with these checks, deployed."""
    declare(project, *checks, key=key, **fields)
    applied = project.run("apply", "--yes")
    assert applied.code == 0, applied.err
