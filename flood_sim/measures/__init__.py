"""The six projects as physical changes of the inputs: what each measure builds, what it costs, and
how measures meet.
"""

from flood_sim.measures.base import PROJECTS, InputsView, Measure, Targets
from flood_sim.measures.build import Built, apply_measures

__all__ = [
    "PROJECTS",
    "Built",
    "InputsView",
    "Measure",
    "Targets",
    "apply_measures",
]  # KINDS: in registry, which loads plugins
