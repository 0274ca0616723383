"""The audit: the way through a strip of road, rungs of a ladder, figures between them, criteria on toy folders, and one searched for real."""

import json
import math

import numpy as np
import pytest

from analysis.test_consequences import HOUR, toy
from flood_sim.analysis.audit import area_quantile, bottleneck_depth, interpolated_period, judge, ladder_answer, next_rung, read_loads, read_standards
from flood_sim.errors import InputError
from flood_sim.scenario import load_scenario
from flood_sim.study.audit import audit_lines, day_depth_mm, river_stage_m, run_audit
from study.test_study import SCENARIO

LADDER = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200]


def test_the_driest_way_through_a_strip():
    """3 x 3 cells: by the diagonal .10 - .12 - .14 the road passes at 0.14 m; a wall of water everywhere: as deep as its shallowest cell."""
    depth = np.array([[0.10, 0.20, 0.20], [0.20, 0.12, 0.20], [0.20, 0.20, 0.14]])
    begin, end = (np.arange(3) == k for k in (0, 2))
    begin, end = np.tile(begin, (3, 1)), np.tile(end, (3, 1))
    assert bottleneck_depth(depth, begin, end) == pytest.approx(0.14)
    assert bottleneck_depth(np.full((3, 3), 0.2), begin, end) == 0.2
    depth[:, 1] = np.nan
    assert bottleneck_depth(depth, begin, end) == math.inf


def search(passes):
    """Rungs that a search runs, and its answer, where passes(T) says what each does."""
    tried, margins = {}, {}
    while (rung := next_rung(tried, LADDER, 30)) is not None:
        tried[rung] = passes(rung), (0.03 if passes(rung) else -0.02)
        margins[rung] = tried[rung]
    return list(tried), ladder_answer(tried, LADDER)


@pytest.mark.parametrize("limit", [0.5, *LADDER, 500])
def test_a_ladder_of_ten_takes_four_runs(limit):
    rungs, answer = search(lambda t: t <= limit)
    assert len(rungs) <= 5 and rungs[0] == 30  # whether the required one is met, the first run says
    passed = [t for t in LADDER if t <= limit]
    assert answer["passes_y"] == (passed[-1] if passed else None) and answer["monotone"]
    assert answer["fails_y"] == next((t for t in LADDER if t > limit), None) and answer["beyond_ladder"] == (limit >= 200)


def test_a_rarer_storm_that_passes_is_told():
    """Fails at 5 and passes at 20: the answer is the largest with all lower ones passed."""
    tried = {5: (False, -0.1), 20: (True, 0.1), 2: (True, 0.1)}
    rungs = dict(tried)
    while (rung := next_rung(rungs, LADDER, 20)) is not None:
        rungs[rung] = rung not in (5, 10), 0.1
    answer = ladder_answer(rungs, LADDER)
    assert sorted(rungs) == LADDER and not answer["monotone"] and answer["passes_y"] == 3 and answer["fails_y"] == 5


def test_the_figure_between():
    """g(20) = +0.03 m, g(30) = -0.02 m: 25.5 years."""
    assert interpolated_period(20.0, 0.03, 30.0, -0.02) == pytest.approx(25.5, abs=0.05)
    assert interpolated_period(20.0, 0.0, 30.0, -0.02) == 20.0


def test_shares_of_area():
    value, weight = np.array([[0.1, 0.2], [0.3, 9.0]]), np.array([[1.0, 1.0], [1.98, 0.02]])
    assert area_quantile(value, weight, 1.0) == 9.0 and area_quantile(value, weight, 0.99) == 0.3 and area_quantile(value, weight, 0.4) == 0.2


def test_criteria_on_a_toy_folder(tmp_path):
    """Roads 0.20 m deep miss 0.15 by 5 cm; a floor 0.05 m under water; wet until 1 h, rain until 0.5 h: passable 1 h after the rain (half-hour frames)."""
    deep = np.array([[0.2, 0.2, np.nan]])
    frames = [(t * HOUR, np.where(t <= 1, 1.0, 0.0) * np.nan_to_num(deep)) for t in np.arange(0.0, 4.01, 0.5)]
    exposure = {"road_share": np.array([[1.0, 0.0, 0.0]]), "building": np.array([[0, 0, 1]]), "use": [0], "area_m2": [10.0]}
    sites = {"metro": {"kind": "underground", "type": "metro", "people": 0.0, "entered_m3": 1.0, "openings": ["metro/a"], "first_entry": None}}
    openings = "2021-07-20T15:04:00+08:00,metro,a,0.29,0.2,1,0\n"
    c = toy(tmp_path / "r", depth=deep, exposure=exposure, frames=frames, sites=sites, openings=openings)
    found = {}
    for part in read_standards().values():
        if isinstance(part, dict):
            found |= {criterion["id"]: judge(c, criterion, 0.5) for criterion in part["criterion"]}
    assert found["lane_15cm"].margin == pytest.approx(-0.05) and not found["lane_15cm"].passed
    assert found["lane_15cm"].objects[0]["x_m"] == 5.0
    assert found["ground_floors_dry"].worst == pytest.approx(0.05) and found["ground_floors_dry"].objects[0]["name"] == "building 1"
    assert found["recession"].worst == pytest.approx(1.0) and found["recession"].passed
    assert found["no_water_over_a_sill"].worst == pytest.approx(0.29)
    bare = toy(tmp_path / "bare", depth=[[0.5, 0.5]])
    assert judge(bare, read_standards()["waterlogging"]["criterion"][0]) is None


def test_loads_of_the_reference_city():
    """199 mm and bank-full at their periods, crest at 100 years; 20 years by the 2002 formula's ratio."""
    loads = read_loads()
    assert day_depth_mm(loads, 50.0) == 199.0 and day_depth_mm(loads, 20.0) == pytest.approx(168.3, abs=0.1)
    assert river_stage_m(loads, 20.0) == 0.0 and river_stage_m(loads, 100.0) == pytest.approx(1.5) and river_stage_m(loads, 5.0) < -1.0


def test_one_standard_searched_for_real(tmp_path):
    """The river alone: with the dyke at the crest of 100 years the small city passes some rung and fails 200 years, where water stands over it."""
    (tmp_path / "tiny.toml").write_text(SCENARIO + '[portfolio.flaps]\nmeasures = ["clean"]\n')
    scenario = load_scenario(tmp_path / "tiny.toml")
    standards = read_standards()
    only = {"ladder_y": [5, 200], "flood_protection": standards["flood_protection"]}
    document = run_audit(scenario, ["baseline", "flaps"], only, "mega", tmp_path / "out")
    for name in ("baseline", "flaps"):
        answer = document["portfolios"][name]["flood_protection"]
        assert answer["met"] is False and answer["passes_y"] == 5 and answer["fails_y"] == 200 and 5 < answer["about_y"] < 200
    assert json.loads((tmp_path / "out" / "audit.json").read_text())["city_class"] == "mega"
    text = "\n".join(audit_lines(document))
    assert "MISSES 200 y: passes 5, fails 200" in text and "assumed:" in text
    with pytest.raises(InputError, match="did you mean `mega`"):
        run_audit(scenario, ["baseline"], only, "meg", tmp_path / "out2")
    with pytest.raises(InputError, match="no such standards"):
        read_standards("chin")
