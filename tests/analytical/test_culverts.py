"""Culverts against HDS-5: the examples printed on its charts, outlet control by hand, tables, a
flood over a road.
"""

import numpy as np
import pytest

from cases import advance, grid_of
from flood_sim.core.errors import InputError
from flood_sim.ground.terrain import terrain_of
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.surface.boundaries import EdgeBoundary, Inflow, constant, edge_faces
from flood_sim.surface.culverts import (
    INLETS,
    Barrel,
    inlet_headwater,
    plain_rating,
    rating,
    table_heads,
)
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings
from flood_sim.surface.structures import Culvert, barrel_loss

FOOT, G = 0.3048, 9.80665

# Examples on the charts of HDS-5: chart 1B, a concrete pipe of 42 inches with 120 cfs; chart 8B, a
# box of 5 x 2 feet with 75 cfs. HW/D read from nomographs (their scales are good to 5 %); the
# equations carry a slope, taken as 0.02 by the charts.
CHARTS = [
    ("circular_concrete_square_edge", Barrel(True, 3.5 * FOOT, 3.5 * FOOT), 120.0, 2.5),
    ("circular_concrete_groove_headwall", Barrel(True, 3.5 * FOOT, 3.5 * FOOT), 120.0, 2.1),
    ("circular_concrete_groove_projecting", Barrel(True, 3.5 * FOOT, 3.5 * FOOT), 120.0, 2.2),
    ("box_wingwalls_30_75", Barrel(False, 2.0 * FOOT, 5.0 * FOOT), 75.0, 1.75),
    ("box_wingwalls_90_15", Barrel(False, 2.0 * FOOT, 5.0 * FOOT), 75.0, 1.90),
    ("box_wingwalls_0", Barrel(False, 2.0 * FOOT, 5.0 * FOOT), 75.0, 2.05),
]


@pytest.mark.parametrize(("name", "barrel", "cfs", "ratio"), CHARTS)
def test_inlet_control_as_on_the_charts(name, barrel, cfs, ratio):
    headwater = inlet_headwater(barrel, INLETS[name][1], 0.02, np.array([cfs * FOOT**3]))
    assert headwater[0] / barrel.height_m == pytest.approx(ratio, rel=0.06)


@pytest.mark.parametrize("name", INLETS)
def test_ratings_rise_and_take_the_worse_of_both_controls(name):
    barrel = Barrel(INLETS[name][0] == "circular", 1.2, 1.2)
    heads, short = table_heads(1.2), rating(barrel, INLETS[name][1], 1.6, 10.0, 0.1)
    long = rating(barrel, INLETS[name][1], barrel_loss(200.0, barrel.radius_m, 0.024), 200.0, 0.1)
    assert (np.diff(short) >= 0.0).all() and short[0] == 0.0
    assert (long <= short + 1e-9)[heads > 0.6].all()  # below, the slope alone tells them apart
    k = np.searchsorted(
        heads,
        4.0,
        # long and drowned: outlet control, q = A sqrt(2 g (HW + fall - (d_c + D) / 2) / loss), d_c
        # near D
    )
    by_hand = barrel.area_m2 * np.sqrt(
        2.0 * G * (heads[k] + 0.1 - 1.2) / barrel_loss(200.0, barrel.radius_m, 0.024)
    )
    assert long[k] == pytest.approx(by_hand, rel=0.06) and long[k] < 0.7 * short[k]


