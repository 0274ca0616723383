"""[[structures]] and the choice of the scheme: from the file to faces, and every mistake with its
place.
"""

from dataclasses import replace

import numpy as np
import pytest

from flood_sim.core.errors import InputError
from flood_sim.ground.terrain import terrain_of
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.scenario.scheme import (
    Looked,
    choose_scheme,
    depth_error,
    ground_slope,
    normal_froude,
    water_walls,
)

GOOD = """
schema = 1
name = "plain"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:10:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 10, cell_size_m = 5.0, slope_x = -0.01, level_m = 10.0 }
"""

ALL = """
[[structures]]
name = "dyke"
kind = "dyke"
line_m = [[30.0, 50.0], [30.0, 0.0]]
crest_m = 12.0
breach = { location_m = [30.0, 25.0], width_m = 20.0, begin_s = 60.0, widening_s = 100.0 }
[[structures]]
name = "gate"
kind = "gate"
line_m = [[50.0, 50.0], [50.0, 0.0]]
sill_m = 9.0
top_m = 12.0
opening_m = 0.4
[[structures]]
name = "bridge"
kind = "bridge"
line_m = [[70.0, 50.0], [70.0, 0.0]]
soffit_m = 11.0
deck_m = 12.0
[[structures]]
name = "weir"
kind = "weir"
line_m = [[80.0, 25.0], [90.0, 25.0]]
crest_m = 10.5
[[structures]]
name = "wall"
kind = "wall"
line_m = [[90.0, 50.0], [90.0, 0.0]]
[[structures]]
name = "culvert"
kind = "culvert"
from_m = [27.0, 10.0]
to_m = [33.0, 10.0]
height_m = 1.0
width_m = 1.0
barrels = 2
[[structures]]
name = "pump"
kind = "pump"
from_m = [93.0, 10.0]
to_m = [3.0, 10.0]
capacity_m3_s = 0.3
"""


def load(folder, text):
    path = folder / "s.toml"
    path.write_text(text, encoding="utf-8")
    return build_inputs(load_scenario(path))


def test_structures_find_their_faces(tmp_path):
    inputs = load(tmp_path, GOOD + ALL)
    dyke, gate, bridge, weir, wall = inputs.structures
    assert (
        dyke.is_x.all()
        and (dyke.cells[:, 1] == 6).all()
        and sorted(dyke.cells[:, 0]) == list(range(10))
    )
    assert (dyke.sign == -1.0).all()  # southwards: forward is towards the west
    opened = np.flatnonzero(np.isfinite(dyke.breach_begin_s))
    assert 4 <= len(opened) <= 5
    assert dyke.crest_at(0.0).min() == 12.0
    assert dyke.crest_at(10000.0).min() == pytest.approx(
        10.0 - 0.01 * 27.5
    )  # down to the higher ground of its two cells
    assert not weir.is_x.any() and len(weir.cells) == 2
    assert gate.soffit_m == pytest.approx(gate.sill_m + 0.4)
    assert (gate.sill_m == np.maximum(9.0, 10.0 - 0.01 * 47.5)).all()
    assert (bridge.soffit_m == 11.0).all() and np.isinf(wall.crest_m).all()
    assert inputs.culverts[0].area_m2 == 2.0 and inputs.culverts[0].from_level_m == pytest.approx(
        10.0 - 0.01 * 27.5
    )
    assert inputs.pumps[0].to_cell == (8, 0)
    assert inputs.surface.scheme == "second_order" and "breaches" in inputs.scheme_reason


BAD = [
    (("crest_m = 12.0", "crest_m = 9.0"), "E212", ["dyke", "in the ground"]),
    (
        ("location_m = [30.0, 25.0]", "location_m = [60.0, 25.0]"),
        "E204",
        ["breach", "does not lie on the dyke"],
    ),
    (
        ("line_m = [[50.0, 50.0], [50.0, 0.0]]", "line_m = [[30.0, 50.0], [30.0, 0.0]]"),
        "E205",
        ["gate", "shares a face with `dyke`"],
    ),
    (('name = "gate"', 'name = "dyke"'), "E105", ["two structures have this name"]),
    (("to_m = [33.0, 10.0]", "to_m = [28.0, 10.0]"), "E204", ["both ends lie in one cell"]),
    (("from_m = [93.0, 10.0]", "from_m = [930.0, 10.0]"), "E204", ["pump", "not on an open cell"]),
    (("opening_m = 0.4", ""), "E104", ["opening_m and opening_file"]),
    (("deck_m = 12.0", "deck_m = 10.0"), "E104", ["deck_m"]),
    (
        ("line_m = [[90.0, 50.0], [90.0, 0.0]]", "line_m = [[900.0, 50.0], [900.0, 0.0]]"),
        "E204",
        ["wall", "leaves the grid by 800 m"],
    ),
    (('kind = "wall"', 'kind = "moat"'), "E104", ["moat", "wall"]),
    (("capacity_m3_s = 0.3", "capacity_m3_s = 0.3\nstop_depth_m = 0.5"), "E104", ["stop_depth_m"]),
]


