"""One message to an assistant and its answer: its text to stdout as it comes, what happens beside it to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from assistctl.cli.terminal import Terminal
from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import ExitCode
from assistctl.model.answer_report import AnswerReport, SavedFile
from assistctl.model.conversation import Citation, Event, FunctionCall, TextDelta
from assistctl.model.money import dollars
from assistctl.operations.ask import TalkSettings, open_talk
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


@dataclass(frozen=True, slots=True)
class Asking:
    """A question's addressee and settings; ``attachments`` are files, each with the tool named for it, if any."""

    terminal: Terminal
    key: str
    attachments: tuple[tuple[Path, str | None], ...]
    settings: TalkSettings

    def tell(self, report: AnswerReport) -> None:
        """Say what went wrong, or how long it took."""
        if not report.error:
            self.terminal.say(_figures(report))
            return
        from assistctl.rendering.text.plan_text import print_diagnostics

        print_diagnostics(self.terminal.messages(), [Diagnostic(Severity.ERROR, report.error)])

    def tell_how_to_go_on(self, thread_id: str | None) -> None:
        """Say how to go on with a conversation that stays."""
        if thread_id and (self.settings.kept or self.settings.thread_id):
            self.terminal.say(f"Go on with: assistctl ask {self.key} --thread {thread_id}")


async def asked_once(asking: Asking, text: str, live: LiveAnswer | None) -> int:
    """Ask ``text``, and print the answer while it comes, or as JSON without ``live``; the exit code."""
    terminal = asking.terminal
    async with open_talk(terminal.deployment(), asking.key, asking.settings) as talk:
        files = [talk.attached(path, tool) for path, tool in asking.attachments]
        report = await talk.ask(text, files)
    if live is not None:
        live.end(report)
    else:
        from assistctl.rendering.answer_json import answer_document
        from assistctl.rendering.json import dumps

        terminal.write(dumps(answer_document(report)))
    asking.tell(report)
    asking.tell_how_to_go_on(report.thread_id)
    return ExitCode.ERROR if report.error else ExitCode.OK


def _figures(report: AnswerReport) -> str:
    """The time and the tokens that an answer took, in a sentence."""
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
