"""Kinds of measures, outcomes and schemes that others bring: modules of installed packages (entry
points of the group `flood_sim.plugins`), or those that the environment variable
FLOOD_SIM_PLUGINS names. Never from a scenario file: those are untrusted, and a plugin is code.

A plugin is a module with any of: MEASURES (classes of `Measure`), COSTS (tables of `UnitCost` by
item), OUTCOMES (functions of `Consequences` that return an `Outcome`), SCHEMES (`SurfaceScheme`s).
Every process of a run and of a study loads the same ones.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from flood_sim.core.errors import input_error

GROUP, VARIABLE = "flood_sim.plugins", "FLOOD_SIM_PLUGINS"
PARTS = ("MEASURES", "COSTS", "OUTCOMES", "SCHEMES")


@cache
def plugins() -> tuple[ModuleType, ...]:
    """The modules, in one order. Raises InputError where one cannot be imported or brings
    nothing.
    """
    named = sorted({e.value for e in entry_points(group=GROUP)}) + [
        n.strip() for n in os.environ.get(VARIABLE, "").split(",") if n.strip()
    ]
    found = []
    for name in dict.fromkeys(named):
        try:
            module = import_module(name)
        except Exception as error:
            raise input_error(
                "E101",
                VARIABLE,
                f"plugin {name} cannot be imported: {error}",
                do="install it, or put its folder on PYTHONPATH",
            ) from error
        if not any(hasattr(module, part) for part in PARTS):
            raise input_error(
                "E104", VARIABLE, f"plugin {name} brings nothing", allowed=", ".join(PARTS)
            )
        found.append(module)
    return tuple(found)


def brought(part: str) -> list[Any]:
    """Everything that the plugins have under this name."""
    return [thing for module in plugins() for thing in getattr(module, part, ())]


def unique(part: str, known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Both together. Raises InputError where a plugin takes a name that is there."""
    for name in new:
        if name in known:
            raise input_error(
                "E104",
                VARIABLE,
                f"{part}: a plugin brings `{name}`, which is there already",
                do="give it another name",
            )
    return known | new


def plugin_files() -> list[Path]:
    """Their source files: what a run's key must hold."""
    return [Path(m.__file__) for m in plugins() if m.__file__]
