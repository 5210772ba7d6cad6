"""An environment as Anthropic's managed agents API has it, and back.

Names and shapes of the wire: ``environment_create_params.py``, ``environment_update_params.py`` and
``beta_environment.py`` of anthropic 2.14.0 (``anthropic/types/beta``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.json_value import Json
from assistctl.model.capabilities import Capabilities, FieldDefaults, Finding, Level, Support
from assistctl.platforms.translation import Object, as_object

NAME = "anthropic-agents"

_PLAIN = ("name", "description")
_CLOUD, _SELF_HOSTED = "cloud", "self_hosted"
_UNRESTRICTED, _LIMITED = "unrestricted", "limited"
_ALLOWED = ("allow_mcp_servers", "allow_package_managers")
# The manifest's package managers, which are those of the Agents API where it has them, and what they are here.
_PACKAGES = {"python": "pip", "system": "apt", "npm": "npm", "cargo": "cargo", "gem": "gem", "go": "go"}


def to_wire(fields: Mapping[str, Json], now: Object) -> Object:
    """The body of a request, but for the metadata; ``now`` is what is there, nothing for a new one.

    An update keeps what is left out of a configuration only level by level, so that all of it is sent.
    """
    own = as_object(as_object(fields.get("platforms")).get(NAME))
    body: Object = {name: fields[name] for name in _PLAIN if name in fields}
    if "scope" in own:
        body["scope"] = own["scope"]
    if {"network", "packages"} & fields.keys() or "type" in own:
        body["config"] = _config(fields, own, as_object(now.get("config")))
    return body


def from_wire(answer: Object) -> Object:
    """The fields of an answer in a manifest's shapes; what it does not have is left out."""
    fields: Object = {name: answer[name] for name in _PLAIN if name in answer}
    config = as_object(answer.get("config"))
    if "networking" in config:
        fields["network"] = _network(as_object(config["networking"]))
    if "packages" in config:
        packages = as_object(config["packages"])
        fields["packages"] = {name: packages[theirs] for name, theirs in _PACKAGES.items() if packages.get(theirs)}
    own: Object = {"type": config.get("type")} if config else {}
    own |= {"scope": answer["scope"]} if "scope" in answer else {}
    return {**fields, "platforms": {NAME: own}}


def to_platform(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The fields without what means nothing, as answers are read: empty lists, and what is not allowed."""
    kept = dict(fields)
    if isinstance(kept.get("network"), dict):
        kept["network"] = _without_nothing(as_object(kept["network"]))
    if isinstance(kept.get("packages"), dict):
        kept["packages"] = {name: listed for name, listed in as_object(kept["packages"]).items() if listed}
    return kept


def findings(fields: Mapping[str, Json], own: Mapping[str, Json]) -> Iterator[Finding]:
    """The values in a document that this API does not have."""
    network, packages = as_object(fields.get("network")), as_object(fields.get("packages"))
    if own.get("type") == _SELF_HOSTED:
        for name in ("network", "packages"):
            if fields.get(name) is not None:
                advice = "Whoever runs it decides that: leave it out, or have it run by Anthropic."
                yield Finding(name, f"a self-hosted environment has no {name} on {NAME}", advice)
    elif any(packages.values()) and not _reaches_registries(network):
        advice = "Add `allow_package_managers: true` to network: they are installed through it."
        yield Finding("packages", f"{NAME} cannot install packages without a network", advice)


CAPABILITIES = Capabilities(
    fields={
        "name": Support(),
        "description": Support(),
        "metadata": Support(),
        "network": Support(note="No access is a limited one there, to nothing."),
        "network.blocked_domains": Support(Level.UNSUPPORTED, "List what can be reached: allowed_domains."),
        "network.allow_mcp_servers": Support(),
        "network.allow_package_managers": Support(),
        "packages": Support(note="Python's are pip there, and the system's are apt."),
        "packages.cargo": Support(),
        "packages.gem": Support(),
        "packages.go": Support(),
        "env": Support(Level.UNSUPPORTED, "What lets a session in is in a vault (vault_ids of a session)."),
        "setup_commands": Support(Level.UNSUPPORTED, "Declare packages, or say in the instructions what to run."),
        "skills": Support(Level.UNSUPPORTED, "An assistant has its skills itself: `skills` in its own manifest."),
    },
    platform_fields=frozenset({"type", "scope"}),
    defaults={"type": _CLOUD, "scope": "organization"},
    names_nothing=True,
    field_defaults=FieldDefaults({"description": "", "network": {"access": "enabled"}, "packages": {}}),
    findings=findings,
    to_platform=to_platform,
)


def _config(fields: Mapping[str, Json], own: Object, now: Object) -> Object:
    kind = own["type"] if "type" in own else now.get("type")
    if kind == _SELF_HOSTED:
        return {"type": _SELF_HOSTED}
    kept: Object = {name: now[name] for name in ("networking", "packages") if now.get(name) is not None}
    if "network" in fields:
        kept["networking"] = _networking(as_object(fields["network"]))
    if "packages" in fields:
        packages = as_object(fields["packages"])
        kept["packages"] = {theirs: packages.get(name, []) for name, theirs in _PACKAGES.items()}
    return {"type": kind or _CLOUD, **kept}


def _networking(network: Object) -> Object:
    if network.get("access", "enabled") == "enabled":
        return {"type": _UNRESTRICTED}
    allowed: Object = {name: bool(network.get(name)) for name in _ALLOWED}
    return {"type": _LIMITED, "allowed_hosts": network.get("allowed_domains") or [], **allowed}


def _network(networking: Object) -> Object:
    if networking.get("type") != _LIMITED:
        kind = networking.get("type")
        return {"access": "enabled" if kind == _UNRESTRICTED else kind}
    allowed: Object = {name: networking.get(name) for name in _ALLOWED}
    return _without_nothing(
        {"access": "restricted", "allowed_domains": networking.get("allowed_hosts"), **allowed}
    )


def _reaches_registries(network: Object) -> bool:
    return network.get("access", "enabled") == "enabled" or bool(network.get("allow_package_managers"))


def _without_nothing(network: Object) -> Object:
    said: Object = {name: part for name, part in network.items() if part}
    return {"access": "disabled"} if said == {"access": "restricted"} else said
