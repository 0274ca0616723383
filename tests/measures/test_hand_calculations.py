"""Each kind of measure against a calculation by hand (the library's MEASURES tables): 2 %, or the
reason beside the tolerance.
"""

from dataclasses import replace

import numpy as np
import pytest

from cases import coupled_inputs, flat, grid_of, inp_text, steady_rain, write_inp
from flood_kernels.structures import culvert_discharge
from flood_sim.core.errors import InputError
from flood_sim.drainage.conduits import read_conduits
from flood_sim.drainage.inlets import INLET_KINDS
from flood_sim.ground.terrain import terrain_of
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.inputs import NodeInlet
from flood_sim.simulation.loop import Simulation
from flood_sim.surface.boundaries import EdgeBoundary, Inflow, Series, constant, edge_faces
from flood_sim.surface.culverts import plain_rating
from flood_sim.surface.structures import Culvert, FaceStructure
from measure_cases import build, channel, middle_depth, run, surface_inputs

# --------------------------------------------------------------------------------------- conveyance


def test_a_cleared_channel_carries_the_same_flow_lower(tmp_path):
    """20 m wide, S .0005, n .060: 23.66 m3/s at 2.0 m; n .025: 1.183 m; a channel dug by 0.5 m has
    the same depth on a lower bed.
    """
    terrain, ends = channel(1, 60, 20.0, 0.0005, 0.060, 23.66, [0])
    inputs = surface_inputs(terrain, 7200.0, depth=2.0, **ends)
    simulation, _ = run(inputs, tmp_path)
    assert middle_depth(simulation, 0) == pytest.approx(2.0, rel=0.02)
    reach = {"line_m": [[0, 10], [1200, 10]]}
    built = build(inputs, clear={"kind": "channel_clearance", "targets": reach, "manning_n": 0.025})
    simulation, _ = run(built.inputs, tmp_path)
    assert middle_depth(simulation, 0) == pytest.approx(1.183, rel=0.02)
    dug = build(
        inputs,
        dig={"kind": "channel_clearance", "targets": reach, "manning_n": 0.025, "lower_bed_m": 0.5},
    )
    assert np.allclose(dug.inputs.terrain.bed_elevation, terrain.bed_elevation - 0.5)
    assert np.allclose(dug.inputs.initial_depth, 2.5)  # the water's level stays
    (row,) = dug.measures
    assert [(q["item"], q["amount"]) for q in row["quantities"]] == [
        ("dredging", pytest.approx(0.5 * 60 * 400.0))
    ]
    assert row["capital"]["middle"] == pytest.approx(0.5 * 60 * 400.0 * 80)


def test_a_wider_channel_carries_the_same_flow_lower(tmp_path):
    """10 m to 30 m wide (no wall friction on the grid): h falls by 3^0.6 = 1.933."""
    terrain, ends = channel(5, 60, 10.0, 0.001, 0.03, 20.0, [2])
    inputs = surface_inputs(
        terrain, 3600.0, depth=np.where(terrain.bed_elevation < 11.0, 1.0, 0.0), **ends
    )
    simulation, _ = run(inputs, tmp_path)
    before = middle_depth(simulation, 2)
    assert before == pytest.approx((20.0 * 0.03 / (10.0 * 0.001**0.5)) ** 0.6, rel=0.02)
    built = build(
        inputs,
        widen={
            "kind": "channel_widening",
            "targets": {"line_m": [[0.1, 25], [599.9, 25]]},
            "width_m": 30.0,
            "side_slope": 0.0,
        },
    )
    assert built.measures[0]["quantities"][0]["amount"] == pytest.approx(
        2 * 60 * 4.0 * 100.0, rel=1e-3
    )  # two rows, 4 m deep
    wide, more = channel(5, 60, 10.0, 0.001, 0.03, 20.0, [1, 2, 3])
    assert np.allclose(
        built.inputs.terrain.bed_elevation, wide.bed_elevation, atol=0.006
    )  # levels at stations of a cell: half a cell's fall
    simulation, _ = run(replace(built.inputs, **more), tmp_path)
    assert middle_depth(simulation, 2) == pytest.approx(before / 3.0**0.6, rel=0.02)


def test_a_new_channel_carries_what_manning_says(tmp_path):
    """5 m, S .001, n .020, 1.5 m deep: 15.54 m3/s brim-full."""
    terrain, ends = channel(3, 60, 5.0, 0.001, 0.05, 15.54, [1], deep_m=0.0)
    keys = {
        "kind": "new_channel",
        "targets": {"line_m": [[0.1, 7.5], [299.9, 7.5]]},
        "bottom_m": 5.0,
        "depth_m": 1.5,
        "slope": 0.001,
        "manning_n": 0.020,
    }
    built = build(surface_inputs(terrain, 3600.0, **ends), brook=keys)
    level = terrain.bed_elevation[1] - built.inputs.terrain.bed_elevation[1]
    assert level == pytest.approx(1.5, abs=0.01) and np.all(
        built.inputs.terrain.manning_n[1] == 0.02
    )
    dug = replace(
        built.inputs,
        terrain=terrain_of(
            terrain.grid,
            np.where(np.arange(3)[:, None] == 1, built.inputs.terrain.bed_elevation, np.nan),
            built.inputs.terrain.manning_n,
        ),
    )
    out, sides = edge_faces(dug.terrain, np.ones(terrain.grid.shape, bool), "east")
    simulation, _ = run(
        replace(dug, edges=(EdgeBoundary("out", out, sides, None, 0.001),)), tmp_path
    )
    assert middle_depth(simulation, 1) == pytest.approx(1.5, rel=0.02)


