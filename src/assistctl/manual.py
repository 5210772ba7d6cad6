"""The manual: Markdown pages, in the package when it is installed, else in the checkout's ``assistants/docs/``."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "manual", _PACKAGE.parent.parent / "assistants" / "docs")
# From what comes first to what is looked up; pages that are not named here come last.
_ABOUT = {
    "getting-started": "from an empty repository to CI, in ten minutes",
    "writing-manifests": "fields, keys, variables, text from other files",
    "files-and-vector-stores": "what assistants read, and when it is uploaded",
    "environments-and-memory": "where sessions run code, and what they remember",
    "skills": "folders of instructions that assistants look into",
    "targets-and-secrets": "where to deploy, with which key, through which proxy",
    "platforms": "what each platform can express, and moving between them",
    "fields": "each field of the vendors' SDKs, and its place in a manifest",
    "checks": "what answers must hold, and asking for it",
    "runtime": "threads, runs and streams on the embedded platform",
    "code-interpreter": "the sandboxes in which code of a model runs",
    "serving": "the embedded platform for a team: logs, metrics, back-ups, containers",
    "asking": "talking with what is deployed: functions, files, conversations",
    "continuous-integration": "pipelines, pull requests, saved plans",
    "ownership-and-adoption": "what belongs to whom, and taking over what exists",
    "drift": "what was changed outside, and what to do about it",
    "protecting-and-deleting": "what is deleted when, and how to keep it",
    "interrupted-applies": "Ctrl-C, lost connections, locks, history and rollback",
    "exit-codes": "what each means, for scripts",
    "security": "what is protected against whom, and what is not",
    "writing-a-platform": "how another API becomes a platform, in a package of one's own",
}
_OTHER_WORDS = {
    "ci": "continuous-integration",
    "start": "getting-started",
    "migrate": "platforms",
    "serve": "serving",
    "check": "checks",
}


def topics() -> dict[str, str]:
    """Each page's name and what it is about, in the order of reading. Empty when the installation lacks them."""
    folder = next((candidate for candidate in _FOLDERS if candidate.is_dir()), None)
    pages = {path.stem: path for path in folder.glob("*.md")} if folder else {}
    about = {name: text for name, text in _ABOUT.items() if name in pages}
    return about | {name: _title(pages[name]) for name in sorted(pages.keys() - about.keys())}


def page(name: str) -> str:
    """The Markdown of a page. Raises ``FileNotFoundError`` when there is none of that name."""
    for folder in _FOLDERS:
        path = folder / f"{name}.md"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"{name}.md is in neither of {', '.join(map(str, _FOLDERS))}")


def topics_of(word: str) -> list[str]:
    """The pages that ``word`` may mean: the one of that name, else those whose name has all that is in it."""
    known = topics()
    word = _OTHER_WORDS.get(word.lower(), word.lower().replace(" ", "-"))
    return [word] if word in known else [name for name in known if all(part in name for part in word.split("-"))]


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().removeprefix("# ").strip()
