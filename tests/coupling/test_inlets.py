"""The inlet catalogue: law, lids, tables."""

import math
from functools import partial

import numpy as np
import pytest

from cases import Silent, coupled_inputs, flat, inp_text, write_inp
from flood_kernels.inlets import inlet_law
from flood_sim.core.clock import Window
from flood_sim.core.errors import InputError
from flood_sim.drainage.inlets import INLET_KINDS
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.inputs import NodeInlet
from flood_sim.simulation.loop import Simulation
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inlets import Inlet, kernel_sizes, make_inlets
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings

LID = INLET_KINDS["manhole_lid"]


@pytest.mark.parametrize("kind", [k for k in INLET_KINDS if k != "manhole_lid"])
@pytest.mark.parametrize("depth", [0.01, 0.02, 0.05, 0.1, 0.3])
def test_each_kind_takes_what_its_law_says(kind, depth):
    """min(weir, orifice, capacity) by hand, within 1 %, and never more than the law in a step
    (COUPLING 6.7).
    """
    shape = INLET_KINDS[kind]
    inlet = Inlet(1, 1, 0, 0.0, shape.perimeter_m, shape.area_m2, shape.capacity_m3_s)
    surface = SurfaceFlow(
        SurfaceInputs(
            flat(3, 3, 50.0),
            SurfaceSettings("float64", largest_step_s=0.1),
            depth=depth,
            inlets=[inlet],
            nodes=1,
        )
    )
    surface.at_nodes.acceptance[:] = np.inf
    surface.advance(Window(0.0, 0.1))
    law = min(
        1.594 * shape.perimeter_m * depth**1.5,
        0.6 * shape.area_m2 * math.sqrt(2 * 9.80665 * depth),
        shape.capacity_m3_s,
    )
    taken = surface.at_nodes.captured[0] / 0.1
    assert taken == pytest.approx(law, rel=0.01)
    assert taken <= law * (1.0 + 1e-9)  # a depth of 0.3 m over 2,500 m2 has a rounding of 1e-13 m3


# The manhole of case D3, its pipe full from the start (a pipe that fills throws the lid off with
# its surge): pipe 0.4 m, 200 m, n 0.013, outfall stage 1.2 m below ground, 0.1613 m3/s with the
# head at the ground.
def manhole(folder, inflow, lid):
    text = inp_text(
        junctions="M -2 2 0.8 0 0",
        outfalls="O -2.0 FIXED -1.2 NO",
        conduits="C M O 200 0.013 0 0 0 0",
        xsections="C CIRCULAR 0.4 0 0 0",
        inflows="M FLOW T FLOW 1 1",
        timeseries=f"T 0:00 0\nT 0:10 {inflow}\nT 3:00 {inflow}",
    )
    inlet = NodeInlet("M", 0, 0, 400.0, 40.0, np.inf, lid_m=lid, shut_share=0.01 if lid else 1.0)
    simulation = Simulation(
        coupled_inputs(flat(1, 1, 50.0), write_inp(folder, text), [inlet], duration_s=2400), folder
    )
    recorder = Silent(
        lambda s: (
            float(s.surface.depth[0, 0]),
            float(s.network.heads()[0]),
            s.exchange.lids_lifted,
        )
    )
    try:
        assert simulation.run(recorder) == "complete"
    finally:
        simulation.close()
    assert simulation.exchange.book.relative_difference <= 1e-12
    return simulation, dict(recorder.seen)


def test_a_lid_holds_back_what_the_pipe_can_carry_under_it(tmp_path):
    """0.166 m3/s need a head of (0.166 / 0.1613)^2 x 1.2 - 1.2 = 0.07 m over the ground: less than
    the lid's 0.16 m. Without it 8 m3 spill.
    """
    _, shut = manhole(tmp_path, 0.166, LID.lid_m)
    depth, head, lifted = shut[2400.0]
    assert depth == 0.0 and lifted == 0
    assert head == pytest.approx(0.07, abs=0.02)
    _, bare = manhole(tmp_path, 0.166, 0.0)
    assert bare[2400.0][0] * 2500.0 > 5.0


