"""Inlets in a street that runs: HEC-22's share of what comes where it runs, the ponded law where it
stands; the keys and the columns that give a gutter.
"""

import numpy as np
import pytest

from cases import flat
from coupling.test_inlets import NETWORK
from flood_sim.core.clock import Window
from flood_sim.core.errors import InputError
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow, constant
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inlets import Inlet
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.on_grade import OnGrade
from flood_sim.surface.settings import SurfaceSettings

N = 0.016
GRATE = OnGrade(0.6, 0.6, "p_50")
SIZE = (1.8, 0.24)  # m and m2, both sides free
BOTH = pytest.mark.parametrize("scheme", ["local_inertial", "second_order"])


def hec22(discharge, slope, width, grate=GRATE):
    """m3/s by hand: the section in strips of 1 mm, its depth by bisection."""
    sx, x = grate.cross_slope, (np.arange(int(width * 1000)) + 0.5) / 1000.0
    unit = 8.0 / 3.0 * 0.376 * np.sqrt(slope) / N / 1000.0
    low, high = 0.0, 1.0
    for _ in range(60):
        depth = 0.5 * (low + high)
        y = np.maximum(depth - sx * x, 0.0)
        flow = unit * y ** (5.0 / 3.0)
        low, high = (depth, high) if flow.sum() < discharge else (low, depth)
    speed, front = discharge / (y.sum() / 1000.0), flow[x < grate.grate_width_m].sum() / discharge
    length = grate.length_m / 0.3048
    splash = 0.3048 * np.dot((2.22, 4.03, -0.65, 0.06), length ** np.arange(4.0))
    rf = min(1.0, 1.0 - 0.295 * (speed - splash))
    rs = 1.0 / (1.0 + 0.0828 * speed**1.8 / (sx * grate.length_m**2.3))
    return discharge * (rf * front + rs * (1.0 - front))


def surface_of(bed, cell_m, inlet, scheme="local_inertial", **rest):
    """A street (1, columns) between walls; `inlet` in its middle."""
    ground = flat(1, len(bed), cell_m, manning_n=N)
    ground.bed_elevation[0] = bed
    surface = SurfaceFlow(
        SurfaceInputs(
            ground, SurfaceSettings("float64", scheme=scheme), inlets=[inlet], nodes=1, **rest
        )
    )
    surface.at_nodes.acceptance[:] = np.inf
    return surface


