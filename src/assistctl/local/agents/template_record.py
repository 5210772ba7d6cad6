"""Environment templates: changes merged, and the template as it is answered.

Values of ``env``, commands, archives and the contents of inline files are kept and never answered.
"""

from __future__ import annotations

import base64
import time

from assistctl.json_value import Json
from assistctl.local.database.collection import Stored

Fields = dict[str, Json]

_PACKAGES = ("npm", "python", "system")


def created(sent: Fields) -> Fields:
    """The fields of a new template. ``sent`` fits ``template_fields.TEMPLATE``."""
    return {**sent, "updated_at": int(time.time())}


def updated(stored: Stored, sent: Fields) -> Fields:
    """The fields after an update: what is sent replaces what was there, null goes back to the default."""
    return {**stored.body, **sent, "updated_at": max(int(time.time()), stored.created_at)}


def view(stored: Stored) -> Fields:
    """The ``EnvironmentTemplate``."""
    fields = stored.body
    updated_at = fields["updated_at"]
    return {
        "id": stored.id,
        "object": "agent.environment.template",
        "created_at": stored.created_at,
        "updated_at": max(stored.created_at, updated_at if isinstance(updated_at, int) else 0),
        "name": fields.get("name"),
        "capability_directories": fields.get("capability_directories") or [],
        "desktop": fields.get("desktop") or {"enabled": False},
        "files": [_file(file) for file in _objects(fields.get("files"))],
        "network": _network(_object(fields.get("network"))),
        "packages": {name: _object(fields.get("packages")).get(name) or [] for name in _PACKAGES},
        "plugins": [_without_source(plugin) for plugin in _objects(fields.get("plugins"))],
        "skills": [_skill(skill) for skill in _objects(fields.get("skills"))],
    }


def _network(asked: Fields) -> Fields:
    # Left out, it is enabled for requests of a beta version (TemplateCreateParams.network and its reference).
    return {"access": asked.get("access", "enabled"), "allowed_domains": asked.get("allowed_domains") or []}


def _file(asked: Fields) -> Fields:
    if asked["type"] == "file_id":
        return asked
    size = len(base64.b64decode(str(asked["data"])))
    return {"type": "inline", "path": asked["path"], "size_bytes": size}


def _skill(asked: Fields) -> Fields:
    return _without_source(asked) if asked["type"] == "inline" else {"version": None, **asked}


def _without_source(asked: Fields) -> Fields:
    return {name: value for name, value in asked.items() if name != "source"}


def _objects(value: Json) -> list[Fields]:
    return [_object(item) for item in value] if isinstance(value, list) else []


def _object(value: Json) -> Fields:
    return value if isinstance(value, dict) else {}
