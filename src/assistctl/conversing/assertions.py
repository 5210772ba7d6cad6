"""Whether an answer holds what an assertion wants.

What the types mean is promptfoo's (https://www.promptfoo.dev/docs/configuration/expected-outputs/deterministic/);
``calls``, ``cites`` and ``max-tokens`` are ours. ``llm-rubric`` is judged by a model (``judge``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from assistctl.conversing.wording import as_json, quoted
from assistctl.json_value import Json
from assistctl.model.answer_schema import PATTERN_SECONDS, UnusableSchemaError, answer_schema
from assistctl.model.check_report import AnsweredCall, AssertionOutcome, Exchange
from assistctl.model.checks import Assertion
from assistctl.model.money import dollars
from assistctl.model.strict_json import parsed_json
from assistctl.secrets.escaping import cut


class CannotJudgeError(Exception):
    """Whether an answer holds cannot be found out, and why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether the answer does what is wanted, before any ``not-``; ``wanted`` and ``found`` in words."""

    holds: bool
    wanted: str
    found: str


def judge_by_rule(assertion: Assertion, exchange: Exchange, turn: int) -> AssertionOutcome:
    """Whether the answer of ``exchange`` holds ``assertion``, which is no ``llm-rubric``.

    Raises ``CannotJudgeError`` where that cannot be found out.
    """
    return outcome_of(assertion, _RULES[assertion.type](assertion.value, exchange), turn)


def outcome_of(assertion: Assertion, finding: Finding, turn: int) -> AssertionOutcome:
    """``finding`` turned round where the assertion is negated."""
    negation = "not " if assertion.negated else ""
    return AssertionOutcome(
        assertion.name,
        assertion.value,
        finding.holds is not assertion.negated,
        f"wanted the answer {negation}to {finding.wanted}; {finding.found}",
        turn,
        assertion.decisive,
    )


def _contains(value: Json, exchange: Exchange) -> Finding:
    text = _as_text(value)
    return Finding(text in exchange.answer, f"contain {quoted(text)}", _it_is(exchange))


def _contains_in_any_case(value: Json, exchange: Exchange) -> Finding:
    text = _as_text(value)
    holds = text.lower() in exchange.answer.lower()
    return Finding(holds, f"contain {quoted(text)}, ignoring case", _it_is(exchange))


def _contains_any(value: Json, exchange: Exchange) -> Finding:
    texts = _texts(value)
    found = [text for text in texts if text in exchange.answer]
    found_text = f"it contains {', '.join(map(quoted, found))}" if found else _it_is(exchange)
    return Finding(bool(found), f"contain one of {', '.join(map(quoted, texts))}", found_text)


def _contains_all(value: Json, exchange: Exchange) -> Finding:
    texts = _texts(value)
    missing = [text for text in texts if text not in exchange.answer]
    found_text = (
        f"{', '.join(map(quoted, missing))} is missing; {_it_is(exchange)}" if missing else _it_is(exchange)
    )
    return Finding(not missing, f"contain all of {', '.join(map(quoted, texts))}", found_text)


def _equals(value: Json, exchange: Exchange) -> Finding:
    if value is not None and not isinstance(value, dict | list):
        text = _as_text(value)
        return Finding(text == exchange.answer, f"be {quoted(text)}", _it_is(exchange))
    try:
        holds = _same(value, parsed_json(exchange.answer))
    except ValueError:
        holds = False
    return Finding(holds, f"be the JSON {as_json(value)}", _it_is(exchange))


def _matches(value: Json, exchange: Exchange) -> Finding:
    import regex

    pattern = _as_text(value)
    try:
        found = regex.search(pattern, exchange.answer, timeout=PATTERN_SECONDS)
    except TimeoutError as error:
        raise CannotJudgeError(
            f"the regular expression {quoted(pattern)} took longer than {PATTERN_SECONDS:g} s: "
            "write one with fewer ways to match the same text"
        ) from error
    except regex.error as error:
        raise CannotJudgeError(f"{quoted(pattern)} is not a regular expression: {error}") from error
    found_text = f"it matches with {quoted(found[0])}" if found else _it_is(exchange)
    return Finding(bool(found), f"match {quoted(pattern)}", found_text)


def _is_json(value: Json, exchange: Exchange) -> Finding:
    try:
        schema = answer_schema(value)
    except UnusableSchemaError as error:
        raise CannotJudgeError(f"the schema of is-json is not one: {error}") from error
    wanted = "be JSON" if schema is None else "be JSON that fits the schema"
    try:
        answer = parsed_json(exchange.answer)
    except ValueError as error:
        return Finding(False, wanted, f"{_it_is(exchange)} ({error})")
    if schema is None:
        return Finding(True, wanted, _it_is(exchange))
    try:
        first = next(iter(schema.iter_errors(answer)), None)
    except TimeoutError as error:
        raise CannotJudgeError("a pattern of the schema of is-json took too long") from error
    except Exception as error:  # a reference that leads nowhere is found out only now
        raise CannotJudgeError(f"the schema of is-json cannot be used: {error}") from error
    if first is None:
        return Finding(True, wanted, _it_is(exchange))
    return Finding(False, wanted, f"at {first.json_path}: {cut(first.message)}; {_it_is(exchange)}")


def _latency(value: Json, exchange: Exchange) -> Finding:
    limit, taken = _number(value), exchange.seconds * 1000
    return Finding(taken <= limit, f"come within {limit:g} ms", f"it took {taken:.0f} ms")


def _cost(value: Json, exchange: Exchange) -> Finding:
    if exchange.cost is None:
        raise CannotJudgeError("the cost of the answer is not known: the platform counted no tokens")
    limit = _number(value)
    return Finding(exchange.cost <= limit, f"cost at most {dollars(limit)}", f"it cost {dollars(exchange.cost)}")


def _max_tokens(value: Json, exchange: Exchange) -> Finding:
    if exchange.usage is None:
        raise CannotJudgeError("the number of tokens is not known: the platform counted none")
    limit, taken = _number(value), exchange.usage.total
    return Finding(taken <= limit, f"take at most {limit:g} tokens", f"it took {taken}")


def _calls(value: Json, exchange: Exchange) -> Finding:
    name = _as_text(value.get("name")) if isinstance(value, dict) else _as_text(value)
    arguments = value.get("arguments") if isinstance(value, dict) else None
    holds = any(call.name == name and _has(arguments, call) for call in exchange.calls)
    wanted = f"call {name}" if arguments is None else f"call {name} with {as_json(arguments)}"
    calls = ", ".join(f"{call.name}({quoted(call.arguments)[1:-1]})" for call in exchange.calls)
    return Finding(holds, wanted, f"it called {calls or 'nothing'}")


def _has(arguments: Json, call: AnsweredCall) -> bool:
    if arguments is None:
        return True
    try:
        return _is_part(arguments, parsed_json(call.arguments))
    except ValueError:
        return False


def _cites(value: Json, exchange: Exchange) -> Finding:
    path = _as_text(value)
    names = [citation.name or citation.file_id for citation in exchange.citations]
    holds = PurePosixPath(path).name in {citation.name for citation in exchange.citations}
    return Finding(holds, f"cite {path}", f"it cites {', '.join(dict.fromkeys(names)) or 'nothing'}")


_RULES: Mapping[str, Callable[[Json, Exchange], Finding]] = {
    "contains": _contains,
    "icontains": _contains_in_any_case,
    "contains-any": _contains_any,
    "contains-all": _contains_all,
    "equals": _equals,
    "regex": _matches,
    "is-json": _is_json,
    "latency": _latency,
    "cost": _cost,
    "calls": _calls,
    "cites": _cites,
    "max-tokens": _max_tokens,
}


def _as_text(value: Json) -> str:
    """A value as the text that is looked for: numbers and booleans as JSON writes them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def _texts(value: Json) -> list[str]:
    return [_as_text(item) for item in (value if isinstance(value, list) else [value])]


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _it_is(exchange: Exchange) -> str:
    return f"it is {quoted(exchange.answer)}" if exchange.answer else "it is empty"


def _same(first: Json, second: Json) -> bool:
    """Whether two values are equal in JSON, where ``true`` is not 1 and 1.0 is."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_same(value, second[name]) for name, value in first.items())
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_same, first, second))
    return first == second


def _is_part(wanted: Json, found: Json) -> bool:
    """Whether all of ``wanted`` is in ``found``: mappings may have more members, all else is the same."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(name in found and _is_part(value, found[name]) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_is_part, wanted, found))
    return _same(wanted, found)
