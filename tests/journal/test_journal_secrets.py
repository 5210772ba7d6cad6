"""No secret is written: what holds one is withheld whole, and known ones go from every text."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from assistctl.journal import (
    Actor,
    BeforeImage,
    CiRun,
    GitState,
    Heading,
    Journal,
    JournalTarget,
    Operation,
    Outcome,
    open_journal,
)
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.change import Action, Request
from assistctl.model.kind import Kind
from assistctl.secrets.redaction import register

SECRET = "hunter2-and-more"
TOOLS: Json = [{"type": "function", "function": {"name": "f", "description": "plain"}}]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal that knows one secret."""
    register("", SECRET)
    return open_journal("acme", tmp_path, address=f"file://{tmp_path}/j")


def recorded(journal: Journal, operation: Operation) -> BeforeImage | None:
    """The image of an operation, as it is read back."""

    async def work() -> BeforeImage | None:
        who = Actor(
            SECRET, "h", GitState("c", SECRET, dirty=True), CiRun("CI", f"http://x/{SECRET}", SECRET, SECRET)
        )
        heading = Heading(target=JournalTarget("prod", "local"), who=who, command=f"apply --var x={SECRET}")
        async with journal.locked("prod", who, timeout=0), journal.apply(heading) as record:
            number = await record.intend(operation)
            await record.outcome(number, Outcome.FAILED, error=f"400: {SECRET} is wrong")
            assert SECRET not in everything(Path(journal.place))
        return (await journal.read(record.id)).entries[0].before

    image = asyncio.run(work())
    assert SECRET not in everything(Path(journal.place))
    return image


def everything(folder: Path) -> str:
    """The text of every file there is."""
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", ["tools[0].function.description", "tools[f].function.parameters", "tools"])
def test_a_field_with_a_secret_in_it_is_withheld_whole(journal: Journal, path: str) -> None:
    """Also when the old value is not among the known secrets: it was changed meanwhile."""
    image = BeforeImage("asst_1", {"name": "N", "tools": TOOLS, "instructions": "plain"}, {"team": "support"})
    kept = recorded(
        journal, Operation(Kind.ASSISTANT, "k", Action.UPDATE, "asst_1", image, secret_paths=frozenset({path}))
    )
    assert kept is not None
    assert kept.fields == {"name": "N", "instructions": "plain"}
    assert set(kept.withheld) == {"tools"}
    assert "plain" not in str(kept.withheld)


def test_a_pair_with_a_secret_is_withheld_alone(journal: Journal) -> None:
    observed = Observed(
        "asst_1", {"name": "N"}, {"team": "old-secret", "a.b": "kept", "metadata.team": "kept too"}
    )
    secret = frozenset({"metadata.team"})
    kept = recorded(
        journal,
        Operation(Kind.ASSISTANT, "k", Action.UPDATE, "asst_1", BeforeImage.of(observed), Request({}, {}), secret),
    )
    assert kept is not None
    assert kept.metadata == {"a.b": "kept", "metadata.team": "kept too"}
    assert set(kept.withheld) == {"metadata.team"}


@pytest.mark.parametrize(
    ("image", "withheld"),
    [
        (BeforeImage("a", {"instructions": f"use {SECRET}"}), {"instructions"}),
        (BeforeImage("a", {"tools": [{"x": {SECRET: 1}}]}), {"tools"}),
        (BeforeImage("a", {}, {"k": SECRET}), {"metadata.k"}),
        (BeforeImage("a", {}, {SECRET: "v"}), {"metadata.(secret)"}),
    ],
)
def test_a_known_secret_is_found_wherever_it_is(journal: Journal, image: BeforeImage, withheld: set[str]) -> None:
    """A text in which the secret was blanked out would be put back as it is, so it is withheld as well."""
    request = Request(image.fields, image.metadata)
    kept = recorded(journal, Operation(Kind.ASSISTANT, "k", Action.UPDATE, "a", image, request))
    assert kept is not None
    assert (dict(kept.fields), dict(kept.metadata)) == ({}, {})
    assert set(kept.withheld) == withheld
    assert set(kept.withheld.values()) == {""}  # a digest of something short can be tried
