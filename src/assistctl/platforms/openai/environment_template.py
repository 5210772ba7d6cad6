"""A template that comes with an assistant's files: its contents, its name, and whether it is as it was made.

A template has no metadata (``TemplateCreateParams`` of openai 3.57.0), so its name says whose it is and
what was put into it::

    assistctl: project=acme target=prod key=desk files=pM3vA9yXcK1d

``files`` is a digest of files that the project uploaded, ``ids`` one of uploads that a manifest names by their
ids. A template keeps its id when other files are to be in it; how an apply that stops half way is told from an
edit by others is said in ``environments``.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from assistctl.errors import PlatformError
from assistctl.json_value import Json
from assistctl.ownership.mark import MARK, words_in
from assistctl.platforms.translation import Object, as_object, objects_in

WORKSPACE = "/workspace"

Files: TypeAlias = tuple[tuple[str, str], ...]
"""The path and the upload's id of each file, in the order of the paths."""

_OWN = f"{MARK}:"
_OWNER_WORDS = ("project", "target", "key")
_UPLOADED, _NAMED = "files", "ids"
_DIGEST_CHARACTERS = 12
# The code interpreter of the Assistants API reached no network either; left out, the API's version decides.
_NETWORK: Mapping[str, Json] = {"access": "disabled"}
# What a template may have beside what it is made with (``TemplateUpdateParams``); null is the default.
_ELSE = ("capability_directories", "desktop", "env", "packages", "plugins", "setup_commands", "skills")
_LISTS = ("capability_directories", "plugins", "skills")


@dataclass(frozen=True, slots=True)
class Template:
    """One template, as it was answered (``answer``).

    ``settings`` is what it has, and no template has that was made for files.
    """

    id: str
    name: str = ""
    files: Files = ()
    settings: Mapping[str, Json] = field(default_factory=dict)
    answer: Object = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_implicit(self) -> bool:
        """Whether it comes with the files of an assistant, and is declared by no document of its own."""
        return self.name.startswith(_OWN)

    @property
    def owner(self) -> str:
        """The owner, in the words of a mark; empty when it does not say."""
        return _owner_in(self.name.removeprefix(_OWN)) if self.is_implicit else ""

    @property
    def file_ids(self) -> tuple[str, ...]:
        """The uploads in it."""
        return tuple(file_id for _, file_id in self.files)

    @property
    def has_only_uploads_of_its_owner(self) -> bool:
        """Whether the project uploaded all that is in it: it was made so, and is as it was made."""
        return self.is_implicit and words_in(self.name).get(_UPLOADED) == content_digest(self.files)

    @property
    def has_files_as_made(self) -> bool:
        """Whether just those files are in it that its name is about."""
        words = words_in(self.name) if self.is_implicit else {}
        return content_digest(self.files) in {words.get(_UPLOADED), words.get(_NAMED)}

    def with_files_of(self, keeper: Template | None) -> Template:
        """It with the files that ``keeper`` has, or none; what is in it counts as an edit."""
        settings: Object = {**self.settings, "files": [path for path, _ in self.files]}
        if keeper is None:
            return replace(self, files=(), settings=settings)
        return replace(self, name=keeper.name, files=keeper.files, settings=settings)

    def has_just(self, files: Files) -> bool:
        """Whether it is what would be made for these files."""
        return self.files == files and not self.settings


def read_template(answer: Json) -> Template:
    """The template that an answer describes. Raises ``PlatformError`` when it describes none."""
    fields = as_object(answer)
    identity = fields.get("id")
    if not isinstance(identity, str) or not identity:
        raise PlatformError("the platform's answer is not an environment template", "Is the base_url right?")
    entries = objects_in(fields.get("files"))
    files = [(str(entry.get("path")), str(entry["file_id"])) for entry in entries if entry.get("file_id")]
    return Template(identity, str(fields.get("name") or ""), in_order(files), _settings(fields), fields)


def template_body(name: str, files: Files) -> Object:
    """The body of the request that makes one."""
    entries: list[Json] = [{"type": "file_id", "file_id": file_id, "path": path} for path, file_id in files]
    return {"name": name, "files": entries, "network": dict(_NETWORK)}


def renewed_body(name: str, files: Files) -> Object:
    """The body of the request that makes one be as if it had just been made."""
    return {**dict.fromkeys(_ELSE), **template_body(name, files)}


def template_name(mark: str, files: Files, *, uploaded: bool) -> str:
    """The name of the template for the agent with that mark; ``uploaded``: the project uploaded the files."""
    what = f"{_UPLOADED if uploaded else _NAMED}={content_digest(files)}"
    return " ".join(filter(None, (_OWN, _owner_in(mark), what)))


def same_scope(owner: str, other: str) -> bool:
    """Whether two owners are of one project's target; a key may move."""
    words, others = words_in(owner), words_in(other)
    return all(words.get(word) == others.get(word) for word in ("project", "target"))


def in_order(files: Iterable[tuple[str, str]]) -> Files:
    """``files`` as they are compared."""
    return tuple(sorted(files))


def content_digest(files: Files) -> str:
    """A short digest of what is in a template."""
    text = json.dumps(files, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode()[:_DIGEST_CHARACTERS]


def _settings(fields: Object) -> Mapping[str, Json]:
    found: Object = {name: fields[name] for name in _LISTS if fields.get(name)}
    network = as_object(fields.get("network"))
    if network.get("access") != _NETWORK["access"]:
        found["network"] = network
    if any(as_object(fields.get("packages")).values()):
        found["packages"] = fields["packages"]
    if as_object(fields.get("desktop")).get("enabled"):
        found["desktop"] = fields["desktop"]
    inline: list[Json] = [dict(file) for file in objects_in(fields.get("files")) if not file.get("file_id")]
    return {**found, "files": inline} if inline else found


def _owner_in(text: str) -> str:
    words = words_in(text)
    return " ".join(f"{word}={words[word]}" for word in _OWNER_WORDS if word in words)
