"""Messages about manifests that are valid and probably not what was meant, and about the models that they name."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.json_value import Json
from assistctl.model.assistant import Desired
from assistctl.model.model_catalog import NEAR, SUGGESTED, Vendor, shutdown_of, takes_sampling, vendor_of

if TYPE_CHECKING:
    from assistctl.model.capabilities import Capabilities

_READERS = ("code_interpreter", "file_search")
# A text shorter than this may well say something twice.
_SHORTEST_REPEATED = 200
_FREQUENT = "etaoi"
_WORDS = re.compile(r"[\w-]+")
# The second backtick is left to be the next word's first.
_WORDS_AS_CODE = re.compile(r"`([^\W_]+)(?=`)")
_SAMPLING = ("temperature", "top_p")
_WHILE_REASONING = "Leave it out. Some models take it when `reasoning_effort` is none."


def lint(
    desired: Sequence[Desired], models: Mapping[str, str | None] | None, today: dt.date
) -> Iterator[Diagnostic]:
    """Advice about ``desired``: whatever deserves a second look.

    ``models`` maps each model the platform lists to its shutdown date (YYYY-MM-DD, ``None`` when none is
    announced); it is ``None`` itself when the platform has no such list.
    """
    functions = {*_READERS, *(name for assistant in desired for name in _functions(assistant))}
    for assistant in desired:
        yield from _about_listed_model(assistant, models, today)
        yield from _about_prompt(assistant, functions)
        yield from _about_files(assistant)


def about_model(
    assistant: Desired, platform: str, capabilities: Capabilities, *, at_vendor: bool
) -> Iterator[Diagnostic]:
    """The fields of ``assistant`` that its model refuses, and a model of another vendor than the platform's.

    An error where that is certain: on the embedded platform, and ``at_vendor``'s own address. A warning on other
    servers, which may have models of others, and their own by these names.
    """
    # Whoever has capabilities to give has imported this.
    from assistctl.model.capabilities import Level

    model = model_of(assistant)
    if model is None:
        return
    severity = Severity.ERROR if capabilities.embedded else Severity.WARNING
    for name in _SAMPLING:
        support = capabilities.fields.get(name)
        is_asked = (
            assistant.fields.get(name) is not None
            and support is not None
            and support.level is not Level.UNSUPPORTED
        )
        if is_asked and not takes_sampling(model, assistant.fields.get("reasoning_effort")):
            yield _diagnostic(assistant, name, severity, f"the model {model!r} refuses {name}", _WHILE_REASONING)
    strange = other_vendor(model, capabilities)
    if strange and capabilities.vendor:
        severity = Severity.ERROR if at_vendor else Severity.WARNING
        summary = f"the model {model!r} is {strange}'s, and {platform} takes those of {capabilities.vendor}"
        yield _diagnostic(assistant, "model", severity, summary, a_current_one(capabilities.vendor))


def about_shutdown(assistant: Desired, today: dt.date) -> Iterator[Diagnostic]:
    """A warning when the model of ``assistant`` was shut down by its maker, or is about to be."""
    model = model_of(assistant)
    date = shutdown_of(model) if model else None
    if model is not None and date is not None and date - today <= NEAR:
        yield _diagnostic(
            assistant,
            "model",
            Severity.WARNING,
            f"the model {model!r} {when_shut_down(date, today)}",
            a_current_one(vendor_of(model)),
        )


def other_vendor(model: str, capabilities: Capabilities) -> Vendor | None:
    """The maker of ``model``, if the platform takes only another's; ``None`` also where nobody can tell."""
    vendor = vendor_of(model)
    return vendor if capabilities.vendor and vendor is not capabilities.vendor else None


def when_shut_down(date: dt.date, today: dt.date) -> str:
    """``was shut down on 2026-10-23``, or ``will be``."""
    return f"{'was' if date <= today else 'will be'} shut down on {date}"


def a_current_one(vendor: Vendor | None) -> str:
    """The advice to name a current model, with one of the vendor's if any is known."""
    suggested = SUGGESTED.get(vendor) if vendor else None
    return f"Name a current one, such as {suggested}." if suggested else "Name a current one."