@pytest.mark.parametrize(("change", "code", "texts"), BAD, ids=[b[2][-1] for b in BAD])
def test_a_mistake_names_its_place(tmp_path, change, code, texts):
    assert change[0] in ALL
    with pytest.raises(InputError) as caught:
        load(tmp_path, GOOD + ALL.replace(*change))
    assert caught.value.findings[0].code == code
    assert all(text in str(caught.value) for text in texts), str(caught.value)


def plane(slope, n=0.03, cells=40):
    from cases import grid_of

    bed = np.tile(slope * 5.0 * np.arange(cells), (cells, 1))
    return terrain_of(grid_of(cells, cells, 5.0), bed, n)


def scheme_of(*given, **more):
    return choose_scheme("auto", *given, **more).scheme


def test_rule_of_auto():
    """Manning: at 0.1 m and n 0.03 Froude 1 is reached at a slope of 1.9 %. There q = h sqrt(g h);
    at Froude 1.2 the held discharge makes the depth 1.2^(2/3): 13 % too large.
    """
    critical = (0.03 * 9.80665**0.5 / 0.1 ** (1 / 6)) ** 2
    assert critical == pytest.approx(0.019, abs=2e-4)
    middle = np.array([20]), np.array([20])
    assert ground_slope(plane(0.02), *middle) == pytest.approx(0.02)
    assert normal_froude(np.array(critical), np.array(0.03)) == pytest.approx(1.0)
    assert depth_error(np.array([0.9, 1.2])) == pytest.approx([0.0, 0.1292], abs=1e-4)
    assert scheme_of(plane(critical), 0.0) == "local_inertial"
    assert scheme_of(plane(1.44 * critical), 0.0) == "second_order"
    dam = np.where(np.arange(40) < 20, 1.0, 0.2) * np.ones((40, 1))
    assert water_walls(plane(0.0), dam) == pytest.approx((0.8, 24 * 1000.0))
    assert scheme_of(plane(0.0), dam) == "second_order"


@pytest.mark.parametrize(("slope", "q", "error"), [(0.01, 0.1, 0.20), (0.08, 0.5, 1.50)])
def test_error_of_a_street(slope, q, error):
    """Figures of streets of n 0.016, measured with local_inertial."""
    depth = (0.016 * q / slope**0.5) ** 0.6
    froude = normal_froude(np.array(slope), np.array(0.016), depth)
    assert depth_error(froude) == pytest.approx(error, abs=0.02)


@pytest.mark.parametrize("slope", [0.005, 0.01, 0.02, 0.04, 0.08])
@pytest.mark.parametrize("q", [0.1, 0.5])
def test_auto_on_a_street_of_one_slope(slope, q):
    """n 0.016, fed by q (m2/s): local_inertial where its depth is within 3 % of the normal one."""
    froude = q / (9.80665**0.5 * (0.016 * q / slope**0.5) ** 0.9)
    error = max(froude ** (2 / 3), 1.0) - 1.0
    found = choose_scheme("auto", plane(slope, 0.016), 0.0, (), Looked(inflow_m2_s=q))
    assert found.scheme == ("second_order" if error > 0.03 else "local_inertial")
    assert (slope, q) != (0.005, 0.5) or "on half of the ground" in found.why


