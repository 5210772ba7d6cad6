"""``--max-size``: how long a plan in Markdown may be."""

from __future__ import annotations

from collections.abc import Callable

import click

from assistctl.cli.options import Function
from assistctl.rendering.markdown.document import SIZES

_SMALLEST = 2_000


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        if text in SIZES:
            return SIZES[text]
        if not text.isascii() or not text.isdecimal() or int(text) < _SMALLEST:
            self.fail(
                f"{text!r} is neither {', '.join(SIZES)} nor a number of at least {_SMALLEST:,}.", param, ctx
            )
        return int(text)


def max_size_option() -> Callable[[Function], Function]:
    """``--max-size``, in bytes; ``None`` where it was not given."""
    return click.option(
        "--max-size",
        type=_Size(),
        metavar="|".join(("BYTES", *SIZES)),
        help="With --format markdown: how long it may be; the least important parts go.  [default: comment]",
    )


def check_max_size(max_size: int | None, output_format: str) -> None:
    """Raise ``UsageError`` where the size is given for a format that has none."""
    if max_size is not None and output_format != "markdown":
        raise click.UsageError(
            "--max-size goes with --format markdown: no other format leaves anything out for it."
        )
