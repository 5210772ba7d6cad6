"""No secret passes a stream, in however many writes, and nothing else is kept from passing."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from itertools import pairwise
from typing import cast

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.secrets.redaction import Masked, Secrets, mask, register, replace_known
from assistctl.secrets.sink import MaskingStream, masked_output

TOKEN = "sk-hunter2-4f9a8b7c"


def stream() -> tuple[MaskingStream, io.TextIOWrapper]:
    """A masking stream, and the one it writes to."""
    below = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    return MaskingStream(below), below


def passed(below: io.TextIOWrapper) -> str:
    """What came through."""
    below.flush()
    return cast("io.BytesIO", below.buffer).getvalue().decode()


@given(
    cuts=st.lists(st.integers(0, 60), max_size=12),
    flushes=st.sets(st.integers(0, 12)),
    text=st.sampled_from(
        [f"a {TOKEN} b", f"{TOKEN}\n{TOKEN}", f"sk-hunter{TOKEN}4f9", f"x\ny {TOKEN}", "sk-hunter2-"]
    ),
)
def test_a_secret_in_any_number_of_writes(cuts: list[int], flushes: set[int], text: str) -> None:
    secrets = Secrets()
    secrets.register("TOKEN", TOKEN)
    before = replace_known(secrets)
    masking, below = stream()
    places = [0, *sorted(cut for cut in cuts if cut <= len(text)), len(text)]
    for number, (start, end) in enumerate(pairwise(places)):
        masking.write(text[start:end])
        if number in flushes:
            masking.flush()
    masking.finish()
    replace_known(before)
    assert passed(below) == text.replace(TOKEN, "(secret TOKEN)")


def test_a_prompt_passes_when_it_is_flushed() -> None:
    register("TOKEN", TOKEN)
    masking, below = stream()
    masking.write("Delete 3 things? [yes/no] ")
    assert passed(below) == ""
    masking.flush()
    assert passed(below) == "Delete 3 things? [yes/no] "


def test_the_beginning_of_a_secret_waits_for_what_follows() -> None:
    register("TOKEN", TOKEN)
    masking, below = stream()
    for piece in ("key: sk-", "hunter2-4f9a", "8b7", "c."):
        masking.write(piece)
        masking.flush()
    assert passed(below) == "key: (secret TOKEN)."


def test_a_finished_document_passes_as_it_is() -> None:
    register("TOKEN", "summary-of-all")
    masking, below = stream()
    masking.write("first ")
    masking.write(Masked('<a class="summary-of-all">'))
    assert passed(below) == 'first <a class="summary-of-all">'


def test_only_text_is_written() -> None:
    masking, _ = stream()
    with pytest.raises(TypeError):
        masking.write(cast("str", b"bytes"))


def test_bytes_are_masked_too() -> None:
    register("TOKEN", TOKEN)
    masking, below = stream()
    for piece in (b"\xff sk-hun", b"ter2-4f9a8b7c \xc3", b"\xa4\n"):
        masking.buffer.write(piece)
    masking.buffer.flush()
    assert cast("io.BytesIO", below.buffer).getvalue() == b"\xff (secret TOKEN) \xc3\xa4\n"


def test_everything_that_writes_to_the_streams(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    with masked_output():
        register("TOKEN", TOKEN)
        click.echo(f"click {TOKEN}")
        sys.stdout.write(f"write {TOKEN}")
        Console(file=sys.stdout, width=200).print(f"rich {TOKEN}", markup=False)
        sys.stderr.write(f"stderr {TOKEN}")
    shown = capsys.readouterr()
    assert shown.out == "click (secret TOKEN)\nwrite (secret TOKEN)rich (secret TOKEN)\n"
    assert shown.err == "stderr (secret TOKEN)"
    assert not isinstance(sys.stdout, MaskingStream)
    assert mask(TOKEN) == TOKEN


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_a_traceback_and_what_is_written_in_any_encoding(encoding: str) -> None:
    """In a process of its own, as ``assistctl`` begins."""
    code = f"""\
import click, sys
from assistctl.secrets.redaction import register
from assistctl.secrets.sink import mask_streams
mask_streams()
register("TOKEN", {TOKEN!r})
click.echo("out ü {TOKEN}")
click.echo(b"bytes {TOKEN}")
raise ValueError("raised with {TOKEN}")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:backslashreplace"},
        capture_output=True,
        check=False,
    )
    assert TOKEN.encode() not in done.stdout + done.stderr
    assert done.stdout.count(b"(secret TOKEN)") == 2
    assert b"ValueError: raised with (secret TOKEN)" in done.stderr


@pytest.mark.parametrize(
    "pieces", [["x first\nab\ncd y\n"], ["x first\n", "ab\n", "cd y\n"], ["x fi", "rst\nab\ncd", " y\n"]]
)
def test_a_secret_of_short_lines(pieces: list[str]) -> None:
    register("LINES", "first\nab\ncd")
    masking, below = stream()
    for piece in pieces:
        masking.write(piece)
        masking.flush()
    masking.finish()
    assert passed(below) == "x (secret LINES) y\n"
