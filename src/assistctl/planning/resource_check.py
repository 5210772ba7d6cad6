"""A platform's view of a declared environment, memory store or skill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.errors import did_you_mean
from assistctl.json_value import Json
from assistctl.model.capabilities import Capabilities, FolderLimits, Level, Support
from assistctl.model.resource import CONTENT, DesiredResource
from assistctl.ownership.canonical import PLATFORMS
from assistctl.ownership.references_by_key import with_entries, without_keys
from assistctl.planning.capability_check import inexpressible


def check_resource(
    desired: DesiredResource, platform: str, capabilities: Capabilities | None
) -> Iterator[Diagnostic]:
    """An error for each declared thing that the platform cannot express, an info for each that it maps.

    Without ``capabilities`` it has nothing of that kind.
    """
    if capabilities is None:
        summary = f"{platform} has no {desired.kind.noun}s"
        advice = "Declare it in a project, or for a target, whose platform has them; `assistctl help platforms`."
        yield _diagnostic(desired, "kind", Severity.ERROR, summary, advice)
        return
    for name in _used(desired.fields, capabilities.fields):
        support = capabilities.fields.get(name, Support(Level.UNSUPPORTED))
        if support.level is Level.MAPPED:
            yield _diagnostic(desired, name, Severity.INFO, f"{name} is mapped on {platform}", support.note)
        elif support.level is Level.UNSUPPORTED:
            yield _diagnostic(desired, name, Severity.ERROR, inexpressible(platform, name), support.note)
    own = without_keys(desired.platform_fields.get(platform, {}), capabilities.entries)
    for name in own:
        if name not in capabilities.platform_fields:
            path, advice = f"platforms.{platform}.{name}", did_you_mean(name, capabilities.platform_fields)
            summary = f"{platform} has no field {name} of {desired.kind.article}"
            yield _diagnostic(desired, path, Severity.ERROR, summary, advice)
    yield from _beyond(desired, platform, capabilities.folder_limits)
    if capabilities.findings is None:
        return
    for finding in capabilities.findings(without_keys(desired.fields, capabilities.entries), own):
        severity = Severity.INFO if finding.level is Level.MAPPED else Severity.ERROR
        yield _diagnostic(desired, finding.path, severity, finding.summary, finding.note)


def resource_to_platform(desired: DesiredResource, platform: str, capabilities: Capabilities) -> DesiredResource:
    """``desired`` with the fields that ``platform`` is to be given, in the form in which it expresses them."""
    fields = with_entries(desired.fields, capabilities.entries)
    if capabilities.to_platform is not None:
        fields = dict(capabilities.to_platform(fields))
    own = with_entries(desired.platform_fields.get(platform, {}), capabilities.entries)
    if own:
        fields[PLATFORMS] = {platform: own}
    return replace(desired, fields=fields)


def _beyond(desired: DesiredResource, platform: str, limits: FolderLimits) -> Iterator[Diagnostic]:
    """An error for each bound that the files of a thing are beyond."""

    def beyond(summary: str, advice: str) -> Diagnostic:
        return _diagnostic(desired, CONTENT, Severity.ERROR, summary, advice)

    sizes = desired.sizes
    total = sum(sizes.values())
    if limits.size is not None and total > limits.size:
        summary = f"the folder has {total:,} bytes; {platform} takes at most {limits.size:,}"
        largest = ", ".join(sorted(sizes, key=lambda path: (-sizes[path], path))[:3])
        yield beyond(summary, f"The largest are: {largest}.")
    if limits.files is not None and len(sizes) > limits.files:
        summary = f"the folder has {len(sizes):,} files; {platform} takes at most {limits.files:,}"
        yield beyond(summary, "Leave out what is not used, or put several into one.")
    for path, size in sizes.items():
        if limits.file_size is not None and size > limits.file_size:
            summary = f"{path} has {size:,} bytes; {platform} takes at most {limits.file_size:,} in one file"
            yield beyond(summary, "Divide it into several files.")
    for path in sorted(limits.reserved & sizes.keys()):
        summary = f"{path} is the name of the file in which assistctl says whose a skill is"
        yield beyond(summary, "Rename it.")


def _used(fields: Mapping[str, Json], known: Mapping[str, Support]) -> Iterator[str]:
    """Each capability that a document asks for: a field, and what is in it where there is a row for that."""
    for field, value in fields.items():
        if value is None:
            # Null is the platform's default, which every platform has.
            continue
        yield field
        for inner in value if isinstance(value, dict) else ():
            if f"{field}.{inner}" in known:
                yield f"{field}.{inner}"


def _diagnostic(desired: DesiredResource, path: str, severity: Severity, summary: str, note: str) -> Diagnostic:
    return Diagnostic(severity, summary, note, key=desired.key, path=path, position=desired.position_of(path))
