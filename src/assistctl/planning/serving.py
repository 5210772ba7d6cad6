"""Versions that answer nobody: what a plan says where its newest version is not the one that is served.

That is one that gets no traffic, or that no alias stands for where there are aliases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistctl.diagnostics import Diagnostic, Severity
from assistctl.model.assistant import Desired
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import Action, Change
from assistctl.model.kind import Kind
from assistctl.model.serving import WHOLE, Serving
from assistctl.ownership.canonical import PLATFORMS, Path, own_fields, parse
from assistctl.planning.identity.inventory import Owned


def told_of_serving(
    wanted: Mapping[str, Desired],
    owned: Mapping[str, Sequence[Owned]],
    changes: Iterable[Change],
    capabilities: Capabilities,
) -> Iterator[Diagnostic]:
    """A warning for each assistant whose newest version, once the plan is carried out, answers nobody.

    Where a manifest says who is served, that is only told when something changes that nobody will see.
    """
    changing = {change.id: change for change in changes if change.kind is Kind.ASSISTANT}
    for key, desired in sorted(wanted.items()):
        for assistant in owned.get(key, ()):
            change = changing.get(assistant.id)
            if assistant.observed.serving is not None and (change is None or change.action is not Action.DELETE):
                yield from _Served(desired, assistant, assistant.observed.serving, change, capabilities).told()


@dataclass(frozen=True, slots=True)
class _Served:
    """An assistant, how it is ``served`` now, and its ``change`` if there is one."""

    desired: Desired
    owned: Owned
    served: Serving
    change: Change | None
    capabilities: Capabilities

    def told(self) -> Iterator[Diagnostic]:
        if self._is_pinned and not self._changes_more:
            return
        sent = own_fields(self.change.request.fields) if self.change and self.change.request else {}
        serving_after = self.capabilities.serving_after
        after = self.served if serving_after is None else serving_after(self.served, sent)
        key = self.desired.key
        if after.disabled:
            why = f", because of its {after.disabled_by}" if after.disabled_by else ""
            yield self._said(f"{key} is disabled{why}: it answers nobody", after.way_on)
        yield from self._told_of_aliases(after)
        share = self._share(after)
        if share < WHOLE:
            severity = Severity.INFO if share else Severity.WARNING
            version = "the new version" if self.change else f"version {self.owned.observed.revision}, the newest,"
            gets = "will get" if self.change else "gets"
            much = f"{share} % of the traffic" if share else "no traffic"
            yield self._said(f"{version} of {key} {gets} {much}: {after}", after.way_on, severity)

    def _told_of_aliases(self, after: Serving) -> Iterator[Diagnostic]:
        """A warning where nobody is sent to the newest version who names an alias."""
        revision = self.owned.observed.revision
        is_named = after.following if self.change else revision in (after.aliases or {}).values()
        if not after.aliases or is_named:
            return
        version = "the new version" if self.change else f"version {revision}, the newest,"
        comes = "no alias will stand for" if self.change else "no alias stands for"
        yield self._said(f"{comes} {version} of {self.desired.key}: {after.aliases_text()}", after.way_on)

    def _share(self, after: Serving) -> int:
        revision = self.owned.observed.revision
        return after.share_after(revision) if self.change else after.share_of(revision)

    @property
    def _is_pinned(self) -> bool:
        """Whether its manifest says who is served."""
        fields = self.capabilities.serving_fields
        own = self.desired.platform_fields
        platforms = self.owned.fields.get(PLATFORMS)
        here = platforms if isinstance(platforms, dict) else {}
        return any(own[name].get(field) is not None for name in own if name in here for field in fields)

    @property
    def _changes_more(self) -> bool:
        """Whether more changes than who is served."""
        paths = [parse(diff.path) for diff in self.change.diffs] if self.change else []
        return any(not _is_about(path, self.capabilities.serving_fields) for path in paths)

    def _said(self, summary: str, way_on: str, severity: Severity = Severity.WARNING) -> Diagnostic:
        return Diagnostic(severity, summary, way_on, key=self.desired.key, position=self.desired.position)


def _is_about(path: Path, fields: frozenset[str]) -> bool:
    return len(path) > 2 and path[0] == PLATFORMS and str(path[2]) in fields  # noqa: PLR2004  # platforms.NAME.field
