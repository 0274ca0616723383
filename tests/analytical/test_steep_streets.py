"""local_inertial beyond critical speed: normal depth on streets of any slope, breaks of slope with
a jump, kerbs that keep their critical flow. With a limit at Froude 1 the streets stood 9 to 150 %
too deep.
"""

import numpy as np
import pytest

from cases import grid_of
from flood_sim.core.clock import Window
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow, constant, edge_faces
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings

N, CELLS, G = 0.016, 40, 9.80665


def normal_depth(q, slope):
    return (q * N / np.sqrt(slope)) ** 0.6


def street(bed, slope_out, q, dx, seconds, *, turned=False, precision="float32", wide=3, pond=0.0):
    """A street `wide` cells wide that falls along `bed` (cells,) m, fed with q (m2/s): the surface,
    and mean and spread in time of the depth (m) over the last fifth. pond : depth (m) of water
    beside it, behind a wall.
    """
    ground, depth = np.tile(bed, (wide, 1)), np.zeros((wide, bed.size))
    if pond > 0.0:
        beside = np.full((8, bed.size), np.nan)
        beside[6:] = bed.min() - 10.0
        ground, depth = np.vstack([ground, beside]), np.vstack([depth, pond * np.isfinite(beside)])
    if turned:
        ground, depth = ground.T.copy(), depth.T.copy()
    terrain = terrain_of(grid_of(*ground.shape, dx), ground, N)
    street_cells = np.zeros((ground.shape[::-1] if turned else ground.shape), bool)
    street_cells[:wide] = True
    inside = street_cells.T if turned else street_cells
    into, out = ("north", "south") if turned else ("west", "east")
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings(precision),
            depth=depth,
            edges=[EdgeBoundary("out", *edge_faces(terrain, inside, out), None, slope_out)],
            edge_inflows=[
                EdgeInflow("in", *edge_faces(terrain, inside, into), constant(wide * q * dx))
            ],
        )
    )
    seen = []
    for k in range(int(seconds / 4.0)):
        surface.advance(Window(4.0 * k, 4.0 * (k + 1)))
        if surface.time_s > 0.8 * seconds:
            now = np.array(surface.depth.T if turned else surface.depth, float)
            seen.append(now[:wide])
    return surface, np.mean(seen, axis=0), np.std(seen, axis=0)


def falling(dx, *slopes, cells=CELLS):
    """Bed (m) of reaches of 40 cells."""
    steps = np.repeat(slopes, cells)[:-1] * dx
    return 100.0 - np.concatenate([[0.0], np.cumsum(steps)])


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("slope", "q", "dx"),
    [(0.005, 0.5, 2.0), (0.01, 0.5, 1.0), (0.02, 0.1, 5.0), (0.04, 2.0, 5.0), (0.08, 0.5, 2.0)],
)  # Froude 1.1 to 4
def test_a_street_of_any_slope_has_its_normal_depth(slope, q, dx, turned, precision):
    bed = falling(dx, slope)
    surface, depth, spread = street(bed, slope, q, dx, 480.0, turned=turned, precision=precision)
    expected = normal_depth(q, slope)
    assert depth[:, 10:-3] == pytest.approx(expected, rel=2e-3)  # measured 1e-5
    assert spread[:, 10:].max() < 1e-3 * expected  # waves grow by themselves else: 60 %
    speed = (
        np.hypot(*surface.velocity())[20:-5, 1]
        if turned
        else np.hypot(*surface.velocity())[1, 20:-5]
    )
    assert speed == pytest.approx(q / expected, rel=5e-3)


@pytest.mark.parametrize(("q", "dx"), [(0.1, 5.0), (0.5, 2.0)])
def test_breaks_of_slope_and_the_jump_below_them(q, dx):
    """0.2 % above 4 % above 0.2 %: normal depth in each reach, and the jump stands."""
    _, depth, spread = street(falling(dx, 0.002, 0.04, 0.002), 0.002, q, dx, 1500.0)
    for k, (slope, bound) in enumerate([(0.002, 0.09), (0.04, 0.01), (0.002, 0.01)]):
        # above the break the draw-down to critical depth reaches far up
        reach = depth[1, CELLS * k + 12 : CELLS * (k + 1) - 10]
        assert reach.mean() == pytest.approx(normal_depth(q, slope), rel=bound)
    assert spread.max() < 0.02 * depth.max()


def test_over_a_kerb_the_flow_is_critical():
    """Kerbs of 0.15 m across a street of 0.2 %: a step alone is no slope of 3 %."""
    dx, q = 5.0, 0.3
    bed = falling(dx, 0.002, 0.002) - 0.15 * (np.arange(2 * CELLS) // 10)
    surface, depth, _ = street(bed, 0.002, q, dx, 900.0)
    flow = np.asarray(surface._flow.x)[TOP + 1, LEFT + 1 : LEFT + 2 * CELLS]
    froude = flow / depth[1, :-1] ** 1.5 / np.sqrt(G)
    kerbs = np.arange(9, 2 * CELLS - 1, 10)
    assert froude[kerbs] == pytest.approx(1.0, abs=0.01)


def test_a_steep_street_in_long_steps_beside_deep_water():
    """The pond of 6 m takes short steps, the street long ones: as short as its own flow needs."""
    dx, q, slope = 2.0, 0.1, 0.02
    bed = falling(dx, slope, cells=320)
    surface, depth, spread = street(bed, slope, q, dx, 600.0, wide=40, pond=6.0)
    assert surface.long_steps > 0
    assert depth[:, 10:-3] == pytest.approx(normal_depth(q, slope), rel=2e-3)
    assert spread[:, 10:].max() < 1e-3 * depth.max()
