"""Hydraulic design of the sewers by the rational method, node by node from the leaves down, as an
engineer's table would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from flood_sim.city.parameters import CityParameters, draw
from flood_sim.city.sewers import SewerTree
from flood_sim.drainage.sections import DIAMETERS_M, cleaning_slope, full_flow
from flood_sim.ground.rainfall import FORMULAS

LEAST_SLOPE = {
    0.3: 0.003,
    0.4: 0.0015,
    0.5: 0.0012,
    0.6: 0.001,
    0.7: 0.0009,
    0.8: 0.0008,
    0.9: 0.0007,
    1.0: 0.0006,
    1.1: 0.0006,
    1.2: 0.0006,
    1.35: 0.0005,
    1.5: 0.0005,
}
COVER_M = 0.7
LARGEST_DEPTH_M = 6.0
ENTRY_TIME_MIN = 10.0
GRATE_M3_S = 0.035  # double gutter grate, clean
INLET_FACTOR = 2.0  # inlets take this multiple of the node's own design flow


@dataclass
class Pipe:
    """From a node to the next: diameter m, slope, inverts m at both ends, design flow m3/s, silt
    depth m.
    """

    diameter: float
    slope: float
    upper: float
    lower: float
    flow: float
    silt: float = 0.0


@dataclass
class Design:
    """Pipe, invert (m) and number of double gutter grates of every node; design flow and time of
    concentration (min) at the node.
    """

    pipes: list[Pipe | None]
    inverts: list[float]
    grates: list[int]
    flows: list[float]
    minutes: list[float]


def least_slope(diameter: float) -> float:
    """The larger of the table's slope and the one that gives 0.75 m/s full."""
    return max(LEAST_SLOPE.get(diameter, 0.0004), cleaning_slope(diameter))


def design_sewers(p: CityParameters, tree: SewerTree) -> Design:
    """Rational method with the Zhengzhou "measures" formula; raises ValueError with the node's name
    below 6 m.
    """
    law, period = FORMULAS["zhengzhou-measures"], p.design_return_period_y
    count = len(tree.nodes)
    area, minutes = [node.area for node in tree.nodes], [ENTRY_TIME_MIN] * count
    crown = [node.rim - COVER_M for node in tree.nodes]
    invert = [math.inf] * count
    smallest, largest_inflow, flows = [0.3] * count, [0.0] * count, [0.0] * count
    pipes: list[Pipe | None] = [None] * count
    for k in tree.order():
        node = tree.nodes[k]
        intensity = law.intensity_l_s_ha(minutes[k], period) / 1000.0 / 1.0e4  # m3/s per m2
        flows[k] = max(p.runoff_coefficient * intensity * area[k], largest_inflow[k])
        if node.down < 0:
            pipes[k] = last = _last_pipe(flows[k], smallest[k], crown[k])
            invert[k] = min(invert[k], last.upper)
            continue
        cover = (crown[k] - (tree.nodes[node.down].rim - COVER_M)) / node.length
        diameter = _first_diameter(flows[k], smallest[k], cover)
        slope = max(least_slope(diameter), cover)
        lower_crown = crown[k] - slope * node.length
        upper, lower = crown[k] - diameter, lower_crown - diameter
        silt = _silt(p, node.name, diameter)
        pipes[k] = Pipe(diameter, slope, upper, lower, flows[k], silt)
        invert[k] = min(invert[k], upper)
        invert[node.down] = min(invert[node.down], lower)
        crown[node.down] = min(crown[node.down], lower_crown)
        smallest[node.down] = max(smallest[node.down], diameter)
        largest_inflow[node.down] = max(largest_inflow[node.down], flows[k])
        area[node.down] += area[k]
        speed = full_flow(diameter, slope) / (math.pi / 4.0 * diameter**2)
        arrives = minutes[k] + p.delay_factor * node.length / speed / 60.0
        minutes[node.down] = max(minutes[node.down], arrives)
        if node.rim - invert[k] > LARGEST_DEPTH_M:
            raise ValueError(
                f"sewer node {node.name} would lie {node.rim - invert[k]:.1f} m deep; the ground is"
                " too flat or the trunk too long"
            )
    return Design(
        pipes, invert, [_grates(p, node.area, node.sag) for node in tree.nodes], flows, minutes
    )


def _last_pipe(flow: float, smallest: float, crown: float) -> Pipe:
    """From a root to the river, 24 m at its least slope."""
    diameter = _first_diameter(flow, smallest, 0.0)
    slope = least_slope(diameter)
    return Pipe(diameter, slope, crown - diameter, crown - diameter - slope * 24.0, flow)


def _first_diameter(flow: float, smallest: float, cover_slope: float) -> float:
    """On flat ground widen, do not steepen: the first diameter that carries the flow at its least
    slope.
    """
    for diameter in DIAMETERS_M:
        if (
            diameter >= smallest
            and full_flow(diameter, max(least_slope(diameter), cover_slope)) >= flow
        ):
            return diameter
    return DIAMETERS_M[-1]


def _silt(p: CityParameters, name: str, diameter: float) -> float:
    dice = draw(p.seed, name, "silt")
    if dice < p.half_full_share:
        return 0.5 * diameter
    return 0.15 * diameter if dice < p.half_full_share + p.silted_share else 0.0


def _grates(p: CityParameters, area: float, sag: bool) -> int:
    own = (
        0.65
        * FORMULAS["zhengzhou-measures"].intensity_l_s_ha(ENTRY_TIME_MIN, 1.0)
        / 1000.0
        / 1.0e4
        * area
    )
    count = max(2, math.ceil(INLET_FACTOR * own / GRATE_M3_S))
    return 2 * count if sag else count
