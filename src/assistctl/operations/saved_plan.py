"""Saved plans: what was reviewed, and whether it still is what apply would do.

A saved plan is never carried out: apply plans again with the options in the file, and refuses unless the outcome
is the one in the file, in all that people read and in a digest of all that would be sent.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from assistctl.checkout.regular_file import TooLargeError, read_regular
from assistctl.errors import AssistctlError, RefusedError
from assistctl.model.plan import Change, Json, Kind, Missing, Plan, PlanScope, QualifiedKey, Severity
from assistctl.ownership.canonical import digest, sha256
from assistctl.rendering.json import FORMAT_VERSION, dumps, plan_document
from assistctl.secrets.redaction import masked

if TYPE_CHECKING:
    from assistctl.model.file_operations import StoreOperations

_LARGEST = 256 * 1024 * 1024
# Enough to tell two requests apart.
_DIGEST_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A saved plan as an apply holds the world against it.

    ``shown`` is what people read of it, without secrets. ``requests`` has a digest of what each of its changes
    would send.
    """

    scope: PlanScope
    shown: Plan
    requests: Mapping[str, str]

    @classmethod
    def of(cls, plan: Plan, scope: PlanScope = PlanScope()) -> SavedPlan:
        """What would be read back if ``plan`` were saved now, secrets masked."""
        shown = Plan.from_document(cast("dict[str, Json]", masked(_as_read(plan_document(plan)))))
        return cls(scope, shown, dict(_requests(plan)))

    @property
    def keys(self) -> dict[str, str]:
        """The key of each change, by the name of its request."""
        return {_name(change): str(change.qualified_key) for change in self.shown.changes}


def save_plan(plan: Plan, scope: PlanScope, path: Path) -> None:
    """Write the plan without secrets, and what is needed to check it, for its owner's eyes only.

    Raises ``AssistctlError`` when the file cannot be written; then none is left behind.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise AssistctlError(f"the plan cannot be saved to {path}: it is no plain file")
    try:
        _replace(path, dumps(_written(SavedPlan.of(plan, scope))))
    except OSError as error:
        raise AssistctlError(f"the plan cannot be saved to {path}: {error.strerror}") from error


def load_plan(path: Path) -> SavedPlan:
    """Read a saved plan.

    Raises ``AssistctlError`` when there is none or the file holds something else, ``RefusedError`` when it was
    altered after it was saved.
    """
    document = _document(path)
    try:
        saved = _saved(document, path)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise AssistctlError(
            f"{path} is no saved plan", "`assistctl plan --out FILE` writes one; --format json alone does not."
        ) from error
    if not _is_whole(document, saved):
        raise RefusedError(
            f"{path} was altered after it was saved, so it is not what was planned",
            "Or another version of assistctl saved it. Plan again, and review that.",
        )
    return saved


def check_still_holds(saved: SavedPlan, plan: Plan, *, but_for_rules: bool = False) -> None:
    """Raise ``RefusedError``, naming what moved, unless ``plan`` is what was saved.

    With ``but_for_rules``, only what would be sent is compared, and not what rules have to say of it.
    """
    then = saved.shown
    if (then.project, then.target.name) != (plan.project, plan.target.name):
        raise RefusedError(
            f"the plan was made for project {then.project}, target {then.target.name}, "
            f"and this is project {plan.project}, target {plan.target.name}"
        )
    moved = sorted(set(_moved(then.seen, plan.seen)))
    if moved or then.fingerprint != plan.fingerprint:
        raise RefusedError(
            f"the plan is stale: since it was made, on the platform {'; '.join(moved) or 'something changed'}",
            "Plan again, and review what is new.",
        )
    now = SavedPlan.of(plan)
    _check_requests(saved, now)
    differing = [] if but_for_rules else sorted(_differing(then, now.shown))
    if differing:
        raise RefusedError(
            f"the saved plan does not show what would be done: its {', '.join(differing)} would be different",
            "It was edited, or saved by another version of assistctl. Plan again, and review that.",
        )


def _check_requests(saved: SavedPlan, now: SavedPlan) -> None:
    keys = {**saved.keys, **now.keys}
    differing = sorted({keys[name] for name, _ in {*now.requests.items()} ^ {*saved.requests.items()}})
    if differing:
        raise RefusedError(
            f"the plan is stale: the manifests or variables of {', '.join(differing)} are not what was planned",
            "Plan again, and review what is new.",
        )


def _document(path: Path) -> dict[str, Json]:
    try:
        return cast("dict[str, Json]", json.loads(read_regular(path, _LARGEST)))
    except TooLargeError as error:
        raise AssistctlError(f"{path} is too large for a saved plan") from error
    except OSError as error:
        raise AssistctlError(
            f"{str(path)!r} is neither a key nor a saved plan: {error.strerror}",
            "Keys are lower-case letters, digits, - and _; `assistctl plan --out FILE` saves a plan.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise AssistctlError(f"{path} is no saved plan: {error}") from error


def _saved(document: dict[str, Json], path: Path) -> SavedPlan:
    version = document["format_version"]
    if not isinstance(version, str) or version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise AssistctlError(
            f"{path} has the plan format {version}, and this assistctl reads {FORMAT_VERSION}",
            "Save the plan again with the assistctl that applies it.",
        )
    if not all("kind" in one for one in cast("list[dict[str, Json]]", document["observed"])):
        raise AssistctlError(
            f"{path} was saved by an earlier assistctl, which does not tell an assistant from its vector store",
            "Save the plan again.",
        )
    options = cast("dict[str, Json]", document["options"])
    adopt = options["adopt"]
    return SavedPlan(
        scope=PlanScope(
            tuple(str(key) for key in cast("list[Json]", options["keys"])),
            options["destroy"] is True,
            adopt if isinstance(adopt, bool) else None,
            options.get("allow_deletes") is True,
        ),
        shown=Plan.from_document(document),
        requests={name: str(sent) for name, sent in cast("dict[str, Json]", document["requests"]).items()},
    )


def _is_whole(document: Mapping[str, Json], saved: SavedPlan) -> bool:
    """Whether the parts of a file agree, as far as this version knows what is to be in it."""
    if saved.keys.keys() != saved.requests.keys():
        return False
    if document["format_version"] != FORMAT_VERSION:
        return True
    return _as_read(_written(saved)) == document


def _written(saved: SavedPlan) -> dict[str, Json]:
    """What is in the file of a plan.

    Its digest tells an edited file from a plan that no longer holds; whoever writes that anew as well still meets
    ``check_still_holds``.
    """
    scope = saved.scope
    document = plan_document(saved.shown)
    document["options"] = {
        "keys": [*scope.keys],
        "destroy": scope.destroy,
        "adopt": scope.adopt,
        "allow_deletes": scope.allow_deletes,
    }
    document["requests"] = {**saved.requests}
    return {**document, "digest": f"sha256:{sha256(_as_read(document))}"}


def _as_read(document: Mapping[str, Json]) -> dict[str, Json]:
    """A document as it is once it was written and read."""
    return cast("dict[str, Json]", json.loads(json.dumps(document)))


def _differing(then: Plan, now: Plan) -> Iterator[str]:
    """The parts of a plan's document that are not the same, but for what is known to be secret only by now."""
    before, after = plan_document(then), plan_document(now)
    before["diagnostics"], after["diagnostics"] = _stable(then), _stable(now)
    before["missing"], after["missing"] = _absent(then.missing), _absent(now.missing)
    for name, part in after.items():
        if masked(before.get(name)) != masked(part):
            yield name


