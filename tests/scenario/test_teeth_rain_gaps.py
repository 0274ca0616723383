"""Gridded rain: what is missing in time or in a cell is dry; the amount of each cell by hand."""

import numpy as np
import xarray as xr

from flood_sim.scenario import build_inputs
from scenario.test_rain_fields import grid_file, write

GRID = (
    'kind = "grid"\nfile = "rain.nc"\nquantity = "depth_mm"\nlabel = "left"\ninterval_s = 300.0\n'
)


def test_no_rain_falls_in_the_gap_between_two_layers(tmp_path):
    """6 mm from 0 to 5 min, 9 mm from 10 to 15: nothing between, 15 mm in all."""
    values = np.stack([np.full((4, 6), 6.0), np.full((4, 6), 9.0)])
    grid_file(tmp_path, values, [0.0, 10 / 60])
    inputs = build_inputs(write(tmp_path, GRID))
    assert [f.problem for f in inputs.findings if "gap" in f.problem] != []
    rain = inputs.rainfall
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


def test_a_grid_that_runs_west_and_north_lands_on_the_same_cells(tmp_path):
    """The same rain with x falling and y rising in the file, by cell and by line between cells."""
    values = 0.1 * np.arange(48.0).reshape(2, 4, 6) ** 1.5
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        grid_file(tmp_path / folder, values, [0.0, 5 / 60])
    with xr.open_dataset(tmp_path / "a" / "rain.nc") as data:
        data.isel(x=slice(None, None, -1), y=slice(None, None, -1)).to_netcdf(
            tmp_path / "b" / "rain.nc"
        )
    for method in ("nearest", "bilinear"):
        one, other = (
            build_inputs(write(tmp_path / f, GRID + f'method = "{method}"\n')).rainfall.depth_m(1)
            for f in ("a", "b")
        )
        assert np.array_equal(one, other) and one.max() > one.min() > 0.0
