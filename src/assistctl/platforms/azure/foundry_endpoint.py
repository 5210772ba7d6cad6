"""The parts of an agent beside its versions: state, card, and the endpoint that spreads traffic over versions.

Names and shapes of the wire: ``AgentDetails``, ``AgentEndpointConfig``, ``VersionSelector`` and
``FixedRatioVersionSelectionRule`` of azure-ai-projects 2.10.0. A version is named by its number, or ``@latest``,
which is what an endpoint begins with (https://learn.microsoft.com/azure/foundry/agents/how-to/configure-agent).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from assistctl.json_value import Json
from assistctl.model.capabilities import Finding
from assistctl.model.serving import NEWEST, WHOLE, Serving
from assistctl.platforms.translation import Object, as_object, as_text, objects_in

STATE, ENDPOINT, CARD = "state", "agent_endpoint", "agent_card"
OWN_FIELDS = (STATE, ENDPOINT, CARD)
"""The fields of a manifest that are no part of a version."""

ENABLED, DISABLED = "enabled", "disabled"
ALL_TO_NEWEST: Object = {
    "version_selection_rules": [{"type": "FixedRatio", "agent_version": NEWEST, "traffic_percentage": WHOLE}]
}
"""The ``version_selector`` that an endpoint begins with."""

# Whether somebody disabled the agent itself; ``state`` is also what its identity comes to.
_OWN_STATE = "configuration_state"
_SELECTOR, _PROTOCOLS = "version_selector", "protocol_configuration"
# Only the service says it: "Server-populated and best-effort".
_TOLD_BY_SERVICE = "publish_approval_status"
_ROUTE = (
    "`platforms: {azure-foundry: {agent_endpoint: {version_selector: {version_selection_rules: "
    '[{type: FixedRatio, agent_version: "@latest", traffic_percentage: 100}]}}}}` '
    "sends all of it to the newest version."
)
_ENABLE = "`platforms: {azure-foundry: {state: enabled}}` enables it."


def endpoint_fields(agent: Object) -> Object:
    """The fields here that an agent (``AgentDetails``) has, as a manifest has them."""
    fields: Object = {}
    state = agent.get(_OWN_STATE) or agent.get(STATE)
    if state is not None:
        fields[STATE] = state
    endpoint = {name: part for name, part in as_object(agent.get(ENDPOINT)).items() if name != _TOLD_BY_SERVICE}
    if endpoint:
        fields[ENDPOINT] = endpoint
    if agent.get(CARD) is not None:
        fields[CARD] = agent[CARD]
    return fields


def serving_of(agent: Object) -> Serving:
    """The serving of an agent; one that says nothing is enabled, and follows its newest version."""
    state = agent.get(STATE) or agent.get(_OWN_STATE)
    disabled = state not in (None, ENABLED)
    source = as_text(agent.get("state_source")).replace("_", " ") if disabled else ""
    found = Serving(disabled=disabled, disabled_by=source, way_on=_way_on(disabled, source))
    return _routed(found, as_object(agent.get(ENDPOINT)).get(_SELECTOR))


def serving_after(serving: Serving, own: Mapping[str, Json]) -> Serving:
    """``serving`` once ``own`` is sent, in which null asks for what an agent begins with."""
    if STATE in own and not serving.disabled_by:
        disabled = own[STATE] == DISABLED
        serving = replace(serving, disabled=disabled, way_on=_way_on(disabled, ""))
    endpoint = as_object(patch_of(own, {}).get(ENDPOINT))
    return _routed(serving, endpoint.get(_SELECTOR))


def patch_of(own: Mapping[str, Json], agent: Object) -> Object:
    """The merge patch that gives ``agent`` the endpoint and the card that ``own`` asks for; empty for neither.

    Null asks for what an endpoint begins with. What is left out of an object would stay in a merge patch, so that
    it is taken out by name.
    """
    patch: Object = {}
    if ENDPOINT in own:
        before = as_object(agent.get(ENDPOINT))
        endpoint = own[ENDPOINT]
        wanted: Object = dict.fromkeys((_SELECTOR,)) if endpoint is None else as_object(endpoint)
        patch[ENDPOINT] = {name: _setting(name, value, before.get(name)) for name, value in wanted.items()}
    if CARD in own:
        patch[CARD] = _replacing(own[CARD], agent.get(CARD))
    return patch


def endpoint_findings(own: Mapping[str, Json], platform: str) -> Iterator[Finding]:
    """The fields here that cannot be asked for."""
    state = own.get(STATE)
    if state not in (None, ENABLED, DISABLED):
        where = f"platforms.{platform}.{STATE}"
        yield Finding(where, f"{where} is {ENABLED} or {DISABLED}, not {state!r}", "Leave it out for enabled.")
    if _TOLD_BY_SERVICE in as_object(own.get(ENDPOINT)):
        where = f"platforms.{platform}.{ENDPOINT}.{_TOLD_BY_SERVICE}"
        yield Finding(where, f"{where} cannot be set", "The service says it: leave it out.")


def _way_on(disabled: bool, source: str) -> str:
    if source:
        return f"Its {source} is disabled: enable that."
    return _ENABLE if disabled else _ROUTE


def _setting(name: str, value: Json, present: Json) -> Json:
    if name == _SELECTOR and value is None:
        return ALL_TO_NEWEST
    return _replacing(value, present) if name == _PROTOCOLS else value


def _replacing(value: Json, present: Json) -> Json:
    if not isinstance(value, dict):
        return value
    return {**dict.fromkeys(as_object(present).keys() - value.keys()), **value}


def _routed(serving: Serving, selector: Json) -> Serving:
    rules = objects_in(as_object(selector).get("version_selection_rules"))
    traffic: dict[str, int] = {}
    for rule in rules:
        version, share = as_text(rule.get("agent_version")), rule.get("traffic_percentage")
        traffic[version] = traffic.get(version, 0) + (int(share) if isinstance(share, int | float) else 0)
    return replace(serving, traffic=traffic) if traffic else serving
