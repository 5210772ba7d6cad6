"""What agents are called, and where the names of manifests are."""

from __future__ import annotations

import re

import pytest

from assistctl.platforms.azure.foundry_names import NAME_PAIR, agent_name, another, with_name, without_name

ALLOWED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
MARKED = {"assistctl": "project=acme target=prod key=order_desk prevent_destroy=true"}


@pytest.mark.parametrize(
    ("name", "metadata", "agent"),
    [
        ("Order desk", MARKED, "order-desk"),
        (None, MARKED, "order-desk"),
        ("Order desk", {}, "Order-desk"),
        ("  größer & kleiner! ", {}, "gro-er-kleiner"),
        ("☃ 🙂", {}, "agent"),
        ("n" * 62 + " x", {}, "n" * 62),
        ("n" * 100, {}, "n" * 63),
        ("Desk", {"assistctl": "monkey=1"}, "Desk"),
        (None, {}, "agent"),
    ],
)
def test_agents_are_called_after_their_key_or_name(name: str | None, metadata: dict[str, str], agent: str) -> None:
    assert agent_name(name, metadata) == agent
    assert ALLOWED.fullmatch(agent)


@pytest.mark.parametrize("agent", ["a", "order-desk", "n" * 63, "n" * 56 + "-" + "n" * 6])
def test_another_name_is_like_it(agent: str) -> None:
    others = {another(agent) for _ in range(100)}
    assert len(others) == 100
    assert all(ALLOWED.fullmatch(other) and other.startswith(agent[:50]) for other in others)


def test_only_another_name_is_in_the_metadata() -> None:
    assert with_name({"a": "1"}, "desk", "desk") == {"a": "1"}
    assert with_name({"a": "1"}, None, "desk") == {"a": "1"}
    assert with_name({"a": "1"}, "Desk", "desk") == {"a": "1", NAME_PAIR: "Desk"}
    assert without_name({"a": "1", NAME_PAIR: "Desk"}) == {"a": "1"}
