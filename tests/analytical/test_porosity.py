"""Buildings as porosity: water stands and passes in the share of a cell that they leave open."""

from dataclasses import replace

import numpy as np
import pytest

import naive
from cases import DOUBLE, advance, flat, grid_of, rough_case, steady_rain
from flood_sim.core.clock import Window
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow, Series, edge_faces
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inlets import Inlet
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings
from flood_sim.surface.structures import FaceStructure

SCHEMES = pytest.mark.parametrize("scheme", ["local_inertial", "second_order"])


def test_kernel_equals_naive_twin():
    terrain, depth = rough_case(14, 19, 5)
    share = np.random.default_rng(8).uniform(0.3, 1.0, depth.shape)
    terrain = replace(terrain, porosity=np.where(terrain.active, share, 1.0))
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings("float64", largest_step_s=0.25),
            rainfall=steady_rain(50.0, 100.0),
            depth=depth,
        )
    )
    expected, qx, qy = depth * terrain.porosity, np.zeros((14, 20)), np.zeros((15, 19))
    for k in range(40):
        surface.advance(Window(0.25 * k, 0.25 * (k + 1)))
        rain = 50.0 / 3.6e6 * 0.25
        expected, qx, qy = naive.local_inertial_step(
            expected,
            terrain.bed_elevation,
            terrain.manning_n,
            qx,
            qy,
            4.0,
            0.25,
            rain,
            open_share=terrain.porosity,
        )
    assert surface.steps == 40
    assert (
        np.abs(surface.depth - expected / terrain.porosity).max() < 1e-5
    )  # the friction series, 7e-6 of the drag, over a share of 0.3
    assert np.abs(surface._flow.y[TOP : TOP + 15, LEFT : LEFT + 19] - qy).max() < 1e-4


@SCHEMES
def test_even_porosity_changes_volumes_but_no_level(scheme):
    terrain, settings = flat(12, 60, 2.0), replace(DOUBLE, scheme=scheme)
    depth = np.where(np.arange(60) < 20, 1.0, 0.2) * np.ones((12, 1))
    plain = SurfaceFlow(SurfaceInputs(terrain, settings, depth=depth))
    porous = SurfaceFlow(
        SurfaceInputs(
            terrain.with_porous_buildings(np.full(depth.shape, 0.4)), settings, depth=depth
        )
    )
    for surface in (plain, porous):
        advance(surface, 30.0)
    assert (
        np.abs(porous.depth - plain.depth).max() < 1e-9
    )  # measured 1e-13; another rounding in every face
    assert porous.volume == pytest.approx(0.6 * plain.volume, rel=1e-12)
    assert np.abs(np.array(porous.velocity()) - np.array(plain.velocity())).max() < 1e-6
    assert np.allclose(porous.maxima.depth, plain.maxima.depth, atol=1e-6)
    assert np.allclose(porous.maxima.velocity, plain.maxima.velocity, atol=1e-6)


@SCHEMES
@pytest.mark.parametrize("along", ["x", "y"])
def test_walls_and_inflows_meet_the_open_share(scheme, along):
    """A wall that a wave hits and a discharge through an edge, a fifth of the ground open
    everywhere: no level differs from open ground's with five times the discharge."""
    shape = (6, 60) if along == "x" else (60, 6)
    depth = np.broadcast_to(
        (
            np.where(np.arange(60) < 20, 1.0, 0.2)
            if along == "x"
            else np.where(np.arange(60) < 20, 1.0, 0.2)[:, None]
        ),
        shape,
    )
    column = np.arange(6)
    cells = np.column_stack((column, np.full(6, 30)) if along == "x" else (np.full(6, 30), column))
    levels = []
    for share in (1.0, 0.2):
        terrain = flat(*shape, 2.0)
        if share < 1.0:
            terrain = terrain.with_porous_buildings(np.full(shape, 1.0 - share))
        wall = FaceStructure(
            "wall", "wall", np.full(6, along == "x"), cells, np.full(6, 5.0), np.ones(6)
        )
        side = edge_faces(terrain, terrain.active, "east" if along == "x" else "south")
        brought = EdgeInflow("in", *side, Series(np.array([0.0, 1e6]), np.full(2, 3.0 * share)))
        settings = replace(DOUBLE, scheme=scheme, largest_step_s=0.1)
        surface = SurfaceFlow(
            SurfaceInputs(
                terrain, settings, depth=np.array(depth), structures=[wall], edge_inflows=[brought]
            )
        )
        advance(surface, 40.0)
        levels.append(surface.depth.copy())
    assert np.abs(levels[0] - levels[1]).max() < 1e-9 and levels[0].max() < 1.2
    assert (
        np.ptp(levels[0], axis=1 if along == "x" else 0).max() > 0.1
    )  # the wall stands: water beside it is deeper than behind it


