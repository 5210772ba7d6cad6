"""Vendors' SDKs whose packages run when something of them is needed that no module of theirs gives by itself.

``import openai`` builds the hundreds of types of every API of OpenAI's, which takes longer than all requests of a
plan; a plan sends raw JSON through the client and needs none of them. So the ``__init__`` of such a package waits:
a name that it takes from a module of its own comes from that module, and for any other it runs after all.

For a process that is the command's own: a program that imports assistctl may set ``openai.api_key``, which the
package's ``__init__`` would set back.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec, SourceFileLoader

PACKAGES = frozenset({"openai", "openai.lib", "openai.types", "openai.types.shared"})
"""The packages that wait, if they are installed."""

# Sets up the SDK's logging while the package is imported.
_WANTS_ALL = "OPENAI_LOG"

_Origin: TypeAlias = "tuple[str, str | None]"
"""The module that a name is in, and its name there; ``None`` for the module itself."""


def install() -> None:
    """Let the packages wait that are not imported yet, unless the environment asks for the SDK's log."""
    if not os.environ.get(_WANTS_ALL):
        sys.meta_path.insert(0, _Finder())


class PackageOnDemand(ModuleType):
    """A package whose ``__init__`` has not run; once it has, the module is an ordinary one."""

    def __getattr__(self, name: str) -> object:
        """The value of a name that nobody asked for before. Raises ``AttributeError`` when there is none."""
        loader: object = self.__spec__.loader if self.__spec__ is not None else None
        if isinstance(loader, _WaitingLoader):
            origin = loader.origin_of(self.__name__, name)
            try:
                if origin is not None:
                    module = import_module(origin[0])
                    setattr(self, name, module if origin[1] is None else getattr(module, origin[1]))
                elif not _is_interpreters(name):
                    loader.run(self)
            except (AttributeError, ImportError):
                # A module that wants the package to have run before.
                loader.run(self)
        if name not in self.__dict__:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return self.__dict__[name]


class _Finder:
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,  # noqa: ARG002  # the interface's
    ) -> ModuleSpec | None:
        if fullname not in PACKAGES:
            return None
        from importlib.machinery import PathFinder, SourceFileLoader

        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = cast("Loader", _WaitingLoader(spec.loader))
        return spec


class _WaitingLoader:
    """The loader of a package that waits; ``real`` is the one that runs it."""

    def __init__(self, real: SourceFileLoader) -> None:
        import threading

        self._real = real
        self._names: Mapping[str, _Origin] | None = None
        # The same thread comes back while the package runs.
        self._running = threading.RLock()
        self._has_begun = False

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A package that has not run."""
        return PackageOnDemand(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing yet."""

    def origin_of(self, package: str, name: str) -> _Origin | None:
        """Where ``name`` comes from, if that is a module of the package."""
        from importlib.util import find_spec

        if self._names is None:
            self._names = _imported_names(package, self._real.get_data(self._real.path))
        if name in self._names or _is_interpreters(name):
            return self._names.get(name)
        module = f"{package}.{name}"
        return (module, None) if find_spec(module) is not None else None

    def run(self, package: ModuleType) -> None:
        """Run the package's ``__init__``, once."""
        with self._running:
            if self._has_begun:
                return
            self._has_begun = True
            try:
                self._real.exec_module(package)
            except BaseException:
                self._has_begun = False
                raise
            package.__class__ = ModuleType


def _is_interpreters(name: str) -> bool:
    """Whether the interpreter asks for it, of modules that need not have it."""
    return name.startswith("__") and name != "__all__"


def _imported_names(package: str, source: bytes) -> Mapping[str, _Origin]:
    """The names that the package takes from its own modules, whatever else it does."""
    import ast

    names: dict[str, _Origin] = {}
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.ImportFrom) or statement.level != 1:
            continue
        for alias in statement.names:
            name = alias.asname or alias.name
            module = statement.module
            names[name] = (f"{package}.{module}", alias.name) if module else (f"{package}.{alias.name}", None)
    return names
