"""The second sum at outputs: what is added or taken behind the ledger's back is found at the next
output; sound runs stay far inside.
"""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.reliability.water import CLOSED, METRO, PLAIN, Case, every_case, outcome
from benchmarks.reliability.water import GARAGE as GARAGE_TEXT
from cases import START, Silent, flat, grid_of, rough_case, steady_rain
from flood_sim.core.clock import Clock
from flood_sim.core.errors import InputError, InstabilityError, RunFailedError, VolumeLedgerError
from flood_sim.ground.infiltration import GreenAmpt, NoInfiltration
from flood_sim.ground.terrain import terrain_of
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.simulation.loop import Simulation
from flood_sim.simulation.volume_check import Models, least_contents, second_sums
from flood_sim.sites.sites import SiteInputs
from flood_sim.sites.underground_inputs import Opening, Space, SpaceInputs
from flood_sim.surface.boundaries import Inflow, constant
from flood_sim.surface.losses import Facility, StorageInputs
from flood_sim.surface.settings import SurfaceSettings
from flood_sim.surface.stability import located, refuse, refuse_beyond_physics

N = 12
GARAGE = Space(
    "garage",
    np.array([-4.0, -1.0]),
    np.array([0.0, 900.0]),
    (Opening("garage/door", 5, 5, 0.1, 4.0),),
    initial_m3=100.0,
)
PAVING = Facility(
    "paving",
    "permeable_paving",
    np.array([[2, 2], [8, 8]]),
    np.array([0.5, 0.5]),
    store_depth=0.3,
    store_start=0.05,
)


def yard(settings: SurfaceSettings = SurfaceSettings("float64"), **more) -> ModelInputs:
    """A closed yard of 12 x 12 cells of 10 m under 0.2 m of water and rain, with soil, hollows, a
    facility and a garage; a frame a minute.
    """
    every = np.full((N, N), 1.0)
    given = {
        "storage": StorageInputs(depression_m=0.01 * every, facilities=(PAVING,)),
        "sites": SiteInputs(SpaceInputs((GARAGE,))),
        "inflows": (Inflow("spring", np.array([[9, 2]]), constant(5.0)),),
        "initial_depth": 0.2,
    }
    soil = GreenAmpt(2e-6 * every, 0.1 * every, 0.3 * every)
    clock = Clock(START, 240.0, 5.0, 60.0)
    return ModelInputs(
        "yard",
        clock,
        flat(N, N, 10.0),
        steady_rain(50.0, 100.0),
        soil,
        settings,
        **{**given, **more},
    )


def models_of(s: Simulation) -> Models:
    return Models(s.ledger, s.surface, s.exchange, s.network, s.sites.spaces)


def tampered(inputs: ModelInputs, tamper) -> str:
    """Run to just before the second output, tamper, and go on: what the next output says, and
    when.
    """
    simulation = Simulation(inputs, None)
    with pytest.raises(RunFailedError) as told:
        for window in simulation.clock.windows():
            if window.stop == 70.0:
                tamper(simulation)
            simulation.advance(window)
    assert window.stop <= 120.0
    assert f"{window.stop:.1f} s" in str(told.value) and told.value.findings
    return str(told.value)


def _pour(simulation: Simulation) -> None:
    simulation.surface._cells.depth[simulation.surface._view][4, 7] += 0.01  # 1 m3 of 2,900


def _drain_space(simulation: Simulation) -> None:
    simulation.sites.spaces.volume[0] -= 1.0


def _drain_space_below(simulation: Simulation) -> None:
    simulation.sites.spaces.volume[0] -= 200.0


def _fill_facility(simulation: Simulation) -> None:
    simulation.surface.losses._stacks.store[0] += 0.05


def _empty_facility(simulation: Simulation) -> None:
    simulation.surface.losses._stacks.store[0] = -0.01


def _negative_hollow(simulation: Simulation) -> None:
    simulation.surface.losses._pond[3, 3] = -0.02


def _owed(simulation: Simulation) -> None:
    simulation.surface._cells.carry[simulation.surface._view][4, 7] -= 5.0
    simulation.surface._cells.depth[simulation.surface._view][2:4, :8] += 5.0 / 16.0


def _pending(simulation: Simulation) -> None:
    simulation.surface._shared.sources.pending[0] -= 5.0


def _rain(simulation: Simulation) -> None:
    simulation.surface.rain._start -= 0.0005  # half a millimetre more in the books than fell


@pytest.mark.parametrize(
    ("tamper", "code", "place"),
    [
        (_pour, "E505", "all stores"),
        (_rain, "E505", "all stores"),
        (_drain_space, "E505", "site `garage`, what came in less what left"),
        (_drain_space_below, "E504", "water in underground sites"),
        (_fill_facility, "E505", "all stores"),
        (_empty_facility, "E505", "all stores"),
        (_negative_hollow, "E505", "all stores"),
        (_owed, "E504", "surface, all cells that gave more than they held"),
        (_pending, "E505", "all stores"),
    ],
)
def test_what_is_done_behind_the_ledgers_back_is_found_at_the_next_output(tamper, code, place):
    said = tampered(yard(), tamper)
    assert f"{code} " in said and place in said and "do        " in said


