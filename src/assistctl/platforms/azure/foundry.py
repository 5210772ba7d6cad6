"""Agents of a Microsoft Foundry project.

https://learn.microsoft.com/azure/foundry/agents/overview; fields are translated by ``foundry_fields``. An
agent is addressed by its name, and has versions that never change: the request that creates one is the one that
changes it, and adds a version. So that none is added to somebody else's agent, or on top of what somebody else did
meanwhile, it is looked before who has the name, and afterwards what the version came behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

from assistctl.errors import ConflictError, NotFoundError, OutcomeUnknownError, PlatformError
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.platforms.azure.conversations import FoundryConversations
from assistctl.platforms.azure.foundry_endpoint import serving_of
from assistctl.platforms.azure.foundry_fields import CAPABILITIES, KIND, NAME, definition, from_wire
from assistctl.platforms.azure.foundry_names import NAME_PAIR, agent_name, another, with_name, without_name
from assistctl.platforms.azure.foundry_serving import agent_path, half_done, not_as_declared, serve
from assistctl.platforms.azure.wire import AzureWire, endpoint_ids, listed_deployments
from assistctl.platforms.connection import COMMON_OPTIONS, ClosedAtEnd, Connection
from assistctl.platforms.http.pager import PAGE_SIZE, Page, all_items, as_page
from assistctl.platforms.openai.wire import OpenAIKnowledge, OpenAIWire
from assistctl.platforms.translation import Object, as_object, observed, texts

__all__ = ["CAPABILITIES", "OPTIONS", "AzureFoundry", "connect"]

# What a version has beside its definition that the next one would be without.
_TAKEN_OVER = ("blueprint_reference",)


OPTIONS = COMMON_OPTIONS


class AzureFoundry(ClosedAtEnd):
    """A connection to one Foundry project."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, connection: Connection) -> None:
        self._wire = AzureWire(connection)
        self._files: OpenAIWire | None = None
        self.conversations = FoundryConversations(lambda: self.uploads, self._newest)
        # Names that a create under way has found free.
        self._claimed: set[str] = set()

    @property
    def uploads(self) -> OpenAIKnowledge:
        """The project's files and vector stores, which are OpenAI's."""
        if self._files is None:
            self._files = self._wire.files_wire()
        return OpenAIKnowledge(self._files)

    @property
    def vector_stores(self) -> OpenAIKnowledge:
        """See ``uploads``."""
        return self.uploads

    @property
    def answered_as(self) -> Sequence[str]:
        """Nothing: its answers do not say it, and the address is in the target already."""
        return ()

    async def account_ids(self) -> Sequence[str]:
        """The resource and the project of the endpoint, as ``RESOURCE/PROJECT``, and the project alone."""
        return endpoint_ids(self._wire.base_url)

    async def list_assistants(self) -> Sequence[Observed]:
        """All prompt agents, oldest first, each in its latest version."""
        items = await all_items(self._page, listing=self._wire.listing("/agents"))
        found = [(_latest(item), item) for item in items]
        return [
            _observed(latest, item)
            for latest, item in found
            if as_object(latest.get("definition")).get("kind") == KIND
        ]

    async def find_assistant(self, assistant_id: str) -> Observed | None:
        """``GET /agents/{name}``: a prompt agent in its latest version."""
        agent = await self._agent(assistant_id)
        if agent is None or as_object(_latest(agent).get("definition")).get("kind") != KIND:
            return None
        return _observed(_latest(agent), agent)

    async def create_assistant(self, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Observed:
        """``POST /agents/{name}/versions``, once, for a name that nobody has.

        An agent that does not get the state and the endpoint that are declared is taken back; raises
        ``LeftBehindError`` where it cannot be.
        """
        body = {"definition": definition(fields, {}), **_described(fields, {})}
        agent = agent_name(fields.get("name"), metadata)
        if agent in self._claimed:
            agent = another(agent)
        self._claimed.add(agent)
        try:
            free = agent if await self._agent(agent) is None else another(agent)
            pairs = with_name(metadata, fields.get("name"), free)
            made = await self._added(free, {**body, "metadata": {**pairs}}, None)
        finally:
            self._claimed.discard(agent)
        try:
            served = await serve(self._wire, free, fields, {})
        except PlatformError as error:
            await self._take_back(free, error)
            raise PlatformError(error.summary, error.hint, status=error.status) from error
        return _observed(made, served or await self._details(free))

    async def update_assistant(
        self,
        assistant_id: str,
        fields: Mapping[str, Json],
        metadata: Mapping[str, str],
        *,
        revision: str | None = None,
    ) -> Observed:
        """``POST /agents/{name}/versions``, and only on top of the version ``revision``.

        State and endpoint go first: what says that they were applied is in the version. Raises ``ConflictError``
        when ``revision`` is not the latest one any more.
        """
        agent = await self._agent(assistant_id)
        if agent is None:
            raise NotFoundError(f"there is no agent {assistant_id}", status=HTTPStatus.NOT_FOUND)
        before = _latest(agent)
        now = _observed(before, agent)
        if revision is not None and now.revision != revision:
            raise _conflict(assistant_id, now.revision, revision)
        name = fields.get("name", now.name)
        body: Object = {
            **{part: before[part] for part in _TAKEN_OVER if before.get(part) is not None},
            "definition": definition(fields, as_object(before.get("definition"))),
            **_described(fields, before),
            "metadata": {**with_name(metadata, name, assistant_id)},
        }
        served = await serve(self._wire, assistant_id, fields, agent)
        try:
            return await self._changed(now, body, served)
        except OutcomeUnknownError:
            raise
        except PlatformError as error:
            if served is agent:
                raise
            raise half_done(assistant_id, error) from error

    async def delete_assistant(self, assistant_id: str) -> None:
        """``DELETE /agents/{name}``, with all its versions."""
        try:
            answer = await self._wire.delete(agent_path(assistant_id))
        except NotFoundError:
            return
        if as_object(answer).get("deleted") is False:
            raise PlatformError(f"the platform did not delete {assistant_id}")

    async def list_models(self) -> Mapping[str, str | None] | None:
        """See ``listed_deployments``: a model is a deployment there; a connected resource's are not listed."""
        return await listed_deployments(self._wire)

    async def close(self) -> None:
        """Close the connections."""
        if self._files is not None:
            await self._files.close()
        await self._wire.close()

    async def _changed(self, now: Observed, body: Object, served: Object) -> Observed:
        """The agent that was as ``now``, with one more version, and ``served`` in this way."""
        try:
            return _observed(await self._added(now.id, body, now.revision), served)
        except OutcomeUnknownError as error:
            return await self._done_all_the_same(now, error)

    async def _added(self, agent: str, body: Object, before: str | None) -> Object:
        """The answer about a new version of ``agent``, behind ``before`` or, if that is ``None``, behind none.

        One that turns out to be behind another is taken back, and raises ``ConflictError``.
        """
        answer = as_object(await self._wire.post(agent_path(agent, "versions"), body, repeatable=False))
        try:
            added = _observed(answer, {})
        except PlatformError as error:
            # It said yes, in words that are not understood: most likely the version is there.
            raise OutcomeUnknownError(error.summary, error.hint) from error
        if added.revision in {before, _next(before)}:
            return answer
        # Numbers need not be in a row: those of versions that were deleted are missing.
        behind = await self._before(agent, added.revision)
        if behind == before:
            return answer
        await self._wire.delete(agent_path(agent, "versions", str(added.revision)))
        raise _conflict(agent, behind, before)

    async def _take_back(self, agent: str, why: PlatformError) -> None:
        """Delete an agent that was just made, because of ``why``. Raises ``LeftBehindError`` when it stays."""
        try:
            await self.delete_assistant(agent)
        except PlatformError as error:
            raise not_as_declared(agent, why) from error

    async def _newest(self, agent: str) -> str:
        """The newest version of an agent. Raises ``NotFoundError`` when it has none."""
        found = await self._wire.get(agent_path(agent))
        return str(_latest(as_object(found)).get("version"))

    async def _details(self, agent: str) -> Object:
        """The parts of a new agent beside its versions; empty if they cannot be asked for."""
        try:
            return await self._agent(agent) or {}
        except PlatformError:
            return {}

    async def _before(self, agent: str, version: str | None) -> str | None:
        """The version that was the latest one before ``version``; ``None`` if it is the first."""

        async def page(after: str | None) -> Page:
            cursor = {} if after is None else {"after": after}
            params = {"limit": PAGE_SIZE, "order": "desc", **cursor}
            return as_page(await self._wire.get(agent_path(agent, "versions"), params))

        found = await all_items(page, listing=self._wire.listing(agent_path(agent, "versions")))
        versions = [str(item.get("version")) for item in found if not item.get("draft")]
        older = versions[versions.index(version) + 1 :] if version in versions else versions
        return older[0] if older else None

    async def _done_all_the_same(self, before: Observed, error: OutcomeUnknownError) -> Observed:
        """The current agent, if it is no longer as ``before``."""
        try:
            latest = await self._agent(before.id)
        except PlatformError as failure:
            raise error from failure
        if latest is None or _latest(latest).get("version") == before.revision:
            raise error.refuted() from None
        return _observed(_latest(latest), latest)

    async def _agent(self, agent: str) -> Object | None:
        """An agent of any kind; ``None`` if none has that name."""
        try:
            found = as_object(await self._wire.get(agent_path(agent)))
        except NotFoundError:
            return None
        _latest(found)
        return found

    async def _page(self, after: str | None) -> Page:
        # Oldest first: what others create meanwhile then comes last and is not missed.
        cursor = {} if after is None else {"after": after}
        params: dict[str, object] = {"kind": KIND, "limit": PAGE_SIZE, "order": "asc", **cursor}
        return as_page(await self._wire.get("/agents", params))


def connect(connection: Connection) -> AzureFoundry:
    """The platform at ``connection``. Raises ``ProjectError`` for settings that cannot be used."""
    return AzureFoundry(connection)


def _next(version: str | None) -> str | None:
    if version is None:
        return "1"
    return str(int(version) + 1) if version.isdecimal() else None


def _conflict(agent: str, found: str | None, expected: str | None) -> ConflictError:
    looked_at = "there was none" if expected is None else f"version {expected} was looked at"
    return ConflictError(
        f"{agent} is at version {found}, when {looked_at}", "Plan again.", status=HTTPStatus.CONFLICT
    )


def _described(fields: Mapping[str, Json], before: Object) -> Object:
    description = fields["description"] if "description" in fields else before.get("description")
    return {} if description is None else {"description": description}


def _latest(agent: Object) -> Object:
    latest = as_object(as_object(agent.get("versions")).get("latest"))
    if not latest:
        raise PlatformError("the platform's answer is not an agent", "Is the base_url right?")
    return latest


def _observed(version: Object, agent: Object) -> Observed:
    """A version with what ``agent``, whose it is, has beside it; empty where that is not known."""
    name, metadata = version.get("name"), texts(version.get("metadata"))
    fields = {"name": metadata.get(NAME_PAIR, name), **from_wire(version, agent)}
    revision = version.get("version")
    pairs: Object = {**without_name(metadata)}
    found = observed({"id": name, "metadata": pairs}, fields, None if revision is None else str(revision))
    return replace(found, serving=serving_of(agent))
