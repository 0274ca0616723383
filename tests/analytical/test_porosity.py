"""Buildings as porosity: water stands and passes in the share of a cell that they leave open."""

from dataclasses import replace

import numpy as np
import pytest

import naive
from cases import DOUBLE, advance, flat, grid_of, rough_case, steady_rain
from flood_sim.boundaries import EdgeBoundary, Series, edge_faces
from flood_sim.clock import Window
from flood_sim.surface import SurfaceFlow
from flood_sim.surface_arrays import LEFT, TOP, Inlet
from flood_sim.surface_schemes import SurfaceSettings
from flood_sim.terrain import terrain_of


def test_kernel_equals_naive_twin():
    terrain, depth = rough_case(14, 19, 5)
    share = np.random.default_rng(8).uniform(0.3, 1.0, depth.shape)
    terrain = replace(terrain, porosity=np.where(terrain.active, share, 1.0))
    surface = SurfaceFlow(terrain, SurfaceSettings("float64", largest_step_s=0.25), rainfall=steady_rain(50.0, 100.0), depth=depth)
    expected, qx, qy = depth * terrain.porosity, np.zeros((14, 20)), np.zeros((15, 19))
    for k in range(40):
        surface.advance(Window(0.25 * k, 0.25 * (k + 1)))
        rain = 50.0 / 3.6e6 * 0.25
        expected, qx, qy = naive.local_inertial_step(
            expected, terrain.bed_elevation, terrain.manning_n, qx, qy, 4.0, 0.25, rain, open_share=terrain.porosity
        )
    assert surface.steps == 40
    assert np.abs(surface.depth - expected / terrain.porosity).max() < 1e-5  # the friction series, 7e-6 of the drag, over a share of 0.3
    assert np.abs(surface._flow.y[TOP : TOP + 15, LEFT : LEFT + 19] - qy).max() < 1e-4


def test_even_porosity_changes_volumes_but_no_level():
    terrain = flat(12, 60, 2.0)
    depth = np.where(np.arange(60) < 20, 1.0, 0.2) * np.ones((12, 1))
    plain = SurfaceFlow(terrain, DOUBLE, depth=depth)
    porous = SurfaceFlow(terrain.with_porous_buildings(np.full(depth.shape, 0.4)), DOUBLE, depth=depth)
    for surface in (plain, porous):
        advance(surface, 30.0)
    assert np.abs(porous.depth - plain.depth).max() < 1e-9  # measured 1e-13; another rounding in every face
    assert porous.volume == pytest.approx(0.6 * plain.volume, rel=1e-12)
    assert np.abs(np.array(porous.velocity()) - np.array(plain.velocity())).max() < 1e-6
    assert np.allclose(porous.maxima.depth, plain.maxima.depth, atol=1e-6)


def test_lake_between_buildings_rests():
    rng = np.random.default_rng(3)
    bed = rng.random((20, 30))
    terrain = terrain_of(grid_of(20, 30, 5.0), bed, 0.03).with_porous_buildings(rng.random((20, 30)) * 0.8)
    surface = SurfaceFlow(terrain, DOUBLE, depth=np.maximum(0.7 - bed, 0.0))
    advance(surface, 600.0)
    assert np.abs(np.array(surface.velocity())).max() < 1e-12
    wet = surface.depth > 1e-3
    assert np.ptp((surface.depth + bed)[wet]) < 1e-13


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_rain_fills_what_buildings_leave(precision):
    """100 mm on a closed lot, a third of it under roofs: level = rain x area / open area; the rain of the roofs is in the street."""
    covered = np.where(np.random.default_rng(1).random((16, 16)) < 0.5, 2.0 / 3.0, 0.0)
    surface = SurfaceFlow(flat(16, 16, 10.0).with_porous_buildings(covered), SurfaceSettings(precision), rainfall=steady_rain(100.0, 3600.0))
    advance(surface, 7200.0)
    assert np.allclose(surface.depth, 0.1 / (1.0 - covered.mean()), rtol=2e-3)
    assert surface.volume == pytest.approx(0.1 * 160.0**2, rel=1e-6 if precision == "float32" else 1e-12)


def test_openings_see_the_standing_depth():
    """An inlet, and an edge whose stage is given, feel the depth between the buildings and not the water spread over the cell."""
    terrain = flat(3, 3, 10.0).with_porous_buildings(np.full((3, 3), 0.5))
    inlet = Inlet(1, 1, 0, 0.0, 1.0, 10.0)  # perimeter 1 m, area 10 m2: a weir
    surface = SurfaceFlow(terrain, DOUBLE, depth=0.2, inlets=[inlet], nodes=1)
    surface.inlet_acceptance[:] = np.inf
    surface.advance(Window(0.0, 0.01))
    assert surface.inlet_capture[0] / 0.01 == pytest.approx(1.594 * 0.2**1.5, rel=1e-6)
    edge = EdgeBoundary("sea", *edge_faces(terrain, terrain.active, "west"), stage=Series(np.array([0.0, 1e6]), np.array([0.5, 0.5])))
    surface = SurfaceFlow(terrain, DOUBLE, depth=0.2, edges=[edge])
    advance(surface, 3000.0)
    assert np.allclose(surface.depth, 0.5, atol=5e-3)  # a seiche of 2 mm is left: friction is quadratic
    assert surface.boundary_in - surface.boundary_out == pytest.approx(0.3 * 0.5 * 900.0, rel=5e-3)


def test_dry_ground_is_left_out_bit_for_bit():
    rng = np.random.default_rng(6)
    bed = rng.random((60, 200)) * 0.2 + 0.004 * np.abs(np.arange(60) - 30)[:, None]
    terrain = terrain_of(grid_of(60, 200, 5.0), bed, 0.03).with_porous_buildings(rng.random(bed.shape) * 0.9)
    depth = np.zeros(bed.shape)
    depth[28:32, 5:15] = 1.0
    states = []
    for skip in (True, False):
        surface = SurfaceFlow(terrain, SurfaceSettings("float32", skip_dry=skip), depth=depth)
        advance(surface, 120.0)
        states.append((surface.depth.copy(), surface._flow.x.copy(), surface.steps))
    assert all(np.array_equal(a, b) for a, b in zip(*states, strict=True))
    assert (states[0][0] > 0.0).mean() > 0.02


def test_second_order_refuses():
    terrain = flat(4, 4).with_porous_buildings(np.full((4, 4), 0.3))
    with pytest.raises(ValueError, match="not implemented"):
        SurfaceFlow(terrain, SurfaceSettings(scheme="second_order"))


def test_cells_almost_covered_are_solid():
    covered = np.full((6, 6), 0.2)
    covered[2:4, 2:4] = 0.97
    terrain = flat(6, 6).with_porous_buildings(covered)
    assert not terrain.active[2:4, 2:4].any()
    assert terrain.rain_weight.sum() == pytest.approx(36.0)
    assert terrain.porosity[0, 0] == pytest.approx(0.8)