@pytest.mark.parametrize("scheme", ["local_inertial", "second_order"])
def test_a_road_ponds_to_the_headwater_of_its_culvert(scheme):
    """A brook of 3 m3/s before an embankment: the pond stands where two barrels of 1 m pass 1.5
    m3/s each.
    """
    bed = np.zeros((6, 60))
    bed[:, 30] = 10.0
    terrain = terrain_of(grid_of(6, 60, 5.0), bed, 0.03)
    barrel, inlet = Barrel(True, 1.0, 1.0), INLETS["circular_concrete_square_edge"][1]
    loss = barrel_loss(12.0, barrel.radius_m, 0.013)
    one = rating(barrel, inlet, loss, 12.0, 0.3)
    culvert = Culvert(
        "road",
        (3, 29),
        (3, 31),
        0.0,
        -0.3,
        1.0,
        2 * barrel.area_m2,
        loss,
        (2 * one, 2 * rating(barrel, inlet, loss, 12.0, -0.3)),
    )
    cells, sides = edge_faces(terrain, np.ones(bed.shape, bool), "east")
    brook = Inflow("brook", np.array([[j, 0] for j in range(6)]), constant(3.0))
    free = EdgeBoundary("free", cells, sides, slope=0.01)
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain,
            SurfaceSettings("float64", scheme=scheme),
            culverts=[culvert],
            inflows=[brook],
            edges=[free],
        )
    )
    advance(surface, 7200.0, 10.0)
    assert surface._shared.pairs.discharge[0] == pytest.approx(3.0, rel=0.02)
    assert float(surface.depth[3, 29]) == pytest.approx(
        np.interp(3.0, 2 * one, table_heads(1.0)), rel=0.02
    )
    balance = (
        surface.volume
        + surface.boundary_out
        - surface.boundary_in
        - surface.inflow_volume
        + surface.undelivered_inflow()
    )
    assert abs(balance) < 1e-9 * surface.inflow_volume


def test_the_kernel_reads_the_table_and_goes_on_beyond_it():
    from flood_kernels.structures import culvert_discharge

    law, heads = plain_rating(1.0, 2.0), np.array([0.0, 0.05, 0.3, 1.0, 3.0, 7.9, 12.0])
    got = [culvert_discharge(h, -50.0, 0.0, -50.0, 1.0, 2.0, 1e-6, law) for h in heads]
    weir = 1.7 * 2.0 * heads**1.5
    orifice = (
        0.6 * 2.0 * np.minimum(heads, 1.0) * np.sqrt(2.0 * G * np.maximum(heads - 0.5, 0.5 * heads))
    )
    assert got == pytest.approx(np.minimum(weir, orifice), rel=0.01)


SCENARIO = """
schema = 1
name = "road"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:10:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 4, cell_size_m = 5.0 }
[[structures]]
kind = "culvert_table"
name = "roads"
file = "culverts.csv"
"""


def read(folder, rows):
    (folder / "culverts.csv").write_text(
        "name,from_x_m,from_y_m,to_x_m,to_y_m,height_m,width_m,barrels,inlet\n" + rows
    )
    (folder / "s.toml").write_text(SCENARIO)
    return build_inputs(load_scenario(folder / "s.toml")).culverts


def test_culverts_from_a_table(tmp_path):
    one, two = read(
        tmp_path,
        "A,12.5,7.5,32.5,7.5,1.2,,2,circular_metal_projecting\nB,12.5,12.5,32.5,12.5,1.0,2.0,,\n",
    )
    assert (one.name, one.from_cell, one.to_cell) == (
        "A",
        (2, 2),
        (2, 6),
    ) and one.area_m2 == pytest.approx(2 * np.pi * 0.36)
    assert two.area_m2 == 2.0 and np.array_equal(two.ratings[0], plain_rating(1.0, 2.0))
    assert one.loss == pytest.approx(1.5 + 2 * G * 0.015**2 * 20.0 / 0.3 ** (4 / 3))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("A,12.5,7.5,32.5,7.5,-1,,1,\n", "culverts.csv, row 2, `height_m`"),
        ("A,12.5,7.5,32.5,7.5,1.0,2.0,1,circular_metal_projecting\n", "is for a circular barrel"),
        ("A,12.5,7.5,32.5,7.5,1.0,2.0,1,trumpet\n", "no inlet `trumpet`"),
        ("A,12.5,7.5,32.5,7.5,1.0,,1,\nA,12.5,2.5,32.5,2.5,1.0,,1,\n", "`name` A is given twice"),
        ("A,12.5,7.5,32.5,900,1.0,,1,\n", "to_m"),
    ],
)
def test_wrong_rows_are_one_message(tmp_path, row, message):
    with pytest.raises(
        InputError,
        match=message.replace("`", "."),
    ):
        read(tmp_path, row)
