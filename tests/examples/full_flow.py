"""What an application does with the Assistants API, from its key to a chart: against any server that speaks it.

It reads `OPENAI_API_KEY`, `OPENAI_BASE_URL` and `MODEL` from `.env` where it is started:

    assistctl serve --model-url http://127.0.0.1:11434/v1 --model-alias helper=llama3.1:8b
    python full_flow.py ask
    python full_flow.py chart monthly.csv
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from dotenv import load_dotenv
from openai import OpenAI
from openai.types.beta import Assistant
from openai.types.beta.threads import Message, Run

NAME = "친절한 도움말 어시스턴트"
INSTRUCTIONS = "한국어 존댓말로 친절하고 짧게 답하세요. 모르는 것은 모른다고 말하세요."
QUESTION = "안녕하세요! 어시스턴트를 어떻게 만드나요?"
CHART_REQUEST = "첨부한 CSV를 월별 막대그래프로 그려서 PNG 파일로 주세요."


def ask(client: OpenAI, model: str) -> str:
    """The answer to a question that a new assistant is asked in a new thread."""
    assistant = client.beta.assistants.create(name=NAME, instructions=INSTRUCTIONS, model=model)
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content=QUESTION)
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=100
    )
    require_completed(run)
    messages = client.beta.threads.messages.list(thread.id, order="asc")
    for message in messages:
        print(f"{message.role}: {text_of(message)}")
    return text_of(next(message for message in messages if message.role == "assistant"))


def chart(client: OpenAI, model: str, table: Path) -> list[Path]:
    """The files that the code interpreter made of ``table``, saved beside it."""
    upload = client.files.create(file=table, purpose="assistants")
    assistant = analyst(client, model)
    thread = client.beta.threads.create(
        messages=[
            {
                "role": "user",
                "content": CHART_REQUEST,
                "attachments": [{"file_id": upload.id, "tools": [{"type": "code_interpreter"}]}],
            }
        ]
    )
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=100
    )
    require_completed(run)
    saved = []
    for message in client.beta.threads.messages.list(thread.id, run_id=run.id):
        print(f"{message.role}: {text_of(message)}")
        for file_id in dict.fromkeys(produced_files(message)):
            name = Path(client.files.retrieve(file_id).filename).name
            place = table.parent / name
            place.write_bytes(client.files.content(file_id).read())
            print(f"saved: {name}")
            saved.append(place)
    return saved


def analyst(client: OpenAI, model: str) -> Assistant:
    """An assistant that computes."""
    return client.beta.assistants.create(
        name="CSV 분석가",
        instructions="표를 파이썬으로 분석하고, 그래프는 /mnt/data에 PNG로 저장하세요.",
        model=model,
        tools=[{"type": "code_interpreter"}],
    )


def produced_files(message: Message) -> Iterator[str]:
    """The ids of files that a message shows or links to."""
    for part in message.content:
        if part.type == "image_file":
            yield part.image_file.file_id
        elif part.type == "text":
            for annotation in part.text.annotations:
                if annotation.type == "file_path":
                    yield annotation.file_path.file_id


def text_of(message: Message) -> str:
    """What a message says."""
    return "\n".join(part.text.value for part in message.content if part.type == "text")


def require_completed(run: Run) -> None:
    """Stop with the reason when a run did not end well."""
    if run.status != "completed":
        reason = run.last_error.message if run.last_error else run.incomplete_details
        sys.exit(f"the run is {run.status}: {reason}")


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    warnings.simplefilter("ignore", DeprecationWarning)
    load_dotenv(Path.cwd() / ".env")
    model = os.environ.get("MODEL", "gpt-4o-mini")
    with OpenAI() as client:
        if arguments[:1] == ["chart"] and len(arguments) > 1:
            chart(client, model, Path(arguments[1]))
        elif arguments == ["ask"]:
            ask(client, model)
        else:
            sys.exit("usage: full_flow.py ask | full_flow.py chart TABLE.csv")


if __name__ == "__main__":
    main(sys.argv[1:])
