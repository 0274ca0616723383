"""Terrains that break schemes: cliffs, checkerboards, slopes to 60 %, wells, needles, under 2,000
mm/h: no NaN, no runaway velocity, every drop kept.
"""

from dataclasses import replace

import numpy as np
import pytest

from cases import Silent, grid_of, steady_rain
from flood_sim.ground.terrain import terrain_of
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.simulation.loop import Simulation
from flood_sim.surface.settings import SurfaceSettings
from measure_cases import surface_inputs

N, CELL_M, SECONDS = 48, 2.0, 300.0
ROW, COLUMN = np.mgrid[0:N, 0:N]
RNG = np.random.default_rng(720)
# In each test anew: with these walls cells empty beside deep water on 20 %.
WALLS = 20


def slope(percent: float) -> np.ndarray:
    return -percent / 100.0 * CELL_M * COLUMN


TERRAINS = {
    "flat": np.zeros((N, N)),
    "cliffs of 1 m": 1.0 * (COLUMN // 6 % 2),
    "cliffs of 10 m": 10.0 * (ROW // 8 % 2),
    "checkerboard of 1 m": 1.0 * ((ROW + COLUMN) % 2),
    "slope of 5 %": slope(5.0),
    "slope of 20 %": slope(20.0),
    "slope of 60 %": slope(60.0),
    "60 % with noise of 0.5 m": slope(60.0) + RNG.uniform(0.0, 0.5, (N, N)),
    "a well 100 m deep beside a plateau": np.where(
        (ROW - N / 2) ** 2 + (COLUMN - N / 2) ** 2 < 9, -100.0, 0.0
    ),
    "needles of 20 m": (
        np.where(RNG.random((N, N)) < 0.1, 20.0, 0.0) + RNG.uniform(0.0, 0.02, (N, N))
    ),
}


def stressed(bed: np.ndarray, scheme: str, precision: str) -> ModelInputs:
    """Closed ground with walls in it, a wall of water of 3 m in one corner, 2,000 mm/h over all."""
    bed = bed + 2000.0  # far over the datum, where single precision would lose centimetres
    bed[np.random.default_rng(WALLS).random(bed.shape) < 0.02] = np.nan
    depth = np.where((ROW < 8) & (COLUMN < 8), 3.0, 0.0) * np.isfinite(bed)
    inputs = surface_inputs(
        terrain_of(grid_of(N, N, CELL_M), bed, 0.03),
        SECONDS,
        rain=steady_rain(2000.0, SECONDS),
        depth=depth,
    )
    return replace(inputs, surface=SurfaceSettings(precision, scheme=scheme))


@pytest.mark.parametrize("scheme", ["local_inertial", "second_order"])
@pytest.mark.parametrize("name", TERRAINS)
def test_stress(name, scheme, tmp_path):
    inputs = stressed(np.array(TERRAINS[name]), scheme, "float32")
    fastest = []
    recorder = Silent(lambda s: fastest.append(float(np.nanmax(np.hypot(*s.surface.velocity())))))
    simulation = Simulation(inputs, tmp_path)
    try:
        assert simulation.run(recorder) == "complete"
    finally:
        simulation.close()
    depth = np.asarray(simulation.surface.depth)
    assert np.isfinite(depth).all() and depth.min() >= 0.0
    assert simulation.ledger.relative_error <= 1e-6  # single precision, RELIABILITY P1
    active = np.isfinite(inputs.terrain.bed_elevation)
    drop = float(np.ptp(inputs.terrain.bed_elevation[active])) + 3.0
    assert max(fastest) <= 1.5 * np.sqrt(2.0 * 9.81 * drop) + 1.0, max(
        fastest
    )  # no faster than a fall from the highest water to the lowest ground
