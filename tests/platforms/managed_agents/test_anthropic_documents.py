"""What commands print as JSON of environments, memory stores and skills: as the schemas say."""

from __future__ import annotations

import pytest

from support.managed_resources import Things
from support.printed_documents import printed
from support.projects import ProjectFolder

MAIN = "---\nname: refunds\ndescription: How to refund.\n---\n\nRefund.\n"
LAB = "kind: environment\nnetwork: {access: disabled}\ndescription: %s\n"


@pytest.fixture
def shop(cloud: ProjectFolder) -> ProjectFolder:
    """A project with one of each kind, and an agent that uses them."""
    cloud.write("assistants/lab.yaml", LAB % "One")
    cloud.write("assistants/notes.yaml", "kind: memory_store\n")
    cloud.write("assistants/refunds.yaml", "kind: skill\nfolder: skill\n")
    cloud.write("assistants/skill/SKILL.md", MAIN)
    cloud.manifest("desk", model="claude-opus-5-5", environment="lab", memory_stores=["notes"], skills=["refunds"])
    return cloud


def test_what_is_printed_of_each_kind_is_as_its_schema_says(shop: ProjectFolder, environments: Things) -> None:
    plan = printed("plan", shop.run("plan", "--format", "json"), 0)
    assert {change["kind"] for change in plan["changes"]} == {"assistant", "environment", "memory_store", "skill"}
    [desk] = [change for change in plan["changes"] if change["key"] == "desk"]
    assert desk["depends_on"] == [{"kind": "skill", "key": "refunds"}]
    printed("results", shop.run("apply", "--yes", "--format", "json"), 0)
    environments.edit(environments.named("lab")["id"], description="Theirs")
    assert printed("drift", shop.run("drift", "--format", "json"), 2)["drift"]
    plan = printed("plan", shop.run("plan", "--format", "json"), 0)
    assert {observed["kind"] for observed in plan["observed"]} == {
        "assistant",
        "environment",
        "memory_store",
        "skill",
    }
    shop.write("assistants/lab.yaml", LAB % "Two")
    shop.remove("notes")
    shop.manifest("desk", model="claude-opus-5-5", environment="lab")
    printed("results", shop.run("apply", "--yes", "--allow-deletes", "--format", "json"), 0)
    [last, *_] = printed("history", shop.run("history", "--format", "json"), 0)["applies"]
    printed("history", shop.run("history", last["id"], "--format", "json"), 0)
    printed("results", shop.run("gc", "--yes", "--format", "json"), 0)
    printed("plan", shop.run("plan", "--destroy", "--format", "json"), 0)
