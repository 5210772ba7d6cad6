"""One message to an assistant and its answer, as the command line says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistctl.cli.live_answer import LiveAnswer, figures
from assistctl.cli.terminal import Terminal
from assistctl.errors import ExitCode
from assistctl.model.answer_report import AnswerReport
from assistctl.operations.ask import TalkSettings, open_talk


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is asked and how; ``attachments`` are files, with the tool to read each where that was said."""

    terminal: Terminal
    key: str
    attachments: tuple[tuple[Path, str | None], ...]
    settings: TalkSettings

    def tell(self, report: AnswerReport) -> None:
        """Say what went wrong, or how long it took."""
        if not report.error:
            self.terminal.say(figures(report))
            return
        from assistctl.diagnostics import Diagnostic, Severity
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