def model_of(assistant: Desired) -> str | None:
    """The model that ``assistant`` declares, unless it is a secret."""
    model = assistant.fields.get("model")
    return model if isinstance(model, str) and "model" not in assistant.secret_paths else None


def _about_listed_model(
    assistant: Desired, models: Mapping[str, str | None] | None, today: dt.date
) -> Iterator[Diagnostic]:
    if not models:
        return
    model = model_of(assistant)
    if model is None:
        return
    if model not in models:
        yield _warning(
            assistant,
            "model",
            f"the platform does not list the model {model!r}",
            "It may be misspelt, retired, or not yours to use.",
        )
        return
    date = _date(models[model])
    if date is None or date - today > NEAR:
        return
    yield _warning(
        assistant, "model", f"the model {model!r} {when_shut_down(date, today)}", "Move to a newer one."
    )


def _about_prompt(assistant: Desired, functions: set[str]) -> Iterator[Diagnostic]:
    text = assistant.fields.get("instructions")
    if not isinstance(text, str):
        return
    mentioned = _mentioned(text, functions)
    missing = sorted(mentioned - {*_functions(assistant), *_types(assistant)}) if mentioned else ()
    if missing:
        names = ", ".join(missing)
        yield _warning(
            assistant,
            "instructions",
            f"the instructions mention a tool the assistant does not have: {names}",
            "Declare it under `tools`, or take it out of the text.",
        )
    if _is_itself_twice(text):
        yield _warning(
            assistant,
            "instructions",
            "the instructions contain themselves twice",
            "This is what pasting a prompt over itself leaves.",
        )


def _about_files(assistant: Desired) -> Iterator[Diagnostic]:
    resources = assistant.fields.get("tool_resources")
    has_store = assistant.store is not None or (isinstance(resources, dict) and bool(resources.get("file_search")))
    if "file_search" in _types(assistant) and not has_store:
        yield _warning(
            assistant,
            "tools",
            "file_search is declared, and there is nothing for it to search",
            "Name what it is to search under `files`, or a vector store under `vector_store`.",
        )


def _functions(assistant: Desired) -> set[str]:
    found = (tool.get("function") for tool in _tools(assistant))
    return {str(function["name"]) for function in found if isinstance(function, dict) and "name" in function}


def _types(assistant: Desired) -> set[str]:
    return {str(tool.get("type")) for tool in _tools(assistant)}


def _tools(assistant: Desired) -> list[dict[str, Json]]:
    tools = assistant.fields.get("tools")
    return [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []


def _mentioned(text: str, names: set[str]) -> set[str]:
    """The ``names`` in a text, found in one pass. A plain word counts only when it is set as code."""
    found: set[str] = set()
    if "_" in text or "-" in text:
        # Few words of a prompt are like that, and looking at all takes longer than comparing the assistant.
        compound = " ".join(part for part in text.split() if "_" in part or "-" in part)
        found = {word for word in names.intersection(_WORDS.findall(compound)) if "_" in word or "-" in word}
    return found.union(names.intersection(_WORDS_AS_CODE.findall(text))) if "`" in text else found


def _is_itself_twice(text: str) -> bool:
    # In what is there twice each letter is, so that hardly any other text has to be taken to pieces.
    if any(text.count(letter) % 2 for letter in _FREQUENT):
        return False
    words = text.split()
    half = len(words) // 2
    return len(text) >= 2 * _SHORTEST_REPEATED and len(words) % 2 == 0 and words[:half] == words[half:]


def _date(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None


def _warning(assistant: Desired, path: str, summary: str, detail: str) -> Diagnostic:
    return _diagnostic(assistant, path, Severity.WARNING, summary, detail)


def _diagnostic(assistant: Desired, path: str, severity: Severity, summary: str, detail: str) -> Diagnostic:
    return Diagnostic(
        severity, summary, detail, key=assistant.key, path=path, position=assistant.position_of(path)
    )
