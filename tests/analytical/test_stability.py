"""Water that runs away is found, located and explained: a cell without a value, a signal faster
than any on land, a collapsed step.
"""

import numpy as np
import pytest

from cases import grid_of
from flood_sim.core.clock import Window
from flood_sim.core.errors import InstabilityError
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.boundaries import EdgeBoundary, Inflow, Series, constant, edge_faces
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings
from flood_sim.surface.stability import located

N, CELL_M = 24, 5.0


def surface_on(
    bed: np.ndarray, scheme: str = "local_inertial", depth: np.ndarray | float = 0.1, **more
) -> SurfaceFlow:
    return SurfaceFlow(
        SurfaceInputs(
            terrain_of(grid_of(N, N, CELL_M), bed, 0.03),
            SurfaceSettings(scheme=scheme),
            depth=depth,
            **more,
        )
    )


def failed(surface: SurfaceFlow) -> InstabilityError:
    with pytest.raises(InstabilityError) as told:
        for k in range(20):
            surface.advance(Window(float(k), float(k + 1)))
    assert len(told.value.findings) == 1 and str(told.value.findings[0]) == str(told.value)
    return told.value


@pytest.mark.parametrize("scheme", ["local_inertial", "second_order"])
def test_a_cell_without_a_value_is_found_in_its_window(scheme):
    surface = surface_on(np.zeros((N, N)), scheme)
    surface.advance(Window(0.0, 1.0))
    surface._cells.depth[surface._view][7, 11] = np.nan
    with pytest.raises(InstabilityError) as told:
        surface.advance(Window(1.0, 1.05))  # a step or two: it has not spread far
    found = told.value.findings[0]
    assert found.code == "E502" and "have lost their value" in found.problem
    x, y = np.array(found.at).T
    grid = surface.grid
    assert np.hypot(x - grid.x_m[11], y - grid.y_m[7]).max() <= 4.0 * CELL_M and len(found.at) <= 30
    assert (float(grid.x_m[11]), float(grid.y_m[7])) in found.at


def test_water_faster_than_any_flood_is_refused():
    bed, depth = np.zeros((N, N)), np.full((N, N), 0.1)
    bed[3:6, 20:23], depth[3:6, 20:23] = (
        -1300.0,
        1200.0,
    )  # it rests, but a wave would run at 108 m/s in it
    found = failed(surface_on(bed, depth=depth)).findings[0]
    assert found.code == "E502" and "108 m/s" in found.problem
    assert set(found.at) <= {
        ((c + 0.5) * CELL_M, (N - r - 0.5) * CELL_M) for r in (3, 4, 5) for c in (20, 21, 22)
    }


def test_a_pit_that_stops_the_clock_is_named():
    bed = np.zeros((N, N))
    bed[12, 5] = -9.0e7
    depth = np.full((N, N), 0.1)
    depth[12, 5] = 9.0e7
    found = failed(surface_on(bed, depth=depth)).findings[0]
    assert found.code == "E503" and "a pit" in found.problem and "fill it" in found.do
    assert found.at[0] == ((5.5 * CELL_M), (N - 12.5) * CELL_M)


def test_an_inflow_with_the_wrong_unit_is_named():
    inflow = Inflow(
        "works", np.array([[4, 9]]), Series(np.array([0.0, 100.0]), np.array([1e8, 1e8]))
    )
    found = failed(surface_on(np.zeros((N, N)), inflows=[inflow])).findings[0]
    assert (
        "inflow `works`" in found.problem
        and "4e+06 m a second" in found.problem
        and "m3/s" in found.do
    )


def test_an_open_edge_is_named_before_an_inflow_far_away():
    """A river that rises fast at its source is no cause of what happens at the other end."""
    river = Inflow(
        "river", np.array([[12, 20]]), Series(np.array([0.0, 100.0]), np.array([60.0, 60.0]))
    )
    terrain = terrain_of(grid_of(N, N, CELL_M), np.zeros((N, N)), 0.03)
    edge = EdgeBoundary(
        "sea", *edge_faces(terrain, np.ones((N, N), bool), "west"), stage=constant(3.0)
    )
    for column, cause in ((0, "open edge `sea`"), (10, "inflow `river`")):
        surface = surface_on(np.zeros((N, N)), depth=0.1, inflows=[river], edges=[edge])
        surface._cells.depth[surface._view][5, column] = 30.0
        assert cause in located(surface).cause


def test_a_cliff_under_the_simple_equations_is_named():
    bed, depth = np.zeros((N, N)), np.full((N, N), 0.1)
    bed[:, 12:] = -40.0
    depth[8, 12] = 35.0
    for scheme, cause in (
        ("local_inertial", "a step of 40.0 m"),
        ("second_order", "none of the causes"),
    ):
        found = located(surface_on(bed, scheme, depth))
        assert cause in found.cause and found.at[0] == (12.5 * CELL_M, (N - 8.5) * CELL_M)
