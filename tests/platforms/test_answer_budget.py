"""Answers without bound, from real servers to every vendor's SDK: each ends with a sentence, and in time."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistctl.errors import OutcomeUnknownError, PlatformError
from assistctl.platforms.base import Connection
from assistctl.platforms.connection import AnswerBudget, answer_budget
from assistctl.platforms.http import pager, sdk_wire
from assistctl.platforms.http.answer_budget import UnreadAnswerError, unpacked
from assistctl.platforms.http.outside_text import excerpt
from assistctl.platforms.http.wire import MAX_VALUES, parsed
from assistctl.platforms.openai.wire import OpenAIWire
from support.hostile_server import (
    MEBIBYTE,
    Act,
    HostileServer,
    Reply,
    Request,
    as_json,
    bomb,
    empty_list,
    hostile_server,
)
from support.projects import ProjectFolder
from support.python_process import started_code

MODELS = {
    "openai-assistants": "gpt-4.1",
    "openai-agents": "gpt-5",
    "anthropic-agents": "claude-opus-5-5",
    "azure-foundry": "gpt-5",
    "mistral-agents": "mistral-medium-latest",
}
# Those of OpenAI have one wire.
SDKS = [name for name in MODELS if name != "openai-agents"]
BASES = {"anthropic-agents": "", "azure-foundry": "/api/projects/p", "mistral-agents": ""}


@pytest.fixture(params=SDKS)
def platform(request: pytest.FixtureRequest) -> str:
    """A platform of each SDK."""
    return str(request.param)


@contextmanager
def target(project: ProjectFolder, platform: str, act: Act, options: str = "{}") -> Iterator[HostileServer]:
    """The project on a hostile server, through the target ``it``."""
    with hostile_server(act) as server:
        address = server.url + BASES.get(platform, "/v1")
        project.write(
            "assistctl.yaml",
            f"""\
            project: acme
            default_target: it
            targets:
              it: {{platform: {platform}, base_url: "{address}", api_key: test-key, options: {options}}}
            """,
        )
        project.manifest("one", model=MODELS[platform], instructions="Hello.")
        yield server


# An SDK hands over what came packed, and what unpacks it is the same for all.
@pytest.mark.parametrize(
    ("platform", "encoding"),
    [
        *((platform, "gzip") for platform in SDKS),
        *(("openai-assistants", encoding) for encoding in ("deflate", "raw deflate")),
    ],
)
def test_a_bomb_is_not_unpacked(project: ProjectFolder, platform: str, encoding: str) -> None:
    packed = bomb(3, encoding)
    with target(project, platform, lambda _: packed, "{max_answer_mib: 1}") as server:
        shown = project.run("plan", "--format", "json")
    assert shown.code == 1
    assert "answer is larger than 1 MiB; the rest of it was not read" in shown.err
    assert "options.max_answer_mib" in shown.err
    assert "larger than 1 MiB" in shown.json["diagnostics"][0]["summary"]
    assert len({asked.path for asked in server.asked}) == len(server.asked), "it is not asked again"


def test_an_answer_may_be_large_unless_somebody_says_how_large(tmp_path: Path) -> None:
    assert answer_budget(Connection("it", tmp_path)).size == 64 * MEBIBYTE


def test_an_endless_answer_is_cut_off(project: ProjectFolder, platform: str) -> None:
    endless = Reply(pieces=itertools.repeat(b" " * 65_536))
    with target(project, platform, lambda _: endless, "{max_answer_mib: 1}"):
        shown = project.run("plan")
    assert shown.code == 1
    assert "answer is larger than 1 MiB" in shown.err


def test_what_lies_behind_a_packed_answer_counts_too(project: ProjectFolder, platform: str) -> None:
    listed = gzip.compress(json.dumps({"data": [], "has_more": False}).encode())

    def act(_: Request) -> Reply:
        endless = itertools.chain([listed], itertools.repeat(b"\0" * 65_536))
        return Reply(headers={"content-encoding": "gzip"}, pieces=endless)

    with target(project, platform, act, "{max_answer_mib: 1}"):
        shown = project.run("plan")
    assert shown.code == 1
    assert "answer is larger than 1 MiB" in shown.err


@pytest.mark.parametrize("platform", ["openai-assistants", "anthropic-agents", "mistral-agents"])
def test_a_redirect_carries_no_bomb(project: ProjectFolder, platform: str) -> None:
    def act(request: Request) -> Reply:
        packed = bomb(3, status=307)
        return Reply(307, {**packed.headers, "location": request.path}, packed.pieces)

    with target(project, platform, act, "{max_answer_mib: 1}"):
        shown = project.run("plan")
    assert shown.code == 1
    assert "answer is larger than 1 MiB" in shown.err


def test_packed_answers_are_read(project: ProjectFolder, platform: str) -> None:
    def act(request: Request) -> Reply:
        assert request.headers["accept-encoding"] == "gzip, deflate"
        plain = b"".join(empty_list(request).pieces)
        return Reply(headers={"content-encoding": "gzip"}, pieces=[gzip.compress(plain)])

    with target(project, platform, act):
        shown = project.run("plan", "--format", "json")
    assert (shown.code, shown.json["summary"]["create"]) == (0, 1)


def test_what_cannot_be_unpacked_is_said(project: ProjectFolder, platform: str) -> None:
    with target(project, platform, lambda _: Reply(headers={"content-encoding": "gzip"}, pieces=[b"{}" * 9])):
        shown = project.run("plan")
    assert shown.code == 1
    assert "answer cannot be unpacked" in shown.err


# A header is read by the package for HTTP: Azure's SDK has its own.
@pytest.mark.parametrize(
    ("platform", "slow_head"),
    [
        *((platform, False) for platform in SDKS),
        *((platform, True) for platform in ("openai-assistants", "azure-foundry")),
    ],
)
def test_one_byte_now_and_then_is_no_answer(project: ProjectFolder, platform: str, *, slow_head: bool) -> None:
    def act(_: Request) -> Reply:
        return Reply(pieces=itertools.repeat(b" "), every=0.05, slow_head=slow_head)

    began = time.monotonic()
    with target(project, platform, act):
        shown = project.run("plan", "--timeout", "0.5s")
    assert shown.code == 1
    assert "did not finish its answer in the time it had" in shown.err
    assert "--timeout allows more" in shown.err
    assert time.monotonic() - began < 20


def test_a_target_may_wait_longer(project: ProjectFolder) -> None:
    def act(request: Request) -> Reply:
        body = b"".join(empty_list(request).pieces)
        return Reply(pieces=[body[:1], body[1:]], every=0.3)

    with target(project, "openai-assistants", act, "{timeout: 60}"):
        assert project.run("plan", "--timeout", "0.1s").code == 0


def test_a_create_whose_answer_is_not_read_may_have_been_done(tmp_path: Path) -> None:
    act: Callable[[Request], Reply] = lambda _: bomb(3)  # noqa: E731  # as the others are written
    with hostile_server(act) as server:
        connection = Connection(
            "it", tmp_path, base_url=f"{server.url}/v1", api_key="k", options={"max_answer_mib": 1}
        )

        async def create() -> None:
            wire = OpenAIWire(connection, beta="assistants=v2")
            try:
                await wire.post("/assistants", {"model": "m"}, repeatable=False)
            finally:
                await wire.close()

        with pytest.raises(OutcomeUnknownError, match="larger than 1 MiB"):
            asyncio.run(create())
        assert len(server.asked) == 1


def test_an_upload_may_take_its_time_and_its_answer_may_not(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk_wire, "_TIMEOUT_AFTER_UPLOAD_SECONDS", 0.5)

    def act(request: Request) -> Reply:
        if request.method == "POST" and request.path == "/v1/files":
            return Reply(pieces=itertools.repeat(b" "), every=0.05, slow_head=True)
        return empty_list(request)

    with target(project, "openai-assistants", act, "{timeout: 0.4}"):
        project.write("assistants/guide.md", "Read me.\n")
        project.manifest("one", model="gpt-4.1", tools=[{"type": "code_interpreter"}], files=["guide.md"])
        shown = project.run("apply", "--yes", "--timeout", "0.5s", "--format", "json")
    assert shown.code != 0
    assert "did not finish its answer in the time it had" in shown.out


def test_an_error_is_cut_and_says_how_much(project: ProjectFolder, platform: str) -> None:
    words = " ".join(itertools.repeat("word", 20_000))
    with target(project, platform, lambda _: as_json({"error": {"message": words}}, 403)):
        shown = project.run("plan", "--format", "json")
    assert shown.code == 1
    summary = shown.json["diagnostics"][0]["summary"]
    assert "word … (" in summary
    assert "more characters are left out)" in summary
    assert len(summary) < 3_000
    assert len(shown.err) < 5_000
    assert summary.split(" … ")[0].split()[-1] == "word"


def test_a_huge_error_keeps_its_status(project: ProjectFolder, platform: str) -> None:
    endless = Reply(401, pieces=itertools.repeat(b"no " * 20_000))
    with target(project, platform, lambda _: endless):
        shown = project.run("plan")
    assert shown.code == 1
    assert "(HTTP 401 from http://127.0.0.1" in shown.err
    assert "more characters are left out" in shown.err
    assert len(shown.err) < 5_000


def endless_pages(prefix: str, size: int) -> Act:
    """A server with ``size`` new objects behind whatever was asked for."""
    numbers = itertools.count()

    def act(_: Request) -> Reply:
        items = [{"id": f"{prefix}{next(numbers)}", "name": "x"} for _ in range(size)]
        following = items[-1]["id"]
        more = {"has_more": True, "next_page": following, "next_page_token": following}
        return as_json({"data": items, **more})

    return act


@pytest.mark.parametrize(
    ("platform", "size", "most"), [*((platform, 1, 5) for platform in MODELS), ("openai-assistants", 100, 150)]
)
def test_a_list_without_end_is_given_up(project: ProjectFolder, platform: str, size: int, most: int) -> None:
    with target(project, platform, endless_pages("asst_", size), f"{{max_listed: {most}}}") as server:
        shown = project.run("plan", "--format", "json")
    assert shown.code == 1
    assert f"does not end after {most} objects" in shown.err
    assert "options.max_listed of the target allows more" in shown.err
    assert f"does not end after {most} objects" in shown.json["diagnostics"][0]["summary"]
    # A plan lists up to four kinds of things at once.
    assert len(server.asked) < 4 * (most // size + 3)


# Pages are counted where a list without end is given up, whoever asks for them.
def test_a_long_list_is_heard_of_again_and_again(project: ProjectFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pager, "_PAGES_BETWEEN_WORDS", 2)
    # Of all, Mistral has the fewest lists.
    with target(project, "mistral-agents", endless_pages("asst_", 50), "{max_listed: 200}"):
        shown = project.run("plan")
        assert "so far" not in project.run("plan", "--quiet").err
    assert [line.rpartition(": ")[2] for line in shown.err.splitlines() if "so far" in line] == [
        "100 so far",
        "200 so far",
    ]


@pytest.mark.parametrize("option", ["max_answer_mib", "max_listed"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "true"])
def test_a_bound_is_a_number(project: ProjectFolder, option: str, value: str) -> None:
    with target(project, "openai-assistants", empty_list, f"{{{option}: {value}}}"):
        shown = project.run("plan")
    assert shown.code == 1
    assert f"options.{option} of target 'it' must be a number of" in shown.err


def test_many_small_values_are_not_made() -> None:
    with pytest.raises(PlatformError, match="holds more than"):
        parsed(b"[" + b"[]," * (MAX_VALUES // 2 + 1) + b"[]]", 200)
    text = json.dumps({"data": ["a, b" * 1000]}).encode()
    assert parsed(text, 200) == {"data": ["a, b" * 1000]}


@pytest.mark.parametrize("pieces", [1, 7, 4096])
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "identity", "", "br", "gzip, gzip"])
def test_what_is_unpacked_is_what_was_packed(encoding: str, pieces: int) -> None:
    plain = json.dumps(list(range(500))).encode()
    sent = gzip.compress(plain) if encoding.lower() in {"gzip", "x-gzip"} else plain

    async def cut() -> AsyncIterator[bytes]:
        for place in range(0, len(sent), pieces):
            yield sent[place : place + pieces]

    async def read(size: int) -> bytes:
        return b"".join([chunk async for chunk in unpacked(cut(), encoding, 200, AnswerBudget(size, 1))])

    assert asyncio.run(read(MEBIBYTE)) == plain
    assert asyncio.run(read(len(plain))) == plain
    with pytest.raises(UnreadAnswerError):
        asyncio.run(read(len(plain) - 1))


def test_an_excerpt_cuts_no_word_in_two() -> None:
    assert excerpt("short") == "short"
    assert excerpt("x" * 2_000) == "x" * 2_000
    cut = excerpt("a" * 1_900 + " key-that-is-longer-than-what-is-left " + "b" * 2_000)
    assert cut.startswith("a" * 1_900)
    assert "key-that" in cut
    cut = excerpt("a" * 1_990 + " key-that-is-longer-than-what-is-left")
    assert "key" not in cut
    assert cut.endswith("… (37 more characters are left out)")
    assert excerpt("x" * 5_000).endswith("… (3,000 more characters are left out)")


MEASURED = """
    import sys
    from pathlib import Path
    from assistctl.cli.main import run
    code = run(["plan", "--color", "never"])
    # The most this program had at once; ru_maxrss would count the tests' own process, which it was forked from.
    print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0], file=sys.stderr)
    sys.exit(code)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much memory it had")
def test_a_bomb_of_a_gigabyte_takes_little_memory(project: ProjectFolder) -> None:
    # Without a checksum, which takes longer than to unpack what is read of it.
    packed = bomb(1024, "raw deflate")
    with target(project, "openai-assistants", lambda _: packed):
        process = started_code(textwrap.dedent(MEASURED), folder=project.path)
        said = process.communicate(timeout=120)[1]
    assert process.returncode == 1, said
    assert "larger than 64 MiB" in said
    kibibytes = int(said.split()[-1])
    assert kibibytes < 450 * 1024
