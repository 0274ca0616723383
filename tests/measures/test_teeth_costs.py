"""Bills and facilities of single measures, by hand: areas, shares, starts, prices."""

from dataclasses import replace

import numpy as np
import pytest

from cases import flat
from flood_sim.core.errors import InputError
from flood_sim.measures.costs import OWN, sewer_item
from flood_sim.measures.plans import present_value
from flood_sim.sites.sites import SiteInputs
from flood_sim.sites.underground_inputs import Opening, Space, SpaceInputs
from measure_cases import build, surface_inputs

STRIP = {"polygon_m": [[0, 0], [20, 0], [20, 10], [0, 10]]}  # 4 x 2 cells of 25 m2


def bill(built):
    return {line["item"]: line["amount"] for line in built.measures[0]["quantities"]}


def underground(**space):
    """Two openings of 3 and 4 m, the second with a board of 0.5 m."""
    ways = (
        Opening("a/west", 1, 1, 10.2, 3.0),
        Opening("a/east", 2, 2, 10.2, 4.0, board_m=0.5),
    )
    a = Space("a", np.array([5.0, 8.0]), np.array([0.0, 300.0]), ways, **space)
    return surface_inputs(flat(4, 4, 5.0, 10.0), 60.0, sites=SiteInputs(SpaceInputs((a,))))


@pytest.mark.parametrize(
    ("kind", "amount"), [("flood_barrier", 0.6 * 7.0), ("automatic_gate", 7.0)]
)
@pytest.mark.parametrize("fail_share", [0.0, 1.0])
def test_boards_cost_their_area_and_gates_their_width(kind, amount, fail_share):
    """0.6 m over 3 + 4 m: 4.2 m2 at 3,500 CNY; gates: 7 m at 40,000. What fails is paid for."""
    built = build(
        underground(),
        it={"kind": kind, "targets": ["a"], "height_m": 0.6, "fail_share": fail_share},
    )
    assert bill(built) == pytest.approx({kind: amount})
    capital = built.measures[0]["capital"]
    assert capital["middle"] == pytest.approx(amount * OWN[kind].middle)
    assert built.measures[0]["yearly"] == pytest.approx(0.02 * capital["middle"])
    boards = [o.board_m for o in built.inputs.sites.spaces.spaces[0].openings]
    assert boards == ([0.6, 0.6] if fail_share == 0.0 else [0.0, 0.5])
    placed = [o.placed for o in built.inputs.sites.spaces.spaces[0].openings]
    assert placed == [kind == "automatic_gate" and fail_share == 0.0] * 2
    leaks = [o.leak_m2_s for o in built.inputs.sites.spaces.spaces[0].openings]
    assert leaks == pytest.approx([2e-5, 2e-5] if fail_share == 0.0 else [0.0, 0.0])


def test_a_board_that_is_there_is_not_paid_again():
    """0.5 m stands in the east: a new one of 0.5 m costs nothing there, sandbags leak 0.5 L/s/m."""
    keys = {"kind": "flood_barrier", "targets": ["a"], "type": "sandbag", "height_m": 0.5}
    built = build(underground(), it=keys)
    assert bill(built) == pytest.approx({"flood_barrier": 0.5 * 3.0})
    west = built.inputs.sites.spaces.spaces[0].openings[0]
    assert (west.board_m, west.leak_m2_s) == (0.5, 5e-4) and not west.placed


def test_a_ramp_drain_is_better_than_the_one_before():
    for there, wanted in ((0.0, 0.02), (0.01, 0.02), (0.02, 0.02), (0.05, 0.05)):
        inputs = underground(catchment_m2=80.0, ramp_drain_m3_s=there, drain_to_node=None)
        built = build(inputs, it={"kind": "ramp_drain", "targets": ["a"], "capacity_m3_s": 0.02})
        assert built.inputs.sites.spaces.spaces[0].ramp_drain_m3_s == wanted
        assert bill(built) == ({"ramp_drain": 1.0} if there < 0.02 else {})


def test_sunken_green_is_its_share_of_the_cells():
    """40 % of 8 cells of 25 m2: 80 m2 at 45 CNY; 0.1 m deep, 3.6 mm/h are 1e-6 m/s."""
    inputs = surface_inputs(flat(6, 6, 5.0), 60.0)
    keys = {"share": 0.4, "depth_m": 0.1, "seepage_mm_h": 3.6}
    built = build(inputs, it={"kind": "sunken_green", "targets": STRIP, **keys})
    assert bill(built) == pytest.approx({"sunken_green": 80.0})
    assert built.measures[0]["capital"] == pytest.approx(
        {"low": 3200.0, "middle": 3600.0, "high": 4000.0}
    )
    assert built.measures[0]["life_years"] == 25.0
    (green,) = built.inputs.storage.facilities
    assert len(green.cells) == 8 and (green.share == 0.4).all() and not green.only_rain
    assert (green.store_depth, green.voids, green.entry) == (0.1, 1.0, 1.0)
    assert green.seepage == pytest.approx(1e-6) and green.store_start == 0.0