@pytest.mark.parametrize("value", [-0.02, np.nan])
def test_every_kind_of_store_is_looked_at_for_water_that_is_not_there(value):
    """One place of each kind below zero, or no number: the finding names the kind and the place."""
    simulation = Simulation(yard(), None)
    simulation.run(Silent())
    losses, surface, models = simulation.surface.losses, simulation.surface, models_of(simulation)
    assert not [least for least in least_contents(models) if least.negative]
    simulation.exchange.escrow = simulation.exchange._spilled = np.array([0.0, 0.0])
    kinds = {
        "leaves and roofs": losses._canopy,
        "hollows": losses._pond,
        "soil of facilities": losses._stacks.soil,
        "store of facilities": losses._stacks.store,
        "street to sewer": simulation.exchange.escrow,
        "inflows and returns": surface._shared.sources.pending,
        "site `garage`": simulation.sites.spaces.volume,
        "surface, row 1, column 4": surface._cells.depth[surface._view][1:2, 4:5],
    }
    for kind, values in kinds.items():
        before = values.flat[0]
        values.flat[0] = value
        assert kind in next(least.place for least in least_contents(models) if least.negative)
        values.flat[0] = before


def test_a_sum_of_the_surface_that_is_out_of_date_is_found():
    simulation = Simulation(yard(), None)
    honest = simulation.surface._sum_up
    simulation.surface._sum_up = lambda: None if simulation.surface.time_s > 116.0 else honest()
    with pytest.raises(VolumeLedgerError, match=r"E505 surface, its cells, at 120\.0 s") as told:
        simulation.run(Silent())
    assert "its fields hold" in str(told.value) and "the ledger says" in str(told.value)


def test_sewers_that_hold_less_or_other_than_their_totals_say_are_found():
    simulation = Simulation(yard(), None)
    simulation.run(Silent())
    other = models_of(simulation)
    ledger = replace(simulation.ledger, network_stored_end=10.0)
    names = {"node_ids": ["J1", "J2"], "link_ids": ["C1"], "balance": lambda: {"losses": -3.0}}
    for nodes, wrong in (([4.0, 3.0], []), ([4.0, 4.0], ["sewers, nodes and links"])):
        network = SimpleNamespace(
            **names, volumes=lambda nodes=nodes: (np.array(nodes), np.array([3.0]))
        )
        sums = [
            s
            for s in second_sums(other._replace(network=network, ledger=ledger))
            if s.place.startswith("sewers")
        ]
        assert [s.place for s in sums if s.apart] == wrong
    network.volumes = lambda: (np.array([4.0, -1.0]), np.array([np.nan]))
    low = [
        least.place for least in least_contents(other._replace(network=network)) if least.negative
    ]
    assert low == ["sewers, node `J2`", "sewers, link `C1`", "sewers, SWMM's total of `losses`"]


@pytest.mark.parametrize(
    ("scheme", "precision"),
    [("local_inertial", "float64"), ("local_inertial", "float32"), ("second_order", "float32")],
)
def test_sound_runs_stay_far_inside_every_tolerance(scheme, precision):
    """Random ground with walls, soil, hollows, a garage, porous ground: the two sums differ by less
    than a tenth of what is allowed.
    """
    settings = SurfaceSettings(precision, scheme=scheme)
    rough, depth = rough_case(N, N, 5)
    bed, space = np.nan_to_num(rough.bed_elevation), replace(GARAGE, initial_m3=0.0)
    porous = replace(
        terrain_of(grid_of(N, N, 4.0), bed, 0.03),
        porosity=np.linspace(0.4, 1.0, N * N).reshape(N, N),
    )
    for terrain in (rough, porous):
        inputs = replace(yard(settings), terrain=terrain, initial_depth=depth)
        simulation = Simulation(replace(inputs, sites=SiteInputs(SpaceInputs((space,)))), None)
        assert simulation.run(Silent()) == "complete"
        for s in second_sums(models_of(simulation)):
            assert abs(s.held - s.ledger) <= 0.1 * s.allowed, s  # measured 0.006
        for least in least_contents(models_of(simulation)):
            assert least.content >= 0.1 * least.allowed, least


# ------------------------------------------------------------------------------------------- bounds


def test_cells_that_give_more_than_they_hold_stop_the_run():
    """3 m of water begin on a needle of 20 m in a corner: second-order cells owe more than a wet
    front explains.
    """
    bed = np.zeros((N, N))
    bed[0, 0] = 20.0
    inputs = ModelInputs(
        "needle",
        Clock(START, 120.0, 4.0, 60.0),
        terrain_of(grid_of(N, N, 2.0), bed, 0.03),
        steady_rain(100.0, 120.0),
        NoInfiltration(),
        SurfaceSettings(scheme="second_order"),
        initial_depth=3.0,
    )
    simulation, recorder = Simulation(inputs, None), Silent(lambda s: s.time_s)
    with pytest.raises(VolumeLedgerError) as told:
        simulation.run(recorder)
    found = told.value.findings[0]
    assert (
        found.code == "E504"
        and "at 60.0 s" in found.place
        and "a step of 20.00 m beside a cell of 2 m" in found.problem
    )
    assert (
        "raster's unit" in found.do and found.at and recorder.seen[-1][0] < 60.0
    )  # before the frame is written


