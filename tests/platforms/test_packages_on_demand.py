"""An SDK of which a process of ours runs what it uses: nobody can tell but by the clock."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.forked_interpreters import ForkedInterpreters, forked_interpreters
from support.projects import ProjectFolder
from support.server import recording_server

# More of them come with more of the SDK; all are 470.
FEW = 120
COUNT = "sum(name.startswith('openai.types.') for name in sys.modules)"


@pytest.fixture(scope="module")
def whole() -> Iterator[ForkedInterpreters]:
    """Interpreters with OpenAI's SDK as it is without us."""
    with forked_interpreters("import openai") as running:
        yield running


@pytest.fixture(scope="module")
def on_demand() -> Iterator[ForkedInterpreters]:
    """Interpreters with OpenAI's SDK, of which nothing was asked for yet, as it would be with Anthropic's."""
    loading = "from assistctl.platforms.packages_on_demand import load_on_demand; load_on_demand()"
    with forked_interpreters(f"{loading}; import openai") as running:
        yield running


def test_little_of_it_is_run_for_a_client(on_demand: ForkedInterpreters) -> None:
    code = f"import sys, openai; openai.AsyncOpenAI(api_key='any'); print({COUNT})"
    assert int(on_demand.run(code)) < FEW


def test_little_of_it_is_run_for_a_plan(project: ProjectFolder, tmp_path: Path) -> None:
    code = (
        "import atexit, sys; sys.argv = ['assistctl', 'plan']; from assistctl.cli.main import main; "
        f"atexit.register(lambda: print({COUNT}, file=sys.__stderr__)); main()"
    )
    with recording_server(tmp_path / "server.db") as server:
        target = {"platform": "openai-assistants", "base_url": server.url, "api_key": "any"}
        settings = {"project": "acme", "default_target": "it", "targets": {"it": target}}
        project.write("assistctl.yaml", json.dumps(settings))
        project.manifest("desk", instructions="Be brief.")
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=project.path, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "1 to create" in done.stdout
    assert 0 < int(done.stderr.split()[-1]) < FEW


@pytest.mark.parametrize("sdk", ["openai", "anthropic"])
def test_each_name_is_the_same_once_it_is_asked_for(sdk: str, on_demand: ForkedInterpreters) -> None:
    code = f"""
import gc; gc.disable()  # what is imported here is no garbage
import ast, inspect, sys, {sdk}
from importlib import import_module
from pkgutil import iter_modules, walk_packages
from assistctl.platforms.packages_on_demand import PACKAGES
assert "aiohttp" not in sys.modules
tops = [import_module(name) for name in PACKAGES if name.startswith("{sdk}.")]
below = [one.name for top in tops for one in walk_packages(top.__path__, top.__name__ + ".") if one.ispkg]
packages = [*tops, *map(import_module, below)]
gathering = [
    [one for one in ast.parse(inspect.getsource(package)).body if isinstance(one, ast.ImportFrom)]
    for package in packages
]
names = [[name.asname or name.name for one in package for name in one.names] for package in gathering]
# One by one, each with the module that it is from, and then those modules.
found = [{{name: getattr(one, name) for name in asked}} for one, asked in zip(packages, names)]
for one, there in zip(packages, found):
    there.update((module.name, getattr(one, module.name)) for module in iter_modules(one.__path__))
# This is of none of them: it runs the package, as it would run without us.
exported = [getattr(one, "__all__", ()) for one in packages]
for one, asked, there, public in zip(packages, names, found, exported):
    ran = {{name: value for name, value in vars(one).items() if name[0] != "_"}}
    assert "__getattr__" not in vars(one), one
    assert {{*asked}} <= {{*ran}} <= {{*there}}, (one, {{*asked}} - {{*ran}}, {{*ran}} - {{*there}})
    assert [name for name in ran if ran[name] is not there[name]] == [], one
    assert {{*public}} <= {{*ran}}, one
print(sum(map(len, names)))
"""
    assert int(on_demand.run(code)) > 500


def test_a_name_that_is_missed_first_runs_the_package(
    whole: ForkedInterpreters, on_demand: ForkedInterpreters
) -> None:
    told = "from openai.types import responses; print(sorted(name for name in vars(responses) if name[0] != '_'))"
    missed = "from openai.types import responses; print(hasattr(responses, 'missed'))"
    assert on_demand.run(f"{missed}\n{told}").splitlines() == ["False", whole.run(told)]


def test_one_name_runs_the_module_that_it_is_from_alone(on_demand: ForkedInterpreters) -> None:
    code = f"import sys, openai; openai.types.beta.AssistantDeleted; print({COUNT})"
    alone = on_demand.run(f"import sys; print({COUNT})")
    assert int(on_demand.run(code)) <= int(alone) + 4


def test_what_is_not_used_is_not_imported(whole: ForkedInterpreters, on_demand: ForkedInterpreters) -> None:
    code = "import sys; print('aiohttp' in sys.modules, len(sys.modules))"
    is_there, modules = whole.run(code).split()
    is_run, few = on_demand.run(code).split()
    assert (is_there, is_run) == ("True", "False")
    assert int(few) < int(modules) - 450


def test_the_client_over_aiohttp_can_be_made(on_demand: ForkedInterpreters) -> None:
    code = "import openai; print(type(openai.DefaultAioHttpClient()._transport))"
    assert "AiohttpTransport" in on_demand.run(code)


def test_a_name_that_is_none_is_missed_as_ever(whole: ForkedInterpreters, on_demand: ForkedInterpreters) -> None:
    for asked in ("from openai.types import NoSuchType", "openai.types.NoSuchType"):
        code = (
            f"import openai\ntry:\n    {asked}\nexcept (ImportError, AttributeError) as error:\n    print(error)"
        )
        assert on_demand.run(code) == whole.run(code)


def test_models_of_it_are_whole(whole: ForkedInterpreters, on_demand: ForkedInterpreters) -> None:
    code = (
        "import openai; from openai.types.beta import Assistant; "
        "print(Assistant.model_json_schema(), openai.types.chat.ChatCompletion.model_json_schema())"
    )
    assert on_demand.run(code) == whole.run(code)


def test_several_threads_may_ask_for_it_at_once(on_demand: ForkedInterpreters) -> None:
    code = (
        "import openai; from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    print(len({*pool.map(lambda _: openai.types.chat.ChatCompletion, range(64))}))"
    )
    assert on_demand.run(code) == "1"
