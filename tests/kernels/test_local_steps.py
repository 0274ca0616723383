"""Local time steps: a river moves in short steps, the town beside it in long ones."""

import numpy as np
import pytest

import naive
from cases import grid_of
from flood_kernels.arrays import LANES
from flood_sim.core.clock import Window
from flood_sim.ground.rainfall import rainfall_from_intervals
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.boundaries import EdgeBoundary, edge_faces, transect_along
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inlets import Inlet
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings

ROWS, COLUMNS, FEW, DX = 120, 300, 100, 4.0
WINDOW = 1.95  # s: two long steps, or one once these have felt how shallow the town is


def town(seed=0, columns=COLUMNS):
    """A winding river 2.8 m deep through a rough town with houses; bed (m), depth (m), both (ROWS,
    columns).
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:ROWS, 0:columns]
    river = np.abs(y - 40 - 6 * np.sin(x / 40.0)) < 4
    bed = 5.0 - 0.0002 * DX * x + 0.1 * rng.random(x.shape) + 0.004 * np.abs(y - 40)
    bed[~river & (rng.random(bed.shape) < 0.04)] = np.nan
    bed = np.where(river, 2.0 - 0.0002 * DX * x, bed)
    return bed, np.where(
        river, 2.8 + 0.01 * rng.random(x.shape), 0.0
    )  # no face at rest: the centred term asks whether a neighbour flows


def flood(ratio, precision="float64", threads=1, skip_dry=True, stop=600.0):
    bed, depth = town()
    terrain = terrain_of(grid_of(ROWS, COLUMNS, DX), bed, 0.03)
    cells, sides = edge_faces(terrain, np.ones(bed.shape, bool), "east")
    rain = rainfall_from_intervals("r", np.array([0.0, 300.0, 600.0]), np.array([120.0, 0.0]))
    inlets = [Inlet(20, 50, 0, -5.0, 2.0, 0.5), Inlet(30, 120, 1, -5.0, 2.0, 0.5)]
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings(
                precision, threads=threads, skip_dry=skip_dry, largest_step_ratio=ratio
            ),
            rainfall=rain,
            depth=depth,
            edges=[EdgeBoundary("outlet", cells, sides, slope=0.0005)],
            inlets=inlets,
            nodes=2,
            returns=np.array([[10, 90]]),
            sections=[
                transect_along(
                    terrain,
                    "gate",
                    np.array([[100.2, 60.0], [100.2, 400.0]]) * [DX, 1.0] / [1.0, 1.0],
                )
            ],
        )
    )
    surface.at_nodes.acceptance[:] = 0.3
    taken = returned = 0.0
    for k in range(int(stop / 10.0)):
        surface.at_nodes.brought[:] += 1.5
        returned += 1.5
        surface.advance(Window(10.0 * k, 10.0 * (k + 1)))
        taken += surface.at_nodes.captured.sum()
    surface.balance = (
        surface.volume
        + surface.boundary_out
        + taken
        + surface.pending_volume
        - surface.rain_volume
        - surface.boundary_in
        - returned
        - np.nansum(depth) * DX * DX
    )
    return surface


@pytest.mark.parametrize("seed", range(3))
def test_long_steps_equal_their_naive_twin(seed):
    bed, depth = town(seed, FEW)  # the twin is slow
    depth = np.where(
        np.isfinite(bed), np.maximum(depth, 0.05), 0.0
    )  # wet: no cell gives its last water
    rain = rainfall_from_intervals("r", np.array([0.0, 100.0]), np.array([50.0]))
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain_of(grid_of(ROWS, FEW, DX), bed, 0.03),
            SurfaceSettings("float64"),
            rainfall=rain,
            depth=depth,
        )
    )
    qx, qy, expected = np.zeros((ROWS, FEW + 1)), np.zeros((ROWS + 1, FEW)), depth.copy()
    for k in range(4):
        before = surface._state.steps[0], surface.long_steps
        surface.advance(Window(WINDOW * k, WINDOW * (k + 1)))
        short, long = surface._state.steps[0] - before[0], surface.long_steps - before[1]
        assert (long, short) == (1 if k else 2, 4)
        fine = np.repeat(surface._levels.fine[TOP : TOP + ROWS], LANES, axis=1)[:, :FEW]
        assert 0.1 < fine.mean() < 0.6
        for _ in range(long):
            expected, qx, qy = naive.local_inertial_levels(
                expected,
                bed,
                np.full(bed.shape, 0.03),
                qx,
                qy,
                DX,
                WINDOW / 4,
                4 // long,
                0.05 / 100.0 * WINDOW / 4,
                fine,
            )
    assert (
        np.abs(surface.depth - expected).max() < 1e-7
    )  # the friction series, as without levels; measured 4e-8
    assert np.abs(surface._flow.x[TOP : TOP + ROWS, LEFT : LEFT + FEW + 1] - qx).max() < 1e-7


@pytest.mark.parametrize(("precision", "limit"), [("float64", 1e-13), ("float32", 1e-7)])
def test_water_is_moved_and_never_copied(precision, limit):
    surface = flood(8.0, precision)
    assert 0 < surface.long_steps < 0.6 * surface.steps  # it did step locally
    assert abs(surface.balance) < limit * surface.volume
    assert surface.depth.min() >= 0.0


@pytest.mark.parametrize("threads", [2, 5])
def test_bands_and_dry_ground_change_no_bit(threads):
    one, other = flood(8.0), flood(8.0, threads=threads, skip_dry=threads == 2)
    assert np.array_equal(one.depth, other.depth) and np.array_equal(
        one._cells.carry, other._cells.carry
    )
    assert np.array_equal(one._flow.x, other._flow.x) and one.steps == other.steps


def test_the_answer_is_that_of_one_step_for_all():
    """As far apart as two step sizes of the scheme are: measured 9 mm at most and 0.6 mm on
    average, against 7 and 0.4 mm.
    """
    local, one = flood(8.0), flood(0.0)
    assert one.long_steps == 0 and not one._levels.fine.any()
    apart = np.abs(local.maxima.depth - one.maxima.depth)
    assert apart.max() < 0.03 and apart.mean() < 0.002
    assert local.section_volume[0] == pytest.approx(one.section_volume[0], rel=0.02)
    assert local.boundary_out == pytest.approx(one.boundary_out, rel=0.01)


def test_a_lake_rests_whatever_its_steps():
    bed, _ = town()
    level = 5.2
    depth = np.where(np.isfinite(bed), np.maximum(level - np.nan_to_num(bed), 0.0), 0.0)
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain_of(grid_of(ROWS, COLUMNS, DX), bed, 0.03),
            SurfaceSettings("float64"),
            depth=depth,
        )
    )
    for k in range(60):
        surface.advance(Window(10.0 * k, 10.0 * (k + 1)))
    assert surface.long_steps > 0
    assert np.abs(np.array(surface.velocity())).max() < 1e-12
