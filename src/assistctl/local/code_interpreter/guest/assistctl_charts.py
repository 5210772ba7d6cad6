"""Runs inside the sandbox: matplotlib's backend there, which keeps figures as PNG files for the answer.

``plt.show()`` keeps and closes all open figures; those that are open after a call, and that the code did not
save itself, are kept then. Named by ``MPLBACKEND=module://assistctl_charts``.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

FOLDER = Path("/mnt/charts")
_numbers = itertools.count(1)


class FigureCanvas(FigureCanvasAgg):  # type: ignore[misc]  # matplotlib is not there where this is checked
    """Draws with Agg, and remembers which figures the code saved by itself."""

    was_saved = False

    def print_figure(self, *arguments: object, **options: object) -> object:
        """Save the figure."""
        self.was_saved = True
        return super().print_figure(*arguments, **options)


FigureManager = FigureManagerBase


def show(*_arguments: object, **_options: object) -> None:
    """Keep all open figures and close them."""
    _keep(even_saved=True)


def keep_open_figures() -> None:
    """Keep the open figures that were not saved, and close all, so that the next call starts with none."""
    _keep(even_saved=False)


def _keep(*, even_saved: bool) -> None:
    from matplotlib import pyplot as plt

    for number in plt.get_fignums():
        figure = plt.figure(number)
        if even_saved or not figure.canvas.was_saved:
            figure.savefig(FOLDER / f"chart-{next(_numbers)}.png", format="png", bbox_inches="tight")
    plt.close("all")
