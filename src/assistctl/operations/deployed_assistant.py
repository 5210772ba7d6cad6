"""The assistant that somebody wants to talk with: whether it can be, and what programs that answer it may know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from assistctl.errors import ProjectError, did_you_mean
from assistctl.json_value import Json
from assistctl.model.assistant import Observed
from assistctl.operations.deployment import Deployment, Listings
from assistctl.operations.meant_key import meant_key
from assistctl.operations.target_connection import credential_variables

_ENVIRONMENT_NAME = re.compile(r"\$\{env:([^}]+)\}")
_OWN_KEYS = frozenset({"ASSISTCTL_MODEL_API_KEY", "ASSISTCTL_EMBEDDINGS_API_KEY", "OPENAI_API_KEY"})


async def deployed_assistant(deployment: Deployment, listings: Listings, key: str) -> Observed:
    """The assistant ``key`` as it is deployed. Raises ``ProjectError`` where it is not there, or several times."""
    owned = deployment.owned(await listings.assistants())
    assistants = owned.get(key, ())
    if len(assistants) == 1:
        return assistants[0]
    target = deployment.target.name
    if assistants:
        raise ProjectError(
            f"{key} is on {target} {len(assistants)} times", "`assistctl plan` says which, and what to do."
        )
    declared = deployment.keys_only().desired
    if any(key == desired.key for desired in declared):
        raise ProjectError(f"{key} is not deployed on {target}", "`assistctl apply` deploys it.")
    near = meant_key(key, declared, owned)
    advice = near or f"Deployed are: {', '.join(owned) or 'none yet; `assistctl apply` deploys them'}."
    raise ProjectError(f"there is no assistant with the key {key!r} on {target}", advice)


def no_conversations(deployment: Deployment, command: str) -> ProjectError:
    """The error that the target's platform has no conversations; ``command`` is what to use elsewhere."""
    target = deployment.target
    return ProjectError(
        f"nothing can be asked on target {target.name!r}: its platform {target.platform!r} has no conversations",
        f"`assistctl {command} --target local` asks on the embedded platform.",
    )


def require_functions(assistant: Observed, key: str, answered: Iterable[str]) -> None:
    """Raise ``ProjectError`` for a function in ``answered`` that the assistant does not have."""
    tools = assistant.fields.get("tools")
    names = [name for tool in (tools if isinstance(tools, list) else ()) for name in _names_of(tool)]
    for name in answered:
        if name not in names:
            known = f"Its functions: {', '.join(names)}." if names else "It has no functions."
            raise ProjectError(f"{key} has no function {name!r} to answer", did_you_mean(name, names) or known)


def environment_of_commands(deployment: Deployment) -> Mapping[str, str]:
    """The project's environment without what lets one into the target, the judge or the model.

    It is that of programs that answer functions: whatever they are, they are let into no platform.
    """
    judge = deployment.project.checks.judge
    written = (deployment.target.api_key, judge.api_key if judge else None)
    referenced = (name for text in written if text for name in _ENVIRONMENT_NAME.findall(text))
    hidden = {*credential_variables(deployment.target), *_OWN_KEYS, *referenced}
    return {name: value for name, value in deployment.project.environment.items() if name not in hidden}


def _names_of(tool: Json) -> Iterator[str]:
    """The name of a function, or of a platform's own tool."""
    if isinstance(tool, dict):
        function = tool.get("function")
        names = (function.get("name") if isinstance(function, dict) else None, tool.get("name"))
        yield from (name for name in names if isinstance(name, str))
