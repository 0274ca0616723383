"""The page of `check`: its figures against small cases counted by hand, with what is outside its
usual range marked; what falls to closed edges; a stage over dry ground.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from cases import inp_text, steady_rain, write_inp
from console import flood_sim
from flood_sim.ground.exposure import Exposure
from flood_sim.ground.rainfall import TAKEN_LAW
from flood_sim.scenario.checks.edge_water import closed_share
from flood_sim.scenario.checks.figures import Figure, _largest_hour_m, _period_text, figures_of
from flood_sim.simulation.inputs import DrainageInputs
from flood_sim.surface.boundaries import Inflow, Series
from scenario.test_loader import GOOD, load

CLOSED = GOOD.replace("slope_x = -0.01", "slope_x = -0.02")  # 100 x 50 m that fall to the east
OPEN = CLOSED + '[[boundaries]]\nkind = "free_outflow"\nedge = "east"\n'


def by_key(inputs):
    return {f.key: f for f in figures_of(inputs)}


def test_ground_and_rain(tmp_path):
    """100 x 50 m with 2 % of fall; 24 mm/h for the 600 s of the run."""
    inputs = replace(load(tmp_path, CLOSED), rainfall=steady_rain(24.0, 600.0))
    found = by_key(inputs)
    assert found["area_km2"].values == (pytest.approx(0.005),)
    # cell centres 0.05 to 1.95 m below the west edge: 1 and 99 % cut the outer columns
    assert found["relief_m"].values == (pytest.approx(1.9, abs=0.02),)
    assert found["rain_mm"].values == (pytest.approx(4.0),) and found["rain_mm"].odd
    assert found["largest_hour_mm"].values == (pytest.approx(4.0),)
    assert found["inflow_m3"].values is None and not found["inflow_m3"].odd
    assert found["people"].values is None and found["building_share"].values is None


def test_the_largest_hour_is_found_between_the_points():
    """2 h of 10 mm/h with 30 mm in 30 min in the middle: the hour around them holds 35 mm."""
    from flood_sim.ground.rainfall import rainfall_from_intervals

    edges, depths = np.array([0.0, 2700.0, 4500.0, 7200.0]), np.array([7.5, 30.0, 7.5])
    rain = rainfall_from_intervals("r", edges, depths)
    assert _largest_hour_m(rain, 7200.0) == pytest.approx(0.035)
    assert _largest_hour_m(rain, 2700.0) == pytest.approx(0.0075)  # a run that ends before


def test_return_period_is_that_of_the_law():
    """zhengzhou-2002: 5 years bring 0.006 x 60 x 7650 (1 + 1.15 lg 5.143) / 97.3^0.99 mm."""
    hour = TAKEN_LAW.law.depth_mm(60.0, 5.0)
    assert hour == pytest.approx(53.8, abs=0.1)
    assert _period_text(hour, TAKEN_LAW) == "about once in 5 years by zhengzhou-2002"
    assert _period_text(1000.0, TAKEN_LAW).startswith("rarer than 10000 years")


def test_inflow_is_that_of_the_run(tmp_path):
    """A hydrograph of the year before is held at its last value, 0: it brings nothing, marked."""
    inputs = load(tmp_path, CLOSED)
    cells = np.array([[0, 0]])
    for value, volume, odd in ((2.0, 1200.0, False), (0.0, 0.0, True), (90.0, 54000.0, True)):
        inflow = Inflow("river", cells, Series(np.zeros(1), np.full(1, value)))
        found = by_key(replace(inputs, inflows=(inflow,)))["inflow_m3"]
        assert found.values == (pytest.approx(volume),) and found.odd == odd
    assert found.note == "1.08e+04 mm over the area"


def test_network_figures(tmp_path):
    """Two manholes 2 and 3 m deep, 40 m apart on the map, 50 m of pipe; rims 1.2 m over the ground
    as of a terrain in another datum.
    """
    inputs = load(tmp_path, GOOD.replace("slope_x = -0.01, ", ""))
    x, y = (float(v) for v in inputs.terrain.grid.bounds[:2])
    text = (
        inp_text(
            junctions="A 9.2 2.0\nB 8.2 3.0\n",
            outfalls="O 8.0 FREE\n",
            conduits="C1 A B 50 0.013 0 0\n",
            xsections="C1 CIRCULAR 0.5 0 0 0\n",
        )
        + f"[COORDINATES]\nA {x + 10} {y + 10}\nB {x + 50} {y + 10}\n"
    )
    network = write_inp(tmp_path, text)
    drainage = DrainageInputs(network, (), {}, 5.0)
    found = by_key(replace(inputs, drainage=drainage))
    assert found["sewer_km_km2"].values == (pytest.approx(0.05 / 0.005),)
    assert found["manhole_depth_m"].values == pytest.approx((2.05, 2.5, 2.95))
    assert found["map_over_length"].values == (pytest.approx(0.8),) and found["map_over_length"].odd
    assert found["ground_over_rim_m"].values == pytest.approx((-1.2, -1.2, -1.2))
    assert found["ground_over_rim_m"].odd


def test_people_and_buildings(tmp_path):
    inputs = load(tmp_path, CLOSED)
    building = np.zeros((10, 20), np.int32)
    building[:, :4] = 1
    one = np.ones(1)
    e = Exposure(np.zeros((10, 20)), building, np.zeros(1), one, one, one, np.array([20.0]))
    found = by_key(replace(inputs, exposure=e))
    assert found["people"].values == (20.0,) and found["people"].note == "4,000 a km2"
    assert found["building_share"].values == (pytest.approx(20.0),)
    crowd = by_key(replace(inputs, exposure=replace(e, people=np.array([2000.0]))))
    assert crowd["people"].odd
    unknown = by_key(replace(inputs, exposure=replace(e, people=np.array([np.nan]))))["people"]
    assert unknown.values is None and "nobody says" in unknown.note


def test_ground_that_falls_to_closed_edges(tmp_path):
    """A plane that falls to the east. All closed: all of it. East open: no row but those of the
    north and south edge, whose cells are edges themselves: 2 of 10, less the one at the corner.
    """
    assert closed_share(load(tmp_path, CLOSED)) == 1.0
    share = closed_share(load(tmp_path, OPEN))
    assert share < 0.3
    west = OPEN.replace('"east"', '"west"')
    assert closed_share(load(tmp_path, west)) > 0.9


def test_large_grids_are_looked_at_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("flood_sim.scenario.checks.edge_water.MOST_BLOCKS", 50)
    assert closed_share(load(tmp_path, CLOSED)) == 1.0
    assert closed_share(load(tmp_path, OPEN)) < 0.6


def test_a_stage_over_dry_ground_is_told(tmp_path):
    """The lowest ground of the east edge is 8.05 m: 12.45 m stand 4.4 m over it; 8.5 m are usual;
    over a filled harbour none is told.
    """

    def told(level, more=""):
        text = (
            CLOSED
            + f'[[boundaries]]\nkind = "stage_series"\nedge = "east"\nlevel_m = {level}\n{more}'
        )
        return [f for f in load(tmp_path, text).findings if f.code == "W545"]

    (finding,) = told(12.45)
    assert "4.4 m over ground that is dry at the start" in finding.problem
    assert not told(8.5) and not told(12.45, "[initial]\ndepth = 1.0\n")


def test_the_page_marks_what_is_outside(tmp_path):
    line = Figure("k", "rain", "mm", (3.0,), 5.0, 600.0, "why").line()
    assert line.startswith(" ! rain") and "usual 5 to 600" in line and line.endswith("why")
    assert Figure("k", "rain", "mm", (30.0,), 5.0, 600.0).line().startswith("   rain")
    assert not Figure("k", "people", "", None, 1.0, 2.0, "no people").odd
    (tmp_path / "s.toml").write_text(CLOSED)
    told = flood_sim("check", tmp_path / "s.toml")
    assert " ! ground that falls to closed edges" in told.stdout and "free_outflow" in told.stdout
    rows = json.loads(flood_sim("check", tmp_path / "s.toml", "--json").stdout)["figures"]
    assert len(rows) == 12 and {r["key"] for r in rows if r["odd"]} >= {"closed_edges"}
