"""The owner of a skill without metadata: in the label it is created with, and in a file inside it.

The label is a name with the mark behind it, for people too, and nobody can change it::

    Refunds [assistctl project=acme target=prod key=refunds]

What does change (the baseline, the protection, a new key or name, the pairs of a manifest's metadata) is in
``assistctl.json``, which is in each version beside ``SKILL.md``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from assistctl.ownership.mark import MARK, read_mark
from assistctl.platforms.translation import as_object, texts

MARK_FILE = "assistctl.json"
"""The path of the file inside a skill that says whose it is."""

_LABEL = re.compile(r"(?P<name>.*) \[assistctl (?P<mark>[^\[\]]+)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Label:
    """A skill's label: its ``name``, and the mark as metadata has it, if there is one."""

    name: str
    metadata: Mapping[str, str]

    def __str__(self) -> str:
        mark = read_mark(self.metadata)
        return self.name if mark is None else f"{self.name} [assistctl {replace(mark, prevent_destroy=False)}]"


def read_label(text: str) -> Label:
    """The parts of a label; one that is not ours is a name alone."""
    found = _LABEL.fullmatch(text)
    metadata = {MARK: found["mark"]} if found else {}
    return Label(found["name"], metadata) if found and read_mark(metadata) else Label(text, {})


@dataclass(frozen=True, slots=True)
class SkillMark:
    """The contents of ``assistctl.json``: the name, the metadata, and the skill's id once it is known.

    A copy of it in another skill is told by the id.
    """

    name: str
    metadata: Mapping[str, str]
    skill: str | None = None

    def __bytes__(self) -> bytes:
        known = {} if self.skill is None else {"skill": self.skill}
        said = {"name": self.name, **known, "metadata": dict(self.metadata)}
        return json.dumps(said, ensure_ascii=False, indent=1).encode()


def read_skill_mark(content: bytes | None) -> SkillMark | None:
    """The mark in the file; ``None`` where it holds none."""
    try:
        said = as_object(json.loads(content or b""))
    except (ValueError, RecursionError):
        return None
    name, skill = said.get("name"), said.get("skill")
    if not isinstance(name, str) or not isinstance(skill, str | None) or "metadata" not in said:
        return None
    return SkillMark(name, texts(said["metadata"]), skill)
