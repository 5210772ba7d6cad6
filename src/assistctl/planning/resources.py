"""Things that a platform keeps beside its assistants, of whatever kind, in a plan.

Nothing here knows a kind: what is different from one to another is in the platform's table for it
(``Capabilities.resources``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistctl.diagnostics import Diagnostic
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.model.capabilities import Capabilities
from assistctl.model.change import FieldDiff, QualifiedKey
from assistctl.model.kind import Kind
from assistctl.model.resource import CONTENT, DesiredResource
from assistctl.ownership.mark import Mark
from assistctl.ownership.placeholders import shortened
from assistctl.ownership.references_by_key import revision_token
from assistctl.ownership.sensitive import digest_without_secrets
from assistctl.planning.decision import Contents, Decision, KindFacts
from assistctl.planning.identity.inventory import Owned, interpret
from assistctl.planning.resource_check import check_resource, resource_to_platform
from assistctl.planning.rosters import Rosters


@dataclass(frozen=True, slots=True)
class Resources:
    """The things of such kinds: the ``desired`` ones, and by kind all that are ``observed``."""

    desired: Sequence[DesiredResource] = ()
    observed: Mapping[Kind, Sequence[Observed]] = field(default_factory=dict)

    def declared(self, kind: Kind) -> dict[str, DesiredResource]:
        """The desired ones of a kind, in the order of their keys."""
        return {
            desired.key: desired
            for desired in sorted(self.desired, key=lambda desired: desired.key)
            if desired.kind is kind
        }


@dataclass(frozen=True, slots=True)
class ResourceFacts(KindFacts[Observed, DesiredResource]):
    """The facts of the things of one ``kind`` on ``platform``; ``rosters`` tells what names what."""

    kind: Kind
    platform: str
    capabilities: Capabilities
    rosters: Rosters = field(default_factory=Rosters)

    def read(self, listed: Observed, mark: Mark | None) -> Owned:
        """A thing with tokens for what it names by key."""
        about = QualifiedKey(self.kind, mark.key) if mark else None
        fields = self.rosters.with_tokens(about, listed)
        return interpret(listed, mark, self.capabilities.field_defaults, fields=fields)

    def read_otherwise(self, owned: Owned) -> Iterator[Owned]:
        """A thing with tokens for all of ours that it may have named by key."""
        for fields in self.rosters.named_before(self.kind, owned):
            yield interpret(owned.observed, owned.mark, self.capabilities.field_defaults, fields=fields)

    def digest(self, owned: Owned, desired: DesiredResource | None) -> str:
        """A digest of its fields."""
        return digest_without_secrets(owned.observed, desired)

    def expressed(self, desired: DesiredResource) -> tuple[DesiredResource, Iterable[Diagnostic]]:
        """``desired`` in the form in which the platform expresses it."""
        diagnostics = check_resource(desired, self.platform, self.capabilities)
        return resource_to_platform(desired, self.platform, self.capabilities), diagnostics

    def comparable(self, desired: DesiredResource, _owned: Owned | None) -> tuple[DesiredResource, dict[str, str]]:
        """``desired`` as it is: it has tokens for what it names already."""
        return desired, {}

    def in_words_of_manifest(
        self, diffs: Sequence[FieldDiff], desired: DesiredResource | None
    ) -> Sequence[FieldDiff]:
        """``diffs`` with the folder that its files come from."""
        return [_with_folder(diff, desired) if diff.path == CONTENT else diff for diff in diffs]

    def contents(self, desired: DesiredResource, owned: Owned | None) -> Contents:
        """The thing's files, and the versions of the things it names."""
        outdated = self.rosters.outdated(self.kind, desired, owned.observed) if owned is not None else []
        return Contents(
            sources=desired.files,
            reasons=[f"{about} has a new version" for about in sorted({about for about, _ in outdated})],
            renewed=[diff for _, diff in outdated],
            outdated=frozenset(revision_token(about) for about, _ in outdated),
        )

    def staying(self, _owned: Owned) -> Decision:
        """Nothing: it holds nothing of ours beside its fields."""
        return Decision()

    def ending(self, _key: str, _owned: Owned) -> Contents:
        """The contents that are lost with it."""
        reasons = ["the platform archives it"] if self.capabilities.archives else []
        reasons += [f"{self.capabilities.loses} go with it"] if self.capabilities.loses else []
        return Contents(reasons=reasons)


def _with_folder(diff: FieldDiff, desired: DesiredResource | None) -> FieldDiff:
    """A diff of what a thing is made of, with the folder in the place of the digest of its files."""

    def told(digest: Json, place: str) -> Json:
        return None if digest is None else f"{place} ({shortened(str(digest))})"

    if desired is None:
        return replace(diff, old=told(diff.old, "its files"))
    place = desired.source.shown if desired.source is not None else _place_of_files(desired)
    return replace(diff, old=told(diff.old, "other files"), new=told(diff.new, place))


def _place_of_files(desired: DesiredResource) -> str:
    """The folder in the project that the files come from; a rollback has only their digest."""
    first = next(iter(desired.files), None)
    return "the files of then" if first is None else first.source.path.removesuffix(f"/{first.path}")