@SCHEMES
def test_lake_between_buildings_rests(scheme):
    rng = np.random.default_rng(3)
    bed = rng.random((20, 30))
    terrain = terrain_of(grid_of(20, 30, 5.0), bed, 0.03).with_porous_buildings(
        rng.random((20, 30)) * 0.8
    )
    surface = SurfaceFlow(
        SurfaceInputs(terrain, replace(DOUBLE, scheme=scheme), depth=np.maximum(0.7 - bed, 0.0))
    )
    advance(surface, 600.0)
    assert np.abs(np.array(surface.velocity())).max() < 1e-12
    wet = surface.depth > 1e-3
    assert np.ptp((surface.depth + bed)[wet]) < 1e-13


def test_disturbed_lake_between_buildings_comes_to_rest_in_second_order():
    """Islands, steps and open shares from 0.2 to 1, a wave of 1 mm: no growth beside walls that
    water meets in part.
    """
    rng = np.random.default_rng(3)
    bed = rng.random((20, 30))
    terrain = terrain_of(grid_of(20, 30, 5.0), bed, 0.03).with_porous_buildings(
        rng.random((20, 30)) * 0.8
    )
    depth = np.maximum(0.7 - bed, 0.0)
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            replace(DOUBLE, scheme="second_order"),
            depth=np.where(depth > 0.0, depth + 1e-3 * rng.random(depth.shape), 0.0),
        )
    )
    start = surface.volume
    speeds = []
    for stop in (600.0, 6000.0):
        advance(surface, stop)
        speeds.append(np.abs(np.array(surface.velocity())).max())
    assert speeds[1] < 1e-4 and speeds[1] <= speeds[0]
    assert surface.volume == pytest.approx(start, rel=1e-13)


def test_flow_through_narrowing_blocks_keeps_its_head():
    """A street that buildings narrow to 60 % and let widen again, no friction: q / phi and h +
    u^2/2g of a channel of that width, by hand.

    Subcritical, 1 m2/s under 1 m at the outlet: 1.02 m before and 0.9 in the narrows. The share is
    cut in steps of one cell.
    """
    cells, dx, q = 200, 1.0, 1.0
    x = dx * (np.arange(cells) + 0.5)
    share = 1.0 - 0.4 * np.exp(-(((x - 100.0) / 20.0) ** 2))
    terrain = terrain_of(grid_of(1, cells, dx), np.zeros((1, cells)), 0.0).with_porous_buildings(
        1.0 - share[None, :]
    )
    cells_in, sides_in = edge_faces(terrain, terrain.active, "west")
    edge = EdgeBoundary(
        "out",
        *edge_faces(terrain, terrain.active, "east"),
        stage=Series(np.array([0.0, 1e6]), np.array([1.0, 1.0])),
    )
    steady = Series(np.array([0.0, 1e6]), np.array([q * dx, q * dx]))
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            replace(DOUBLE, scheme="second_order"),
            depth=1.0,
            edges=[edge],
            edge_inflows=[EdgeInflow("in", cells_in, sides_in, steady, None)],
        )
    )
    advance(surface, 2000.0)
    head, depth = 1.0 + q**2 / (2.0 * 9.80665), np.ones(cells)
    for _ in range(200):  # the subcritical root of h + (q / phi h)^2 / 2g = head
        depth = head - (q / (share * depth)) ** 2 / (2.0 * 9.80665)
    found = surface.depth[0]
    assert depth.min() < 0.9 and np.abs(found - depth).mean() / depth.mean() < 0.002
    assert np.abs(found - depth).max() < 0.01
    assert np.allclose(
        surface.velocity()[0][0] * found * share, q, rtol=2e-2
    )  # the share steps by up to 1.7 % from cell to cell