def test_an_obstruction_taken_away_is_as_if_it_had_never_been(tmp_path):
    wall = FaceStructure(
        "old bridge", "wall", np.array([True]), np.array([[0, 10]]), np.array([1e9]), np.ones(1)
    )
    inputs = surface_inputs(
        flat(1, 20, 5.0),
        60.0,
        depth=np.where(np.arange(20) < 10, 1.0, 0.0)[None, :],
        structures=(wall,),
    )
    built = build(inputs, free={"kind": "obstruction_removal", "targets": ["old bridge"]})
    simulation, _ = run(built.inputs, tmp_path)
    quiet, _ = run(replace(inputs, structures=()), tmp_path)
    assert (
        np.array_equal(simulation.surface.depth, quiet.surface.depth)
        and simulation.surface.depth[0, 15] > 0.1
    )
    with pytest.raises(InputError, match="no such structure; did you mean `old bridge`"):
        build(inputs, free={"kind": "obstruction_removal", "targets": ["old bridg"]})


def test_two_barrels_carry_twice():
    """2 x 2 m, 0.5 m of head: 7.77 m3/s with C .62; one barrel's law doubled by measure."""
    law, loss = plain_rating(2.0, 2.0), 1.0 / 0.62**2
    culvert = Culvert("road", (0, 0), (0, 1), 0.0, 0.0, 2.0, 4.0, loss, (law, law))
    inputs = surface_inputs(flat(1, 2, 5.0), 10.0, culverts=(culvert,))
    (wider,) = build(
        inputs, more={"kind": "culvert_enlargement", "targets": ["road"], "barrels": 2}
    ).inputs.culverts
    got = [
        culvert_discharge(3.5, 3.0, 0.0, 0.0, 2.0, c.area_m2, c.loss, c.ratings[0])
        for c in (culvert, wider)
    ]
    assert got[0] == pytest.approx(7.77, rel=0.02) and got[1] == pytest.approx(15.54, rel=0.02)


def test_a_road_carries_its_kerb_full_and_no_more(tmp_path):
    """15 m, S .002, n .016, kerb .15 m: 1.775 m3/s brim-full (at .005 2.81, but there the scheme's
    Froude limit of 1 would count); twice as much goes over the kerbs."""
    for discharge, spills in ((1.6, False), (3.5, True)):
        terrain, ends = channel(7, 60, 5.0, 0.002, 0.03, discharge, [2, 3, 4], deep_m=0.0)
        inputs = surface_inputs(terrain, 1200.0, **ends)
        way = {
            "kind": "road_flood_way",
            "targets": {"line_m": [[0.1, 17.5], [299.9, 17.5]]},
            "width_m": 15.0,
            "kerb_m": 0.15,
        }
        simulation, _ = run(build(inputs, way=way).inputs, tmp_path)
        beside = float(simulation.surface.maxima.depth[[0, 1, 5, 6]].max())
        assert (beside > 0.01) == spills
        if not spills:
            assert middle_depth(simulation, 3) == pytest.approx(
                (1.6 * 0.016 / (15.0 * 0.002**0.5)) ** 0.6, rel=0.02
            )


def test_a_flap_keeps_the_river_out(tmp_path):
    """River 2.5 m over the floor of a basin of 5,000 m2, DN1000: 2.5 x 5,000 = 12,500 m3 and the
    pipe come in; with a flap nothing.
    """
    text = inp_text(
        junctions="M -2 2 0 0 0",
        outfalls="O -2.1 FIXED 2.5 NO",
        conduits="C M O 50 0.013 0 0 0 0",
        xsections="C CIRCULAR 1.0 0 0 0",
    )
    side = 5000.0**0.5
    inlet = NodeInlet("M", 0, 0, 4000.0, 400.0, np.inf)
    inputs = coupled_inputs(
        flat(1, 1, side), write_inp(tmp_path, text), [inlet], duration_s=14400, window_s=4.0
    )
    simulation, _ = run(inputs, tmp_path)
    assert simulation.surface.volume == pytest.approx(12_500.0, rel=0.02)
    built = build(inputs, flap={"kind": "outfall_flap_gate", "targets": ["O"]})
    shut, _ = run(built.inputs, tmp_path)
    assert shut.surface.volume == 0.0
    assert built.inputs.drainage.network.rows("OUTFALLS")[0].tokens == [
        "O",
        "-2.1",
        "FIXED",
        "2.5",
        "YES",
    ]


