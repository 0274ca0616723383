"""Leaving dry ground out of the sweep changes no bit of the answer."""

import numpy as np
import pytest

from cases import grid_of
from flood_kernels import arrays, runs
from flood_sim.boundaries import EdgeBoundary, Inflow, Series, edge_faces
from flood_sim.clock import Window
from flood_sim.rainfall import rainfall_from_intervals
from flood_sim.surface import SurfaceFlow
from flood_sim.surface_schemes import SurfaceSettings
from flood_sim.terrain import terrain_of


def flood(scheme, precision, threads, skip_dry, share):
    """A burst, a rising sea and a shower over a hilly town of 150 x 520 cells."""
    rng = np.random.default_rng(9)
    y, x = np.mgrid[0:150, 0:520]
    bed = 2.0 * np.sin(x / 23.0) * np.cos(y / 17.0) + 0.3 * rng.random(x.shape) + 0.004 * x
    bed[rng.random(bed.shape) < 0.03] = np.nan
    bed[70:80, 90:110] = np.nan
    terrain = terrain_of(grid_of(150, 520, 4.0), bed, 0.03)
    depth = np.where(np.isfinite(bed) & (np.hypot(x - 60, y - 40) < 12), 1.0, 0.0)
    cells, sides = edge_faces(terrain, np.ones(bed.shape, bool), "west")
    sea = EdgeBoundary("sea", cells, sides, stage=Series(np.array([0.0, 300.0]), np.array([-2.5, -0.6])))
    burst = Inflow("burst", np.array([[120, 400]]), Series(np.array([0.0, 50.0, 51.0]), np.array([8.0, 8.0, 0.0])))
    rain = rainfall_from_intervals("r", np.array([0.0, 200.0, 230.0, 500.0]), np.array([0.0, 2.0, 0.0]))
    chosen = SurfaceSettings(precision, scheme=scheme, threads=threads, skip_dry=skip_dry)
    surface = SurfaceFlow(terrain, chosen, depth=depth, edges=[sea], inflows=[burst], rainfall=rain)
    for k in range(75):
        surface.advance(Window(4.0 * k, 4.0 * (k + 1)))
        if share is not None:
            computed = sum(int((surface._runs.stop[j, :n] - surface._runs.start[j, :n]).sum()) for j, n in enumerate(surface._runs.count))
            share.append(computed / bed.size)
    return surface


@pytest.mark.parametrize("scheme", ["local_inertial", "second_order"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_skipping_dry_ground_changes_no_bit(scheme, precision):
    share: list[float] = []
    full = flood(scheme, precision, 1, False, None)
    for threads in (1, 2, 5):
        skipped = flood(scheme, precision, threads, True, share)
        assert skipped.steps == full.steps
        assert skipped.threads == threads
        for field in ("depth", "carry"):
            assert np.array_equal(getattr(skipped._cells, field), getattr(full._cells, field))
        assert all(np.array_equal(a, b) for a, b in zip(skipped._flow, full._flow, strict=True))
        assert skipped.boundary_in == full.boundary_in
    assert min(share) < 0.4 and max(share) > 0.95


def test_pieces_cover_what_is_wet_and_its_reach():
    rng = np.random.default_rng(4)
    for trial in range(40):
        rows, chunks = int(rng.integers(1, 60)), int(rng.integers(1, 30))
        table = runs.empty_runs(rows + 2 * arrays.PAD, 2 * arrays.LEFT + chunks * arrays.LANES)
        table.active[:] = rng.random(table.active.shape) < (0.0, 0.01, 0.3, 1.0)[trial % 4]
        before = table.active.copy()
        runs.widen(table)
        runs.cut_pieces(arrays.PAD, arrays.PAD + rows, table)
        for row in range(arrays.PAD - 1, arrays.PAD + rows + 1):
            near = before[max(row - runs.REACH, 0) : row + runs.REACH + 1].any(axis=0)
            wide = near | np.append(near[1:], False) | np.append(False, near[:-1])
            computed = np.zeros(chunks, bool)
            for n in range(table.count[row]):
                a, b = table.start[row, n], table.stop[row, n]
                assert a < b and (n == 0 or a >= table.stop[row, n - 1])
                computed[(a - arrays.LEFT) // arrays.LANES : (b - arrays.LEFT) // arrays.LANES] = True
            assert not (wide & ~computed).any()
            assert computed.sum() <= wide.sum() + runs.NARROW_GAP * (table.count[row] + wide.sum())
