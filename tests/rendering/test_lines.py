"""Lines that are neither wrapped nor coloured are written at once, and are what printing each would give."""

from __future__ import annotations

import io
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from assistctl.rendering.text.plan_text import Line, emit

TEXT = st.text(st.sampled_from("ab .[]:\\\t\n✗订é\u0301"), max_size=12) | st.just("long " * 40)


@given(bodies=st.lists(st.tuples(TEXT, TEXT), max_size=5))
@settings(max_examples=60)
def test_lines_written_at_once_are_those_that_are_printed(bodies: Sequence[tuple[str, str]]) -> None:
    written, printed = io.StringIO(), io.StringIO()
    emit(
        Console(file=written, width=80), [Line(Text(body, "bold"), Text(prefix, "red")) for prefix, body in bodies]
    )
    console = Console(file=printed, width=80)
    for prefix, body in bodies:
        console.print(Text((prefix + body).rstrip()), soft_wrap=True)
    assert written.getvalue() == printed.getvalue()


def test_lines_with_colours_keep_them() -> None:
    written = io.StringIO()
    emit(
        Console(file=written, width=80, force_terminal=True, color_system="standard"), [Line(Text("all", "bold"))]
    )
    assert written.getvalue() == "\x1b[1mall\x1b[0m\n"