def test_a_levee_is_a_weir_until_it_is_higher(tmp_path):
    """C 1.7, 100 m, 0.20 m over the crest: 15.2 m3/s, the level held by a stage; raised by 0.25 m:
    0.
    """
    terrain, depth = flat(10, 40, 10.0), np.zeros((10, 40))
    depth[:, :10] = 1.2
    cells, sides = edge_faces(terrain, np.ones(terrain.grid.shape, bool), "west")
    inputs = surface_inputs(
        terrain, 300.0, depth=depth, edges=(EdgeBoundary("river", cells, sides, constant(1.2)),)
    )
    line = {"line_m": [[100.0, 100.0], [100.0, 0.0]]}
    flows = []
    for crest in (1.0, 1.25):
        built = build(inputs, dyke={"kind": "levee_raising", "targets": line, "crest_m": crest})
        _, seen = run(
            built.inputs, tmp_path, lambda s: float(s.surface.depth[:, 10:].sum()) * 100.0
        )
        flows.append((seen[300.0] - seen[200.0]) / 100.0)
    assert flows[0] == pytest.approx(15.2, rel=0.02)
    assert flows[1] == 0.0
    assert [(q["item"], q["amount"]) for q in built.measures[0]["quantities"]] == [("levee", 100.0)]


# ------------------------------------------------------------------------------------- pipe network

PIPES = (
    inp_text(
        junctions="A 10 5 0 0 0\nB 9.4 5 0 0 0",
        outfalls="O 8.8 FREE NO",
        conduits="1 A B 300 0.013 0 0 0 0\n2 B O 300 0.013 0 0 0 0",
        xsections="1 CIRCULAR 1.0 0 0 0\n2 FILLED_CIRCULAR 1.0 0.25 0 0",
    )
    + "\n[COORDINATES]\nA 5 5\nB 305 5\nO 605 5\n"
)


def pipes(folder, text=PIPES, **measures):
    inputs = coupled_inputs(
        flat(1, 62, 10.0, 15.0),
        write_inp(folder, text),
        [NodeInlet("A", 0, 0, 2.4, 0.3, np.inf, open_share=0.2)],
        duration_s=60,
    )
    built = build(inputs, **measures)
    return built, {c.name: c.capacity_m3_s for c in read_conduits(built.inputs.drainage.network)}


def test_larger_pipes_carry_more(tmp_path):
    """Manning full, n .013, S .002: DN1000 1.072, DN1500 3.161 m3/s."""
    _, before = pipes(tmp_path)
    built, after = pipes(
        tmp_path, up={"kind": "trunk_upsizing", "targets": ["1"], "diameter_m": 1.5}
    )
    assert before["1"] == pytest.approx(1.072, rel=1e-3) and after["1"] == pytest.approx(
        3.161, rel=1e-3
    )
    assert [q["item"] for q in built.measures[0]["quantities"]] == [
        "sewer_dn1500"
    ] and built.measures[0]["quantities"][0]["amount"] == 300.0
    with pytest.raises(
        InputError,
        match=(
            r"(?s)has 5\.00 m between invert and ground, needs 4 \+ 2 m cover.*largest that fits"
            r" is 3 m"
        ),
    ):
        pipes(
            tmp_path,
            up={"kind": "trunk_upsizing", "targets": ["1"], "diameter_m": 4.0, "min_cover_m": 2.0},
        )


def test_a_relief_sewer_adds_its_flow(tmp_path):
    """DN1000 + DN800 at S .002: 1.072 + .591 = 1.664 m3/s."""
    built, after = pipes(
        tmp_path,
        relief={"kind": "relief_sewer", "from_node": "A", "to_node": "B", "diameter_m": 0.8},
    )
    assert after["1"] + after["relief"] == pytest.approx(1.664, rel=2e-3)
    assert built.inputs.drainage.network.links()["relief"] == ("A", "B")
    with pytest.raises(InputError, match="its slope would be -0.00200"):
        pipes(
            tmp_path,
            relief={"kind": "relief_sewer", "from_node": "B", "to_node": "A", "diameter_m": 0.8},
        )


def test_clean_pipes_carry_more(tmp_path):
    """D 1.0 with 0.25 m of sediment, S .002: the geometry alone 1.381; with n .018 to .013 1.912
    (0.561 to 1.072 m3/s).
    """
    rough = PIPES.replace("2 B O 300 0.013", "2 B O 300 0.018")
    _, before = pipes(tmp_path, rough)
    _, after = pipes(
        tmp_path, rough, clean={"kind": "sewer_cleaning", "targets": ["2"], "manning_n": 0.013}
    )
    assert before["2"] == pytest.approx(0.561, rel=5e-3) and after["2"] == pytest.approx(
        1.072, rel=1e-3
    )
    with pytest.raises(InputError, match="nothing to clean"):
        pipes(tmp_path, clean={"kind": "sewer_cleaning", "targets": ["1"]})


