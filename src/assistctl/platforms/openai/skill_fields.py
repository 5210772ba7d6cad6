"""A skill as OpenAI's API has it, and how much of one it takes.

The bounds (https://developers.openai.com/api/docs/guides/tools-skills): 500 files in a version, 25 MB in one of
them, and 50 MB for all of it packed, which is taken as a bound for all of it as it is.
"""

from __future__ import annotations

from assistctl.model.capabilities import Capabilities, FolderLimits, Support
from assistctl.platforms.skill_mark import MARK_FILE

_MEGABYTE = 1_000_000

CAPABILITIES = Capabilities(
    fields={
        "name": Support(note=f"It is in {MARK_FILE}, a file in each version; people see the one in SKILL.md."),
        "folder": Support(note="Each change is a new version, the default from then on; earlier ones are kept."),
        "metadata": Support(note=f"It is in {MARK_FILE}."),
    },
    # One of the files is ours.
    folder_limits=FolderLimits(50 * _MEGABYTE, 499, 25 * _MEGABYTE, frozenset({MARK_FILE})),
    keeps_contents=True,
    names_nothing=True,
    loses="all its versions",
)
