"""An answer as a JSON document, in the format that scripts rely on (``schemas/answer.schema.json``)."""

from __future__ import annotations

from assistctl.json_value import Json
from assistctl.model.answer_report import AnswerReport
from assistctl.model.conversation import Usage
from assistctl.model.document_parts import FORMAT_VERSION
from assistctl.model.money import rounded

_DIGITS = 3


def answer_document(report: AnswerReport) -> dict[str, Json]:
    """The answer as printed by ``ask --format json``."""
    exchange = report.exchange
    return {
        "format_version": FORMAT_VERSION,
        "project": report.project,
        "target": {"name": report.target, "platform": report.platform},
        "key": report.key,
        "assistant_id": report.assistant_id,
        "thread_id": report.thread_id,
        "status": str(report.status) if report.status else None,
        "answer": exchange.answer,
        "calls": [
            {"name": call.name, "arguments": call.arguments, "output": call.output} for call in exchange.calls
        ],
        "citations": [
            {"text": citation.text, "name": citation.file_name, "file_id": citation.file_id}
            for citation in report.citations
        ],
        "files": [
            {"id": file.file.id, "name": file.file.name, "media_type": file.file.media_type, "path": file.path}
            for file in report.files
        ],
        "usage": _usage(exchange.usage),
        "seconds": round(exchange.seconds, _DIGITS),
        "cost": rounded(exchange.cost),
        "error": report.error,
    }


def _usage(usage: Usage | None) -> Json:
    if usage is None:
        return None
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total,
    }
