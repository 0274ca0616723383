"""From a TOML file to everything a model is built from: schema, loader, build."""

from flood_sim.scenario.build import build_inputs
from flood_sim.scenario.loader import Scenario, find_scenario, list_scenarios, load_scenario

__all__ = ["Scenario", "build_inputs", "find_scenario", "list_scenarios", "load_scenario"]