def test_a_lined_pipe_is_narrower_and_smoother(tmp_path):
    """1.00 m n .015 to .97 m n .010: x 1.383."""
    rough = PIPES.replace("1 A B 300 0.013", "1 A B 300 0.015")
    _, before = pipes(tmp_path, rough)
    _, after = pipes(
        tmp_path,
        rough,
        line={
            "kind": "trunk_rehabilitation",
            "targets": ["1"],
            "lining_mm": 15,
            "manning_n": 0.010,
        },
    )
    assert after["1"] / before["1"] == pytest.approx(1.383, rel=1e-3)


def test_inlets_open_to_their_share_and_come_in_numbers(tmp_path):
    """Open share .2 to .5: x 2.5; ten grates of P 2.4 m clogged by half: 222.7 L/s under 5 cm (C
    1.66, here the model's 1.594).
    """
    built, _ = pipes(
        tmp_path, clean={"kind": "inlet_cleaning", "targets": ["A"], "open_share": 0.5}
    )
    (inlet,) = built.inputs.drainage.inlets
    assert (
        inlet.perimeter_m == pytest.approx(2.5 * 2.4)
        and inlet.area_m2 == pytest.approx(2.5 * 0.3)
        and inlet.open_share == 0.5
    )
    grate = INLET_KINDS["grate"]
    built, _ = pipes(
        tmp_path,
        more={
            "kind": "inlet_addition",
            "targets": ["A"],
            "type": "grate",
            "count": 10,
            "open_share": 0.5,
        },
    )
    new = built.inputs.drainage.inlets[1]
    assert 1.594 * new.perimeter_m * 0.05**1.5 == pytest.approx(
        10 * 0.5 * 1.594 * grate.perimeter_m * 0.05**1.5
    )
    assert built.measures[0]["capital"]["middle"] == 10 * 4000


def test_removed_connections_bring_nothing(tmp_path):
    """50 L/s in an hour: 180 m3 less from outside."""
    text = PIPES + "\n[DWF]\nA FLOW 0.05\n"
    inputs = coupled_inputs(
        flat(1, 62, 10.0, 15.0),
        write_inp(tmp_path, text),
        [NodeInlet("A", 0, 0, 2.4, 0.3, np.inf)],
        duration_s=3600,
    )
    dirty, _ = run(inputs, tmp_path)
    assert dirty.ledger.network_inflow == pytest.approx(180.0, rel=0.01)
    clean, _ = run(
        build(inputs, off={"kind": "cross_connection_removal", "targets": ["A"]}).inputs, tmp_path
    )
    assert clean.ledger.network_inflow == pytest.approx(0.0, abs=1e-9)


def test_a_tunnel_takes_its_volume_and_then_nothing(tmp_path):
    """1 km of 4 m: 12,566 m3. 10 m3/s into the shaft, whose own pipe carries 1: full after 12,566 /
    9 s = 23 min.
    """
    text = inp_text(
        junctions="M 8 2 0 0 0",
        outfalls="O 7.4 FREE NO",
        conduits="C M O 300 0.013 0 0 0 0",
        xsections="C CIRCULAR 1.0 0 0 0",
        inflows="M FLOW T FLOW 1 1",
        timeseries="T 0:00 10\nT 3:00 10",
    )
    inputs = coupled_inputs(
        flat(1, 1, 100.0, 10.0),
        write_inp(tmp_path, text),
        [NodeInlet("M", 0, 0, 400.0, 40.0, np.inf)],
        duration_s=2400,
    )
    keys = {
        "kind": "deep_tunnel",
        "targets": ["M"],
        "diameter_m": 4.0,
        "length_m": 1000.0,
        "weir_m": 20.0,
        "crest_m": 9.0,
        "depth_m": 20.0,
        "dewater_m3_s": 1e-3,
    }
    built = build(inputs, tunnel=keys)
    assert {q["item"]: q["amount"] for q in built.measures[0]["quantities"]}[
        "tunnel"
    ] == pytest.approx(12_566.4, rel=1e-4)

    def probe(s):
        tunnel, shaft = (
            float(s.network.heads()[s.network.node_ids.index(n)]) for n in ("tunnel", "M")
        )
        return tunnel, float(s.surface.depth[0, 0]), shaft

    _, seen = run(built.inputs, tmp_path, probe)
    bottom, area = 10.0 - 20.0, 12_566.4 / 4.0
    at = {t: (h - bottom) * area for t, (h, *_) in seen.items()}
    assert at[1200.0] - at[600.0] == pytest.approx(
        600.0 * 8.6, rel=0.05
    )  # the pipe takes 1.1 to 1.6 with the shaft's head
    full = min(t for t, (h, *_) in seen.items() if h > bottom + 4.05)
    assert full == pytest.approx(12_566.4 / 8.6, rel=0.05)
    assert (
        max(street for t, (_, street, _) in seen.items() if t < full) < 0.01
        and seen[2400.0][1] > 0.5
    )  # from then on the street fills
    late = [abs(h - shaft) for t, (h, _, shaft) in seen.items() if t > full + 120.0]
    assert max(late) <= 0.1  # full, it stands as high as the manhole that fed it, and takes no more


