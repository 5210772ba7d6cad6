"""All that commands import, imported: what is forked from a process with this starts with the command's own work.

What is imported is no garbage either: a process that looked for some in it would get a copy of all of it.
"""

from __future__ import annotations

import gc
import pkgutil
from importlib import import_module

from assistctl.manifest.validation import schema
from assistctl.platforms.packages_on_demand import load_on_demand

_PACKAGES = (
    "assistctl.applying",
    "assistctl.checkout",
    "assistctl.cli",
    "assistctl.conversing",
    "assistctl.journal",
    "assistctl.manifest",
    "assistctl.model",
    "assistctl.operations",
    "assistctl.ownership",
    "assistctl.planning",
    "assistctl.platforms.http",
    "assistctl.rendering",
    "assistctl.secrets",
)
_MODULES = (
    "anyio._backends._asyncio",
    "assistctl.__main__",
    "assistctl.local.http.in_process",
    "assistctl.local.server",
    "assistctl.platforms.local",
    "assistctl.platforms.openai.agents",
    "assistctl.platforms.openai.assistants",
    "assistctl.platforms.openai.conversations",
    "deepdiff",
    "filelock",
    "httpcore2",
    "jsonschema",
    "jsonschema_rs",
    "obstore.store",
    "openai",
    "rich.console",
    "uvicorn.protocols.http.h11_impl",
)
_SCHEMAS = ("assistant", "manifest", "plan", "project")

load_on_demand()
for package in _PACKAGES:
    for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
        import_module(module.name)
for name in _MODULES:
    import_module(name)
# Compiled once, too.
for name in _SCHEMAS:
    schema.is_valid(name, {})
gc.collect()
gc.freeze()
