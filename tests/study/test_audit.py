"""The audit: the way through a strip of road, rungs of a ladder, figures between them, criteria on
toy folders, and one searched for real.
"""

import json
import re

import numpy as np
import pytest

from analysis.test_consequences import HOUR, toy
from flood_sim.analysis.standards.criteria import judge, share_quantile
from flood_sim.analysis.standards.files import read_loads, read_standards
from flood_sim.analysis.standards.ladder import interpolated_period, ladder_answer, next_rung
from flood_sim.core.errors import InputError
from flood_sim.scenario import load_scenario
from flood_sim.study.audit import AuditRules, audit_lines, day_depth_mm, river_stage_m, run_audit
from flood_sim.study.report import write_report
from study.test_study import SCENARIO

LADDER = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200]


def search(passes):
    """Rungs that a search runs, and its answer, where passes(T) says what each does."""
    tried, margins = {}, {}
    while (rung := next_rung(tried, LADDER, 30)) is not None:
        tried[rung] = passes(rung), {"depth": 0.03 if passes(rung) else -0.02}
        margins[rung] = tried[rung]
    return list(tried), ladder_answer(tried, LADDER)


@pytest.mark.parametrize("limit", [0.5, *LADDER, 500])
def test_a_ladder_of_ten_takes_four_runs(limit):
    rungs, answer = search(lambda t: t <= limit)
    assert len(rungs) <= 5 and rungs[0] == 30  # whether the required one is met, the first run says
    passed = [t for t in LADDER if t <= limit]
    assert answer["passes_y"] == (passed[-1] if passed else None) and answer["monotone"]
    assert answer["fails_y"] == next((t for t in LADDER if t > limit), None) and answer[
        "beyond_ladder"
    ] == (limit >= 200)


def test_a_rarer_storm_that_passes_is_told():
    """Fails at 5 and passes at 20: the answer is the largest with all lower ones passed."""
    tried = {5: (False, {"depth": -0.1}), 20: (True, {"depth": 0.1}), 2: (True, {"depth": 0.1})}
    rungs = dict(tried)
    while (rung := next_rung(rungs, LADDER, 20)) is not None:
        rungs[rung] = rung not in (5, 10), {"depth": 0.1 if rung not in (5, 10) else -0.1}
    answer = ladder_answer(rungs, LADDER)
    assert (
        sorted(rungs) == LADDER
        and not answer["monotone"]
        and answer["passes_y"] == 3
        and answer["fails_y"] == 5
    )


def test_the_figure_between():
    """g(20) = +0.03 m, g(30) = -0.02 m: 25.5 years."""
    assert interpolated_period(20.0, 0.03, 30.0, -0.02) == pytest.approx(25.5, abs=0.05)
    assert interpolated_period(20.0, 0.0, 30.0, -0.02) == 20.0


def test_criteria_are_not_mixed():
    """Metres and hours each between their own margins; the figure is the lowest of those that fail:
    25.5 years by the depth, 28.0 by the hours.
    """
    tried = {
        20: (True, {"depth": 0.03, "hours": 2.0, "sill": 0.5}),
        30: (False, {"depth": -0.02, "hours": -0.4, "sill": 0.1}),
    }
    assert ladder_answer(tried, LADDER)["about_y"] == pytest.approx(25.5, abs=0.05)
    tried[30][1]["depth"] = 0.01
    assert ladder_answer(tried, LADDER)["about_y"] == pytest.approx(28.05, abs=0.05)


def test_shares_of_area():
    value, weight = np.array([[0.1, 0.2], [0.3, 9.0]]), np.array([[1.0, 1.0], [1.98, 0.02]])
    assert (
        share_quantile(value, weight, 1.0) == 9.0
        and share_quantile(value, weight, 0.99) == 0.3
        and share_quantile(value, weight, 0.4) == 0.2
    )


