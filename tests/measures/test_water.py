"""What unmasks a toy: measures move water as water moves (the library's MEASURES 13: 1, 2, 3, 4, 7,
9, 10).
"""

from dataclasses import replace

import numpy as np
import pytest

from cases import Silent, coupled_inputs, flat, grid_of, inp_text, steady_rain, write_inp
from flood_sim.ground.terrain import terrain_of
from flood_sim.simulation.inputs import DrainageInputs, NodeInlet
from flood_sim.simulation.loop import Simulation
from measure_cases import BUILT, build, built, channel, example, middle_depth, run, surface_inputs

WIDE = {"perimeter_m": 400.0, "area_m2": 40.0, "capacity_m3_s": np.inf}


def simulated(inputs, folder, seconds):
    inputs = replace(inputs, clock=replace(inputs.clock, duration_s=seconds, output_s=seconds))
    simulation = Simulation(inputs, folder)
    try:
        assert simulation.run(Silent()) == "complete"
    finally:
        simulation.close()
    return simulation


PROJECTS = {
    "conveyance": (
        "channel_clearance",
        "outfall_flap_gate",
        "levee_raising",
        "culvert_enlargement",
    ),
    "pipe_network": (
        "trunk_upsizing",
        "relief_sewer",
        "inlet_addition",
        "inlet_cleaning",
        "sewer_cleaning",
    ),
    "pump_stations": ("new_pump_station",),
    "source_and_storage": (
        "permeable_paving",
        "sunken_green",
        "green_roof",
        "underground_tank",
        "surface_detention",
    ),
}


@pytest.mark.parametrize(
    "kinds", [*PROJECTS.values(), sum(PROJECTS.values(), ())], ids=[*PROJECTS, "all"]
)
def test_rain_is_untouched_and_the_ledger_closes(city, tmp_path, kinds):
    """Ten minutes of the worst hour: rain bit for bit that of the series x the catchment, error at
    most 1e-6, under each project and all.
    """
    simulation = simulated(
        built(city, {kind: example(kind) for kind in kinds}).inputs, tmp_path, 600.0
    )
    quiet = city.rainfall.depth_between(0.0, 600.0) * city.terrain.catchment_area_m2
    assert simulation.ledger.rain == quiet > 0.0
    assert simulation.ledger.relative_error <= 1e-6
    assert simulation.exchange.book.relative_difference <= 1e-12
    assert simulation.exchange.sign_flips.max() <= 10


def test_every_kind_runs(city, tmp_path):
    """A minute of each kind alone: SWMM takes the network, the ledger closes."""
    for kind in BUILT:
        simulation = simulated(built(city, {"it": example(kind)}).inputs, tmp_path, 60.0)
        assert simulation.ledger.relative_error <= 1e-6, kind


def test_gain_is_flat_once_the_store_never_fills(tmp_path):
    """80 mm of rain on stores of 0, 50, 100, 200 mm: 80, 30, 0, 0 mm run off; the last two are the
    same to the last bit.
    """
    stood = []
    for depth in (0.0, 0.05, 0.10, 0.20):
        inputs = surface_inputs(flat(1, 1, 10.0), 3600.0, rain=steady_rain(80.0, 3600.0))
        keys = {
            "kind": "sunken_green",
            "targets": {"polygon_m": [[0, 0], [10, 0], [10, 10], [0, 10]]},
            "depth_m": depth,
        }
        simulation, _ = run(build(inputs, green=keys).inputs, tmp_path)
        stood.append(float(simulation.surface.depth[0, 0]))
    assert stood[:2] == pytest.approx([0.080, 0.030], rel=0.01)
    assert stood[2] == stood[3] < 0.0003


REACHES = inp_text(
    junctions="J1 10 3 0 0 0\nJ2 9.4 3 0 0 0\nJ3 8.8 3 0 0 0",
    outfalls="O 8.2 FREE NO",
    conduits="1 J1 J2 300 0.013 0 0 0 0\n2 J2 J3 300 0.013 0 0 0 0\n3 J3 O 300 0.013 0 0 0 0",
    xsections="1 CIRCULAR 1.0 0 0 0\n2 CIRCULAR 1.0 0 0 0\n3 CIRCULAR 1.0 0 0 0",
    inflows="J1 FLOW T FLOW 1 1",
    timeseries="T 0:00 2.5\nT 1:00 2.5\nT 1:00:01 0\nT 3:00 0",
)


