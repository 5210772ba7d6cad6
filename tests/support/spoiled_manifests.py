"""Manifests that were in order, and are not any more; and what must hold of loading any file at all."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml
from rich.console import Console

from assistctl.diagnostics import Diagnostic, Position, Severity
from assistctl.errors import ManifestError, ProjectError
from assistctl.manifest import load_manifests, load_project
from assistctl.rendering.text.plan_text import print_diagnostics
from support.spoiling import MOST_PLACES, ODD_TEXTS, odd_value, places, spoiled

Tree = Any
# Printing takes as long as loading.
_PRINTED_EVERY = 8
SECRET = "s3cret-of-the-environment"  # what must not come out

PROJECT = """\
project: acme
default_target: prod
targets:
  prod: {platform: openai-assistants, base_url: "http://127.0.0.1:1/v1", variables: {model: m, a: "1"}}
safety: {max_delete_percent: 30}
"""
SOUND = (
    """\
key: desk
name: Order desk
description: Answers questions about orders
model: ${var:model}
instructions: {file: prompts/desk.md}
tools:
  - type: code_interpreter
  - type: file_search
    file_search: {max_num_results: 8, ranking_options: {ranker: auto, score_threshold: 0.3}}
  - type: function
    function: {file: tools/order_status.json}
  - type: function
    function: {name: refund, strict: true, parameters: {type: object, properties: {id: {type: string}}}}
files:
  - {path: data/prices.csv, tool: code_interpreter}
  - {path: "docs/**/*.md", tool: file_search}
temperature: 0.2
top_p: 1
response_format: {type: json_schema, json_schema: {name: answer, schema: {type: object}}}
metadata: {team: support}
lifecycle: {prevent_destroy: true, ignore_changes: [temperature, "tools[refund].function.description"]}
platforms:
  openai-agents: {service_tier: flex, tools: [{type: web_search, mode: cached}]}
checks:
  - ask: Where is order 1001?
    expect: {contains: "1001"}
""",
    """\
kind: vector_store
key: handbook
name: Handbook
files: [{path: "docs/**/*.md", attributes: {team: support, year: 2026, public: true}}]
chunking_strategy: {type: static, static: {max_chunk_size_tokens: 800, chunk_overlap_tokens: 400}}
expires_after: {anchor: last_active_at, days: 30}
metadata: {team: support}
lifecycle: {prevent_destroy: false}
---
key: reader
model: m
tools: [{type: file_search}]
vector_store: handbook
instructions: "It is ${env:A}"
""",
    """\
model: &model m
metadata: &pairs {team: support}
tools:
  - &search {type: file_search}
  - type: function
    function: &f {name: a, parameters: &p {type: object, properties: {b: {type: string}}}}
  - type: function
    function: {<<: *f, name: c}