def test_a_lid_is_thrown_off_and_stays_off(tmp_path):
    """0.25 m3/s spill as out of the open manhole, a little later: first the head must rise by the
    lid's 0.16 m.
    """
    simulation, seen = manhole(tmp_path, 0.25, LID.lid_m)
    _, bare = manhole(tmp_path, 0.25, 0.0)
    assert simulation.exchange.lids_lifted == 1
    first = next(t for t, (_, _, lifted) in seen.items() if lifted)
    assert all(depth == 0.0 for t, (depth, _, _) in seen.items() if t < first)
    assert max(head for t, (_, head, _) in seen.items() if t <= first) == pytest.approx(
        LID.lid_m, abs=0.01
    )
    assert seen[2400.0][0] == pytest.approx(bare[2400.0][0], rel=0.05)
    assert seen[2400.0][1] < 0.1  # the head has come down to the street's level


def test_the_lid_of_the_catalogue_by_hand():
    assert LID.lid_m == pytest.approx(60.0 / (1000.0 * math.pi * 0.35**2))  # 0.156 m
    assert 0.0 < LID.shut_share < 0.01


SCENARIO = """
schema = 1
name = "inlets"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:10:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 4, cell_size_m = 5.0, level_m = 10.0 }
[drainage]
kind = "swmm"
network = "n.inp"
inlets = "FILE"
default_inlet = "manhole_lid"
clogging = 0.5
"""
NETWORK = (
    inp_text(
        junctions="A 8 2 0 0 0\nB 7.9 2.1 0 0 0",
        outfalls="O 7.5 FREE NO",
        conduits="1 A B 50 0.013 0 0\n2 B O 50 0.013 0 0",
        xsections="1 CIRCULAR 0.5 0 0 0\n2 CIRCULAR 0.5 0 0 0",
    )
    + "\n[COORDINATES]\nA 7.5 10.5\nB 57.5 10.5\nO 200 10.5\n"
)


def built(folder, file):
    (folder / "n.inp").write_text(NETWORK)
    (folder / "s.toml").write_text(SCENARIO.replace("FILE", file))
    return build_inputs(load_scenario(folder / "s.toml")).drainage.inlets


def test_inlets_from_points_and_by_rule(tmp_path):
    """Two openings of A in a GeoPackage, one with its own clogging; B takes the default: a lid,
    half clogged.
    """
    import pyogrio
    import shapely

    points = shapely.to_wkb(shapely.points([(12.5, 2.5), (17.5, 2.5)]))
    fields = [
        np.array(["A", "A"], object),
        np.array(["double_grate", "slotted_drain"], object),
        np.array([0.0, np.nan]),
        np.array([1.0, 4.0]),
    ]
    pyogrio.raw.write(
        tmp_path / "i.gpkg",
        points,
        fields,
        np.array(["node", "kind", "clogging", "count"]),
        driver="GPKG",
        geometry_type="Point",
        crs="EPSG:4547",
    )
    a, slot, b = built(tmp_path, "i.gpkg")
    assert (a.node, a.row, a.column, a.capacity_m3_s) == ("A", 3, 2, pytest.approx(0.035))
    assert (slot.column, slot.perimeter_m, slot.area_m2) == (
        3,
        pytest.approx(0.5 * 4.0 * 2.0),
        pytest.approx(0.5 * 4.0 * 0.044),
    )
    assert b.node == "B" and b.lid_m == LID.lid_m and b.area_m2 == pytest.approx(0.5 * LID.area_m2)


def test_a_line_is_no_inlet(tmp_path):
    line = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"node":"A","kind":"grate"},"geometry":{"type":"LineString","coordinates":[[0,0],[5,5]]}}]}'
    (tmp_path / "i.geojson").write_text(line)
    with pytest.raises(InputError, match=r"(?s)1 of 1 features are no points.*LineString"):
        built(tmp_path, "i.geojson")


STREET_SCENARIO = SCENARIO.replace(
    'inlets = "FILE"',
    'street_inlets = { lines = "FILE", kind = "grate", spacing_m = 10, count = 2, reach_m = 30 }',
)


def streets(folder, line):
    (folder / "streets.geojson").write_text(f'{{"type":"LineString","coordinates":{line}}}')
    (folder / "n.inp").write_text(NETWORK)
    (folder / "s.toml").write_text(STREET_SCENARIO.replace("FILE", "streets.geojson"))
    return build_inputs(load_scenario(folder / "s.toml"))


