"""Two small cities for the Basic Model Interface: 10 x 20 cells, an edge with a stage, an inflow,
with or without a manhole and its outfall.
"""

from pathlib import Path

import numpy as np

from scenario.test_loader import GOOD, NETWORK

SEWERS = """
[drainage]
kind = "swmm"
network = "n.inp"
coupling_step_s = 4.0
routing_step_s = 2.0
rim = "bed"
default_inlet = "double_gutter_grate"
"""
CITY = (
    GOOD
    + SEWERS
    + """
[[boundaries]]
kind = "stage_series"
edge = "east"
level_m = 9.2
[[boundaries]]
kind = "point_inflow"
name = "spring"
location_m = [12.5, 22.5]
discharge_m3_s = 0.1
"""
)


def write_city(folder: Path, text: str = CITY, name: str = "s.toml") -> Path:
    """The scenario's file, its network beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "n.inp").write_text(NETWORK.replace("J1 0 2", "J1 8 2").replace("O -1", "O 7"))
    (folder / name).write_text(text)
    return folder / name


def get(bmi, name):
    """A copy of the values as a BMI client takes them."""
    return bmi.get_value(
        name, np.empty(bmi.get_grid_size(bmi.get_var_grid(name)), bmi.get_var_type(name))
    )
