"""Whether the report of an apply, the journal and the platform tell the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from support.stored_objects import StoredObjects

_UNKNOWN = {None, "unknown"}


class Before:
    """What is on the platform before an apply, to hold its report against afterwards."""

    def __init__(self, stored_objects: StoredObjects) -> None:
        self._objects = stored_objects
        self._state = _State(stored_objects)

    def disagreements(
        self, run: Callable[..., Any], code: int, document: Any, *, lost_uploads: int = 0
    ) -> Iterator[str]:
        """What the exit ``code`` or the report of the apply says that is not so on the platform or on record.

        The answers of ``lost_uploads`` uploads did not arrive: nobody can know of what they left.
        """
        results = document["results"]
        now = _State(self._objects)
        kinds = {"assistant": now.assistants, "vector_store": now.stores}
        there = {kind: {thing["id"]: thing for thing in things} for kind, things in kinds.items()}
        for result in results:
            if result["kind"] in there:
                yield from _about_thing(result, there[result["kind"]])
        yield from self._about_uploads(now.uploads, document, results, lost_uploads)
        yield from _about_counts(document, results)
        yield from _about_exit_code(code, results, changed=now.told != self._state.told)
        past = run("history", "--format", "json").json["applies"][0]
        recorded = run("history", past["id"], "--format", "json").json
        yield from _about_record(recorded, results, document["summary"])

    def _about_uploads(self, uploads: set[str], document: Any, results: list[Any], lost: int) -> Iterator[str]:
        new = uploads - self._state.uploads
        told = {
            result["id"] for result in results if result["kind"] == "file" and result["upload"] and result["id"]
        }
        unknown = any(result["kind"] == "file" and result.get("unknown") for result in results)
        if told != new and not (told < new and (unknown or len(new - told) <= lost)):
            yield f"uploads {sorted(told)} are told, {sorted(new)} are there"
        counted = document.get("files", {"upload": 0})["upload"]
        if counted != len(told):
            yield f"{counted} uploads are counted, {len(told)} are told"
        for result in results:
            if result["kind"] == "file" and result["action"] == "delete" and not result.get("unknown"):
                is_there = result["id"] in uploads
                if is_there is (result["status"] == "ok"):
                    yield f"the upload of {result['key']}: delete {result['status']}, and there: {is_there}"


def _about_exit_code(code: int, results: list[Any], *, changed: bool) -> Iterator[str]:
    statuses = {result["status"] for result in results}
    unknown = any(result.get("unknown") for result in results)
    if (code == 0) != (statuses <= {"ok"}):
        yield f"exit {code} with results {sorted(statuses)}"
    if code in {1, 130} and changed and not unknown:
        yield f"exit {code}, and the platform was changed"
    if code == 4 and not changed and not unknown:
        yield "exit 4, and nothing was changed"


def _about_thing(result: Any, there: dict[str, Any]) -> Iterator[str]:
    about = f"{result['kind']} {result['key']} ({result['action']} {result['status']}, {result['id']})"
    if result.get("unknown"):
        return
    marked = {each["id"] for each in there.values() if f"key={result['key']}" in _mark(each)}
    if result["action"] == "delete":
        if (result["id"] in there) is (result["status"] == "ok"):
            yield f"{about}: there: {result['id'] in there}"
    elif result["id"] is None and marked:
        yield f"{about}: {sorted(marked)} bears its mark"
    elif result["id"] is not None and result["id"] not in there:
        yield f"{about}: nothing has that id"
    elif result["status"] == "ok" and result["id"] is None:
        yield f"{about}: has no id"


def _about_counts(document: Any, results: list[Any]) -> Iterator[str]:
    made = Counter(
        result["action"]
        for result in results
        if result["kind"] != "file"
        and (result["status"] == "ok" or (result["action"] == "create" and result["id"]))
    )
    for action in ("create", "update", "delete", "adopt"):
        if document["summary"][action] != made[action]:
            yield f"{document['summary'][action]} {action} are counted, {made[action]} were made"


def _about_record(recorded: Any, results: list[Any], summary: Any) -> Iterator[str]:
    entries = recorded["entries"]
    things = {
        (entry["kind"], entry["key"], entry["action"]): entry for entry in entries if entry["kind"] != "file"
    }
    for result in results:
        entry = things.get((result["kind"], result["key"], result["action"]))
        if result["kind"] == "file" or (entry is None and result["status"] != "ok"):
            continue
        if entry is None or not _same(result, entry):
            yield f"the report has {result}, the record {entry}"
    kept = {entry["id"] for entry in entries if _is_upload(entry) and entry["outcome"] == "ok"}
    told = {result["id"] for result in results if result["kind"] == "file" and result["upload"] and result["id"]}
    if kept != told:
        yield f"uploads {sorted(told)} are told, {sorted(kept)} are on record"
    if recorded["state"] != "interrupted" and any(
        recorded["summary"][count] != summary[count] for count in summary if count in recorded["summary"]
    ):
        yield f"the record counts {recorded['summary']}, the report {summary}"


def _is_upload(entry: Any) -> bool:
    return (entry["kind"], entry["action"]) == ("file", "create")


def _same(result: Any, entry: Any) -> bool:
    if result["id"] != entry["id"] and entry["outcome"] != "withdrawn":
        return False
    if result.get("unknown"):
        return entry["outcome"] in _UNKNOWN
    allowed = {"ok": {"ok"}, "skipped": {"skipped"}, "failed": {"failed", "withdrawn"}}
    return entry["outcome"] in allowed[result["status"]]


def _mark(thing: Any) -> list[str]:
    return str(thing["metadata"].get("assistctl", "")).split()


class _State:
    """What is on the platform, each kind listed once."""

    def __init__(self, stored_objects: StoredObjects) -> None:
        self.assistants = stored_objects.assistants()
        self.stores = stored_objects.stores()
        self.uploads = set(stored_objects.uploads())
        files = [sorted(file["id"] for file in stored_objects.files_of(store["id"])) for store in self.stores]
        things = [
            (assistant["id"], assistant.get("name"), assistant["metadata"])
            for assistant in (*self.assistants, *self.stores)
        ]
        self.told = [things, files, self.uploads]