# ------------------------------------------------------------------------------------ pump stations


def test_a_pump_empties_a_pond_at_its_rate(tmp_path):
    """10,000 m2, 1 m, 2 m3/s: 0.280 m after an hour; it stops at stop_m."""
    grid = grid_of(1, 2, 100.0)
    terrain = terrain_of(grid, np.array([[0.0, 5.0]]), 0.03)
    inputs = surface_inputs(
        terrain,
        5400.0,
        depth=np.array([[1.0, 0.0]]),
        structures=(
            FaceStructure(
                "wall", "wall", np.array([True]), np.array([[0, 1]]), np.array([1e9]), np.ones(1)
            ),
        ),
    )
    keys = {
        "kind": "new_pump_station",
        "from_m": [50, 50],
        "to_m": [150, 50],
        "capacity_m3_s": 2.0,
        "start_m": 0.5,
        "stop_m": 0.1,
    }
    _, seen = run(
        build(inputs, station=keys).inputs, tmp_path, lambda s: float(s.surface.depth[0, 0])
    )
    assert seen[3600.0] == pytest.approx(0.280, abs=0.005)
    assert seen[5400.0] == pytest.approx(0.1, abs=0.001)


def test_a_station_at_a_node_lifts_over_the_river(tmp_path):
    """A wet well of 50 m2 with 0.3 m3/s coming in: the pumps (0.2 m3/s) take 0.2."""
    text = inp_text(
        junctions="M 8 3 0 0 0",
        outfalls="O 10.5 FREE NO",
        storage="W 5 6 0 FUNCTIONAL 0 0 50 0 0",
        conduits="C M W 20 0.013 0 0 0 0\nD W O 20 0.013 5.9 0 0 0",
        xsections="C CIRCULAR 1.0 0 0 0\nD CIRCULAR 0.1 0 0 0",
        inflows="M FLOW T FLOW 1 1",
        timeseries="T 0:00 0.3\nT 3:00 0.3",
    )
    inputs = coupled_inputs(
        flat(1, 1, 100.0, 11.0),
        write_inp(tmp_path, text),
        [NodeInlet("M", 0, 0, 400.0, 40.0, np.inf)],
        duration_s=1800,
    )
    keys = {
        "kind": "new_pump_station",
        "from_node": "W",
        "capacity_m3_s": 0.2,
        "units": 2,
        "start_m": 1.5,
        "stop_m": 0.5,
    }
    simulation, seen = run(
        build(inputs, station=keys).inputs, tmp_path, lambda s: s.ledger.outfall_out
    )
    assert (seen[1800.0] - seen[1200.0]) / 600.0 == pytest.approx(0.2, rel=0.03)
    assert {"station_out1", "station_out2"} <= set(simulation.network.node_ids)
    with pytest.raises(
        InputError, match=r"(?s)empty this well within a minute.*50 m2.*or 0\.83 m3/s"
    ):
        build(inputs, station={**keys, "capacity_m3_s": 2.0})
    beside = build(
        inputs, station={**keys, "from_node": "M"}
    ).inputs.drainage.network  # a junction gets a well: 60 s x 0.2 m3/s in a metre
    assert [r.tokens[7] for r in beside.rows("STORAGE") if r.tokens[0] == "station_well"] == ["12"]


def test_pumps_in_parallel_add_at_a_head_not_twice(tmp_path):
    """The same pump twice on one rising main (200 m, DN800, 3 m lift): x 1.60 (tried in SWMM: 1.470
    to 2.353 m3/s), not 2.
    """
    text = (
        inp_text(
            junctions="D 0 12 0 0 0",
            outfalls="O 3.0 FREE NO",
            storage="W 0 6 1.5 FUNCTIONAL 0 0 4000 0 0",
            conduits="C D O 200 0.013 0 0 0 0",
            xsections="C CIRCULAR 0.8 0 0 0",
            curves="PC PUMP3 0 2.2\nPC 12 0",
        )
        + "\n[PUMPS]\nP W D PC ON 0 0\n[COORDINATES]\nW 50 50\nD 50 50\nO 60 50\n"
    )
    inputs = coupled_inputs(
        flat(1, 1, 100.0, 12.0),
        write_inp(tmp_path, text),
        [NodeInlet("W", 0, 0, 1.0, 0.1, np.inf)],
        duration_s=600,
    )
    flows = []
    for measures in ({}, {"more": {"kind": "pump_capacity", "targets": ["P"], "add_m3_s": 2.2}}):
        built = build(inputs, **measures)
        _, seen = run(built.inputs, tmp_path, lambda s: s.ledger.outfall_out)
        flows.append((seen[600.0] - seen[300.0]) / 300.0)
    assert 1.2 < flows[1] / flows[0] < 1.8


# ------------------------------------------------------------------------------- source and storage