files: [{path: docs/guide.md}]
""",
)
FILES = {
    "assistants/prompts/desk.md": "Answer briefly, {politely}.\n",
    "assistants/tools/order_status.json": '{"name": "order_status", "parameters": {"type": "object"}}',
    "assistants/data/prices.csv": "a,b\n1,2\n",
    "assistants/docs/guide.md": "# Guide\n",
    "assistants/docs/sub/more.md": "# More\n",
    "assistants/more/empty.md": "",
}
_PIECES = (
    *(
        "&a ",
        "*a",
        "*pairs",
        "<<: *pairs\n",
        "<<: [*f, *pairs]",
        "&pairs ",
        "!!str ",
        "!!int ",
        "!x ",
        "? ",
        "|\n",
    ),
    *(">-\n", "---\n", "...\n", "%YAML 1.2\n", "- ", ": ", "#", "'", '"', "{", "}", "[", "]", "\t", "\r", "\r\n"),
    *("\ufeff", "\u2028", "\x85", "\0", "\x7f", "\U0010ffff", "\ud7ff", '"\\ud83d"', '"\\x00"', "0o17", "1_000"),
    *("1e999", ".inf", ".nan", "-0", "9" * 5_000, "2026-01-01", "on", "~", "kind: vector_store\n", "key: desk\n"),
    *("${var:model}", "${env:A}", "${var:nope}", "${", "$${", "x: " * 120, "[" * 120, "- " * 120),
)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_ENCODINGS = ("utf-16", "utf-32", "latin-1", "utf-8-sig")


@dataclass(frozen=True, slots=True)
class Case:
    """One manifest, and what stands in the other files that matter, where that is not as it should be."""

    manifest: bytes
    function: bytes | None = None
    project: bytes | None = None


class Workshop:
    """A project in ``folder`` whose manifest is another one each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tried = 0
        self._lines: dict[str, int] = {}
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)

    def problems(self, case: Case) -> Iterator[str]:
        """Load a case and say what should not be: a message without a place or a word, or with a secret."""
        self._write(case)
        self._lines.clear()
        declared, messages = self._loaded()
        if not declared and not messages:
            yield "nothing is declared, and nothing is said"
        for message in messages:
            yield from self._faults(message)
        self._tried += 1
        if self._tried % _PRINTED_EVERY == 0:
            console = Console(file=io.StringIO(), width=100, markup=False, emoji=False, highlight=False)
            print_diagnostics(console, messages)

    def errors(self) -> list[str]:
        """What is wrong with the case that was loaded last, in the words of its messages."""
        return [message.summary for message in self._loaded()[1] if message.severity is Severity.ERROR]

    def _write(self, case: Case) -> None:
        function = FILES["assistants/tools/order_status.json"].encode() if case.function is None else case.function
        (self._folder / "assistants/tools/order_status.json").write_bytes(function)
        (self._folder / "assistants/a.yaml").write_bytes(case.manifest)
        project = PROJECT.encode() if case.project is None else case.project
        (self._folder / "assistctl.yaml").write_bytes(project)

    def _loaded(self) -> tuple[int, Sequence[Diagnostic]]:
        """How many things are declared, and all that is said."""
        try:
            project = load_project(self._folder, {"A": SECRET})
            target = project.target("prod", {}, ["openai-assistants"]) if "prod" in project.targets else None
        except ManifestError as error:
            return 0, error.diagnostics
        except ProjectError as error:
            return 0, [Diagnostic(Severity.ERROR, error.summary, error.hint, position=Position("assistctl.yaml"))]
        loaded = load_manifests(project, target, check_files=True)
        return len(loaded.desired) + len(loaded.stores), (*project.diagnostics, *loaded.diagnostics)

    def _faults(self, message: Diagnostic) -> Iterator[str]:
        if not message.summary.strip():
            yield f"a message without a word: {message!r}"
        if SECRET in repr(message):
            yield f"a message with a secret: {message!r}"
        if message.position is None:
            yield f"a message without a position: {message!r}"
            return
        file = message.position.file
        lines = self._lines[file] = self._lines.get(file) or self._lines_of(file)
        if not 1 <= message.position.line <= lines + 1 or message.position.column < 1:
            yield f"a message about {message.position}, of {lines} lines: {message!r}"

    def _lines_of(self, name: str) -> int:
        path = self._folder / name
        if not path.is_file():
            return 1
        return (
            path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        )


def corpus(folders: Sequence[Path]) -> tuple[str, ...]:
    """Texts to start from: ours, and every manifest in ``folders``."""
    found = (path for folder in folders for path in sorted(folder.rglob("*.yaml")))
    return (*SOUND, *(path.read_text(encoding="utf-8", errors="replace") for path in found))


def spoiled_case(texts: Sequence[str], seed: int) -> Case:
    """The case with that number."""
    random = Random(seed)  # noqa: S311  # to be the same again
    manifest = _spoiled_text(random.choice(texts if random.random() < 0.5 else SOUND), texts, random)
    function = project = None
    if random.random() < 0.1:
        function = _spoiled_text(FILES["assistants/tools/order_status.json"], texts, random)
    if random.random() < 0.05:
        project = _spoiled_text(PROJECT, texts, random)
    return Case(manifest, function, project)


