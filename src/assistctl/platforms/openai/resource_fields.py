"""Environments and skills as OpenAI's API has them: an environment as a template of the Agents API, and back.

Names and shapes of the wire: ``template_create_params.py``, ``template_update_params.py`` and
``environment_template.py`` of openai 3.57.0 (``openai/types/beta/agents/environments``). Templates are answered
without values of ``env``, commands, contents of files, and blocked domains.

The bounds of a skill (https://developers.openai.com/api/docs/guides/tools-skills): 500 files in a version, 25 MB
in one of them, and 50 MB for all of it packed, which is taken as a bound for all of it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assistctl.json_value import Json
from assistctl.model.capabilities import (
    Capabilities,
    FieldDefaults,
    Finding,
    FolderLimits,
    Level,
    RosterEntry,
    Support,
)
from assistctl.model.kind import Kind
from assistctl.platforms.skill_mark import MARK_FILE
from assistctl.platforms.translation import Object, as_object, objects_in

NAME = "openai-agents"

_LONGEST_NAME = 100
"""How many characters an environment's name may have: beside it stands whose it is."""

_BLOCKED = "network.blocked_domains"
# What is not among a network's settings: one is never answered, the other is not there.
_APART = frozenset({"blocked_domains", "allow_package_managers"})
_UNSEEN = ("env", "setup_commands")
_OWN = ("desktop", "capability_directories", "files")
_OWN_IMPLICIT = "assistctl:"
_MOST = {"setup_commands": 16, "skills": 200, "env": 1024}
_MOST_FILES = 50
_NEVER_ANSWERED = "It is never answered: a change elsewhere is not seen."
_MEGABYTE = 1_000_000
_NO_METADATA = "Templates have none: say it in the name."


def to_wire(fields: Mapping[str, Json]) -> Object:
    """The body of a request, but for the name and the files; null is the platform's default."""
    own = as_object(as_object(fields.get("platforms")).get(NAME))
    body: Object = {name: fields[name] for name in (*_UNSEEN, "skills", "packages") if name in fields}
    if "network" in fields:
        network = as_object(fields["network"])
        blocked = fields.get(_BLOCKED)
        body["network"] = {**network, **({"blocked_domains": blocked} if blocked else {})} if network else None
    body |= {name: own[name] for name in _OWN if name in own}
    if body.get("files"):
        body["files"] = [{**file, "type": "file_id"} for file in objects_in(body["files"])]
    return body


def from_wire(answer: Object) -> Object:
    """The fields of an answer in a manifest's shapes but for its name; what it does not have is left out."""
    fields: Object = {}
    network = as_object(answer.get("network"))
    if network:
        fields["network"] = _without_nothing({**network, "blocked_domains": None})
    if "blocked_domains" in network:
        fields[_BLOCKED] = network["blocked_domains"]
    if "packages" in answer:
        fields["packages"] = _without_nothing(as_object(answer["packages"]))
    if "skills" in answer:
        fields["skills"] = [
            {name: part for name, part in skill.items() if part is not None}
            for skill in objects_in(answer["skills"])
        ]
    own: Object = {name: answer[name] for name in _OWN if name in answer}
    if "files" in own:
        own["files"] = [_file(file) for file in objects_in(own["files"])]
    return {**fields, "platforms": {NAME: own}}


