"""Leaving dry ground out of the sweep changes no bit of the answer."""

import numpy as np
import pytest
import scipy.ndimage

from cases import grid_of
from flood_kernels import arrays, pieces
from flood_sim.core.clock import Window
from flood_sim.ground.rainfall import rainfall_from_intervals
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.boundaries import EdgeBoundary, Inflow, Series, edge_faces
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings


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
    sea = EdgeBoundary(
        "sea", cells, sides, stage=Series(np.array([0.0, 300.0]), np.array([-2.5, -0.6]))
    )
    burst = Inflow(
        "burst",
        np.array([[120, 400]]),
        Series(np.array([0.0, 50.0, 51.0]), np.array([8.0, 8.0, 0.0])),
    )
    rain = rainfall_from_intervals(
        "r", np.array([0.0, 200.0, 230.0, 500.0]), np.array([0.0, 2.0, 0.0])
    )
    chosen = SurfaceSettings(precision, scheme=scheme, threads=threads, skip_dry=skip_dry)
    surface = SurfaceFlow(
        SurfaceInputs(terrain, chosen, depth=depth, edges=[sea], inflows=[burst], rainfall=rain)
    )
    for k in range(75):
        surface.advance(Window(4.0 * k, 4.0 * (k + 1)))
        if share is not None:
            computed = sum(
                int((surface._runs.stop[j, :n] - surface._runs.start[j, :n]).sum())
                for j, n in enumerate(surface._runs.count)
            )
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
        shape = (rows + 2 * arrays.PAD, 2 * arrays.LEFT + chunks * arrays.LANES)
        table = pieces.empty_runs(*shape)
        inner = slice(arrays.PAD, arrays.PAD + rows), slice(arrays.LEFT, shape[1] - arrays.LEFT)
        depth = np.zeros(shape, np.float32)
        depth[inner] = rng.random(depth[inner].shape) < (0.0, 3e-4, 0.01, 1.0)[trial % 4]
        table.active[:] = False
        pieces.mark_wet(depth, table, np.float32(1e-4), table.active)
        pieces.widen(table.active, pieces.REACH, table)
        pieces.cut_pieces(arrays.PAD, arrays.PAD + rows, table)
        reach = scipy.ndimage.maximum_filter(depth, 2 * pieces.REACH + 1)[inner] > 0
        chunk = reach.reshape(rows, chunks, arrays.LANES).any(axis=2)
        for row in range(rows):
            computed = np.zeros(chunks * arrays.LANES, bool)
            count = table.count[row + arrays.PAD]
            for n in range(count):
                a, b = table.start[row + arrays.PAD, n], table.stop[row + arrays.PAD, n]
                assert a < b and (n == 0 or a >= table.stop[row + arrays.PAD, n - 1])
                computed[a - arrays.LEFT : b - arrays.LEFT] = True
            assert not (reach[row] & ~computed).any()
            needed = chunk[row].sum()
            assert computed.sum() / arrays.LANES <= needed + pieces.NARROW_GAP * (count + needed)
