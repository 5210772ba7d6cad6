"""A skill as Anthropic's API has it, and how much of one it takes.

The bound is for all files of an upload together
(https://docs.claude.com/en/docs/build-with-claude/skills-guide).
"""

from __future__ import annotations

from assistctl.model.capabilities import Capabilities, FolderLimits, Support
from assistctl.platforms.skill_mark import MARK_FILE

CAPABILITIES = Capabilities(
    fields={
        "name": Support(note="Its display_name says whose it is as well, and stays as it was at first."),
        "folder": Support(note="Each change is a new version; earlier ones are kept as long as the skill is."),
        "metadata": Support(note=f"It is in {MARK_FILE}, a file in each version."),
    },
    folder_limits=FolderLimits(size=30 * 1000 * 1000, reserved=frozenset({MARK_FILE})),
    keeps_contents=True,
    names_nothing=True,
    loses="all its versions",
)