BLOCK = {"polygon_m": [[-1, -1], [200, -1], [200, 200], [-1, 200]]}


def layered(folder, hours, rate_mm_h, terrain=None, **keys):
    """Rain on a closed cell of 1,000 m2 with a facility: (m3 on the ground over time, facility's
    held m3).
    """
    terrain = flat(1, 1, 1000.0**0.5) if terrain is None else terrain
    inputs = surface_inputs(terrain, 3600.0 * hours, rain=steady_rain(rate_mm_h, 3600.0 * hours))
    built = build(inputs, thing={"targets": BLOCK, **keys})
    simulation, seen = run(built.inputs, folder, lambda s: s.surface.volume)
    return seen, simulation.ledger.layers_stored_end


def test_permeable_paving_takes_its_store_and_then_none(tmp_path):
    """1,000 m2, 60 mm/h for 3 h, 300 mm x .4: no runoff until 2.00 h, then 60 of 180 m3; clogged to
    25 mm/h: 105 m3.
    """
    seen, held = layered(tmp_path, 3, 60.0, kind="permeable_paving", entry_mm_h=250)
    assert (
        seen[7200.0] < 0.2
        and seen[10800.0] == pytest.approx(60.0, rel=0.01)
        and held == pytest.approx(120.0, rel=0.01)
    )
    seen, _ = layered(tmp_path, 3, 60.0, kind="permeable_paving", entry_mm_h=25)
    assert seen[10800.0] == pytest.approx(105.0, rel=0.02)


def test_a_rain_garden_holds_soil_and_store(tmp_path):
    """Soil 600 mm (.52 - .15) and store 300 mm x .45: 222 + 135 = 357 mm."""
    _, held = layered(tmp_path, 8, 60.0, kind="bioretention", entry_mm_h=500, percolation_mm_h=50)
    assert held - 0.15 * 600.0 == pytest.approx(
        357.0, rel=0.02
    )  # 1,000 m2: mm are m3; field capacity was there before


def test_sunken_green_keeps_its_depth_wherever_the_ground_falls(tmp_path):
    """1,000 m2 x 0.10 m: 100 m3 kept, the next leaves; on sloping ground too."""
    seen, held = layered(tmp_path, 2, 80.0, kind="sunken_green", depth_m=0.10)
    assert held == pytest.approx(100.0, rel=1e-3) and seen[7200.0] == pytest.approx(60.0, rel=1e-2)
    slope = terrain_of(grid_of(1, 10, 10.0), np.arange(10.0)[None, :] * 0.5, 0.03)
    _, held = layered(tmp_path, 2, 80.0, slope, kind="sunken_green", depth_m=0.10)
    assert held == pytest.approx(100.0, rel=0.02)


def roofed():
    """A building of one cell beside an open one, 1,000 m2 each."""
    terrain = flat(1, 2, 1000.0**0.5)
    buildings = np.array([[True, False]])
    return terrain.with_solid_buildings(buildings), buildings


@pytest.mark.parametrize(("soil_start", "kept"), [(0.15, 20.0), (0.35, 0.0)])
def test_a_green_roof_keeps_what_its_soil_lacks(tmp_path, soil_start, kept):
    """Soil 100 mm, field capacity .35: dry (.15) it keeps 20 mm, at field capacity none; its mat
    delays, it does not keep.
    """
    terrain, buildings = roofed()
    inputs = surface_inputs(
        terrain, 6 * 3600.0, rain=steady_rain(40.0, 3600.0), buildings=buildings
    )
    built = build(inputs, roof={"kind": "green_roof", "soil_start": soil_start})
    assert built.measures[0]["quantities"][0]["amount"] == pytest.approx(1000.0)
    simulation, _ = run(built.inputs, tmp_path)
    assert simulation.ledger.rain == pytest.approx(80.0)  # 2,000 m2 x 40 mm, roof included
    assert 80.0 - simulation.surface.volume == pytest.approx(
        kept, abs=1.0
    )  # the mat's last millimetre drains for hours


def test_a_tank_is_full_after_twenty_minutes(tmp_path):
    """20 mm of tank, 60 mm/h on the roof: nothing of it on the ground for 20 min, then as
    without.
    """
    terrain, buildings = roofed()
    inputs = surface_inputs(terrain, 3600.0, rain=steady_rain(60.0, 3600.0), buildings=buildings)
    _, seen = run(
        build(inputs, tank={"kind": "rain_tank", "volume_mm": 20}).inputs,
        tmp_path,
        lambda s: s.surface.volume,
    )
    _, without = run(inputs, tmp_path, lambda s: s.surface.volume)
    assert seen[1200.0] == pytest.approx(20.0, rel=0.01) and without[1200.0] == pytest.approx(
        40.0, rel=0.01
    )
    assert without[3600.0] - seen[3600.0] == pytest.approx(20.0, rel=1e-3)


