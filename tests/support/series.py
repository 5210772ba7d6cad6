"""A series of applies with files, and the rollback of each: what the platform has must be what it had then."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from assistctl.cli.main import run as assistctl
from support.interruptions import Interruption, killed_apply
from support.projects import Outcome
from support.server import RecordingServer
from support.stored_objects import StoredObjects

SHARED = "handbook"


@dataclass(frozen=True)
class Documents:
    """The documents of one vector store, by name; a version is as many bytes long."""

    versions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Spec:
    """One assistant: which ``store`` it searches (``None``, ``own`` or ``shared``), and the size of its table."""

    version: int = 1
    store: str | None = None
    table: int = 0
    documents: Documents = field(default_factory=Documents)


@dataclass(frozen=True)
class Checkout:
    """What the project declares at one time."""

    assistants: Mapping[str, Spec]
    shared: Documents

    def write(self, folder: Path) -> None:
        """Put it into the project's folder, in place of what is there."""
        assistants = folder / "assistants"
        shutil.rmtree(assistants, ignore_errors=True)
        assistants.mkdir()
        for key, spec in self.assistants.items():
            _write_assistant(assistants, key, spec)
        if any(spec.store == "shared" for spec in self.assistants.values()):
            manifest = {"kind": "vector_store", "files": [f"docs/{SHARED}/*.md"]}
            (assistants / f"{SHARED}.yaml").write_text(json.dumps(manifest))
            _write_documents(assistants / "docs" / SHARED, self.shared)


VERSIONS = st.integers(1, 3)
DOCUMENTS = st.builds(Documents, st.dictionaries(st.sampled_from(["one", "two"]), VERSIONS, min_size=1))
SPECS = st.builds(Spec, VERSIONS, st.sampled_from([None, "own", "own", "shared"]), st.integers(0, 2), DOCUMENTS)
CHECKOUTS = st.builds(Checkout, st.dictionaries(st.sampled_from(["a", "b"]), SPECS, min_size=1), DOCUMENTS)


@dataclass
class Series:
    """A project in ``folder`` on ``server``: its applies, each with what the platform had before it."""

    folder: Path
    server: RecordingServer
    stored_objects: StoredObjects
    applies: list[tuple[str, Checkout, Any]] = field(default_factory=list)
    cut_off: bool = False
    checkout: Checkout = field(default_factory=lambda: Checkout({}, Documents()))

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "assistctl.yaml").write_text(
            "project: acme\ndefault_target: prod\ntargets:\n  prod: "
            f"{{platform: openai-assistants, base_url: '{self.server.url}', api_key: k}}\n"
        )

    def apply(self, checkout: Checkout, interruption: Interruption | None = None) -> None:
        """Apply a checkout; one that is interrupted is applied again."""
        before, known = self.state(), set(self._ids())
        earlier, self.checkout = self.checkout, checkout
        checkout.write(self.folder)
        if interruption is not None:
            interruption.on(self.server)
            killed_apply(self.folder, interruption)
            interruption.over(self.server)
            self.cut_off = True
        done = self.run("apply", "--yes", "--allow-deletes")
        assert done.code == 0, done.err
        self._collect_garbage()
        self.applies += [(apply_id, earlier, before) for apply_id in sorted(set(self._ids()) - known)]

    def undo_all(self) -> Iterator[str]:
        """Roll every apply back, the last first; say what is not as it was then."""
        while self.applies:
            apply_id, checkout, before = self.applies.pop()
            checkout.write(self.folder)
            back = self.run("rollback", apply_id, "--yes", "--allow-deletes")
            # One that was killed may have come no further than an upload.
            if back.code != 0 and "nothing that could be put back" not in back.err:
                yield f"rollback {apply_id} exits {back.code}: {back.err}{back.out}"
            if self.applies and self.applies[-1][2] == before:
                # One of two applies of this checkout was cut off: what was there between them is not declared.
                continue
            self._collect_garbage()
            if (there := self.state()) != before:
                yield f"after rollback {apply_id} there is {there}, and there was {before}"
            yield from self._not_as_declared()

    def _collect_garbage(self) -> None:
        """Delete what a killed apply left, for that is all that ``gc`` has to find."""
        if self.cut_off:
            self.run("gc", "--yes", "--unproven")

    def _not_as_declared(self) -> Iterator[str]:
        plan = self.run("plan", "--format", "json")
        changes = plan.json["changes"] if plan.code == 0 else plan.err
        if changes:
            yield f"after the rollback the plan is not empty: {changes}"

    def state(self) -> dict[str, Any]:
        """What the platform has, but for ids and what is ours in the metadata."""
        uploads = self.stored_objects.sizes()
        stores = {
            store["id"]: {
                store["name"]: sorted(uploads[file["id"]] for file in self.stored_objects.files_of(store["id"]))
            }
            for store in self.stored_objects.stores()
        }
        return {
            "uploads": sorted(uploads.values()),
            "stores": sorted(map(str, stores.values())),
            "assistants": sorted(
                (_seen(assistant, uploads, stores) for assistant in self.stored_objects.assistants()),
                key=lambda assistant: assistant["name"],
            ),
        }

    def run(self, *args: str) -> Outcome:
        """``assistctl ARGS`` in the folder."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = assistctl(list(args))
        return Outcome(code, out.getvalue(), err.getvalue())

    def _ids(self) -> list[str]:
        return [str(apply["id"]) for apply in self.run("history", "--format", "json").json["applies"]]


def _seen(
    assistant: Mapping[str, Any], uploads: Mapping[str, tuple[str, int]], stores: Mapping[str, Any]
) -> dict[str, Any]:
    resources = assistant["tool_resources"]
    return {
        "name": assistant["name"],
        "instructions": assistant["instructions"],
        "tools": sorted(tool["type"] for tool in assistant["tools"]),
        "reads": sorted(uploads[each] for each in resources.get("code_interpreter", {}).get("file_ids", ())),
        "searches": [stores[each] for each in resources.get("file_search", {}).get("vector_store_ids", ())],
    }


def _write_assistant(folder: Path, key: str, spec: Spec) -> None:
    tools: list[str] = []
    files: Sequence[dict[str, str]] = ()
    manifest: dict[str, Any] = {"model": "m", "instructions": f"Version {spec.version}."}
    if spec.store is not None:
        tools.append("file_search")
    if spec.store == "own":
        files = [*files, {"path": f"docs/{key}/*.md", "tool": "file_search"}]
        _write_documents(folder / "docs" / key, spec.documents)
    if spec.store == "shared":
        manifest["vector_store"] = SHARED
    if spec.table:
        tools.append("code_interpreter")
        files = [*files, {"path": f"{key}.csv", "tool": "code_interpreter"}]
        (folder / f"{key}.csv").write_text("1" * spec.table)
    declared = {**manifest, "tools": [{"type": tool} for tool in tools], **({"files": files} if files else {})}
    (folder / f"{key}.yaml").write_text(json.dumps(declared))


def _write_documents(folder: Path, documents: Documents) -> None:
    folder.mkdir(parents=True)
    for name, version in documents.versions.items():
        (folder / f"{name}.md").write_text(f"{folder.name}{name}{'x' * version}")