def _spoiled_text(text: str, texts: Sequence[str], random: Random) -> bytes:
    if random.random() < 0.55:
        text = _rewritten(text, texts, random) or text
    if random.random() < 0.5:
        for _ in range(random.choice((1, 1, 2, 5))):
            text = random.choice(_TEXT_WAYS)(text, random)
    return _encoded(text, random)


def _rewritten(text: str, texts: Sequence[str], random: Random) -> str | None:
    """The documents in ``text`` with something wrong in them, in some style; ``None`` if it is no YAML."""
    documents, others = _parsed(text), _parsed(random.choice(texts))
    if not documents:
        return None
    documents = [spoiled(document, random, tuple(others)) for document in documents]
    try:
        return _written(documents, random)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None


@cache
def _parsed(text: str) -> Sequence[Tree]:
    try:
        documents = [document for document in yaml.load_all(text, Loader=_LOADER) if document is not None]
    except (ValueError, TypeError, RecursionError, yaml.YAMLError):
        return []
    # A ring, or what aliases make a giant of, is spoiled as text only.
    return [document for document in documents if len(places(document)) < MOST_PLACES]


def _written(documents: Sequence[Tree], random: Random) -> str:
    if random.random() < 0.4:
        return "\n---\n".join(
            json.dumps(document, indent=random.choice((None, 2)), default=str) for document in documents
        )
    written: str = yaml.dump_all(
        documents,
        Dumper=_DUMPER,
        sort_keys=False,
        width=random.choice((20, 100)),
        default_flow_style=random.choice((True, False, None)),
        allow_unicode=random.random() < 0.5,
    )
    return written


def _insert(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(random.choice((_PIECES, ODD_TEXTS))) + text[at:]


def _delete(text: str, random: Random) -> str:
    start = random.randrange(len(text) + 1)
    return text[:start] + text[start + random.choice((1, 1, 2, 10, 100)) :]


def _repeat_line(text: str, random: Random) -> str:
    """Say a line twice: mostly a key that is there twice then."""
    lines = text.splitlines(keepends=True) or [""]
    line = random.choice(lines)
    lines.insert(random.randrange(len(lines) + 1), line)
    return "".join(lines)


def _swap_lines(text: str, random: Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    index, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[index], lines[other] = lines[other], lines[index]
    return "".join(lines)


def _indent(text: str, random: Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = random.randrange(len(lines))
    lines[at] = random.choice((" ", "  ", "\t")) + lines[at] if random.random() < 0.6 else lines[at].lstrip()
    return "".join(lines)


def _cut_off(text: str, random: Random) -> str:
    return text[: random.randrange(len(text) + 1)]


def _several(text: str, random: Random) -> str:
    """A second document, or many."""
    return "\n---\n".join([text] * random.choice((2, 3, 40)))


def _odd_field(text: str, random: Random) -> str:
    """A field at the top with an odd value."""
    names = (*("kind", "key", "vector_store", "files", "import", "moved_from", "model", "checks"), "x", "<<")
    try:
        value = json.dumps(odd_value(random))
    except (ValueError, RecursionError):
        return text
    return f"{text}\n{random.choice(names)}: {value}\n"


_TEXT_WAYS: tuple[Callable[[str, Random], str], ...] = (
    *(_insert, _insert, _insert, _delete, _delete, _repeat_line, _swap_lines, _indent),
    *(_cut_off, _several, _odd_field, _odd_field),
)


def _encoded(text: str, random: Random) -> bytes:
    if random.random() < 0.02:
        return text.encode(random.choice(_ENCODINGS), "replace")
    content = bytearray(text.encode("utf-8", "surrogatepass"))
    if content and random.random() < 0.05:
        content[random.randrange(len(content))] = random.randrange(256)
    return bytes(content)