def basin_inputs(folder, duration_s=3600.0, depth=0.0):
    text = inp_text(
        junctions="M -4 4 0 0 0",
        outfalls="O -4.5 FREE NO",
        conduits="C M O 50 0.013 0 0 0 0",
        xsections="C CIRCULAR 1.0 0 0 0",
    )
    inp = write_inp(folder, text + "\n[COORDINATES]\nM 95 5\nO 200 5\n")
    return coupled_inputs(
        flat(10, 10, 10.0),
        inp,
        [NodeInlet("M", 9, 9, 1.0, 0.1, np.inf)],
        duration_s=duration_s,
        depth=depth,
    )


SQUARE = {"polygon_m": [[20, 20], [60, 20], [60, 60], [20, 60]]}


def test_a_basin_empties_through_its_orifice(tmp_path):
    """16 cells of 100 m2, 1.5 m deep: 2,400 m3; full, its orifice of 0.4 m gives C A (2 g h)^.5 =
    0.41 m3/s.
    """
    built = build(
        basin_inputs(tmp_path, 60.0),
        basin={
            "kind": "surface_detention",
            "targets": SQUARE,
            "depth_m": 1.5,
            "outlet_node": "M",
            "outlet_d_m": 0.4,
        },
    )
    assert built.measures[0]["quantities"][0]["amount"] == pytest.approx(2400.0)
    depth = np.where(built.inputs.terrain.bed_elevation < -1.0, 1.5, 0.0)
    simulation, _ = run(
        replace(built.inputs, initial_depth=depth),
        tmp_path,
        lambda s: s.exchange.book.to_sewer_street,
    )
    offered = float(simulation.surface.at_nodes.offered.sum()) / 2.0
    assert offered == pytest.approx(
        0.6 * np.pi / 4.0 * 0.4**2 * (2.0 * 9.80665 * 1.5) ** 0.5, rel=0.02
    )


def test_ponds_and_parks_hold_what_is_dug(tmp_path):
    """5 ha x 0.5 m would be 25,000 m3; here 1,600 m2: 800 m3, by plan and by rain that stays in."""
    for kind, item in (("park_retention", "park_retention"), ("pond_restoration", "pond")):
        built = build(basin_inputs(tmp_path), dig={"kind": kind, "targets": SQUARE, "depth_m": 0.5})
        assert [(q["item"], q["amount"]) for q in built.measures[0]["quantities"]] == [
            (item, pytest.approx(1600.0))
        ]
        assert "800 m3" in built.measures[0]["targets"][0]
    with pytest.raises(InputError, match="deeper than 0.5 m without a fence"):
        build(
            basin_inputs(tmp_path),
            dig={"kind": "park_retention", "targets": SQUARE, "depth_m": 0.8},
        )


def test_a_buried_tank_fills_over_its_weir(tmp_path):
    """600 m3 beside M; 2 m3/s come, the pipe takes what it can: the tank takes 600 and no more,
    then its pump of 600 / 12 h = 13.9 L/s.
    """
    text = (
        inp_text(
            junctions="M -4 4 0 0 0",
            outfalls="O -4.2 FREE NO",
            conduits="C M O 50 0.013 0 0 0 0",
            xsections="C CIRCULAR 0.6 0 0 0",
            inflows="M FLOW T FLOW 1 1",
            timeseries="T 0:00 2\nT 0:20 2\nT 0:21 0\nT 5:00 0",
        )
        + "\n[COORDINATES]\nM 95 5\nO 200 5\n"
    )
    inputs = coupled_inputs(
        flat(1, 1, 100.0),
        write_inp(tmp_path, text),
        [NodeInlet("M", 0, 0, 400.0, 40.0, np.inf)],
        duration_s=7200,
    )
    keys = {
        "kind": "underground_tank",
        "node": "M",
        "volume_m3": 600.0,
        "crest_m": -1.5,
        "depth_m": 4.0,
        "empty_h": 12.0,
        "weir_m": 5.0,
    }

    def probe(s):
        tank, manhole = (
            float(s.network.heads()[s.network.node_ids.index(n)]) for n in ("tank_tank", "M")
        )
        return tank, s.network.balance()["stored"], manhole

    simulation, seen = run(build(inputs, tank=keys).inputs, tmp_path, probe)
    assert max(stored for _, stored, _ in seen.values()) == pytest.approx(
        600.0, abs=90.0
    )  # its shaft of 25 m2, up to 2 m over the street, and the pipes hold the rest
    assert (
        max(abs(tank - manhole) for t, (tank, _, manhole) in seen.items() if 900.0 < t <= 1200.0)
        <= 0.3
    )  # full: about as high as its manhole (its weir is drowned)
    assert (
        simulation.exchange.book.to_street_network > 0.0
    )  # what the full tank does not take comes up
    assert (seen[5400.0][0] - seen[7200.0][0]) * 150.0 == pytest.approx(
        1800.0 * 600.0 / 43200.0, rel=0.05
    )


