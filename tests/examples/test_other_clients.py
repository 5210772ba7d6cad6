"""Clients of other makers run questions through: openai for node, LangChain and LlamaIndex.

None of them is a dependency of the tests. ``NODE_PATH`` names the folder of node's packages, ``LANGCHAIN_PYTHON``
and ``LLAMA_INDEX_PYTHON`` an interpreter that has them; without these the interpreter of the tests is looked at.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistctl.local.app import create_app
from assistctl.local.runs.model_client import ModelSettings
from assistctl.testing import ModelRequest, ScriptedModel, ToolCall
from support.server import serving

CLIENTS = Path(__file__).with_name("clients")


def absolute(variable: str) -> str | None:
    """The path in a variable, for a test that runs elsewhere. Links stay: an environment's python is one."""
    return str(Path(os.environ[variable]).absolute()) if os.environ.get(variable) else None


def node_with_openai() -> str | None:
    """The command ``node``, where it finds the package."""
    node = shutil.which("node")
    if node is None:
        return None
    found = subprocess.run([node, "-e", "require.resolve('openai')"], capture_output=True, check=False)
    return node if found.returncode == 0 else None


def python_with(package: str, variable: str) -> str | None:
    """An interpreter that has a package."""
    return absolute(variable) or (sys.executable if importlib.util.find_spec(package) else None)


# Looked up before the tests have an environment of their own.
NODE = node_with_openai()
NODE_PATH = absolute("NODE_PATH") or ""
LANGCHAIN = python_with("langchain_classic", "LANGCHAIN_PYTHON")
LLAMA_INDEX = python_with("llama_index", "LLAMA_INDEX_PYTHON")


def cited(request: ModelRequest) -> str:
    """An answer that cites the first result of the search."""
    mark = request.tool_results[0].splitlines()[0]
    assert "The harbour opens at seven." in request.tool_results[0]
    return f"At seven {mark}"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The platform over HTTP, with a script that all clients ask."""
    with ScriptedModel() as model:
        model.on("hello", "Hello there, friend.")
        model.on(
            "weather", ToolCall("weather", {"city": "Paris"}), lambda request: f"Told: {request.tool_results[0]}."
        )
        model.on("harbour", ToolCall("file_search", {"queries": ["harbour"]}), cited)
        app = create_app(tmp_path / "local.db", model=ModelSettings(model.url))
        with serving(app, lifespan=True) as server:
            yield server.url


def lines_of(program: str, script: str, url: str) -> list[str]:
    """What a client's script prints; a failure has its errors in the message."""
    environ = {**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "any", "NODE_PATH": NODE_PATH}
    done = subprocess.run(
        [program, str(CLIENTS / script)],
        env=environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(NODE is None, reason="needs node, and its package openai on NODE_PATH")
def test_openai_for_node(url: str) -> None:
    assert lines_of(str(NODE), "openai_node.cjs", url) == [
        "createAndPoll: Hello there, friend.",
        "createThreadAndRunPoll: Hello there, friend.",
        "submitToolOutputsAndPoll: Told: sun.",
        "stream: Hello there, friend.",
        "createThreadAndRunStream: Hello there, friend.",
        "submitToolOutputsStream: Told: sun.",
        "fileSearch: At seven [harbour.md]",
        "lists: 0 1 2 3 4",
    ]


@pytest.mark.skipif(LANGCHAIN is None, reason="needs langchain-classic, langchain-community and langchain-openai")
def test_langchain(url: str) -> None:
    classes = ("OpenAIAssistantRunnable", "OpenAIAssistantV2Runnable")
    lines = [
        (
            f"{name}: Hello there, friend.",
            f"{name} agent: Told: sun in Paris.",
        )
        for name in classes
    ]
    expected = [*lines[0], *lines[1], "file search: At seven [harbour.md]"]
    assert lines_of(str(LANGCHAIN), "langchain_assistants.py", url) == expected


@pytest.mark.skipif(LLAMA_INDEX is None, reason="needs llama-index-agent-openai")
def test_llama_index(url: str) -> None:
    assert lines_of(str(LLAMA_INDEX), "llama_index_assistants.py", url) == [
        "chat: Hello there, friend.",
        "function: Told: sun in Paris.",
        "async: Told: sun in Paris.",
        "history: 6",
        "existing: Hello there, friend.",
        "reset: 0",
        "file search: At seven 【1:0†harbour.md】",
    ]