def test_a_larger_upper_reach_moves_the_flood_down(tmp_path):
    """2.5 m3/s for an hour into DN1000 pipes that carry 1.1 to 1.6: the flood stands at J1, then
    J2, then J3, then nowhere.
    """
    floods = []
    for upsized in ([], ["1"], ["1", "2"], ["1", "2", "3"], ["3"]):
        inputs = coupled_inputs(flat(1, 1, 10.0), write_inp(tmp_path, REACHES), [], duration_s=5400)
        inputs = replace(inputs, drainage=DrainageInputs(inputs.drainage.network, (), {}, 1.0))
        measures = (
            {"up": {"kind": "trunk_upsizing", "targets": upsized, "diameter_m": 1.5}}
            if upsized
            else {}
        )
        _, seen = run(
            build(inputs, **measures).inputs, tmp_path, lambda s: s.network.flooded_volume()
        )
        floods.append(seen[5400.0][:3])
    as_is, upper, two, everything, lowest = floods
    assert as_is[0] > 2500.0 and as_is[1:].sum() < 0.02 * as_is[0]
    assert upper[0] < 0.05 * as_is[0] and upper[1] > 0.5 * as_is[0] and upper[2] < 100.0
    assert two[:2].sum() < 0.05 * as_is[0] and two[2] > 100.0
    assert everything.sum() < 1.0
    assert lowest[0] > 0.6 * as_is[0]  # only the lowest reach larger: little is won


def test_a_drowned_outfall_wants_a_pump_not_a_pipe(tmp_path):
    """River 1 m over the street with a flap: twice the diameter drains no more; 0.5 m3/s of pumps
    drain 0.5 m3/s.
    """
    text = (
        inp_text(
            junctions="M -3 3 0 0 0",
            outfalls="O -3.2 FIXED 1.0 YES",
            conduits="C M O 100 0.013 0 0 0 0",
            xsections="C CIRCULAR 0.6 0 0 0",
        )
        + "\n[COORDINATES]\nM 50 50\nO 150 50\n"
    )
    inputs = coupled_inputs(
        flat(1, 1, 100.0),
        write_inp(tmp_path, text),
        [NodeInlet("M", 0, 0, **WIDE)],
        duration_s=3600,
        depth=0.5,
    )
    drained = {}
    for name, measures in {
        "nothing": {},
        "pipe": {"up": {"kind": "trunk_upsizing", "targets": ["C"], "diameter_m": 1.2}},
        "pump": {
            "st": {
                "kind": "new_pump_station",
                "from_node": "M",
                "capacity_m3_s": 0.5,
                "outlet_level_m": 1.5,
                "start_m": 1.0,
                "stop_m": 0.3,
            }
        },
    }.items():
        simulation, _ = run(build(inputs, **measures).inputs, tmp_path)
        drained[name] = simulation.ledger.outfall_out
    assert drained["pipe"] - drained["nothing"] < 0.02 * 5000.0
    assert drained["pump"] == pytest.approx(0.5 * 3600.0, rel=0.03)


def test_a_store_in_the_wrong_catchment_does_nothing_here(tmp_path):
    """Two valleys with a ridge between: the same basin in the other one changes this gauge by less
    than 1 %.
    """
    bed = (
        np.abs(np.arange(40) - 19.5)[None, :] * -0.2 + np.zeros((10, 40)) + 10.0
    )  # a ridge in the middle, both ways down
    bed[:, [0, -1]] += 0.5
    inputs = surface_inputs(
        terrain_of(grid_of(10, 40, 10.0), bed, 0.03), 1800.0, rain=steady_rain(100.0, 1800.0)
    )
    depths = {}
    for name, x in (("none", None), ("here", 50.0), ("there", 310.0)):
        keys = (
            {
                "kind": "pond_restoration",
                "targets": {"polygon_m": [[x, 0], [x + 40, 0], [x + 40, 100], [x, 100]]},
                "depth_m": 1.0,
            }
            if x
            else None
        )
        simulation, _ = run(build(inputs, **({"pond": keys} if keys else {})).inputs, tmp_path)
        depths[name] = float(simulation.surface.depth[5, 1])
    assert depths["here"] < 0.5 * depths["none"]
    assert depths["there"] == pytest.approx(depths["none"], rel=0.01)