def _absent(missing: Iterable[Missing]) -> list[Json]:
    """What is missing. Why it is, the journal says, which another machine may not have."""
    return [[str(one.kind), one.key] for one in missing]


def _stable(plan: Plan) -> list[Json]:
    """The messages that are the same whenever they are made, without their lines, which a comment moves.

    A warning about a model is not: models retire by the calendar, and come and go on the platform.
    """
    return [
        [
            str(one.severity),
            one.key,
            one.position.file if one.position else None,
            one.path,
            one.summary,
            one.detail,
        ]
        for one in plan.diagnostics
        if (one.severity, one.path) != (Severity.WARNING, "model")
    ]


def _requests(plan: Plan) -> Iterator[tuple[str, str]]:
    """What each change would send, as a digest."""
    for change in plan.changes:
        yield _name(change), _digest(change, plan.knowledge.stores)


def _name(change: Change) -> str:
    """What the request of a change is called."""
    return f"{change.kind} {change.action} {change.key} {change.id or ''}"


def _digest(change: Change, stores: Mapping[str, StoreOperations]) -> str:
    if change.file is not None:
        return digest([change.file.token, [*change.file.discards]], length=_DIGEST_CHARACTERS)
    request = change.request
    sent: list[Json] = []
    if request is not None:
        sent += [request.digested, [*sorted(request.removed)], dict(request.reads.items()), request.store]
    if change.kind is Kind.VECTOR_STORE and change.key in stores:
        sent.append(_contents(stores[change.key]))
    return digest(sent, salt=change.key, length=_DIGEST_CHARACTERS) if sent else ""


def _contents(work: StoreOperations) -> Json:
    """What is done with a store's files; ``sync_marker`` tells of their attributes, without secrets."""
    attach: list[Json] = [
        [one.token, one.path, dict(one.chunking.items()) if one.chunking else None, [*one.replaces], one.renew]
        for one in work.attach
    ]
    return [
        attach,
        dict(work.pending.items()),
        [*sorted(work.retag)],
        [*work.detach],
        work.sync_marker,
        work.holding,
    ]


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