def test_heights_in_centimetres_are_named_as_the_cause():
    """Hills of 10 m drawn as 1,000 m on cells of 4 m."""
    y, x = np.mgrid[0:N, 0:N]
    terrain = terrain_of(grid_of(N, N, 4.0), 1000.0 * np.sin(x / 3.0) + 30.0 * y, 0.03)
    simulation = Simulation(yard(storage=StorageInputs(), sites=SiteInputs()), None)
    simulation.surface.terrain = terrain
    said = located(simulation.surface)
    assert "the unit of the ground" in said.cause and "raster's unit" in said.do


def test_water_faster_than_its_fall_stops_the_run_with_place_and_time():
    """0.2 m of water on flat ground fall with 2 m/s; 2.5 times that is allowed."""
    simulation = Simulation(yard(SurfaceSettings(scheme="second_order"), sites=SiteInputs()), None)
    surface = simulation.surface
    simulation.advance(next(simulation.clock.windows()))
    refuse_beyond_physics(surface, 1e6)
    surface._flow.x[surface._view][6, 3] = 60.0
    with pytest.raises(InstabilityError) as told:
        refuse_beyond_physics(surface, 1e6)
    found = told.value.findings[0]
    assert found.code == "E506" and "at 5.0 s" in found.place and "row 6, column 3" in found.given
    assert "A fall from the highest level of the model" in found.problem and found.at == (
        (35.0, 55.0),
    )
    surface._state.fastest[0] = 60.0  # the signal of a window alone
    with pytest.raises(InstabilityError, match="E506 .*run at 60 m/s"):
        refuse(surface, None)


def test_a_cell_deeper_than_all_water_stops_the_run():
    simulation = Simulation(yard(sites=SiteInputs()), None)
    simulation.surface._cells.depth[simulation.surface._view][6, 3] = 40.0
    refuse_beyond_physics(simulation.surface, 4000.1)
    with pytest.raises(
        InstabilityError, match=r"E506 .*holds 4000 m3, all water of the model is 3000 m3"
    ) as told:
        refuse_beyond_physics(simulation.surface, 3000.0)
    assert told.value.findings[0].at == ((35.0, 55.0),)


def test_depths_below_zero_at_the_start_are_refused():
    depth = np.full((N, N), 0.2)
    depth[3, 4] = -0.5
    with pytest.raises(InputError, match=r"E509 initial depth: 1 cells .* row 3, column 4"):
        Simulation(yard(initial_depth=depth), None)


@pytest.mark.parametrize("fields", [(1e-6, 0.1, -0.3), (1e-6, -0.1, 0.3), (np.nan, 0.1, 0.3)])
def test_a_soil_that_would_give_water_is_refused(fields):
    with pytest.raises(InputError, match="E509"):
        GreenAmpt(*(np.full((2, 2), v) for v in fields))


# ------------------------------------------------------------------------------------------- inputs

CASES = every_case()


def test_all_spaces_that_cannot_be_are_told_in_one_pass(tmp_path):
    text = PLAIN + GARAGE_TEXT.replace("height_m = 3.0", "height_m = 3.0\nfloor_elevation_m = 30.0")
    text += METRO.replace(
        "floor_area_m2 = 300.0\nheight_m = 4.0",
        "stage_volume = [[5.0, 0.0], [6.0, 9.0], [7.0, 8.0]]",
    )
    text += GARAGE_TEXT.replace('"garage"', '"cellar"').replace(
        "height_m = 3.0", "height_m = 3.0\ninitial_depth_m = 4.0"
    )
    what, said = outcome(Case("three faults", text), tmp_path)
    assert what == "refused"
    for part in (
        's.toml, first [[sites]] "garage", opening `garage/entrance`: its sill lies under the floor',
        "given     sill 10.15 m, floor 30.00 m",
        "allowed   a sill over 30.00 m",
        "do        check floor_elevation_m",
        '[[sites]] "metro", stage_volume: the table does not rise',
        '[[sites]] "cellar", initial_depth_m: the space does not hold this water',
    ):
        assert part in said


@pytest.mark.parametrize(
    ("kind", "case"), CASES, ids=[f"{kind}-{case.name.replace(' ', '_')}" for kind, case in CASES]
)
def test_no_input_makes_water_without_a_word(kind, case, tmp_path):
    what, said = outcome(case, tmp_path)
    assert what in case.outcomes, said
    assert what == CLOSED or re.match(r"E\d{3} |volume error", said)
