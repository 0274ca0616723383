"""Walls, basins, tanks, pumps, doors and feeds: plans on ground of a few cells, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from cases import coupled_inputs, flat, inp_text, write_inp
from flood_sim.core.errors import InputError
from flood_sim.measures.projects.underground_space import fails
from flood_sim.simulation.inputs import Gauge
from flood_sim.sites.critical import CriticalSite, Need
from flood_sim.sites.sites import SiteInputs
from flood_sim.sites.underground_inputs import Opening, Space, SpaceInputs
from measure_cases import build
from measures.test_teeth_targets import ground, sites

# ------------------------------------------------------------------------------ walls and basins

SQUARE = {"polygon_m": [[10, 10], [20, 10], [20, 20], [10, 20]]}  # cells 2..3 x 2..3


def test_a_wall_stands_on_its_ring_and_costs_its_face():
    """A ring of 8 faces of 5 m around 2 x 2 cells; 1 m high over the ground, a gate of 8 m in the
    west takes two faces, one of 1 m the nearest: 8 x 5 m2 in all.
    """
    for width, gates in ((8.0, 2), (1.0, 1)):
        keys = {"targets": SQUARE, "raise_m": 1.0, "gates_m": [[10.0, 16.0]], "gate_width_m": width}
        built = build(ground(), it={"kind": "flood_wall_gate", **keys})
        bill = {q["item"]: q["amount"] for q in built.measures[0]["quantities"]}
        assert bill == pytest.approx(
            {"flood_wall_gate": 5.0 * gates, "flood_wall": 40.0 - 5.0 * gates}
        )
        wall, gate = built.inputs.structures
        assert gate.waits and not wall.waits
        assert len(gate.is_x) == gates and gate.is_x.all() and len(wall.is_x) == 8 - gates
        assert {tuple(c) for c in gate.cells.tolist()} <= {(2, 2), (3, 2)}
        assert np.allclose(wall.crest_m, 11.0)
    assert built.inputs.pumps == ()


def test_a_wall_is_built_where_the_ground_is_lower():
    """Crest of 10.5 m on ground of 10 m, two faces of 10.6 m: six are built, 0.5 m high."""
    inputs = ground()
    bed = inputs.terrain.bed_elevation.copy()
    bed[1, 2:4] = 10.6
    inputs = replace(inputs, terrain=replace(inputs.terrain, bed_elevation=bed))
    keys = {"kind": "flood_wall_gate", "targets": SQUARE, "drain_m3_s": 0.2}
    built = build(inputs, it=keys | {"crest_m": 10.5})
    bill = {q["item"]: q["amount"] for q in built.measures[0]["quantities"]}
    assert bill == pytest.approx({"flood_wall": 6 * 5.0 * 0.5, "pump_added": 0.2})
    (pump,) = built.inputs.pumps
    assert pump.name == "it" and not any(f.code == "W520" for f in built.inputs.findings)
    with pytest.raises(InputError, match="the ground is higher all around"):
        build(inputs, it=keys | {"crest_m": 9.9})
    doubts = build(inputs, it=keys | {"crest_m": 10.5, "drain_m3_s": 0.0}).inputs.findings
    assert "rain that falls inside" in doubts[0].problem


def test_a_basin_lies_under_its_lowest_rim():
    """2 x 2 cells of 25 m2, rim of 9.8 m on one side: 1 m deep is 8.8 m, 100 m3 under the rim."""
    inputs = ground()
    bed = inputs.terrain.bed_elevation.copy()
    bed[2, 1] = 9.8
    depth = np.zeros((6, 6))
    depth[2, 2] = 0.3
    terrain = replace(inputs.terrain, bed_elevation=bed)
    inputs = replace(inputs, terrain=terrain, initial_depth=depth)
    built = build(inputs, it={"kind": "pond_restoration", "targets": SQUARE, "depth_m": 1.0})
    assert np.allclose(built.inputs.terrain.bed_elevation[2:4, 2:4], 8.8)
    assert built.inputs.initial_depth[2, 2] == pytest.approx(1.5)  # its water keeps its level
    assert built.inputs.initial_depth[3, 3] == 0.0
    assert built.measures[0]["targets"] == ["4 cells, 100 m3 under 9.80 m"]
    assert built.measures[0]["quantities"][0]["amount"] == 100.0  # m2
    park = {"kind": "park_retention", "targets": SQUARE, "depth_m": 0.6}
    with pytest.raises(InputError, match="deeper than 0.5 m without a fence"):
        build(inputs, it=park)
    assert build(inputs, it=park | {"fenced": True}).measures[0]["kind"] == "park_retention"
    assert build(inputs, it=park | {"depth_m": 0.5}).measures[0]["kind"] == "park_retention"


NETWORK = inp_text(
    junctions="M 6 4 0 0 0\nW 5 5 0 0 0",
    outfalls="O 5 FREE NO",
    conduits="C M O 50 0.013 0 0 0 0",
    xsections="C CIRCULAR 1.0 0 0 0",
    curves="PC PUMP4 0 0.5\nPC 5 0.5",
)
NETWORK += "\n[PUMPS]\nP W O PC ON 2.0 0.5\n[COORDINATES]\nM 12 12\nW 2 2\nO 40 12\n"


def sewered(tmp_path, **more):
    inputs = coupled_inputs(
        flat(6, 6, 5.0, 10.0), write_inp(tmp_path, NETWORK), [], duration_s=600, **more
    )
    gauges = (Gauge("quay", 0, 0, 2.5, 27.5),)
    return replace(inputs, gauges=gauges)


def tokens(built, section, name):
    rows = built.inputs.drainage.network.rows(section)
    return next(row.tokens for row in rows if row.tokens[0] == name)


def test_a_detention_basin_empties_by_its_orifice(tmp_path):
    """1 m under the rim, 100 m3; its orifice of 0.2 m: 0.0314 m2, 0.628 m round. By Torricelli at
    half of its depth 100 / (0.6 0.0314 3.13) = 1694 s; a hole of 0.025 m needs over 24 h.
    """
    keys = {"kind": "surface_detention", "targets": SQUARE, "depth_m": 1.0, "outlet_node": "M"}
    inputs = sewered(tmp_path)
    built = build(inputs, it=keys | {"outlet_d_m": 0.2})
    (outlet,) = built.inputs.drainage.inlets
    assert (outlet.node, outlet.kind, outlet.rim_m) == ("M", "drain", 9.0)
    assert outlet.area_m2 == pytest.approx(np.pi * 0.01)
    assert outlet.perimeter_m == pytest.approx(0.2 * np.pi)
    assert built.measures[0]["quantities"][0]["amount"] == pytest.approx(100.0)
    assert built.inputs.findings == ()
    slow = build(inputs, it=keys | {"outlet_d_m": 0.025}).inputs.findings
    assert "about 30 h to empty, more than 24" in slow[0].problem
    with pytest.raises(InputError, match="no such node"):
        build(inputs, it=keys | {"outlet_node": "Z"})


def test_a_buried_tank_has_its_volume_weir_and_pump(tmp_path):
    """600 m3, 5 m deep under a crest half-way between 6 and 10 m: 120 m2 with its floor at 3 m;
    emptied in 12 h: 0.0139 m3/s.
    """
    built = build(
        sewered(tmp_path), it={"kind": "underground_tank", "node": "M", "volume_m3": 600.0}
    )
    store = tokens(built, "STORAGE", "it_tank")
    assert float(store[1]) == pytest.approx(3.0) and store[4:6] == ["TABULAR", "it_tank_volume"]
    area = tokens(built, "CURVES", "it_tank_volume")
    assert [float(t) for t in area[2:]] == pytest.approx([0.0, 120.0])
    weir = tokens(built, "WEIRS", "it_weir")
    assert weir[1:3] == ["M", "it_tank"]
    pump = tokens(built, "PUMPS", "it_pump")
    assert pump[1:3] == ["it_tank", "M"]
    curve = [
        r.tokens for r in built.inputs.drainage.network.rows("CURVES") if r.tokens[0] == pump[3]
    ]
    assert float(curve[-1][-1]) == pytest.approx(600.0 / 43200.0)
    bill = {q["item"]: q["amount"] for q in built.measures[0]["quantities"]}
    assert bill["underground_tank"] == 600.0


def test_control_starts_earlier_and_never_later(tmp_path):
    """Today 2.0 and 0.5 m. Earlier is allowed, later not; a stop above its start is not."""
    inputs = sewered(tmp_path)

    def pump(**keys):
        built = build(inputs, it={"kind": "smart_control", "targets": ["P"], **keys})
        return [float(t) for t in tokens(built, "PUMPS", "P")[5:7]]

    assert pump(start_m=1.2) == [1.2, 0.5] and pump(start_m=0.3) == [0.3, 0.3]
    assert pump(stop_m=0.2) == [2.0, 0.2] and pump(start_m=2.0) == [2.0, 0.5]
    for keys in ({"start_m": 2.1}, {"stop_m": 2.5}):
        with pytest.raises(InputError, match="would start later, or stop above its start"):
            pump(**keys)
    keys = {"kind": "smart_control", "links": ["C"], "gauge": "quay", "setting": 0.25}
    (held,) = build(inputs, it=keys | {"above_m": 0.4}).inputs.operations
    assert (held.begins.above, held.ends.below, held.begins.place) == (0.4, 0.4, (0, 0))
    assert (held.links, held.setting, held.delay_s) == (("C",), 0.25, 60.0)
    for change in ({"gauge": None}, {"links": []}, {"gauge": "key"}, {"links": ["X"]}):
        with pytest.raises(InputError, match="gauge|link"):
            build(inputs, it=keys | change)


# --------------------------------------------------------------------------- doors, steps, feeds


def test_a_step_is_paid_where_the_sill_rises():
    """0.25 m over ground of 10 m: 10.25 m; the third sill is higher today."""
    inputs = ground(sites=sites())
    step = {"kind": "entrance_step", "targets": ["a", "b"], "sill_height_m": 0.25}
    built = build(inputs, it=step)
    sills = [s.openings[0].sill_m for s in built.inputs.sites.spaces.spaces]
    assert sills == pytest.approx([10.25, 10.25, 10.3])
    assert built.measures[0]["quantities"][0]["amount"] == 2.0
    with pytest.raises(InputError, match="the sill is higher today"):
        build(inputs, it=step | {"targets": ["c"]})
    built = build(inputs, it={"kind": "entrance_step", "targets": ["a"], "raise_m": 0.0})
    assert built.measures[0]["quantities"] == []
    door = build(inputs, it={"kind": "watertight_door", "targets": ["ab", "bc"]})
    assert door.measures[0]["quantities"][0]["amount"] == 1.0  # bc has one
    assert [p.door for p in door.inputs.sites.spaces.passages] == [True, True]


def test_doors_fail_by_half_together():
    """A share of 0.5: a common cause and an own one, each half of the variance; never at 0."""
    both = [(fails(s, "m", "a", 0.5), fails(s, "m", "b", 0.5)) for s in range(400)]
    share = np.mean([a == b for a, b in both])
    # two normals correlated by a half agree in sign in 2/3 of the draws
    assert share == pytest.approx(2.0 / 3.0, abs=0.07)
    assert not any(fails(s, "m", "a", 0.0) for s in range(50))


def fed(**more):
    """Substations 1 and 2; 3 hangs on 1; a station that needs 1 for 2 h, a kiosk without needs."""
    one, two = (CriticalSite(n, "substation", (0, k), 10.5) for k, n in enumerate(("s1", "s2")))
    three = CriticalSite("s3", "substation", (0, 3), 10.5, needs=(Need(("s1",)),))
    pump = CriticalSite("p", "pump_station", (1, 1), 10.5, 3600.0, (Need(("s1",), 7200.0),), ("C",))
    kiosk = CriticalSite("k", "kiosk", (2, 2), 10.5)
    return ground(sites=SiteInputs(critical=(one, two, three, pump, kiosk)))


def test_generators_and_second_feeds():
    critical = build(
        fed(),
        it={"kind": "backup_power", "targets": ["p"], "autonomy_h": 8.0, "generator_depth_m": 0.7},
    ).inputs.sites.critical
    pump, generator = critical[3], critical[5]
    assert pump.needs == (Need(("s1",), 28800.0, "it_p"),)
    assert (generator.name, generator.kind, generator.place) == ("it_p", "generator", (1, 1))
    assert generator.failure_level_m == pytest.approx(10.7)
    assert (generator.repair_s, generator.needs, generator.stops, generator.weight) == (
        0.0,
        (),
        (),
        0.0,
    )
    keys = {"kind": "backup_power", "autonomy_h": 2.0}
    assert build(fed(), it=keys | {"targets": ["p"]}).measures[0]["quantities"] == []  # has as much
    with pytest.raises(InputError, match="needs nothing that a generator could replace"):
        build(fed(), it=keys | {"targets": ["k"]})
    tied = build(fed(), it={"kind": "supply_tie", "targets": ["p"], "from_site": "s2"})
    assert tied.inputs.sites.critical[3].needs == (Need(("s1", "s2"), 7200.0),)
    assert tied.measures[0]["quantities"][0]["amount"] == 1.0
    with pytest.raises(InputError, match="no such critical site"):
        build(fed(), it={"kind": "supply_tie", "targets": ["p"], "from_site": "s9"})
    with pytest.raises(InputError, match="both feeds would fail together"):
        build(fed(), it={"kind": "supply_tie", "targets": ["p"], "from_site": "s3"})
    with pytest.raises(InputError, match="this site needs nothing"):
        build(fed(), it={"kind": "supply_tie", "targets": ["k"], "from_site": "s2"})


def test_a_ramps_drain_leads_to_its_node(tmp_path):
    """0.02 m3/s to a node of the network; a node that is not there is refused."""
    table = np.array([5.0, 8.0]), np.array([0.0, 30.0])
    garage = Space("a", *table, (Opening("a/door", 0, 0, 10.1, 2.0),), catchment_m2=80.0)
    inputs = sewered(
        tmp_path,
        sites=SiteInputs(
            SpaceInputs((garage, replace(garage, name="b", openings=(), catchment_m2=0.0)))
        ),
    )
    drain = {"kind": "ramp_drain", "targets": ["a"], "capacity_m3_s": 0.02, "to_node": "M"}
    built = build(inputs, it=drain).inputs.sites.spaces.spaces[0]
    assert (built.ramp_drain_m3_s, built.drain_to_node) == (0.02, "M")
    with pytest.raises(InputError, match="no such node"):
        build(inputs, it=drain | {"to_node": "Z"})
    with pytest.raises(InputError, match="no ramp or other ground drains into this space"):
        build(inputs, it=drain | {"targets": ["b"]})
    pump = {"kind": "sump_pumps", "targets": ["a"], "always_powered": True, "start_depth_m": 0.3}
    (lifts,) = build(inputs, it=pump | {"to_node": "M"}).inputs.sites.spaces.spaces[0].pumps
    assert (lifts.start_m, lifts.stop_m, lifts.to_node, lifts.to_cell) == (5.3, 5.05, "M", None)
    (lifts,) = build(inputs, it=pump).inputs.sites.spaces.spaces[0].pumps
    assert (lifts.to_node, lifts.to_cell, lifts.power) == (None, (0, 0), None)
    for keys, words in (
        ({"always_powered": False}, "say who feeds the pumps"),
        ({"power": "s", "always_powered": False}, "no such critical site"),
        ({"stop_depth_m": 0.31}, "above start_depth_m"),
        ({"targets": ["b"]}, "no opening to the street"),
    ):
        with pytest.raises(InputError, match=words):
            build(inputs, it=pump | keys)
