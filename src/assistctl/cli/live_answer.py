"""An answer while it comes: its text to stdout, and what happens beside it to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

from assistctl.cli.terminal import Terminal
from assistctl.model.answer_report import AnswerReport, SavedFile
from assistctl.model.conversation import Citation, Event, FunctionCall, TextDelta
from assistctl.model.money import dollars
from assistctl.secrets.escaping import VisiblePieces, visible


@dataclass(slots=True)
class LiveAnswer:
    """Prints one answer after the other, each as it comes."""

    terminal: Terminal
    _pieces: VisiblePieces = field(default_factory=VisiblePieces)
    _is_open: bool = False

    def hear(self, event: Event) -> None:
        """Print what came."""
        match event:
            case TextDelta(text):
                self._write(self._pieces.harmless(text))
            case FunctionCall(_, name, arguments):
                self.break_line()
                self.terminal.say(f"called {name}({visible(arguments)})")

    def break_line(self) -> None:
        """End a line that is begun, where both streams are one screen."""
        if self._is_open and sys.stdout.isatty():
            self._write("\n")

    def end(self, report: AnswerReport | None) -> None:
        """End the text, and print what it cites and what was made."""
        self._write(self._pieces.rest())
        if self._is_open:
            self._write("\n")
        self._pieces = VisiblePieces()
        if report is not None:
            notes = [*_cited(report.citations), *_made(report.files)]
            self._write("".join(f"{visible(line)}\n" for line in notes))

    def _write(self, text: str) -> None:
        if text:
            self._is_open = not text.endswith("\n")
            self.terminal.write(text)


def figures(report: AnswerReport) -> str:
    """How long an answer took, and how many tokens, in a sentence."""
    usage = report.exchange.usage
    tokens = f" and {usage.total:,} tokens" if usage else ""
    cost = f", {dollars(report.exchange.cost)}" if report.exchange.cost is not None else ""
    return f"Answered in {report.exchange.seconds:.1f} s{tokens}{cost}."


def _cited(citations: Iterable[Citation]) -> list[str]:
    """A line for each file, with all marks that cite it."""
    marks: dict[str, dict[str, None]] = {}
    for citation in citations:
        marks.setdefault(citation.file_name or citation.file_id, {})[citation.text] = None
    return [f"Cited: {name}  {' '.join(filter(None, texts))}".rstrip() for name, texts in marks.items()]


def _made(files: Iterable[SavedFile]) -> list[str]:
    return [
        f"Saved: {file.path}" if file.path else f"Made: {file.file.name}  ({file.file.id}; --save DIR writes it)"
        for file in files
    ]
