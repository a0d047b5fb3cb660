"""Packages that export names, and import what these lie in only once they are asked for: start-up takes seconds less.

An `__init__` says where its names lie as if to a type checker, which is all that imports them at once:

    from typing import TYPE_CHECKING

    from facetrial.core.exports import export_on_demand

    if TYPE_CHECKING:
        from facetrial.attacks.gradient.pgd import PGD

    __all__ = ["PGD"]

    export_on_demand(__name__)
"""

import ast
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any


def export_on_demand(package: str) -> None:
    """Has the package, whose `__init__` calls this at its end, import its names and modules when they are asked for."""
    sys.modules[package].__class__ = _Package


class _Package(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if (place := _places(self.__name__).get(name)) is not None:
            module, taken = place
            found: Any = getattr(import_module(module), taken)
        elif (found := _module_in(self, name)) is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__dict__[name] = found  # the next time it is there
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing `run.evaluate` would put the module where the package has exported the function.
        if not (isinstance(value, ModuleType) and name in _places(self.__name__)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.__all__})


def _module_in(package: ModuleType, name: str) -> ModuleType | None:
    """The module of that name in a package; None where there is none."""
    if name.startswith("_"):
        return None
    whole = f"{package.__name__}.{name}"
    try:
        return import_module(whole)
    except ModuleNotFoundError as error:
        if error.name != whole:
            raise
        return None


@cache
def _places(package: str) -> dict[str, tuple[str, str]]:
    """For each name that a package exports, the module that it lies in and what it is called there."""
    source = Path(str(sys.modules[package].__file__)).read_text("utf-8")
    return {
        alias.asname or alias.name: (statement.module, alias.name)
        for block in ast.parse(source).body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for statement in block.body
        if isinstance(statement, ast.ImportFrom) and statement.module
        for alias in statement.names
    }
