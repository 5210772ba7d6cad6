"""The command's own process runs as little of an SDK's packages as it needs, and finds all there is in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from support.projects import ProjectFolder

NAMES = """
import ast, json
from pathlib import Path
from assistctl.cli.packages_on_demand import PackageOnDemand, install
install()
import openai
PACKAGES = (openai, openai.types)
def names_in(package):
    for statement in ast.parse(Path(package.__file__).read_text()).body:
        if isinstance(statement, ast.ImportFrom) and statement.level == 1:
            yield from (alias.asname or alias.name for alias in statement.names if alias.name != "*")
def values():
    names = [(package, name) for package in PACKAGES for name in names_in(package)]
    return {f"{package.__name__}.{name}": getattr(package, name) for package, name in names}
def waiting():
    return [type(package) is PackageOnDemand for package in PACKAGES]
openai.AsyncOpenAI, openai.APIStatusError, openai.types.Batch, openai.__version__
waited, before = waiting(), values()
nothing = [hasattr(package, "nothing_of_that_name") for package in PACKAGES]
after = values()
print(json.dumps({
    "waited": waited, "waits": waiting(), "nothing": nothing, "number": len(before),
    "unlike": [name for name in before if before[name] is not after[name]], "retries": openai.max_retries,
}))
"""
MODULES = """
import atexit, json, sys
from assistctl.cli.main import main
atexit.register(lambda: print(json.dumps([name for name in sys.modules if name.startswith("openai")])))
main()
"""


def in_process(program: str, *args: str, **environment: str) -> str:
    """The last line that ``program`` prints."""
    environ = {name: value for name, value in os.environ.items() if name != "OPENAI_LOG"} | environment
    command = [sys.executable, "-c", program, *args]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environ)
    return done.stdout.splitlines()[-1]


def test_a_name_is_the_same_before_the_package_has_run_and_after() -> None:
    found = json.loads(in_process(NAMES))
    assert found["waited"] == [True, True]
    # Looking for what is not there makes sure by running the package.
    assert found["waits"] == [False, False]
    assert found["nothing"] == [False, False]
    assert found["unlike"] == []
    assert found["number"] > 200
    assert found["retries"] == 2


def test_a_plan_builds_none_of_the_types_that_it_does_not_send(remote: ProjectFolder) -> None:
    remote.manifest("desk")
    modules = json.loads(in_process(MODULES, "-C", str(remote.path), "plan"))
    assert "openai._client" in modules
    assert len([name for name in modules if name.startswith("openai.types.")]) < 10


def test_the_log_of_the_sdk_is_set_up_where_it_is_asked_for(remote: ProjectFolder) -> None:
    remote.manifest("desk")
    modules = json.loads(in_process(MODULES, "-C", str(remote.path), "-q", "plan", OPENAI_LOG="info"))
    assert "openai.types.responses" in modules