@pytest.mark.parametrize("cell_m", [10.0, 5.0, 2.5])
def test_a_new_channel_carries_the_same_on_any_grid(tmp_path, cell_m):
    """10 m wide, S .001: full-bank flow at 10, 5, 2.5 m within 5 % of Manning's 1.18 m for 21.7
    m3/s.
    """
    width = int(10.0 / cell_m)
    rows = width + 2
    terrain, ends = channel(
        rows, int(600 / cell_m), cell_m, 0.001, 0.02, 20.8, range(1, 1 + width), deep_m=0.0
    )
    middle = 0.5 * rows * cell_m
    keys = {
        "kind": "new_channel",
        "targets": {"line_m": [[0.1, middle], [599.9, middle]]},
        "bottom_m": 10.0,
        "depth_m": 1.5,
        "slope": 0.001,
    }
    dug = build(surface_inputs(terrain, 1800.0, **ends), ditch=keys).inputs
    bed = np.where(
        dug.terrain.bed_elevation < terrain.bed_elevation - 1.0, dug.terrain.bed_elevation, np.nan
    )
    simulation, _ = run(
        replace(
            dug,
            terrain=terrain_of(terrain.grid, bed, 0.02),
            edges=replaced_edge(ends, bed, terrain),
        ),
        tmp_path,
    )
    assert middle_depth(simulation, 1) == pytest.approx(
        (20.8 * 0.02 / (10.0 * 0.001**0.5)) ** 0.6, rel=0.05
    )


def replaced_edge(ends, bed, terrain):
    from flood_sim.surface.boundaries import edge_faces

    cells, sides = edge_faces(terrain_of(terrain.grid, bed, 0.02), np.isfinite(bed), "east")
    return (replace(ends["edges"][0], cells=cells, sides=sides),)


def test_pipe_and_pump_do_far_more_together(tmp_path):
    """A basin of 20,000 m2, 3 m deep, behind a river wall: DN600 to a well with a pump of 0.5 m3/s.
    Each alone adds little, both many times that.
    """
    text = (
        inp_text(
            junctions="M -2 2 0 0 0\nD 1 4 0 0 0",
            outfalls="O 4.0 FREE NO",
            storage="W -3 8 0 FUNCTIONAL 0 0 60 0 0",
            conduits="C M W 300 0.013 0 0 0 0\nE D O 20 0.013 3.2 0 0 0",
            xsections="C CIRCULAR 0.6 0 0 0\nE CIRCULAR 1.5 0 0 0",
            curves="PC PUMP2 0.001 0.5\nPC 1000 0.5",
        )
        + "\n[PUMPS]\nP W D PC OFF 0.8 0.2\n[COORDINATES]\nM 70 70\nW 170 70\nD 172 70\nO 180 70\n"
    )
    inputs = coupled_inputs(
        flat(1, 1, 20_000.0**0.5),
        write_inp(tmp_path, text),
        [NodeInlet("M", 0, 0, **WIDE)],
        duration_s=10_800,
        window_s=4.0,
        routing_step_s=2.0,
        depth=3.0,
    )
    pipe = {
        "up": {"kind": "trunk_upsizing", "targets": ["C"], "diameter_m": 1.2, "min_cover_m": 0.5}
    }
    pump = {"more": {"kind": "pump_capacity", "targets": ["P"], "add_m3_s": 2.0}}
    drained = []
    for measures in ({}, pipe, pump, {**pipe, **pump}):
        simulation, _ = run(build(inputs, **measures).inputs, tmp_path)
        drained.append(simulation.ledger.outfall_out)
    none, one, other, both = drained
    gain = [one - none, other - none, both - none]
    assert gain[0] >= -1.0 and gain[1] > 0.0
    assert gain[2] > 3.0 * (gain[0] + gain[1])
    assert both < 20_000.0 * 3.0
