"""Saved plans: what was reviewed, and whether it still is what apply would do."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from assistctl.errors import AssistctlError, RefusedError
from assistctl.model import Change, Json, Kind, Plan, QualifiedKey, seen_as
from assistctl.planning.canonical import digest
from assistctl.regular_file import TooLargeError, read_regular
from assistctl.rendering.as_json import FORMAT_VERSION, dumps, plan_document

_LARGEST = 256 * 1024 * 1024
# Enough to tell two requests apart.
_DIGEST_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Scope:
    """The options a plan was made with, which its apply must share."""

    keys: tuple[str, ...] = ()
    destroy: bool = False
    adopt: bool | None = None
    allow_deletes: bool = False


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """The part of a saved plan that an apply holds the world against."""

    project: str
    target: str
    fingerprint: str
    scope: Scope
    observed: Mapping[str, str]
    requests: Mapping[str, str]

    @classmethod
    def of(cls, plan: Plan) -> SavedPlan:
        """What would be read back if ``plan`` were saved now."""
        requests = dict(_requests(plan))
        return cls(plan.project, plan.target.name, plan.fingerprint, Scope(), plan.seen, requests)


def save_plan(plan: Plan, scope: Scope, path: Path) -> None:
    """Write ``plan`` without secrets and what is needed to check it, for its owner's eyes only.

    Raises ``AssistctlError`` when the file cannot be written; then none is left behind.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise AssistctlError(f"the plan cannot be saved to {path}: it is no plain file")
    document = plan_document(plan)
    document["options"] = {
        "keys": list(scope.keys),
        "destroy": scope.destroy,
        "adopt": scope.adopt,
        "allow_deletes": scope.allow_deletes,
    }
    document["requests"] = dict(_requests(plan))
    try:
        _replace(path, dumps(document))
    except OSError as error:
        raise AssistctlError(f"the plan cannot be saved to {path}: {error.strerror}") from error


def load_plan(path: Path) -> SavedPlan:
    """Read a saved plan. Raises ``AssistctlError`` when there is none or the file holds something else."""
    try:
        document = json.loads(read_regular(path, _LARGEST))
    except TooLargeError as error:
        raise AssistctlError(f"{path} is too large for a saved plan") from error
    except OSError as error:
        raise AssistctlError(
            f"{str(path)!r} is neither a key nor a saved plan: {error.strerror}",
            "Keys are lower-case letters, digits, - and _; `assistctl plan --out FILE` saves a plan.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise AssistctlError(f"{path} is no saved plan: {error}") from error
    try:
        return _saved(document, path)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise AssistctlError(
            f"{path} is no saved plan", "`assistctl plan --out FILE` writes one; --format json alone does not."
        ) from error


def check_still_holds(saved: SavedPlan, plan: Plan) -> None:
    """Raise ``RefusedError``, naming what moved, unless ``plan`` is what was saved."""
    if (saved.project, saved.target) != (plan.project, plan.target.name):
        raise RefusedError(
            f"the plan was made for project {saved.project}, target {saved.target}, "
            f"and this is project {plan.project}, target {plan.target.name}"
        )
    moved = sorted(set(_moved(saved.observed, plan.seen)))
    if moved or saved.fingerprint != plan.fingerprint:
        raise RefusedError(
            f"the plan is stale: since it was made, on the platform {'; '.join(moved) or 'something changed'}",
            "Plan again, and review what is new.",
        )
    now = dict(_requests(plan))
    differing = sorted({*now.items()} ^ {*saved.requests.items()})
    if differing:
        keys = ", ".join(dict.fromkeys(_about(name) for name, _ in differing))
        raise RefusedError(
            f"the plan is stale: the manifests or variables of {keys} are not what was planned",
            "Plan again, and review what is new.",
        )


def _saved(document: dict[str, Json], path: Path) -> SavedPlan:
    version = document["format_version"]
    if not isinstance(version, str) or version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise AssistctlError(
            f"{path} has the plan format {version}, and this assistctl reads {FORMAT_VERSION}",
            "Save the plan again with the assistctl that applies it.",
        )
    options = cast("dict[str, Json]", document["options"])
    adopt = options["adopt"]
    observed = cast("list[dict[str, str]]", document["observed"])
    if not all("kind" in one for one in observed):
        raise AssistctlError(
            f"{path} was saved by an earlier assistctl, which does not tell an assistant from its vector store",
            "Save the plan again.",
        )
    return SavedPlan(
        project=str(document["project"]),
        target=str(cast("dict[str, Json]", document["target"])["name"]),
        fingerprint=str(document["fingerprint"]),
        scope=Scope(
            tuple(str(key) for key in cast("list[Json]", options["keys"])),
            options["destroy"] is True,
            adopt if isinstance(adopt, bool) else None,
            options.get("allow_deletes") is True,
        ),
        observed={seen_as(Kind(one["kind"]), one["key"], one["id"]): one["digest"] for one in observed},
        requests={name: str(sent) for name, sent in cast("dict[str, Json]", document["requests"]).items()},
    )


def _requests(plan: Plan) -> Iterator[tuple[str, str]]:
    """What each change would send, as a digest."""
    for change in plan.changes:
        yield f"{change.kind} {change.action} {change.key} {change.id or ''}", _digest(change)


def _about(request: str) -> str:
    """Whom one of ``_requests`` is about; only the key may hold a space, where it is a path."""
    kind, _, rest = request.partition(" ")
    key = rest.partition(" ")[2].rpartition(" ")[0]
    return str(QualifiedKey(Kind(kind), key)) if kind in {*Kind} else request


def _digest(change: Change) -> str:
    if change.file is not None:
        return change.file.token or ""
    if change.request is None:
        return ""
    return digest(change.request.digested, salt=change.key, length=_DIGEST_CHARACTERS)


def _moved(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in {*then, *now}:
        kind, key, identifier = name.split(":", 2)
        about = f"{QualifiedKey(Kind(kind), key)} ({identifier})"
        if name not in now:
            yield f"{about} is gone"
        elif name not in then:
            yield f"{about} is new"
        elif then[name] != now[name]:
            yield f"{about} was changed"


def _replace(path: Path, text: str) -> None:
    """Write a whole file or none; a temporary one is private from its beginning."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