def test_a_streets_inlets_are_shared_by_its_nodes(tmp_path):
    """A street of 60 m over A (x 7.5) and B (x 57.5): places at 5, 15, ... 55 m, the first three to
    A, the others to B; each two grates, half clogged.
    """
    inputs = streets(tmp_path, [[0.1, 12.4], [60.1, 12.4]])
    inlets = inputs.drainage.inlets
    assert [i.node for i in inlets] == ["A"] * 3 + ["B"] * 3
    assert [i.column for i in inlets] == [1, 3, 5, 7, 9, 11]
    assert [i.perimeter_m for i in inlets] == pytest.approx(
        [2 * 0.5 * INLET_KINDS["grate"].perimeter_m] * 6
    )
    assert inputs.drainage.return_cells["A"] == (
        (1, 1),
        (1, 3),
        (1, 5),
    )  # what A spills comes up at its inlets
    assert not any(f.code == "W416" for f in inputs.findings)


def test_a_street_that_reaches_no_node_is_said(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(InputError, match="2 places lies on open ground within 30 m"):
        streets(tmp_path / "x", [[95, 12.4], [115, 12.4]])
    inputs = streets(tmp_path, [[0.1, 12.4], [120, 12.4]])
    (said,) = [f for f in inputs.findings if f.code == "W416"]
    assert "of 12 places" in said.problem


def test_the_inlet_law_from_film_to_deep_water():
    """Weir or orifice, the lesser; the orifice linear below 1 cm of head and continuous there; a
    capacity: by hand. What it says of its growth is its derivative: draw and level are found by it.
    """
    root = 0.6 * 0.01 * np.sqrt(2.0 * 9.80665)
    law = partial(inlet_law.py_func, weir_coefficient=1.594, orifice_coefficient=0.6)
    for head, perimeter, capacity, wanted in (
        (0.004, 50.0, np.inf, root * 0.04),
        (0.004, 0.1, np.inf, 1.594 * 0.1 * 0.004**1.5),
        (0.01, 50.0, np.inf, root * 0.1),
        (0.0100001, 50.0, np.inf, root * 0.1),
        (0.25, 1.0, np.inf, root * 0.5),
        (0.05, 1.0, np.inf, min(1.594 * 0.05**1.5, root * 0.05**0.5)),
        (0.25, 50.0, 0.005, 0.005),
    ):
        drawn, growth = law(head, perimeter, 0.01, capacity)
        assert drawn == pytest.approx(wanted, rel=1e-5)
        less = law(head - 1e-9, perimeter, 0.01, capacity)[0]
        assert growth == pytest.approx((drawn - less) / 1e-9, rel=1e-4, abs=1e-12)


@pytest.mark.parametrize(("level", "rim"), [(0.0, 0.1), (3.7, 3.8), (-2.3, -2.2)])
def test_head_over_a_rim_above_the_ground(level, rim):
    """0.25 m on ground at any level, a rim 0.1 m over it: 0.15 m of head on the weir."""
    inlet = Inlet(1, 1, 0, rim, 1.0, 10.0)
    surface = SurfaceFlow(
        SurfaceInputs(
            flat(3, 3, 50.0, level), SurfaceSettings("float64"), depth=0.25, inlets=[inlet], nodes=1
        )
    )
    surface.at_nodes.acceptance[:] = np.inf
    surface.advance(Window(0.0, 0.01))
    assert surface.at_nodes.captured[0] / 0.01 == pytest.approx(1.594 * 0.15**1.5, rel=1e-5)


def test_a_kind_becomes_the_kernels_numbers_in_one_place():
    """What a kind has not is 0 or left out in the inputs; the kernel gets sizes that never limit."""
    grate = Inlet(1, 1, 0, 5.0, 1.2, 0.15, 0.02)
    pump = Inlet(1, 1, 0, 5.0, capacity_m3_s=0.1, kind="pump")
    step = Inlet(1, 1, 1, 5.0, 2.0, kind="step")
    seam = Inlet(1, 1, 1, 5.0, capacity_m3_s=0.0, kind="seam")
    assert kernel_sizes(grate) == (5.0, 1.2, 0.15, 0.02)
    assert kernel_sizes(pump) == (-1e6, 1e4, 1e4, 0.1)  # from a film on, whatever its node's rim
    assert kernel_sizes(step) == (5.0, 2.0, 1e9, np.inf)
    assert kernel_sizes(seam) == (5.0, 1e9, 1e9, 0.0)
    assert [i.way_out for i in (grate, pump, step, seam)] == [True, False, False, False]
    kernel = make_inlets([grate, pump], 1, 3.0, np.zeros((9, 80)))
    assert kernel.rim.tolist() == [2.0, -1e6 - 3.0] and kernel.perimeter.tolist() == [1.2, 1e4]