@pytest.mark.parametrize("scale", [1.0, 20.0])
@pytest.mark.parametrize("case", ["building", "blocks"])
def test_auto_on_dam_breaks_in_a_flume_and_twenty_times_larger(scale, case):
    """Water of 0.40 m behind a gate: a building in a trapezoidal flume (Soares-Frazao and Zech 2007,
    doi:10.1080/00221686.2007.9521830; EA test 6A and 6B), and 5 x 5 blocks on 0.011 m.
    """
    from cases import grid_of

    cell = 0.1 if case == "building" else 0.02
    rows, columns = (36, 358) if case == "building" else (100, 300)
    x, y = np.meshgrid((np.arange(columns) + 0.5) * cell, (np.arange(rows) + 0.5) * cell)
    bed, ahead, gate = np.zeros((rows, columns)), 0.011, 2.0
    if case == "building":
        bed = np.maximum(0.34 - np.minimum(y, 3.6 - y), 0.0) / 0.34 * 0.155
        bed[(x > 6.75) & (x < 7.55) & ((y < 1.3) | (y > 2.3))] = np.nan
        bed[(x > 10.6) & (x < 11.4) & (y > 1.6) & (y < 2.1)] = np.nan
        ahead, gate = 0.02, 7.2
    else:
        for k in range(25):
            left, low = 3.0 + 0.4 * (k // 5), 0.1 + 0.4 * (k % 5)
            bed[(x > left) & (x < left + 0.3) & (y > low) & (y < low + 0.3)] = np.nan
    depth = np.nan_to_num(np.maximum(np.where(x < gate, 0.40, ahead) - bed, 0.0))
    terrain = terrain_of(
        grid_of(rows, columns, cell * scale), bed * scale, 0.01 * scale ** (1.0 / 6.0)
    )
    assert scheme_of(terrain, depth * scale) == "second_order"


@pytest.mark.parametrize("scale", [0.02, 1.0, 20.0])
def test_a_wave_is_one_at_any_scale(scale):
    """Water of 0.8 m onto 0.04 m: half of the wall stands free. A ripple is none, nor is a pool that
    rain outweighs.
    """
    bed = plane(0.0, cells=40)
    bed = replace(bed, grid=replace(bed.grid, cell_size_m=scale))
    dam = scale * np.where(np.arange(40) < 20, 0.4, 0.02) * np.ones((40, 1))
    assert scheme_of(bed, dam) == "second_order"
    ripple = scale * np.where(np.arange(40) < 20, 0.4, 0.3) * np.ones((40, 1))
    assert scheme_of(bed, min(1.0, 0.5 / scale) * ripple) == "local_inertial"
    pool = min(1.0, 1.2 / scale) * dam
    rain = Looked(supply_m3=11.0 * float(pool.sum()) * scale**2)
    assert scheme_of(bed, pool, looked=rain) == "local_inertial"


def test_auto_looks_where_people_look():
    """A hill street of 5 % above a plain: of all ground it is a twentieth. Of the roads it is a
    half; a gauge on it is all that is looked at.
    """
    fall = np.where(np.arange(200) < 10, 0.05, 0.002) * 5.0
    bed = replace(plane(0.0, 0.016, 200), bed_elevation=np.tile(50.0 - np.cumsum(fall), (200, 1)))
    assert scheme_of(bed, 0.0) == "local_inertial"
    roads = np.zeros((200, 200), bool)
    roads[100, :20] = True
    found = choose_scheme("auto", bed, 0.0, (), Looked(streets=roads))
    assert found.scheme == "second_order" and "of the streets" in found.why
    gauge = Looked(points=(np.array([50]), np.array([4])))
    assert "gauges, inlets" in choose_scheme("auto", bed, 0.0, (), gauge).why
    plain = Looked(points=(np.array([50]), np.array([150])))
    assert scheme_of(bed, 0.0, looked=plain) == "local_inertial"


def test_a_named_scheme_out_of_its_range_is_a_finding():
    steep = plane(0.05)
    named = choose_scheme("local_inertial", steep, 0.0)
    assert named.scheme == "local_inertial" and "auto would take second_order" in named.reason
    finding = named.finding("s.toml")
    assert finding.code == "W330" and "out of its range" in finding.problem
    froude = float(normal_froude(np.array(0.05), np.array(0.03)))
    assert named.off_by == pytest.approx(froude ** (2 / 3) - 1.0, rel=1e-3)
    assert f"{named.off_by:.0%} off on the steepest tenth" in named.reason
    assert choose_scheme("local_inertial", plane(0.001), 0.0).finding("s.toml") is None
    assert choose_scheme("second_order", steep, 0.0).finding("s.toml") is None


def test_a_pool_on_a_cliff_is_no_wall_of_water():
    bed = np.where(np.arange(40) < 20, 5.0, 0.0) * np.ones((40, 1))
    from cases import grid_of

    terrain = terrain_of(grid_of(40, 40, 5.0), bed, 0.03)
    assert water_walls(terrain, np.full(bed.shape, 0.01))[0] == pytest.approx(0.01)
