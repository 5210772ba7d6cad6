"""Journals to test with: what an apply records, and who records it."""

from __future__ import annotations

from pathlib import Path

from assistctl.journal import Actor, BeforeImage, GitState, Heading, Journal, JournalTarget, Operation, Outcome
from assistctl.model.change import Action, Request, Summary
from assistctl.model.kind import Kind

WHO = Actor("someone", "a-machine", GitState("0123abcd", "main", dirty=False))


def heading(target: str = "prod", command: str = "apply") -> Heading:
    """What is known of an apply of one update before it begins."""
    return Heading(
        target=JournalTarget(target, "local", "abc"), who=WHO, command=command, summary=Summary(update=1)
    )


def update(key: str = "order-desk", instructions: str = "Be brief.") -> Operation:
    """An update of an assistant's instructions."""
    before = BeforeImage("asst_1", {"name": "Order desk", "instructions": instructions}, {"team": "support"})
    request = Request({"instructions": "Be kind."}, {"team": "support"})
    return Operation(Kind.ASSISTANT, key, Action.UPDATE, "asst_1", before, request)


def create(key: str = "translator") -> Operation:
    """A create of an assistant."""
    return Operation(Kind.ASSISTANT, key, Action.CREATE, request=Request({"model": "gpt-4o"}, {}))


async def record_one(journal: Journal, target: str = "prod", command: str = "apply") -> str:
    """Record an apply of one update that goes well; its id."""
    async with journal.apply(heading(target, command)) as record:
        await record.outcome(await record.intend(update()), Outcome.OK)
    return record.id


def logs_of(folder: Path) -> list[Path]:
    """The files of the applies under a journal's folder, oldest first."""
    return sorted(folder.rglob("*.jsonl"), key=lambda path: path.name)