def test_criteria_on_a_toy_folder(tmp_path):
    """Roads 0.20 m deep miss 0.15 by 5 cm; a floor 0.05 m under water; wet until 1 h, rain until
    0.5 h: passable 1 h after the rain (half-hour frames), within the centre's 3 h; the river 0.20 m
    deep under a crest of 0.9 m lacks 0.30 m of a safety height of 1 m.
    """
    deep = np.array([[0.2, 0.2, np.nan]])
    frames = [
        (t * HOUR, np.where(t <= 1, 1.0, 0.0) * np.nan_to_num(deep))
        for t in np.arange(0.0, 5.01, 0.5)
    ]
    street = {
        "street_start": [0, 1],
        "street_cell": [0],
        "street_end": np.array([3], np.int8),
        "street_length_m": [10.0],
        "street_zone": np.array([1], np.int8),
        "street_name": ["EW1.1"],
        "dyke_cell": [1],
        "dyke_crest_m": [0.9],
    }
    exposure = {
        "road_share": np.array([[1.0, 0.0, 0.0]]),
        "building": np.array([[0, 0, 1]]),
        "use": [0],
        "area_m2": [10.0],
        **street,
    }
    sites = {
        "metro": {
            "kind": "underground",
            "type": "metro",
            "people": 0.0,
            "entered_m3": 1.0,
            "openings": ["metro/a"],
            "first_entry": None,
        }
    }
    openings = "2021-07-20T15:04:00+08:00,metro,a,0.29,0.2,1,0\n"
    c = toy(
        tmp_path / "r", depth=deep, exposure=exposure, frames=frames, sites=sites, openings=openings
    )
    found = {}
    for part in read_standards().values():
        if isinstance(part, dict):
            found |= {criterion["id"]: judge(c, criterion, 0.5) for criterion in part["criterion"]}
    assert found["lane_15cm"].margin == pytest.approx(-0.05) and not found["lane_15cm"].passed
    assert found["lane_15cm"].objects[0] == {
        "name": "EW1.1",
        "value": pytest.approx(0.2),
        "x_m": 5.0,
        "y_m": 5.0,
    }
    assert (
        found["ground_floors_dry"].worst == pytest.approx(0.05)
        and found["ground_floors_dry"].objects[0]["name"] == "building 1"
    )
    assert (
        found["recession"].worst == pytest.approx(1.0)
        and found["recession"].limit == 3.0
        and found["recession"].where == "zone centre"
    )
    assert (
        found["dyke_safety_height"].worst == pytest.approx(0.30)
        and found["dyke_safety_height"].objects[0]["x_m"] == 15.0
    )
    assert found["no_water_over_a_sill"].worst == pytest.approx(0.29)
    bare = toy(tmp_path / "bare", depth=[[0.5, 0.5]])
    assert judge(bare, read_standards()["waterlogging"]["criterion"][0]) is None
    area = toy(
        tmp_path / "area",
        depth=deep,
        exposure={k: v for k, v in exposure.items() if k not in street},
        frames=frames,
    )  # roads without axes
    assert judge(area, read_standards()["waterlogging"]["criterion"][0]).worst == pytest.approx(0.2)


def test_recession_by_zones(tmp_path):
    """Two streets, wet until 2.5 and 3 h, rain until 0.5 h: the important one is passable 2.5 h
    after it and fails 2 h; the other 3 h and passes 4.
    """
    frames = [
        (t * HOUR, np.array([[0.2 * (t <= 2.5), 0.2 * (t <= 3.0)]]))
        for t in np.arange(0.0, 5.01, 0.5)
    ]
    street = {
        "street_start": [0, 1, 2],
        "street_cell": [0, 1],
        "street_end": np.array([3, 3], np.int8),
        "street_length_m": [10.0, 10.0],
        "street_zone": np.array([2, 0], np.int8),
        "street_name": ["a", "b"],
    }
    c = toy(
        tmp_path / "r",
        depth=[[0.2, 0.2]],
        exposure={"road_share": np.ones((1, 2)), "building": np.zeros((1, 2), int), **street},
        frames=frames,
    )
    criterion = read_standards()["waterlogging"]["criterion"][2]
    verdict = judge(c, criterion, 0.5)
    assert (verdict.worst, verdict.limit, verdict.where, verdict.passed) == (
        2.5,
        2.0,
        "zone important",
        False,
    )
    assert [o["value"] for o in verdict.objects] == [2.5, 3.0]
    short = toy(
        tmp_path / "s",
        depth=[[0.2, 0.2]],
        exposure={"road_share": np.ones((1, 2)), "building": np.zeros((1, 2), int), **street},
        frames=frames[:4],
    )
    assert not judge(short, criterion, 0.5).passed  # still shut as the run ends


def test_loads_of_the_reference_city():
    """199 mm and bank-full at their periods, crest at 100 years; 20 years by the 2002 formula's
    ratio.
    """
    loads = read_loads()
    assert day_depth_mm(loads, 50.0) == 199.0 and day_depth_mm(loads, 20.0) == pytest.approx(
        168.3, abs=0.1
    )
    assert (
        river_stage_m(loads, 20.0) == 0.0
        and river_stage_m(loads, 100.0) == pytest.approx(1.5)
        and river_stage_m(loads, 5.0) < -1.0
    )


PLACE = """
schema = 1
name = "place"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T17:00:00+08:00
[grid]
crs = "local"
[terrain]
bed_elevation = "bed.asc"
manning_n = 0.03
[rainfall]
kind = "none"
[exposure]
roads = "roads.geojson"
"""


