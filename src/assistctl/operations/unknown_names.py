"""Names in the project and its manifests that no platform has, and keys on the command line that nothing has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import did_you_mean
from assistctl.manifest.project.project import Target
from assistctl.manifest.syntax.phrases import sentences
from assistctl.model.assistant import Desired
from assistctl.model.resource import DesiredResource


def unknown_platform_names(
    declared: Iterable[Desired | DesiredResource], platforms: Collection[str]
) -> Iterator[Diagnostic]:
    """A message for each name that no platform has: an error where it is near one, else a warning.

    A manifest may well be for a platform whose package is not installed here.
    """
    for one in declared:
        for name in one.platform_fields:
            if name in platforms:
                continue
            path, near = f"platforms.{name}", did_you_mean(name, platforms)
            yield Diagnostic(
                Severity.ERROR if near else Severity.WARNING,
                f"there is no platform {name!r}",
                sentences(
                    near, "" if near else f"Known here: {', '.join(platforms)}. What stands under it is not sent."
                ),
                key=one.key,
                path=path,
                position=one.position_of(path),
            )


def keys_of_name(word: str, declared: Iterable[Desired]) -> list[str]:
    """The keys of the assistants whose name is ``word``, in whatever case."""
    return [one.key for one in declared if one.name is not None and one.name.casefold() == word.casefold()]


def meant_key(word: str, declared: Iterable[Desired], others: Iterable[str] = ()) -> str:
    """``did you mean 'order-desk'?`` for the assistants whose name ``word`` is, else for the nearest key.

    ``others`` are keys of what is not ``declared``. Empty where nothing is near.
    """
    declared = list(declared)
    if named := keys_of_name(word, declared):
        return f"did you mean {' or '.join(map(repr, named))}?"
    return did_you_mean(word, [*(one.key for one in declared), *others])


def unknown_options(target: Target) -> Iterator[Diagnostic]:
    """An error for each option that the target's platform does not have.

    Nothing for a platform that does not state its options. Raises ``ProjectError`` as ``options_of`` does.
    """
    from assistctl.platforms.registry import options_of

    known = options_of(target.platform) if target.options else None
    if known is None:
        return
    for name in target.options:
        if name not in known:
            yield Diagnostic(
                Severity.ERROR,
                f"the platform {target.platform} has no option {name!r}",
                sentences(did_you_mean(name, known), f"It has: {', '.join(sorted(known))}."),
                path=f"targets.{target.name}.options.{name}",
                position=target.option_positions.get(name),
            )
