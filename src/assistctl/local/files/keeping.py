"""Turning bytes into files: those of uploads, and those that tools made."""

from __future__ import annotations

from assistctl.local.database.collection import Stored, new_id
from assistctl.local.database.storage import Database
from assistctl.local.files import record
from assistctl.local.files.content import ContentFolder, Received


def keep(database: Database, content: ContentFolder, received: Received, form: record.Fields, size: int) -> Stored:
    """Keep what was received as a file. It is there once all of it is on the disk, and not before."""
    content.settle(received)
    file_id = new_id("file-")
    with database.writing(create=True) as connection:
        expired = record.expire(connection)
        content.sweep(lambda name: record.is_known(connection, name))
        content.keep(received, file_id)
        stored = record.add(connection, file_id, form, size)
    content.remove(expired)
    return stored


def keep_output(database: Database, content: ContentFolder, filename: str, made: bytes) -> Stored:
    """Keep what a tool made, as a file that can be downloaded (purpose ``assistants_output``)."""
    with content.receiving() as received:
        received.file.write(made)
        form: record.Fields = {"file": filename, "purpose": "assistants_output"}
        return keep(database, content, received, form, len(made))