def to_platform(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The fields without what means nothing, and what is never answered apart from the rest."""
    kept = dict(fields)
    for name in ("network", "packages"):
        if isinstance(kept.get(name), dict):
            kept[name] = _without_nothing(as_object(kept[name]))
    network = kept.get("network")
    if isinstance(network, dict) and not network.keys().isdisjoint(_APART):
        kept["network"] = {name: part for name, part in network.items() if name not in _APART}
        if "blocked_domains" in network:
            kept[_BLOCKED] = network["blocked_domains"]
    return kept


def findings(fields: Mapping[str, Json], own: Mapping[str, Json]) -> Iterator[Finding]:
    """The values in a document that this API does not have."""
    name, network = fields.get("name"), as_object(fields.get("network"))
    if isinstance(name, str) and len(name) > _LONGEST_NAME:
        summary = f"the name has {len(name)} characters, and {NAME} has room for {_LONGEST_NAME}"
        yield Finding("name", summary, "Choose a shorter one: the owner is added behind it.")
    if isinstance(name, str) and name.startswith(_OWN_IMPLICIT):
        summary = f"{NAME} has other environments whose names begin with {_OWN_IMPLICIT}"
        yield Finding("name", summary, "Those of the files of assistants: choose another name.")
    blocked = network.get("blocked_domains")
    if blocked and network.get("allowed_domains"):
        advice = "List what can be reached, or what cannot."
        yield Finding(_BLOCKED, f"{NAME} has either allowed or blocked domains", advice)
    for domain in blocked if isinstance(blocked, list) else ():
        if "*" in str(domain):
            yield Finding(_BLOCKED, f"{NAME} blocks no patterns: {domain}", "Name each domain as it is.")
    for field, most in _MOST.items():
        value = fields.get(field)
        if isinstance(value, list | dict) and len(value) > most:
            yield Finding(field, f"{NAME} takes {most} {field}, and here are {len(value)}", "Leave some out.")
    files = objects_in(own.get("files"))
    if len(files) > _MOST_FILES:
        summary = f"{NAME} takes {_MOST_FILES} files, and here are {len(files)}"
        yield Finding(f"platforms.{NAME}.files", summary, "Put several into an archive.")


ENVIRONMENTS = Capabilities(
    fields={
        "name": Support(note=f"At most {_LONGEST_NAME} characters; the owner is added behind it."),
        "description": Support(Level.UNSUPPORTED, "Say it in the name, or in a comment."),
        "metadata": Support(Level.UNSUPPORTED, _NO_METADATA),
        "network": Support(note="Declare it: the API's version decides what can be reached without it."),
        _BLOCKED: Support(note=_NEVER_ANSWERED),
        "network.allow_mcp_servers": Support(
            Level.UNSUPPORTED, "List the domains of the servers: allowed_domains."
        ),
        "network.allow_package_managers": Support(
            Level.MAPPED,
            "Packages are installed before the network is restricted. Afterwards registries are reached where "
            "they are among allowed_domains.",
        ),
        "packages": Support(),
        "packages.cargo": Support(Level.UNSUPPORTED, "Have a setup command install them."),
        "packages.gem": Support(Level.UNSUPPORTED, "Have a setup command install them."),
        "packages.go": Support(Level.UNSUPPORTED, "Have a setup command install them."),
        "env": Support(note=_NEVER_ANSWERED),
        "setup_commands": Support(note=_NEVER_ANSWERED),
        "skills": Support(),
    },
    platform_fields=frozenset(_OWN),
    write_only=frozenset({*_UNSEEN, _BLOCKED}),
    computed=frozenset({"network"}),
    replaced_together=(("network", _BLOCKED),),
    defaults={"desktop": {"enabled": False}, "capability_directories": [], "files": []},
    field_defaults=FieldDefaults({"packages": {}, "skills": []}),
    resource_entries={Kind.SKILL: RosterEntry("skill_id", "version", {"type": "skill_reference"})},
    findings=findings,
    to_platform=to_platform,
)

SKILLS = Capabilities(
    fields={
        "name": Support(note=f"It is in {MARK_FILE}, a file in each version; people see the one in SKILL.md."),
        "folder": Support(note="Each change is a new version, the default from then on; earlier ones are kept."),
        "metadata": Support(note=f"It is in {MARK_FILE}."),
    },
    # One of the files is ours.
    folder_limits=FolderLimits(50 * _MEGABYTE, 499, 25 * _MEGABYTE, frozenset({MARK_FILE})),
    keeps_contents=True,
    names_nothing=True,
    loses="all its versions",
)


def _without_nothing(value: Object) -> Object:
    return {name: part for name, part in value.items() if part}


def _file(file: Object) -> Object:
    """An upload in a template; anything else stays as it is, so that it is noticed."""
    return {name: part for name, part in file.items() if name != "type"} if "file_id" in file else file