@SCHEMES
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_rain_fills_what_buildings_leave(precision, scheme):
    """100 mm on a closed lot, a third of it under roofs: level = rain x area / open area; the rain
    of the roofs is in the street.
    """
    covered = np.where(np.random.default_rng(1).random((16, 16)) < 0.5, 2.0 / 3.0, 0.0)
    surface = SurfaceFlow(
        SurfaceInputs(
            flat(16, 16, 10.0).with_porous_buildings(covered),
            SurfaceSettings(precision, scheme=scheme),
            rainfall=steady_rain(100.0, 3600.0),
        )
    )
    advance(surface, 7200.0)
    assert np.allclose(surface.depth, 0.1 / (1.0 - covered.mean()), rtol=2e-3)
    assert surface.volume == pytest.approx(
        0.1 * 160.0**2, rel=1e-6 if precision == "float32" else 1e-12
    )


@SCHEMES
def test_openings_see_the_standing_depth(scheme):
    """An inlet, and an edge whose stage is given, feel the depth between the buildings and not the
    water spread over the cell.
    """
    terrain = flat(3, 3, 10.0).with_porous_buildings(np.full((3, 3), 0.5))
    inlet = Inlet(1, 1, 0, 0.0, 1.0, 10.0)  # perimeter 1 m, area 10 m2: a weir
    settings = replace(DOUBLE, scheme=scheme)
    surface = SurfaceFlow(SurfaceInputs(terrain, settings, depth=0.2, inlets=[inlet], nodes=1))
    surface.at_nodes.acceptance[:] = np.inf
    # So short that the level which the draw leaves is the level before it, to 2e-7 of the draw.
    surface.advance(Window(0.0, 1e-5))
    assert surface.at_nodes.captured[0] / 1e-5 == pytest.approx(1.594 * 0.2**1.5, rel=1e-6)
    edge = EdgeBoundary(
        "sea",
        *edge_faces(terrain, terrain.active, "west"),
        stage=Series(np.array([0.0, 1e6]), np.array([0.5, 0.5])),
    )
    surface = SurfaceFlow(SurfaceInputs(terrain, settings, depth=0.2, edges=[edge]))
    advance(surface, 3000.0)
    assert np.allclose(
        surface.depth, 0.5, atol=5e-3
    )  # a seiche of 2 mm is left: friction is quadratic
    assert surface.boundary_in - surface.boundary_out == pytest.approx(0.3 * 0.5 * 900.0, rel=5e-3)


@SCHEMES
def test_dry_ground_and_bands_change_no_bit(scheme):
    rng = np.random.default_rng(6)
    bed = rng.random((60, 200)) * 0.2 + 0.004 * np.abs(np.arange(60) - 30)[:, None]
    terrain = terrain_of(grid_of(60, 200, 5.0), bed, 0.03).with_porous_buildings(
        rng.random(bed.shape) * 0.9
    )
    depth = np.zeros(bed.shape)
    depth[28:32, 5:15] = 1.0
    states = []
    for skip, bands in ((True, 1), (False, 1), (True, 3)):
        surface = SurfaceFlow(
            SurfaceInputs(
                terrain,
                SurfaceSettings("float32", skip_dry=skip, scheme=scheme, threads=bands),
                depth=depth,
            )
        )
        advance(surface, 120.0)
        states.append((surface.depth.copy(), surface._flow.x.copy(), surface.steps))
    assert all(
        np.array_equal(a, b) for other in states[1:] for a, b in zip(states[0], other, strict=True)
    )
    assert (states[0][0] > 0.0).mean() > 0.02


def test_cells_almost_covered_are_solid():
    covered = np.full((6, 6), 0.2)
    covered[2:4, 2:4] = 0.97
    terrain = flat(6, 6).with_porous_buildings(covered)
    assert not terrain.active[2:4, 2:4].any()
    assert terrain.rain_weight.sum() == pytest.approx(36.0)
    assert terrain.porosity[0, 0] == pytest.approx(0.8)