def roofs():
    """Three roof cells that rain into one open cell, one into another."""
    buildings = np.zeros((2, 4), bool)
    buildings[0, :] = True
    terrain = flat(2, 4, 5.0)
    to = np.arange(8).reshape(2, 4)
    to[0] = [4, 4, 4, 7]
    return surface_inputs(replace(terrain, rain_to=to), 60.0, buildings=buildings)


def test_a_tank_starts_as_full_as_it_is_said():
    """Half of 4 roofs of 25 m2, 20 mm: 1 m3 at 1,000 CNY; a quarter full: 5 mm in each."""
    keys = {"share": 0.5, "volume_mm": 20.0, "start_share": 0.25}
    built = build(roofs(), it={"kind": "rain_tank", **keys})
    assert bill(built) == pytest.approx({"rain_tank": 1.0})
    (tank,) = built.inputs.storage.facilities
    assert tank.only_rain and tank.cells.tolist() == [[1, 0], [1, 3]]
    assert tank.share.tolist() == [1.5, 0.5]
    assert tank.store_depth == pytest.approx(0.02)
    assert tank.store_start == pytest.approx(0.005)


def test_roofs_that_keep_their_rain_are_their_own_cells():
    """Buildings as blocks: rain falls on the roof's own cell."""
    inputs = roofs()
    inputs = replace(inputs, terrain=replace(inputs.terrain, rain_to=None))
    built = build(inputs, it={"kind": "rain_tank", "share": 0.5, "volume_mm": 20.0})
    (tank,) = built.inputs.storage.facilities
    assert tank.cells.tolist() == [[0, 0], [0, 1], [0, 2], [0, 3]]
    assert tank.share.tolist() == [0.5] * 4 and bill(built) == pytest.approx({"rain_tank": 1.0})
    nowhere = replace(inputs, buildings=np.zeros((2, 4), bool))
    with pytest.raises(InputError, match="no building lies there"):
        build(nowhere, it={"kind": "rain_tank"})


def test_soil_on_roofs_starts_with_its_water():
    """100 mm of soil at 0.35: 35 mm; never more than its pores: 0.9 of 0.5 are 50 mm."""
    for start, water in ((0.35, 0.035), (0.9, 0.05)):
        built = build(roofs(), it={"kind": "green_roof", "share": 0.5, "soil_start": start})
        assert bill(built) == pytest.approx({"green_roof": 50.0})
        (soil,) = built.inputs.storage.facilities
        assert soil.soil_start == pytest.approx(water) and soil.soil_depth == pytest.approx(0.1)
        assert soil.percolation == pytest.approx(1000.0 / 3.6e6)
        assert soil.store_depth == pytest.approx(0.025)
    keys = {"porosity": 0.5, "field_capacity": 0.2, "soil_mm": 600, "store_mm": 300}
    keys |= {"seepage_mm_h": 36.0, "drain_mm_h": 72.0, "drain_offset_mm": 50.0, "entry_mm_h": 360.0}
    inputs = surface_inputs(flat(6, 6, 5.0), 60.0)
    built = build(inputs, it={"kind": "bioretention", "targets": STRIP, **keys})
    (garden,) = built.inputs.storage.facilities
    assert garden.soil_start == pytest.approx(0.12)  # absent: field capacity
    assert (garden.seepage, garden.drain, garden.entry) == pytest.approx((1e-5, 2e-5, 1e-4))
    assert (garden.drain_offset, garden.store_depth) == pytest.approx((0.05, 0.3))


def test_prices_are_in_order_and_pipes_have_their_class():
    for name, cost in OWN.items():
        assert 0.0 <= cost.low <= cost.middle <= cost.high, name
        assert 0.0 < cost.life_y <= 100.0 and 0.0 <= cost.yearly <= 2.0, name
    classes = {0.8: "600", 0.81: "1000", 1.25: "1000", 1.26: "1500", 1.75: "1500", 1.76: "2000"}
    classes |= {2.4: "2000", 2.41: "3000"}
    assert {d: sewer_item(d).removeprefix("sewer_dn") for d in classes} == classes


def test_present_value_counts_each_year_from_when_it_serves():
    """Serves from year 2 of 4: 100 / 1.1^2, 7 a year in years 3 to 6, renewed after 3 years of
    which 2 are left at the end.
    """
    by_hand = 100.0 / 1.1**2 + sum(7.0 / 1.1**k for k in (3, 4, 5, 6))
    by_hand += 100.0 / 1.1**5 - 100.0 * (2.0 / 3.0) / 1.1**6
    assert present_value(100.0, 7.0, 3.0, 2024, 2022, 0.1, horizon_y=4) == pytest.approx(by_hand)
    # a life that ends with the horizon is not renewed
    assert present_value(100.0, 0.0, 4.0, 2022, 2022, 0.1, horizon_y=4) == pytest.approx(100.0)
