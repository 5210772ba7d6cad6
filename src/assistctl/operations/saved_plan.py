"""Saved plans: what was reviewed, as a file.

A saved plan is never carried out: apply plans again with the options in the file, and refuses unless the outcome
is the one in the file (``stale_plan.py``).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from assistctl.checkout.untrusted_files import NotRegularError, TooLargeError, place_in, read_regular
from assistctl.errors import AssistctlError, RefusedError
from assistctl.json_value import Json
from assistctl.model.change import Change
from assistctl.model.document_parts import FORMAT_VERSION
from assistctl.model.file_operations import StoreOperations
from assistctl.model.kind import Kind
from assistctl.model.plan import Plan, PlanScope, plan_document
from assistctl.model.provenance import Provenance, provenance_part, read_provenance
from assistctl.ownership.canonical import digest, sha256
from assistctl.rendering.json import dumps
from assistctl.secrets.redaction import mask, masked

_LARGEST = 256 * 1024 * 1024
_WHAT_TO_GIVE = "Give the file that `assistctl plan --out FILE` wrote; what --format prints is only for reading."
# What a saved plan has and the JSON of a plan, which nobody asked to be replaced, does not have.
_FIELDS = {"format_version", "fingerprint", "options"}
# Enough to tell two requests apart.
_DIGEST_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A saved plan as an apply holds the world against it.

    ``shown`` is what people read of it, without secrets. ``requests`` has a digest of what each of its changes
    would send. ``made`` is where it comes from, for people: nothing is decided by it.
    """

    scope: PlanScope
    shown: Plan
    requests: Mapping[str, str]
    made: Provenance | None = None

    @classmethod
    def of(cls, plan: Plan, scope: PlanScope = PlanScope(), made: Provenance | None = None) -> SavedPlan:
        """The saved plan that would be read back if ``plan`` were saved now, secrets masked."""
        shown = Plan.from_document(cast("dict[str, Json]", masked(_as_read(plan_document(plan)))))
        return cls(scope, shown, dict(_request_digests(plan)), made)

    @property
    def keys(self) -> dict[str, str]:
        """The key of each change, by the name of its request."""
        return {_request_name(change): str(change.qualified_key) for change in self.shown.changes}


def place_for_plan(path: Path, project: Path) -> Path:
    """The absolute path of ``path``, which is relative to where the command runs.

    Raises ``AssistctlError`` when something else than a saved plan, or an empty file, is there, and
    ``ProjectError`` when a link in ``project`` leads out of it.
    """
    place = place_in(project, Path.cwd() / path)
    try:
        data = read_regular(place, _LARGEST)
    except FileNotFoundError:
        return place
    except NotRegularError as error:
        raise AssistctlError(f"the plan cannot be saved to {path}: it is not a plain file") from error
    except OSError as error:
        raise AssistctlError(f"the plan cannot be saved to {path}: {error.strerror}") from error
    if data.strip() and not _is_saved_plan(data):
        raise AssistctlError(
            f"{path} exists and is not a saved plan, so it was not overwritten",
            "Save the plan under another name, or remove that file.",
        )
    return place


def save_plan(plan: Plan, scope: PlanScope, path: Path, made: Provenance | None = None) -> None:
    """Write the plan without secrets, and what is needed to check it, for its owner's eyes only.

    Raises ``AssistctlError`` when the file cannot be written; then none is left behind.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise AssistctlError(f"the plan cannot be saved to {path}: it is not a plain file")
    try:
        _replace(path, dumps(_written(SavedPlan.of(plan, scope, _without_secrets(made)))))
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
        raise AssistctlError(f"{path} is not a saved plan", _WHAT_TO_GIVE) from error
    if not _is_whole(document, saved):
        raise RefusedError(
            f"{path} was altered after it was saved, so it is not what was planned",
            "Or another version of assistctl saved it. Plan again, and review that.",
        )
    return saved


def _is_saved_plan(data: bytes) -> bool:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.keys() >= _FIELDS


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
    except ValueError as error:
        raise AssistctlError(f"{path} is not a saved plan: its contents are not JSON", _WHAT_TO_GIVE) from error
    except RecursionError as error:
        raise AssistctlError(f"{path} is not a saved plan: it is nested too deeply", _WHAT_TO_GIVE) from error


def _saved(document: dict[str, Json], path: Path) -> SavedPlan:
    version = document["format_version"]
    if not isinstance(version, str) or version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise AssistctlError(
            f"{path} has the plan format {version}, and this assistctl reads {FORMAT_VERSION}",
            "Save the plan again with the assistctl that applies it.",
        )
    if not all("kind" in seen for seen in cast("list[dict[str, Json]]", document["observed"])):
        raise AssistctlError(
            f"{path} was saved by an earlier assistctl, which does not tell an assistant from its vector store",
            "Save the plan again.",
        )
    options = cast("dict[str, Json]", document["options"])
    adopt = options["adopt"]
    scope = PlanScope(
        tuple(str(key) for key in cast("list[Json]", options["keys"])),
        options["destroy"] is True,
        adopt if isinstance(adopt, bool) else None,
        options.get("allow_deletes") is True,
    )
    return SavedPlan(
        scope=scope,
        shown=replace(Plan.from_document(document), narrowed=bool(scope.keys or scope.destroy)),
        requests={name: str(sent) for name, sent in cast("dict[str, Json]", document["requests"]).items()},
        made=read_provenance(document["made"]) if "made" in document else None,
    )


def _is_whole(document: Mapping[str, Json], saved: SavedPlan) -> bool:
    """Whether the parts of a file agree, as far as this version knows what is to be in it."""
    if saved.keys.keys() != saved.requests.keys():
        return False
    if document["format_version"] != FORMAT_VERSION:
        return True
    return _as_read(_written(saved)) == document


def _written(saved: SavedPlan) -> dict[str, Json]:
    """The document in the file of a plan.

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
    if saved.made is not None:
        document["made"] = provenance_part(saved.made)
    return {**document, "digest": f"sha256:{sha256(_as_read(document))}"}


def _without_secrets(made: Provenance | None) -> Provenance | None:
    # As it will be read back: the digest is taken of that.
    if made is None:
        return None
    run, commit, branch = (None if text is None else mask(text) for text in (made.run, made.commit, made.branch))
    return replace(made, address=mask(made.address), by=mask(made.by), run=run, commit=commit, branch=branch)


def _as_read(document: Mapping[str, Json]) -> dict[str, Json]:
    """A document as it is once it was written and read."""
    return cast("dict[str, Json]", json.loads(json.dumps(document)))


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


def _request_digests(plan: Plan) -> Iterator[tuple[str, str]]:
    """The name and the digest of each change's request."""
    for change in plan.changes:
        yield _request_name(change), _digest(change, plan.knowledge.stores)


def _request_name(change: Change) -> str:
    """The name of a change's request."""
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
    """The operations on a store's files; ``sync_marker`` stands for their attributes, without secrets."""
    attach: list[Json] = [
        [
            addition.token,
            addition.path,
            dict(addition.chunking.items()) if addition.chunking else None,
            [*addition.replaces],
            addition.renew,
        ]
        for addition in work.attach
    ]
    return [
        attach,
        dict(work.pending.items()),
        [*sorted(work.retag)],
        [*work.detach],
        work.sync_marker,
        work.holding,
    ]
