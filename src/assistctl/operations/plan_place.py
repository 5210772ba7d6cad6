"""Where a plan may be saved: never over what is no saved plan, and never out of the project through a link."""

from __future__ import annotations

import json
from pathlib import Path

from assistctl.checkout.own_folder import place_in
from assistctl.checkout.regular_file import NotRegularError, read_regular
from assistctl.errors import AssistctlError

_LARGEST = 256 * 1024 * 1024
# What a saved plan has and the JSON of a plan, which nobody asked to be replaced, does not have.
_FIELDS = {"format_version", "fingerprint", "options"}


def place_for_plan(path: Path, project: Path) -> Path:
    """The absolute path of ``path``, which is relative to where the command runs.

    Raises ``AssistctlError`` when something else than a saved plan, or an empty file, is there, and
    ``ProjectError`` when a link in ``project`` leads out of it.
    """
    place = place_in(project, Path.cwd() / path)
    try:
        data = read_regular(place, _LARGEST)
    except FileNotFoundError:
        return place
    except NotRegularError as error:
        raise AssistctlError(f"the plan cannot be saved to {path}: it is no plain file") from error
    except OSError as error:
        raise AssistctlError(f"the plan cannot be saved to {path}: {error.strerror}") from error
    if data.strip() and not _is_saved_plan(data):
        raise AssistctlError(
            f"{path} is there and is no saved plan, so it was not overwritten",
            "Save the plan under another name, or remove that file.",
        )
    return place


def _is_saved_plan(data: bytes) -> bool:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.keys() >= _FIELDS