def test_another_place_with_its_own_rain(tmp_path):
    """No city, no river: waterlogging is audited on the roads of a file, flood protection is not
    judged; without loads it is refused.
    """
    (tmp_path / "roads.geojson").write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": {"width_m": 10.0, "name": "Main Street", "zone": "important"},
                        "geometry": {"type": "LineString", "coordinates": [[0, 45], [90, 45]]},
                    },
                ],
            }
        )
    )
    (tmp_path / "place.toml").write_text(PLACE)
    (tmp_path / "bed.asc").write_text(
        "ncols 9\nnrows 9\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -9999\n"
        + ("10 " * 9 + "\n") * 4
        + "9 " * 9
        + "\n"
        + ("10 " * 9 + "\n") * 4
    )
    (tmp_path / "loads.toml").write_text(
        '[short]\nduration_min = 60.0\nformula = "zhengzhou-2002"\nafter_h = 4.0\nsource = "a'
        ' test"\n'
    )
    scenario = load_scenario(tmp_path / "place.toml")
    standards = {
        "ladder_y": [1, 2, 5, 100],
        **{k: read_standards()[k] for k in ("flood_protection", "waterlogging")},
    }
    with pytest.raises(InputError, match="--loads FILE"):
        run_audit(scenario, ["baseline"], AuditRules(standards, "mega"), tmp_path / "no")
    document = run_audit(
        scenario,
        ["baseline"],
        AuditRules(standards, "mega", read_loads(tmp_path / "loads.toml")),
        tmp_path / "out",
    )
    answers = document["portfolios"]["baseline"]
    assert answers["flood_protection"]["met"] is None
    flooded = answers["waterlogging"]["families"]["short"][
        "fails_first"
    ]  # the street lies in a trough without a drain: never passable again
    assert {v["criterion"] for v in flooded} == {"lane_15cm", "recession"} and answers[
        "waterlogging"
    ]["met"] is False
    (tmp_path / "loads.toml").write_text("[short]\nduration_min = 60.0\n")
    with pytest.raises(InputError, match="keys are missing"):
        read_loads(tmp_path / "loads.toml")


def test_one_standard_searched_for_real(tmp_path):
    """The river alone: with the dyke at the crest of 100 years the small city passes some rung and
    fails 200 years, where water stands over it.
    """
    (tmp_path / "tiny.toml").write_text(SCENARIO + '[portfolio.flaps]\nmeasures = ["clean"]\n')
    scenario = load_scenario(tmp_path / "tiny.toml")
    standards = read_standards()
    only = {"ladder_y": [5, 200], "flood_protection": standards["flood_protection"]}
    document = run_audit(
        scenario, ["baseline", "flaps"], AuditRules(only, "mega"), tmp_path / "out"
    )
    for name in ("baseline", "flaps"):
        answer = document["portfolios"][name]["flood_protection"]
        assert (
            answer["met"] is False
            and answer["passes_y"] == 5
            and answer["fails_y"] == 200
            and 5 < answer["about_y"] < 200
        )
    assert json.loads((tmp_path / "out" / "audit.json").read_text())["city_class"] == "mega"
    page = write_report(tmp_path / "out").read_text(encoding="utf-8")
    river = document["portfolios"]["baseline"]["flood_protection"]["families"]["river"]
    assert (tmp_path / "out" / "runs" / river["run"]).is_dir()
    places = [o for v in river["fails_first"] for o in v["objects"]]
    assert places and page.count('class="pin key0" style') == len(
        places
    )  # a pin for each place of the first portfolio
    left = 100.0 * (places[0]["x_m"] - 472000.0) / 500.0
    assert f"left:{left:.2f}%" in page
    found = re.findall(r'class="pin key(\d)" style="left:([0-9.]+)%.*?margin-left:(-?\d+)px', page)
    shifts = {(int(k), float(left) < 50.0): int(px) for k, left, px in found}
    assert {abs(px) for (k, _), px in shifts.items() if k == 1} == {15}  # no pin hides another
    assert all(px * (1 if west else -1) >= 0 for (_, west), px in shifts.items())  # nor leaves it
    assert "computed by" in page  # the scheme, from a run
    text = "\n".join(audit_lines(document))
    assert "MISSES 200 y: passes 5, fails 200" in text and "assumed:" in text
    with pytest.raises(InputError, match="did you mean `mega`"):
        run_audit(scenario, ["baseline"], AuditRules(only, "meg"), tmp_path / "out2")
    with pytest.raises(InputError, match="no such standards"):
        read_standards("chin")