def test_a_lake_needs_its_hours(tmp_path):
    """20 ha x 0.5 m = 100,000 m3; 5 m3/s: 5.56 h. With 3 h of warning it is refused, and the
    message has the hours.
    """
    terrain = flat(20, 10, 31.6227766)
    inputs = surface_inputs(terrain, 60.0, depth=2.0)
    lake = {
        "kind": "lake_drawdown",
        "targets": {"polygon_m": [[-1, -1], [400, -1], [400, 700], [-1, 700]]},
        "outflow_m3_s": 5.0,
    }
    built = build(inputs, lake={**lake, "lead_h": 6.0})
    assert np.allclose(built.inputs.initial_depth, 1.5)
    with pytest.raises(InputError, match=r"(?s)100000 m3 need 5\.6 h at 5 m3/s.*draw_m = 0\.27"):
        build(inputs, lake={**lake, "lead_h": 3.0})


def test_new_branches_reach_the_density_and_fall(tmp_path):
    """10.5 km/km2 of land on 1 km2, within a street's length; pipes fall, widen downwards, keep
    their cover; SWMM takes them.
    """
    city = build_inputs(load_scenario("quickstart"))
    before = {c.name: c for c in read_conduits(city.drainage.network)}
    built = build(city, more={"kind": "new_branch", "target_density_km_km2": 10.5})
    new = [c for c in read_conduits(built.inputs.drainage.network) if c.name not in before]
    water = float((np.asarray(city.initial_depth) > 0.05).sum()) * city.terrain.grid.cell_area_m2
    land = (city.terrain.catchment_area_m2 - water) / 1e6
    wanted = 10.5 * land - sum(c.length_m for c in before.values()) / 1000.0
    length = sum(c.length_m for c in new) / 1000.0
    assert wanted <= length < wanted + 0.45  # a street of the city is 0.15 to 0.4 km long
    assert all(c.slope >= 0.0009 for c in new)
    rims = built.inputs.drainage.network.rims()
    assert all(rims[c.upper] - c.inlet_m - c.depth_m >= 0.7 - 0.002 for c in new)
    by_upper = {c.upper: c for c in new}
    assert all(by_upper[c.lower].depth_m >= c.depth_m for c in new if c.lower in by_upper)
    nodes = {c.upper for c in new}
    assert {i.node for i in built.inputs.drainage.inlets} >= nodes and set(
        built.inputs.drainage.return_cells
    ) >= nodes
    simulation = Simulation(built.inputs, tmp_path)
    simulation.close()
    assert nodes <= set(simulation.network.node_ids)


def triangle(folder):
    """A river of 20 m3/s with a triangular flood of 100 m3/s more between 6 and 12 h: 1.08 million
    m3 over 20.
    """
    series = Series(
        np.array([0.0, 6.0, 9.0, 12.0, 24.0]) * 3600.0, np.array([20.0, 20.0, 120.0, 20.0, 20.0])
    )
    inflow = Inflow("river", np.array([[0, 0]]), series)
    return surface_inputs(flat(1, 2, 10.0), 86_400.0, inflows=(inflow,)), series


def test_a_reservoir_emptied_ahead_cuts_the_peak_and_loses_no_water(tmp_path):
    """Room of 270,000 m3: of the triangle above q_max a base of x h and a height of 100 x / 6: x^2
    100 / 12 x 3600 = V: x = 3 h, q_max = 70.
    """
    inputs, series = triangle(tmp_path)
    keys = {
        "kind": "reservoir_prerelease",
        "boundary": "river",
        "room_m3": 270_000.0,
        "release_m3_s": 25.0,
    }
    (inflow,) = build(inputs, room=keys).inputs.inflows
    assert inflow.discharge.value.max() == pytest.approx(70.0, rel=0.01)
    assert inflow.discharge.at(1.0 * 3600.0) == pytest.approx(45.0)  # 3 h of 25 m3/s make the room
    assert inflow.discharge.at(4.0 * 3600.0) == pytest.approx(20.0)
    assert inflow.discharge.integral(0.0, 86_400.0) == pytest.approx(
        series.integral(0.0, 86_400.0), rel=1e-3
    )
    with pytest.raises(InputError, match=r"(?s)270000 m3 need 37\.5 h at 2 m3/s"):
        build(inputs, room={**keys, "release_m3_s": 2.0})


def test_a_clearing_that_faded_costs_the_same(tmp_path):
    terrain, _ = channel(1, 10, 20.0, 0.0005, 0.060, 1.0, [0])
    keys = {
        "kind": "channel_clearance",
        "targets": {"line_m": [[0, 10], [200, 10]]},
        "manning_n": 0.03,
        "lower_bed_m": 0.4,
    }
    whole, half = (
        build(surface_inputs(terrain, 60.0, depth=1.0), clear={**keys, "kept_share": k})
        for k in (1.0, 0.5)
    )
    assert np.allclose(half.inputs.terrain.manning_n, 0.045) and np.allclose(
        half.inputs.terrain.bed_elevation, terrain.bed_elevation - 0.2
    )
    assert half.measures[0]["capital"] == whole.measures[0]["capital"]
