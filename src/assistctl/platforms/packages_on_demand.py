"""Packages of an SDK whose modules are run once a name of theirs is asked for, and not with the package.

``import openai`` runs the packages of all types of all its APIs: 470 modules, which takes longer than to list and
compare a thousand assistants, and raw JSON needs hardly any of them. Where aiohttp is installed, it imports that
for a client that is not used here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from importlib.abc import InspectLoader

PACKAGES = (
    "openai.types",
    "openai._vendor.httpx_aiohttp",
    "anthropic.types",
    "anthropic.resources",
    "anthropic._vendor.httpx_aiohttp",
)
"""Those that, like the packages in them, do nothing but gather names from their modules."""

_GATHERED = re.compile(r"^from (\.+\w\S*) import (\([^()]*\)|[^()\n]*)$", re.MULTILINE)
_NAMED = re.compile(r"(\w+)(?: as (\w+))?")

_running = RLock()


def load_on_demand() -> None:
    """Have ``PACKAGES`` run when a name in them is asked for, as long as this process lives.

    For a process of our own alone: a program may look at an SDK's modules as it likes.
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds those packages; the modules in them are found as ever."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of such a package; ``None`` leaves a module to the other finders."""
        if not any(fullname == name or fullname.startswith(f"{name}.") for name in PACKAGES):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None or spec.submodule_search_locations is None:
            return None
        # One by what it does: ``importlib.abc`` takes longer to import than all of this.
        spec.loader = cast("InspectLoader", _OnDemand(spec.name, cast("InspectLoader", spec.loader)))
        return spec


class _OnDemand:
    """Makes a package whose modules can be imported, and which has each of its own names once that is missed."""

    def __init__(self, package: str, loader: InspectLoader) -> None:
        self._package = package
        self._loader = loader
        self._has_begun = False

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The package, as it is made without us."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Leave it for later (https://peps.python.org/pep-0562/)."""

        def missed(name: str) -> object:
            if name in self._origins:
                place, name_there = self._origins[name]
                module.__dict__[name] = getattr(import_module(place, self._package), name_there)
            elif not name.startswith("__") and PathFinder.find_spec(f"{self._package}.{name}", module.__path__):
                return import_module(f".{name}", self._package)
            elif not name.startswith("__") or name == "__all__":
                self._run(module)
            if name not in module.__dict__:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return module.__dict__[name]

        module.__dict__["__getattr__"] = missed

    @cached_property
    def _origins(self) -> dict[str, tuple[str, str]]:
        """The module that each name comes from, and what it is called there; not of those that are run with it."""
        source = self._loader.get_source(self._package) or ""
        return {name: (place, name_there) for name, place, name_there in _gathered(source)}

    def _run(self, module: ModuleType) -> None:
        """Run it, unless it is being run, by this thread, or has been meanwhile, by another."""
        with _running:
            if not self._has_begun:
                self._has_begun = True
                self._loader.exec_module(module)
                module.__dict__.pop("__getattr__", None)


def _gathered(source: str) -> Iterator[tuple[str, str, str]]:
    """Each name that a package imports from its modules, with the module and its name there."""
    for place, names in _GATHERED.findall(source):
        for name_there, name in _NAMED.findall(names):
            yield name or name_there, place, name_there
