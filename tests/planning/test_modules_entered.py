"""How many modules a plan of one changed field walks through: whoever follows it reads as many."""

from __future__ import annotations

from pathlib import Path

from support.python_process import started_code

COUNT = Path(__file__).parents[1] / "benchmarks/modules_entered.py"
MOST = {
    "manifest": 7,
    "platforms": 8,
    "planning": 8,
    "ownership": 2,
    "cli": 5,
    "rendering": 4,
    "operations": 3,
    "model": 3,
    "secrets": 3,
    ".": 1,
    "checkout": 1,
}


def test_a_plan_of_one_field_walks_through_few_modules() -> None:
    counting = started_code(
        "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')", str(COUNT), "plan"
    )
    told, errors = counting.communicate(timeout=60)
    assert (counting.returncode, errors) == (0, "")
    # The server that answers in the same process is no part of the way.
    plan, _ = told.split("\nits server, in plan:")
    rows = [line.split() for line in plan.splitlines()[1:]]
    entered = {package: int(count) for package, count, *_ in rows}
    assert {package: count for package, count in entered.items() if count > MOST.get(package, 0)} == {}
