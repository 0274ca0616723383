"""Gridded rain: what is missing in time or in a cell is dry; the amount of each cell by hand."""

import numpy as np

from flood_sim.scenario import build_inputs
from scenario.test_rain_fields import grid_file, write

GRID = (
    'kind = "grid"\nfile = "rain.nc"\nquantity = "depth_mm"\nlabel = "left"\ninterval_s = 300.0\n'
)


def test_no_rain_falls_in_the_gap_between_two_layers(tmp_path):
    """6 mm from 0 to 5 min, 9 mm from 10 to 15: nothing between, 15 mm in all."""
    values = np.stack([np.full((4, 6), 6.0), np.full((4, 6), 9.0)])
    grid_file(tmp_path, values, [0.0, 10 / 60])
    rain = build_inputs(write(tmp_path, GRID)).rainfall
    assert rain.edges_s.tolist() == [0.0, 300.0, 600.0, 900.0]
    fell = [1000.0 * rain.depth_m(k) for k in range(rain.intervals)]
    for depth, mm in zip(fell, (6.0, 0.0, 9.0), strict=True):
        assert np.allclose(depth, mm, rtol=1e-12)


def test_a_cell_without_a_value_is_dry(tmp_path):
    """NaN over the right half of the grid: 0 there, the neighbour's rain is not spread."""
    values = np.full((2, 4, 6), 6.0)
    values[:, :, 3:] = np.nan
    grid_file(tmp_path, values, [0.0, 5 / 60])
    rain = build_inputs(write(tmp_path, GRID + 'method = "nearest"\n')).rainfall
    # rain cells of 50 m with centres -25, 25, 75, 125 ...; the model's of 10 m, 5, 15 ... 195
    assert np.allclose(1000.0 * rain.depth_m(0)[:, :10], 6.0)
    assert (rain.depth_m(0)[:, 10:] == 0.0).all()
