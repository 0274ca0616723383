"""The network of a scenario in figures: density beside the published ones, inlet capacity a
hectare, design return period of its conduits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flood_sim.city.catchments import nearest_node_areas
from flood_sim.drainage.conduits import Conduit, read_conduits
from flood_sim.drainage.return_periods import design_return_periods
from flood_sim.scenario.openings import KERB_DEPTH_M, kerb_flow
from flood_sim.simulation.inputs import ModelInputs

HENAN_2020_KM_KM2, CHINA_2020_KM_KM2 = (
    8.86,
    11.11,
)  # built-up drainage pipe density; Henan's plan of 2022
RUNOFF_COEFFICIENT = 0.65  # of built-up ground; GB 50014: 0.6 to 0.7 where it is densely built
PERIODS_Y = (1.0, 2.0, 3.0, 5.0, 10.0)  # class limits


def network_figures(inputs: ModelInputs) -> dict[str, Any]:
    """Indicators of a scenario's sewers; {} where there are none. Lengths m, areas km2, capacities
    L/s, return periods in years.
    """
    drainage, terrain = inputs.drainage, inputs.terrain
    if drainage is None:
        return {}
    conduits = read_conduits(drainage.network)
    water = np.asarray(inputs.initial_depth) > 0.05
    land = terrain.catchment_area_m2 - float(water.sum()) * terrain.grid.cell_area_m2
    length = sum(c.length_m for c in conduits)
    areas = nearest_node_areas(inputs, drainage)
    periods = design_return_periods(
        conduits, areas, RUNOFF_COEFFICIENT, inputs.design_law.law.intensity_l_s_ha
    )
    capacity = 1000.0 * sum(
        i.capacity_m3_s
        if i.kind == "pump"
        else min(i.capacity_m3_s, kerb_flow(i.perimeter_m, i.area_m2))
        for i in drainage.inlets
    )
    return {
        "conduits": len(conduits),
        "length_m": length,
        "land_km2": land / 1e6,
        "density_km_km2": length / 1000.0 / (land / 1e6) if land > 0.0 else None,
        "density_henan_2020_km_km2": HENAN_2020_KM_KM2,
        "density_china_2020_km_km2": CHINA_2020_KM_KM2,
        "inlets": len(drainage.inlets),
        "inlet_capacity_l_s_ha": capacity / (land / 1e4) if land > 0.0 else None,
        "design_formula": str(inputs.design_law),
        "design_formula_own": inputs.design_law.own,
        "runoff_coefficient": RUNOFF_COEFFICIENT,
        "conduit_length_by_return_period": _length_classes(conduits, periods),
        "return_period_y": periods,
    }


def _length_classes(conduits: list[Conduit], periods: dict[str, float]) -> dict[str, float]:
    """Share of the length of conduits in each class of return periods."""
    known = [c for c in conduits if c.name in periods]
    total = sum(c.length_m for c in known)
    edges = (0.0, *PERIODS_Y, math.inf)
    return {
        _class_name(low, high): (
            sum(c.length_m for c in known if low <= periods[c.name] < high) / total
            if total
            else 0.0
        )
        for low, high in zip(edges[:-1], edges[1:], strict=True)
    }


def network_lines(figures: dict[str, Any]) -> list[str]:
    """What `check` prints."""
    if not figures:
        return []
    shares = ", ".join(
        f"{name} {share:.0%}" for name, share in figures["conduit_length_by_return_period"].items()
    )
    dry = figures["density_km_km2"] is not None  # else all ground is under water at the start
    density = (
        f"{figures['density_km_km2']:.2f} km/km2 (built-up areas of Henan 2020:"
        f" {HENAN_2020_KM_KM2}, of China: {CHINA_2020_KM_KM2}); "
        if dry
        else ""
    )
    capacity = (
        f" take {figures['inlet_capacity_l_s_ha']:.0f} L/s a hectare under {KERB_DEPTH_M:g} m of"
        " water"
        if dry
        else ""
    )
    return [
        (
            f"network: {figures['length_m'] / 1000.0:.2f} km in {figures['conduits']} conduits on"
            f" {figures['land_km2']:.2f} km2 of land, {density}{figures['inlets']} inlets{capacity}"
        ),
        (
            "conduits by the return period they carry full (rational method, runoff"
            f" {RUNOFF_COEFFICIENT:g}; each cell drains to its nearest node): {shares}"
        ),
        (
            f"rain law of return periods and sizes: {figures['design_formula']}"
            + (
                ""
                if figures["design_formula_own"]
                else "; taken, as this scenario names none ([region] rain_law)"
            )
        ),
    ]


def _class_name(low: float, high: float) -> str:
    return (
        f"under {high:g} y"
        if low == 0.0
        else f"{low:g} y and more"
        if math.isinf(high)
        else f"{low:g}-{high:g} y"
    )
