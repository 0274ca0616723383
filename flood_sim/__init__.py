"""flood_sim: what would each of the six projects buy a city in a storm? An urban flood simulator,
streets and sewers coupled.

Public names are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flood_sim.analysis.compare import Comparison, compare
    from flood_sim.results import Results, open_results
    from flood_sim.runs.runner import run
    from flood_sim.scenario import Scenario, list_scenarios, load_scenario

__version__ = "0.1.0"

# Read when the NetCDF library is loaded. A run's folder has a lock of its own; HDF5's on fields.nc
# kept every reader away while a run wrote it.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")

_HOMES = {
    "Comparison": "flood_sim.analysis.compare",
    "compare": "flood_sim.analysis.compare",
    "Results": "flood_sim.results",
    "Scenario": "flood_sim.scenario",
    "list_scenarios": "flood_sim.scenario",
    "load_scenario": "flood_sim.scenario",
    "open_results": "flood_sim.results",
    "run": "flood_sim.runs.runner",
}

__all__ = [
    "Comparison",
    "Results",
    "Scenario",
    "__version__",
    "compare",
    "list_scenarios",
    "load_scenario",
    "open_results",
    "run",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'flood_sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
