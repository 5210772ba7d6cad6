"""An SDK of which a process of ours runs what it uses: nobody can tell but by the clock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support.projects import ProjectFolder
from support.server import recording_server

ON_DEMAND = "from assistctl.platforms.packages_on_demand import load_on_demand; load_on_demand(); "
# More of them come with more of the SDK; all are 470.
FEW = 120
COUNT = "sum(name.startswith('openai.types.') for name in sys.modules)"


def run(code: str) -> str:
    """What a new process prints."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_little_of_it_is_run_for_a_client() -> None:
    code = f"import sys; {ON_DEMAND} import openai; openai.AsyncOpenAI(api_key='any'); print({COUNT})"
    assert int(run(code)) < FEW


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


def test_each_name_is_there_once_one_is_asked_for() -> None:
    code = """
import importlib, pkgutil, openai, openai.resources.beta
names = [one.name for one in pkgutil.walk_packages(openai.types.__path__, "openai.types.") if one.ispkg]
packages = [openai.types, *map(importlib.import_module, names)]
for package in packages:
    getattr(package, "missing", None)
print(*sorted(f"{package.__name__}.{name}" for package in packages for name in vars(package) if name[0] != "_"))
"""
    assert run(ON_DEMAND + code) == run(code)


def test_a_name_that_is_none_is_missed_as_ever() -> None:
    for asked in ("from openai.types import NoSuchType", "openai.types.NoSuchType"):
        code = (
            f"import openai\ntry:\n    {asked}\nexcept (ImportError, AttributeError) as error:\n    print(error)"
        )
        assert run(f"{ON_DEMAND}\n{code}") == run(code)


def test_models_of_it_are_whole() -> None:
    code = (
        "import openai; from openai.types.beta import Assistant; "
        "print(Assistant.model_json_schema(), openai.types.chat.ChatCompletion.model_json_schema())"
    )
    assert run(ON_DEMAND + code) == run(code)


def test_several_threads_may_ask_for_it_at_once() -> None:
    code = (
        "import openai; from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    print(len({*pool.map(lambda _: openai.types.chat.ChatCompletion, range(64))}))"
    )
    assert run(ON_DEMAND + code) == "1"
