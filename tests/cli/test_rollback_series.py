"""After any series of applies with files, the rollback of each brings back what the platform had before it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from support.interruptions import Interruption, Mishap
from support.series import CHECKOUTS, Checkout, Documents, Series, Spec
from support.server import recording_server
from support.stored_objects import StoredObjects

# Each takes seconds, so none is shrunk. The first that is generated is the simplest, whose second apply changes
# nothing, and shows less than those below: only a long run, which sets a number, generates any.
EXAMPLES = int(os.environ.get("ROLLBACK_EXAMPLES", "0"))
BRIEFLY = settings(
    max_examples=max(EXAMPLES, 1),
    derandomize=EXAMPLES < 10,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, *([Phase.generate] if EXAMPLES else [])],
)
ONE, BOTH = Documents({"one": 1}), Documents({"one": 2, "two": 1})


def check(checkouts: Sequence[Checkout], interruption: Interruption | None = None) -> None:
    """Apply each, the second one interrupted; then undo all."""
    with tempfile.TemporaryDirectory() as folder, recording_server(Path(folder, "server.db")) as server:
        stored_objects = StoredObjects(server.url)
        series = Series(Path(folder, "acme"), server, stored_objects)
        for place, checkout in enumerate(checkouts):
            series.apply(checkout, interruption if place == 1 else None)
        assert list(series.undo_all()) == []
        stored_objects.close()


@BRIEFLY
@given(st.lists(CHECKOUTS, min_size=2, max_size=4))
@example(
    [
        Checkout({"a": Spec(store="own", documents=ONE), "b": Spec(store="shared")}, ONE),
        Checkout({"a": Spec(store="own", documents=BOTH), "b": Spec(store="shared", table=1)}, BOTH),
        Checkout({"a": Spec(store="shared", table=1)}, ONE),
        Checkout({"a": Spec(), "b": Spec(2, "own", 2, ONE)}, ONE),
    ]
)
def test_every_apply_can_be_undone(checkouts: list[Checkout]) -> None:
    check(checkouts)


@BRIEFLY
@given(
    st.lists(CHECKOUTS, min_size=2, max_size=3),
    st.integers(0, 12),
    st.sampled_from([Mishap.KILLED, Mishap.KILLED_AFTER]),
)
@example(
    [
        Checkout({"a": Spec(store="own", table=1, documents=ONE), "b": Spec(store="shared")}, ONE),
        Checkout({"a": Spec(2, "shared", 2)}, BOTH),
    ],
    4,
    Mishap.KILLED_AFTER,
)
def test_every_apply_can_be_undone_when_one_was_killed(
    checkouts: list[Checkout], place: int, mishap: Mishap
) -> None:
    check(checkouts, Interruption(mishap, place))
