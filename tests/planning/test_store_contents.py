"""What a vector store holds against what it is to hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from assistctl.json_value import Json
from assistctl.model.knowledge import DesiredStore, StoreFile
from assistctl.ownership.file_marks import file_token
from assistctl.planning.vector_stores.contents_diff import compared
from support.knowledge import desired_store, source, store_file


@dataclass(frozen=True)
class Case:
    """``there`` against ``store``.

    ``attach`` has ``path<id`` where that is replaced, and ``path!`` where the upload is put there again.
    """

    title: str
    store: DesiredStore
    there: tuple[StoreFile, ...] = ()
    attach: tuple[str, ...] = ()
    retag: tuple[str, ...] = ()
    detach: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    foreign: int = 0
    held: tuple[str, ...] = field(default=())


FOREIGN = StoreFile("file-theirs", "completed", {"team": "x"})
STATIC: dict[str, Json] = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 100}}

CASES = [
    Case("an empty one", desired_store("a.md", "b.md"), attach=("a.md", "b.md"), reasons=("new", "new")),
    Case("all in place", desired_store("a.md"), (store_file("a.md", "f1"),), held=("f1",)),
    Case(
        "one changed",
        desired_store("a.md=2", "b.md"),
        (store_file("a.md=1", "f1"), store_file("b.md", "f2")),
        attach=("a.md<f1",),
        reasons=("changed",),
        held=("f2",),
    ),
    Case(
        "one moved to another folder",
        desired_store("docs/a.md=1"),
        (store_file("a.md=1", "f1"),),
        retag=("f1",),
        reasons=("moved from a.md",),
        held=("f1",),
    ),
    Case(
        "one renamed",
        desired_store("b.md=1"),
        (store_file("a.md=1", "f1"),),
        attach=("b.md",),
        detach=("f1",),
        reasons=("new",),
    ),
    Case("one removed", desired_store(), (store_file("a.md", "f1"),), detach=("f1",)),
    Case("somebody else's file stays", desired_store(), (FOREIGN,), foreign=1),
    Case(
        "attributes that were changed",
        desired_store("a.md", attributes={"lang": "en"}),
        (store_file("a.md", "f1", lang="de"),),
        retag=("f1",),
        reasons=("its attributes changed",),
        held=("f1",),
    ),
    Case(
        "a number that came back as a float",
        desired_store("a.md", attributes={"year": 2026}),
        (store_file("a.md", "f1", year=2026.0),),
        held=("f1",),
    ),
    Case(
        "one that failed is put there again",
        desired_store("a.md"),
        (store_file("a.md", "f1", status="failed"),),
        attach=("a.md!",),
        reasons=("was not indexed",),
        held=("f1",),
    ),
    Case(
        "one that is being indexed is waited for",
        desired_store("a.md"),
        (store_file("a.md", "f1", status="in_progress"),),
        pending=("f1",),
        held=("f1",),
    ),
    Case(
        "a second copy goes, and the better one stays",
        desired_store("a.md"),
        (store_file("a.md", "f1", status="failed"), store_file("a.md", "f2")),
        detach=("f1",),
        held=("f2",),
    ),
    Case(
        "the same bytes and name in two folders are one",
        desired_store("x/LICENSE=mit", "y/LICENSE=mit"),
        (store_file("x/LICENSE=mit", "f1"),),
        held=("f1",),
    ),
    Case(
        "files that are to be cut otherwise",
        desired_store("a.md", chunking=STATIC),
        (
            replace(
                store_file("a.md", "f1"), chunking={"type": "static", "static": {"max_chunk_size_tokens": 800}}
            ),
        ),
        attach=("a.md!",),
        reasons=("its chunking changed",),
        held=("f1",),
    ),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in CASES])
def test_contents(case: Case) -> None:
    contents = compared(case.store, case.there)
    work = contents.work
    attach = tuple(
        attachment.path + "".join(f"<{old}" for old in attachment.replaces) + ("!" if attachment.renew else "")
        for attachment in work.attach
    )
    assert attach == case.attach
    assert tuple(work.retag) == case.retag
    assert work.detach == case.detach
    assert tuple(work.pending) == case.pending
    assert tuple(change.reason for change in contents.changes) == case.reasons
    assert contents.foreign == case.foreign
    assert tuple(contents.held.values()) == case.held


def test_the_order_of_the_files_does_not_matter() -> None:
    files = [store_file("a.md", "f1"), store_file("b.md=1", "f2"), FOREIGN, store_file("c.md", "f3")]
    store = desired_store("a.md", "b.md=2", "d.md")
    assert compared(store, files) == compared(store, files[::-1])


def test_what_is_attached_says_what_it_is() -> None:
    [attachment] = compared(desired_store("docs/a.md=1", attributes={"lang": "en"}), ()).work.attach
    assert attachment.token == file_token(source("docs/a.md=1").identity)
    assert attachment.attributes == {
        "lang": "en",
        "assistctl_sha256": source("docs/a.md=1").identity.sha256,
        "assistctl_path": "docs/a.md",
    }
