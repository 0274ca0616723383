"""The ledger's arithmetic, its stops, and a leak that it must catch."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import START, Silent, grid_of, steady_rain
from flood_sim.core.clock import Clock
from flood_sim.core.errors import InstabilityError, VolumeLedgerError
from flood_sim.core.ledger import Ledger
from flood_sim.ground.infiltration import GreenAmpt, NoInfiltration
from flood_sim.ground.terrain import terrain_of
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.simulation.loop import Simulation
from flood_sim.surface.boundaries import EdgeBoundary, Inflow, constant, edge_faces
from flood_sim.surface.settings import SurfaceSettings


def random_inputs(seed, precision):
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(3, 25)), int(rng.integers(3, 40))
    bed = rng.random((rows, columns)) * rng.choice([0.1, 1.0, 5.0])
    bed[rng.random(bed.shape) < 0.1] = np.nan
    bed[0, 0] = 0.5
    terrain = terrain_of(grid_of(rows, columns, 3.0), bed, rng.uniform(0.01, 0.1, bed.shape))
    terrain = terrain.with_solid_buildings(rng.random(bed.shape) < 0.15) if seed % 2 else terrain
    everywhere = np.ones(bed.shape, bool)
    edges = []
    for side, stage in (("west", constant(float(rng.random()))), ("east", None)):
        cells, sides = edge_faces(terrain, everywhere, side)
        if len(cells):
            edges.append(EdgeBoundary(side, cells, sides, stage))
    inflow = Inflow("spring", np.argwhere(terrain.active)[:1], constant(float(rng.random())))
    soil = GreenAmpt(*(np.where(terrain.active, v, 0.0) for v in (2e-6, 0.1, 0.3)))
    clock = Clock(START, 600.0, 4.0, 300.0)
    return ModelInputs(
        "random",
        clock,
        terrain,
        steady_rain(200.0, 400.0),
        soil,
        SurfaceSettings(precision),
        rng.random(bed.shape) * 0.2,
        tuple(edges),
        (inflow,),
    )


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from(["float64", "float32"]))
def test_ledger_closes_on_random_cities(seed, precision):
    """Rain, roofs, soil, open edges, an inflow: the books close to rounding."""
    simulation = Simulation(random_inputs(seed, precision), None)
    assert simulation.run(Silent()) == "complete"
    assert simulation.ledger.rain > 0.0
    assert simulation.ledger.infiltration > 0.0
    assert simulation.ledger.relative_error <= (1e-12 if precision == "float64" else 1e-6)


def test_a_leak_is_caught():
    simulation = Simulation(random_inputs(4, "float64"), None)
    windows = simulation.clock.windows()
    for _ in range(60):
        simulation.advance(next(windows))
    simulation.surface._cells.depth[simulation.surface._view] *= 0.5  # half of the water vanishes
    with pytest.raises(VolumeLedgerError, match="volume error"):
        simulation.advance(next(windows))


def test_a_cell_that_is_no_number_stops_the_run():
    simulation = Simulation(random_inputs(4, "float32"), None)
    windows = simulation.clock.windows()
    simulation.advance(next(windows))
    row, column = np.argwhere(simulation.inputs.terrain.active)[3]
    simulation.surface._cells.depth[simulation.surface._view][row, column] = np.nan
    with pytest.raises(InstabilityError, match="lost their value"):
        simulation.advance(next(windows))


def test_a_line_that_is_no_number_breaks_the_ledger():
    """Whoever brought it: SWMM, a space, an inflow."""
    from flood_sim.core.ledger import Ledger

    with pytest.raises(VolumeLedgerError, match="not a number"):
        Ledger(network_inflow=float("nan")).close(4.0)


def test_rain_line_is_the_series_times_the_catchment():
    inputs = random_inputs(7, "float32")
    simulation = Simulation(inputs, None)
    simulation.run(Silent())
    assert (
        simulation.ledger.rain
        == inputs.rainfall.depth_until(600.0) * inputs.terrain.catchment_area_m2
    )
    other = Simulation(replace(inputs, surface=SurfaceSettings("float32", courant=0.3)), None)
    other.run(Silent())
    assert other.ledger.rain == simulation.ledger.rain  # bit for bit, whatever the steps


def test_relative_error_is_never_a_number_that_hides():
    assert Ledger().relative_error == 0.0
    assert Ledger(
        surface_stored_start=10.0, surface_stored_end=9.0
    ).relative_error == pytest.approx(0.1)
    assert Ledger(rain=100.0, surface_stored_end=99.0).relative_error == pytest.approx(0.01)
    with pytest.raises(VolumeLedgerError):
        Ledger(rain=float("nan")).close(1.0)
    with pytest.raises(VolumeLedgerError):
        Ledger(
            rain=100.0, surface_stored_end=100.0, network_residual=6.0, outfall_half_volumes=0.0
        ).judge()
    assert (
        Ledger(rain=100.0, surface_stored_end=98.0, outfall_out=0.0, network_residual=2.0).judge()
        != []
    )


def test_roof_water_is_kept():
    """`hole`: rain on roofs goes to the nearest open cell, to the last m2; `block`: it falls on the
    roof and runs off.
    """
    bed = np.zeros((12, 12))
    roofs = np.zeros((12, 12), bool)
    roofs[3:9, 3:9] = True
    plain = terrain_of(grid_of(12, 12, 2.0), bed, 0.02)
    clock = Clock(START, 1200.0, 4.0, 1200.0)
    for terrain in (plain.with_solid_buildings(roofs), plain.with_raised_buildings(roofs, 5.0)):
        assert terrain.catchment_area_m2 == pytest.approx(144 * 4.0, rel=1e-15)
        inputs = ModelInputs(
            "roofs",
            clock,
            terrain,
            steady_rain(60.0, 600.0),
            NoInfiltration(),
            SurfaceSettings("float64"),
        )
        simulation = Simulation(inputs, None)
        simulation.run(Silent())
        on_street = float(simulation.surface.depth[~roofs].sum()) * 4.0
        assert on_street == pytest.approx(0.01 * 144 * 4.0, rel=0.01)
        assert simulation.ledger.relative_error < 1e-12


def test_swmms_residual_is_judged_against_the_water_that_took_part():
    """A pond of 10,000 m3 drains into the sewer while 2 m3 of dry weather flow come in: 30 m3 are
    0.3 %, not 1500 %.
    """
    from flood_sim.core.ledger import Ledger

    ledger = Ledger(
        surface_stored_start=10_000.0,
        surface_stored_end=0.0,
        network_inflow=2.0,
        outfall_out=9_972.0,
        network_residual=30.0,
    )
    assert ledger.relative_residual == pytest.approx(30.0 / 10_002.0)
    assert ledger.judge() == []
    rained = Ledger(
        rain=1_000.0, surface_stored_end=600.0, outfall_out=370.0, network_residual=30.0
    )
    assert rained.relative_residual == pytest.approx(0.03)


def test_models_lines_are_added_up():
    """Each model names its lines and its part of them; what none of them names stays."""
    ledger = Ledger(network_inflow=7.0)
    ledger.begin((("surface_stored", 2.0),), (("sites_stored", 1.0),))
    assert (ledger.surface_stored_start, ledger.surface_stored_end) == (2.0, 2.0)
    street = ("rain", 5.0), ("boundary_out", 0.5), ("surface_stored_end", 6.0)
    spaces = ("boundary_out", 0.25), ("sites_stored_end", 1.25)
    ledger.add_up(street, spaces)
    ledger.add_up(street, spaces)  # set anew each time, never summed over windows
    assert (ledger.rain, ledger.boundary_out, ledger.network_inflow) == (5.0, 0.75, 7.0)
    assert (ledger.surface_stored_end, ledger.sites_stored_end) == (6.0, 1.25)
    assert ledger.error == pytest.approx(7.25 - 3.0 + 0.75 - 12.0)