def sloping(slope, cell_m, discharge, gutter, scheme, size=SIZE, columns=20):
    """A street that runs out at its lower end."""
    ends = np.array([(0, columns - 1)]), np.array([(0, 1)])
    starts = np.array([(0, 0)]), np.array([(0, -1)])
    return surface_of(
        -slope * cell_m * np.arange(columns),
        cell_m,
        Inlet(0, columns // 2, 0, -1e3, *size, on_grade=gutter),
        scheme,
        edges=[EdgeBoundary("out", *ends, None, slope)],
        edge_inflows=[EdgeInflow("in", *starts, constant(discharge))],
    )


def captured(surface, stop_s):
    """m3/s in windows of 2 s."""
    flows = []
    while surface.time_s < stop_s:
        surface.advance(Window(surface.time_s, surface.time_s + 2.0))
        flows.append(surface.at_nodes.captured[0] / 2.0)
    return np.array(flows)


@BOTH
@pytest.mark.parametrize("slope", [0.01, 0.02, 0.05])
@pytest.mark.parametrize("cell_m", [2.0, 5.0])
def test_a_street_that_runs_gives_what_hec22_says(scheme, slope, cell_m):
    """Within 0.5 %, and steady (second_order has roll waves at 5 %); 60 L/s spread over 2.3 to 3.2 m: more than a cell of 2 m, less than
    one of 5 m. The ponded law took 0.16 to 0.35 of it where HEC-22 takes 0.48 to 0.67.
    """
    flows = captured(sloping(slope, cell_m, 0.06, GRATE, scheme), 240.0)[-20:]
    assert flows.mean() == pytest.approx(hec22(0.06, slope, cell_m), rel=0.005)
    assert np.ptp(flows) < 0.05 * flows.mean()


def test_given_numbers_stand_before_the_grounds():
    """Slope and roughness of the gutter of a street of 2 %: half of the slope, rougher."""
    given = OnGrade(0.6, 0.6, "p_50", long_slope=0.01, manning_n=N)
    flows = captured(sloping(0.02, 5.0, 0.06, given, "local_inertial"), 240.0)
    assert flows[-1] == pytest.approx(hec22(0.06, 0.01, 5.0), rel=0.005)
    rough = captured(
        sloping(0.02, 5.0, 0.06, OnGrade(0.6, 0.6, "p_50", manning_n=2.0 * N), "local_inertial"),
        240.0,
    )
    assert rough[-1] == pytest.approx(hec22(0.06, 0.02 / 4.0, 5.0), rel=0.005)


def test_two_inlets_share_the_flow_of_their_cell():
    """One on each side: each takes of half of the flow, in half of the cell."""
    pair = OnGrade(0.6, 0.6, "p_50", count=2.0)
    flows = captured(sloping(0.02, 5.0, 0.06, pair, "local_inertial", size=(3.6, 0.48)), 240.0)
    assert flows[-1] == pytest.approx(2.0 * hec22(0.03, 0.02, 2.5), rel=0.005)


def test_what_is_open_bounds_it():
    """A capacity; a small opening (orifice under the flow's energy head); what is shut; a node."""
    surface = sloping(0.02, 5.0, 0.06, GRATE, "local_inertial", size=(1.8, 0.24, 0.02))
    assert captured(surface, 240.0)[-1] == pytest.approx(0.02, rel=1e-6)
    surface.set_openings(np.array([0.0]))
    assert captured(surface, 260.0)[-1] == 0.0
    surface.set_openings(np.array([1.0]))
    surface.at_nodes.acceptance[:] = 0.01
    assert captured(surface, 280.0)[-1] == pytest.approx(0.01, rel=1e-6)
    small = captured(sloping(0.02, 5.0, 0.06, GRATE, "local_inertial", size=(1.8, 0.005)), 240.0)[
        -1
    ]
    assert 0.6 * 0.005 * np.sqrt(2 * 9.81 * 0.05) < small < 0.6 * 0.005 * np.sqrt(2 * 9.81 * 0.2)
    half = sloping(0.02, 5.0, 0.06, GRATE, "local_inertial")
    half.set_openings(np.array([0.5]))
    short = OnGrade(0.3, 0.6, "p_50")
    assert captured(half, 240.0)[-1] == pytest.approx(hec22(0.06, 0.02, 5.0, short), rel=0.005)


@BOTH
def test_a_sag_takes_what_ponds(scheme):
    """Two streets of 2 and 1 % run to the inlet between them: as without a gutter, bit for bit;
    within 0.1 % where a slope is given."""
    taken = []
    for gutter in (None, GRATE, OnGrade(0.6, 0.6, "p_50", long_slope=0.02)):
        x = 5.0 * (np.arange(21) - 10)
        bed = np.where(x < 0.0, -0.02 * x, 0.01 * x)
        starts = np.array([(0, 0), (0, 20)]), np.array([(0, -1), (0, 1)])
        surface = surface_of(
            bed,
            5.0,
            Inlet(0, 10, 0, -1e3, *SIZE, on_grade=gutter),
            scheme,
            edge_inflows=[EdgeInflow("in", *starts, constant(0.06))],
        )
        taken.append(captured(surface, 300.0))
    assert np.array_equal(taken[0], taken[1])
    assert np.allclose(taken[0], taken[2], rtol=1e-3, atol=0.0)
    assert taken[0][-20:].mean() == pytest.approx(0.06, rel=0.05)  # all that comes


@BOTH
def test_a_pond_on_a_slope_takes_by_the_ponded_law(scheme):
    """A pond at rest that reaches over the inlet of a street of 2 %: within 2 % of no gutter."""
    bed, taken = -0.02 * 5.0 * np.arange(20), []
    for gutter in (None, GRATE):
        surface = surface_of(
            bed,
            5.0,
            Inlet(0, 10, 0, -1e3, *SIZE, on_grade=gutter),
            scheme,
            depth=np.maximum(-0.7 - bed, 0.0)[None],
        )
        taken.append(captured(surface, 20.0))
    assert taken[1].sum() == pytest.approx(taken[0].sum(), rel=0.02)


@BOTH
def test_from_running_to_standing_without_a_jump(scheme):
    """The street fills from its closed lower end until the pond stands over the inlet: what it
    takes goes from HEC-22's to the ponded law's, in steps of a twentieth at most."""
    cell, columns, slope = 5.0, 20, 0.02
    surface = surface_of(
        -slope * cell * np.arange(columns),
        cell,
        Inlet(0, 10, 0, -1e3, *SIZE, on_grade=GRATE),
        scheme,
        edge_inflows=[EdgeInflow("in", np.array([(0, 0)]), np.array([(0, -1)]), constant(0.3))],
    )
    flows = captured(surface, 1200.0)
    running = flows[55:65].mean()
    assert running == pytest.approx(hec22(0.3, slope, cell), rel=0.02)
    depth = float(surface.depth[0, 10])
    law = min(1.594 * 1.8 * depth**1.5, 0.6 * 0.24 * np.sqrt(2.0 * 9.80665 * depth))
    assert depth > 0.2 and flows[-10:].mean() == pytest.approx(law, rel=0.08)  # waves
    assert np.abs(np.diff(flows[55:])).max() < 0.05 * flows.max()


SCENARIO = """
schema = 1
name = "gutters"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:10:00+08:00
[grid]
crs = "local"
[terrain]
bed_elevation = "bed.asc"
[drainage]
kind = "swmm"
network = "n.inp"
inlets = "inlets.csv"
clogging = 0.5
"""


def built(folder, rows, keys=""):
    """Inputs of a street of 1 % with these inlets."""
    row = " ".join(f"{10.0 - 0.05 * k:g}" for k in range(20))
    (folder / "bed.asc").write_text(
        "ncols 20\nnrows 4\nxllcorner 0\nyllcorner 0\ncellsize 5\n" + f"{row}\n" * 4
    )
    (folder / "n.inp").write_text(NETWORK)
    (folder / "inlets.csv").write_text("\n".join(rows) + "\n")
    (folder / "s.toml").write_text(SCENARIO + keys)
    return build_inputs(load_scenario(folder / "s.toml"))


def test_a_row_with_a_cross_slope_lies_in_a_gutter(tmp_path):
    """Clogging shortens it; a slot is as long as its metres; the others keep the ponded law and are
    told (W454)."""
    inputs = built(
        tmp_path,
        [
            "node,kind,count,cross_slope,grate,length_m",
            "A,double_grate,2,0.03,p_30,",
            "A,slotted_drain,4,0.02,,",
            "B,curb_opening,,0.02,,1.2",
            "B,grate,,,,",
        ],
    )
    grate, slot, kerb, plain = inputs.drainage.inlets
    assert grate.on_grade == OnGrade(0.75, 0.45, "p_30", 2.0, 0.03)
    assert slot.on_grade == OnGrade(2.0, 0.0, count=1.0, cross_slope=0.02)
    assert (kerb.on_grade.length_m, kerb.on_grade.grate_width_m) == (0.6, 0.0)
    assert plain.on_grade is None
    (said,) = [f for f in inputs.findings if f.code == "W454"]
    assert "1 of 1 street inlets" in said.problem and "0.5%" in said.problem
    opened = grate.opened(1.0)
    assert (opened.on_grade.length_m, opened.perimeter_m) == (1.5, pytest.approx(7.8))


def test_a_gutter_of_the_scenario_is_every_street_inlets(tmp_path):
    keys = "gutter = { cross_slope = 0.03, long_slope = 0.02, grate = 'p_50' }\n"
    inputs = built(
        tmp_path, ["node,kind,cross_slope", "A,grate,", "B,manhole,", "B,grate,0.05"], keys
    )
    first, shaft, own = inputs.drainage.inlets
    assert first.on_grade == OnGrade(0.375, 0.45, "p_50", cross_slope=0.03, long_slope=0.02)
    assert shaft.on_grade is None
    assert own.on_grade.cross_slope == 0.05 and own.on_grade.long_slope == 0.02
    assert not any(f.code == "W454" for f in inputs.findings)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A,grate,,0.02,,", "a gutter needs its cross_slope"),
        ("A,manhole,0.02,,,", "`manhole` has no length along a kerb"),
        ("A,grate,0.02,,0.4,", "gutter_width_m and gutter_slope go together"),
        ("A,grate,0.05,,0.4,0.02", "gutter_slope is below cross_slope"),
        ("A,grate,0.5,,,", "cross_slope"),
    ],
)
def test_a_gutter_that_cannot_be(tmp_path, row, said):
    header = "node,kind,cross_slope,long_slope,gutter_width_m,gutter_slope"
    with pytest.raises(InputError, match=said):
        built(tmp_path, [header, row])


def test_a_gutter_needs_width_and_slope(tmp_path):
    with pytest.raises(InputError, match="gutter_width_m and gutter_slope go together"):
        built(tmp_path, ["node,kind", "A,grate"], "gutter = { gutter_width_m = 0.4 }\n")
