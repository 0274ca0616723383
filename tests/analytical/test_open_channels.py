"""Discharge, stage and critical boundaries of the second-order scheme: steady flow over a bump by
Bernoulli's law (Delestre et al. 2013, 3.1).
"""

import numpy as np
import pytest

from cases import advance, grid_of
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow, constant, edge_faces
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings

G = 9.80665
CELLS, DX = 125, 0.2
X = (np.arange(CELLS) + 0.5) * DX
BED = np.maximum(0.0, 0.2 - 0.05 * (X - 10.0) ** 2)


def energy_depth(q, head, bed, subcritical):
    """Depth with q^2 / (2 g h^2) + h + z = head, the deeper or the shallower one."""
    roots = np.roots([1.0, bed - head, 0.0, q * q / (2.0 * G)])
    real = sorted(float(r.real) for r in roots if abs(r.imag) < 1e-6 and r.real > 0.0)
    return real[-1] if subcritical else real[0]


def channel(q, level, critical, start, bed=BED, turned=False, scheme="second_order", level_in=None):
    depth = np.maximum(start - bed, 0.0)
    n = bed.size
    terrain = terrain_of(
        grid_of(n, 1, DX) if turned else grid_of(1, n, DX),
        bed.reshape(-1, 1) if turned else bed.reshape(1, -1),
        0.0,
    )
    everywhere = np.ones(terrain.grid.shape, bool)
    into, out = ("north", "south") if turned else ("west", "east")
    cells, sides = edge_faces(terrain, everywhere, out)
    edge = EdgeBoundary(
        "out", cells, sides, None if critical else constant(level), np.inf if critical else None
    )
    cells, sides = edge_faces(terrain, everywhere, into)
    inflow = EdgeInflow(
        "in", cells, sides, constant(q * DX), None if level_in is None else constant(level_in)
    )
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings("float64", scheme=scheme),
            depth=depth.reshape(terrain.grid.shape),
            edges=[edge],
            edge_inflows=[inflow],
        )
    )
    advance(surface, 300.0)
    return surface


@pytest.mark.parametrize("turned", [False, True])
def test_subcritical_flow_over_a_bump(turned):
    """The level at the outlet is the given one: with the inner speed copied beyond the edge it
    stood 0.22 m above it.
    """
    surface = channel(4.42, 2.0, False, 2.0, turned=turned)
    head = 2.0 + 4.42**2 / (2.0 * G * 4.0)
    exact = np.array([energy_depth(4.42, head, z, True) for z in BED])
    error = np.abs(surface.depth.ravel() - exact)
    assert (
        error.max() < 5e-3 and error[:30].max() < 5e-4
    )  # measured 3.1e-3 at the foot of the bump (a kink), 1.7e-4 above it
    assert surface.inflow_volume == pytest.approx(4.42 * DX * 300.0, rel=1e-12)
    assert surface.volume == pytest.approx(
        float((2.0 - BED).sum()) * DX * DX
        + surface.inflow_volume
        - surface.boundary_out
        + surface.boundary_in,
        rel=1e-12,
    )


def test_transcritical_flow_leaves_at_its_own_depth():
    """q 1.53 is critical over the crest; the fast water behind it does not feel the edge."""
    surface = channel(1.53, None, True, 0.66)
    critical = (1.53**2 / G) ** (1.0 / 3.0)
    exact = np.array(
        [energy_depth(1.53, 1.5 * critical + 0.2, z, x < 10.0) for x, z in zip(X, BED, strict=True)]
    )
    assert np.abs(surface.depth[0] - exact).mean() < 5e-3  # measured 2e-3
    assert surface.depth[0, -1] == pytest.approx(exact[-1], rel=5e-3)


def test_subcritical_flow_leaves_an_overfall_at_critical_depth():
    surface = channel(1.0, None, True, 0.8, bed=np.zeros(60))
    critical = (1.0 / G) ** (1.0 / 3.0)
    assert surface.depth[0, -5:] == pytest.approx(critical, rel=0.02)


def test_fast_inflow_keeps_its_level():
    """q 2.5 enters 0.4 m deep (Froude 3.2): without friction the channel stays at that depth;
    without a level it would be at its critical one.
    """
    fast = channel(2.5, None, True, 0.0, bed=np.zeros(60), level_in=0.4)
    assert fast.depth[0] == pytest.approx(0.4, rel=0.01)
    own = channel(2.5, None, True, 0.0, bed=np.zeros(60))
    assert own.depth[0, 5] > 0.7


def test_local_inertial_takes_the_given_discharge_exactly():
    surface = channel(0.5, 1.0, False, 1.0, scheme="local_inertial")
    assert surface.inflow_volume == pytest.approx(0.5 * DX * 300.0, rel=1e-12)
