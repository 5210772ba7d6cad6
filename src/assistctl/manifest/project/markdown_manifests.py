"""Markdown files that are manifests: their front matter declares an assistant."""

from __future__ import annotations

from pathlib import Path

from assistctl.checkout.untrusted_files import (
    BYTE_ORDER_MARK,
    MAX_BYTES,
    NotRegularError,
    TooLargeError,
    UnusableFileError,
    open_regular,
    resolve_readable,
)

MARKDOWN_SUFFIX = ".md"

# Pages about what is there, and skills (https://agentskills.io/specification), whose front matter some tools
# let name a model.
_NO_MANIFESTS = frozenset({"readme.md", "skill.md"})
# Fields that front matter of other kinds of pages does not have; `name`, `description`, `tools` and `metadata` are
# everywhere. One is enough, so that a manifest that lost its `model` is an error and no deleted assistant.
_TELLING = frozenset(
    {
        "model",
        "key",
        "instructions",
        "tool_resources",
        "temperature",
        "top_p",
        "response_format",
        "reasoning_effort",
        "vector_store",
        "lifecycle",
        "moved_from",
        "platforms",
    }
)
_MARK = BYTE_ORDER_MARK.encode()
_FENCE = b"---"
_ALIKE = 0.75
# Alike, and what pages say of themselves.
_OTHER_WORDS = frozenset({"mode", "modes", "models", "module", "modules", "modal"})


def is_markdown(name: str) -> bool:
    """Whether a file of this name is Markdown; one that is nothing but the suffix is a hidden file."""
    return len(name) > len(MARKDOWN_SUFFIX) and name.lower().endswith(MARKDOWN_SUFFIX)


def is_markdown_manifest(path: Path, root: Path) -> bool:
    """Whether the file at ``path``, in ``root``, is a Markdown manifest, unless another manifest names it.

    One that may not be read, or leaves ``root``, is none. One that the system refuses to read counts as one, so
    that reading it says so: whether it is one nobody can tell, and taking it for none could delete an assistant.
    """
    if not is_markdown(path.name) or path.name.casefold() in _NO_MANIFESTS:
        return False
    try:
        # Of most pages, which start with a heading, a few bytes are enough.
        if not path.is_symlink() and not _fenced(_start(path, len(_MARK) + len(_FENCE))):
            return False
        from assistctl.manifest.syntax.front_matter import front_matter

        found = front_matter(_text(_start(resolve_readable(path, root), MAX_BYTES)))
    except (UnusableFileError, NotRegularError, TooLargeError, FileNotFoundError):
        return False
    except OSError:
        return True
    return found is not None and any(_is_telling(key) for key in found.keys)


def _is_telling(key: str) -> bool:
    """Whether front matter with ``key`` is a manifest's; a misspelt ``model`` counts."""
    if key in _TELLING:
        return True
    from difflib import get_close_matches

    return key not in _OTHER_WORDS and bool(get_close_matches(key, ("model",), cutoff=_ALIKE))


def _start(path: Path, size: int) -> bytes:
    with open_regular(path) as file:
        return file.read(size)


def _fenced(start: bytes) -> bool:
    return start.removeprefix(_MARK).startswith(_FENCE)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").removeprefix(BYTE_ORDER_MARK)
