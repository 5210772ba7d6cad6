"""Runs inside the Landlock sandbox: reads code, runs it, and marks where its output ends. Needs no package.

A call comes as a line of JSON, ``{"code": …, "end": …}``. What the code prints goes to standard output as it
comes; then follow the mark ``end`` and a line of JSON. Code could print the mark too, and would deceive itself.
"""

from __future__ import annotations

import ast
import contextlib
import json
import linecache
import os
import sys
import traceback
from types import CodeType
from typing import Any

_FILE = "<call {number}>"


def main(packages: list[str]) -> None:
    """Answer calls until standard input ends."""
    calls = os.fdopen(os.dup(0), encoding="utf-8")
    reading, writing = os.pipe()
    os.close(writing)
    os.dup2(reading, 0)  # what code reads from standard input is at its end at once
    sys.path[:0] = ["/mnt/data"]
    sys.path.extend(packages)
    os.chdir("/mnt/data")
    sys.stderr = sys.stdout
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    for number, line in enumerate(calls, 1):
        call = json.loads(line)
        status = _run(call["code"], _FILE.format(number=number), names)
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os.write(1, f"{call['end']}{json.dumps(status)}\n".encode())


def _run(code: str, file: str, names: dict[str, Any]) -> dict[str, Any]:
    status: dict[str, Any] = {"failed": False, "exit": None}
    try:
        _execute(code, file, names)
    except SystemExit as exit_:
        status["exit"] = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        status["failed"] = status["exit"] != 0
    except BaseException as error:  # noqa: BLE001 - whatever it is, the model reads it
        status["failed"] = True
        _print_error(error)
    with contextlib.suppress(BaseException):
        charts = sys.modules.get("assistctl_charts")
        if charts is not None:
            charts.keep_open_figures()
    return status


def _execute(code: str, file: str, names: dict[str, Any]) -> None:
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    tree = ast.parse(code, file)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, file, "exec"), names)  # noqa: S102 - what this is for, in a sandbox
    if isinstance(last, ast.Expr):
        expression: CodeType = compile(ast.Expression(last.value), file, "eval")
        sys.displayhook(eval(expression, names))  # noqa: S307 - as above


def _print_error(error: BaseException) -> None:
    """The traceback, from the code's own first line on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    with contextlib.suppress(Exception):
        traceback.print_exception(type(error), error, trace, file=sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
