"""Criteria of standards and what a flood does to people, on numbers instead of result folders."""

from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.analysis.outcomes.hazard import _frames, _Hazards
from flood_sim.analysis.standards.criteria import Verdict, judge, share_quantile
from flood_sim.analysis.standards.ladder import ladder_answer, next_rung


class Streets:
    """Segments of 100 and 300 m in the centre, 200 m in the rest, with their depth by frame."""

    name = ("A", "B", "C")
    length_m = np.array([100.0, 300.0, 200.0])

    def __init__(self, *rows, hours=None):
        depth = np.array(rows, float)
        self.by_frame = np.arange(len(rows)) if hours is None else np.array(hours), depth

    def of_zone(self, zone):
        return {
            "centre": np.array([True, True, False]),
            "rest": np.array([False, False, True]),
        }.get(zone, np.zeros(3, bool))

    def middle_cell(self, k):
        return 0, k


def run(depth=None, streets=None, exposure=None, openings=(), sites=None, fields=("depth",)):
    """A run of a few cells of 10 m."""
    columns = 3 if depth is None else np.shape(depth)[1]
    values = {name: None for name in fields}
    values |= {
        n: SimpleNamespace(values=10.0 * np.arange(columns) + 5.0, size=columns) for n in "xy"
    }
    field = None if depth is None else SimpleNamespace(values=np.array(depth, float))
    results = SimpleNamespace(
        fields=values, max_depth=field, openings=openings, summary={"sites": sites or {}}
    )
    return SimpleNamespace(results=results, streets=streets, exposure=exposure)


def recession(streets, rain_ends_h=1.0, **limits):
    criterion = {"test": "recession", "id": "r", "limit_m": 0.15, "share": 1.0}
    criterion["limit_h"] = limits or {"centre": 3.0, "rest": 6.0}
    return judge(run(streets=streets), criterion, rain_ends_h)


def test_hours_until_streets_are_passable_again():
    """Frames of half an hour, rain until 1 h. B is shut to 2.5 h: passable at 3 h, 2 h after it."""
    wet, dry = [0.1, 0.3, 0.1], [0.1, 0.1, 0.1]
    found = recession(Streets(*[wet] * 6, *[dry] * 4, hours=0.5 * np.arange(10)))
    assert (found.worst, found.limit, found.where) == (2.0, 3.0, "zone centre")
    assert found.margin == 1.0 and found.passed
    assert [o["value"] for o in found.objects] == [2.0, 0.0]
    # shut in the first frame alone: passable at 0.5 h, before the rain ends: 0 h after it; an hour
    # before the rain's end counts as none
    first = Streets(wet, *[dry] * 5, hours=0.5 * np.arange(6))
    assert recession(first).worst == 0.0 and recession(first, rain_ends_h=0.0).worst == 0.5
    # shut at the end: over the limit as far as one knows
    late = recession(Streets(*[dry] * 3, wet, hours=[0.0, 1.0, 2.0, 3.0]))
    assert (late.worst, late.passed) == (4.0, False)
    longer = recession(Streets(*[wet] * 10, hours=np.arange(10.0)))
    assert longer.worst == 8.0  # 9 h less the rain's 1 h
    # the zone nearest to its own limit counts: the rest lacks 1 h of 2, the centre has 2 of 3
    both = Streets(*[[0.1, 0.3, 0.3]] * 2, [0.1, 0.1, 0.3], [0.1, 0.1, 0.3], dry, hours=range(5))
    assert recession(both, centre=3.0, rest=2.0).where == "zone rest"
    assert recession(Streets(dry, dry), elsewhere=3.0) is None
    assert judge(run(streets=Streets(dry), fields=()), {"test": "recession"}) is None


def test_a_share_of_the_streets_may_be_deeper():
    """By length: B (300 m) is 0.1 m deep, A (100 m) 0.5, C (200 m) 0.2; 0.2 m holds for 5/6."""
    criterion = {"test": "lane_path", "id": "l", "limit_m": 0.15, "share": 5.0 / 6.0}
    streets = Streets([0.5, 0.0, 0.0], [0.0, 0.1, 0.2])
    found = judge(run(streets=streets), criterion)
    assert (found.worst, found.strict, found.limit) == (0.2, 0.5, 0.15) and not found.passed
    assert [o["name"] for o in found.objects] == ["A", "C", "B"]
    assert found.objects[1]["x_m"] == 25.0
    assert judge(run(streets=streets), criterion | {"share": 0.5}).worst == 0.1
    assert judge(run(streets=streets), criterion | {"share": 0.51}).worst == 0.2
    dry = judge(run(streets=Streets([0.0, 0.1, 0.0])), criterion)
    assert [o["name"] for o in dry.objects] == ["B"]  # dry streets are not shown


def test_the_carriageway_and_not_the_ground_beside_it():
    """Roads of 1, 1 and 2 parts; the deepest cell is no road."""
    criterion = {"test": "carriageway", "id": "c", "limit_m": 0.15, "share": 0.75}
    road = np.array([[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0]])
    depth = [[0.2, 9.0, 0.0, 0.0, 0.0, 0.0, 0.3, 0.1]]
    found = judge(run(depth=depth, exposure={"road_share": road}), criterion)
    assert found.worst == 0.2
    assert [(o["value"], o["x_m"]) for o in found.objects] == [(0.3, 65.0), (0.2, 5.0)]
    assert judge(run(depth=depth, exposure={"road_share": 0.0 * road}), criterion) is None
    assert judge(run(depth=depth), criterion) is None
    assert share_quantile(np.array([3.0, 1.0]), np.array([1.0, 1.0]), 0.5) == 1.0
    assert share_quantile(np.array([3.0, 1.0]), np.array([1.0, 1.0]), 0.51) == 3.0


def test_ways_underground_by_their_highest_head():
    def row(site, opening, head):
        return {"site": site, "opening": opening, "head_m": head}

    sites = {
        "m": {"kind": "underground", "openings": ["a", "b"], "opening_cells": [[0, 1], [0, 2]]},
        "k": {"kind": "critical"},
    }
    rows = [row("m", "a", 0.1), row("m", "b", 0.05), row("m", "a", 0.4), row("m", "a", 0.2)]
    criterion = {"test": "openings", "id": "o", "limit_m": 0.4}
    found = judge(run(sites=sites, openings=rows), criterion)
    assert (found.worst, found.passed) == (0.4, True)
    assert [(o["name"], o["value"], o["x_m"]) for o in found.objects] == [
        ("m/a", 0.4, 15.0),
        ("m/b", 0.05, 25.0),
    ]
    assert judge(run(sites=sites), criterion).worst == 0.0
    assert judge(run(sites={"k": sites["k"]}, openings=rows), criterion) is None


def test_what_is_exactly_at_its_limit_passes():
    assert Verdict("c", 0.15, 0.15, ()).passed and Verdict("c", 0.15 + 1e-10, 0.15, ()).passed
    assert not Verdict("c", 0.1501, 0.15, ()).passed


LADDER = [1, 2, 5, 10, 20, 50, 100]


def test_the_next_rung_lies_between_pass_and_fail():
    """First the required one or the nearest in ln T; then halves; the whole ladder where a rarer
    storm passes.
    """
    assert next_rung({}, LADDER, 20) == 20 and next_rung({}, LADDER, 30) == 20
    assert next_rung({}, LADDER, 35) == 50 and next_rung({}, [10, 40], 20) == 10  # a tie: lower
    yes, no = (True, {}), (False, {})
    assert next_rung({20: yes}, LADDER, 20) == 100  # [50, 100][1]
    assert next_rung({20: no}, LADDER, 20) == 5  # [1, 2, 5, 10][2]
    assert (
        next_rung({1: yes, 20: no}, LADDER, 20) == 5
        and next_rung({5: yes, 10: no}, LADDER, 1) is None
    )
    assert next_rung({2: no, 20: yes}, LADDER, 20) == 1
    assert next_rung({k: yes for k in LADDER}, LADDER, 20) is None


def test_the_answer_of_a_ladder():
    margins = {"depth": 0.1, "hours": 1.0}
    tried = {1: (True, margins), 10: (True, margins), 100: (False, {"depth": -0.1, "hours": 2.0})}
    found = ladder_answer(tried, LADDER)
    assert (found["passes_y"], found["fails_y"], found["monotone"]) == (10, 100, True)
    assert found["about_y"] == pytest.approx(10.0 * 10.0**0.5)  # half-way in ln T
    assert not found["beyond_ladder"]
    up = {1: (True, margins), 2: (False, {"depth": -0.1}), 5: (True, margins)}
    found = ladder_answer(up, LADDER)
    assert (found["passes_y"], found["fails_y"], found["monotone"]) == (1, 2, False)
    assert ladder_answer({100: (True, margins)}, LADDER)["beyond_ladder"]
    assert not ladder_answer({50: (True, margins)}, LADDER)["beyond_ladder"]
    none = ladder_answer({1: (False, {"depth": -0.1})}, LADDER)
    assert (none["passes_y"], none["about_y"]) == (None, None)


CARS = {"car": {"depth_velocity_m2_s": 0.3, "still_depth_m": 0.3, "velocity_m_s": 3.0}}
RATING = {
    "debris_depth_m": [0.25, 0.75],
    "debris_factor": [0.0, 0.5, 1.0],
    "debris_velocity_m_s": 2.0,
    "class_limits": [0.75, 1.25, 2.0],
}


def test_hazards_add_up_over_their_frames():
    """Cells of 100 m2. The third is deep at the start: no danger counted. HR of 1 m still water is
    1 x 0.5 + 1 = 1.5; of 0.6 m 0.3 + 0.5 = 0.8.
    """
    limits = {"vehicles": CARS, "hazard_rating": RATING}
    exposure = {"road_share": np.array([[1.0, 0.5, 0.0]])}
    counted = _Hazards(SimpleNamespace(limits=limits, exposure=exposure, cell_area_m2=100.0))
    still = np.zeros((1, 3))
    counted.add(np.array([[0.0, 0.04, 1.0]]), still, 0.5)
    counted.add(np.array([[1.0, 0.6, 1.0]]), still, 2.0)
    counted.add(np.array([[0.0, 0.6, 1.0]]), still, 1.0)
    cars, danger = counted.outcomes()
    # roads over 0.3 m: (1 + 0.5) cells for 2 h, 0.5 for 1 h: 3.5 cell h of 0.01 ha
    assert cars.value == pytest.approx(0.035) and danger.value == pytest.approx(0.01)
    bare = _Hazards(SimpleNamespace(limits=limits, exposure=None, cell_area_m2=100.0))
    bare.add(np.array([[1.0, 0.6, 1.0]]), still, 2.0)
    assert bare.outcomes()[0].value is None


def test_a_frame_stands_for_half_of_the_way_to_its_neighbours():
    """Frames at 0, 1 and 4 h: 0.5, 2 and 1.5 h; the speed is that of both components."""
    time = np.array([0, 3600, 4 * 3600], "datetime64[s]")

    def field(value):
        return [SimpleNamespace(values=np.full((1, 1), value))] * 3

    fields = {"time": SimpleNamespace(values=time), "depth": field(np.nan)}
    fields |= {"velocity_x": field(3.0), "velocity_y": field(-4.0)}
    frames = list(_frames(SimpleNamespace(results=SimpleNamespace(fields=fields))))
    assert [length for _, _, length in frames] == [0.5, 2.0, 1.5]
    assert all(d == 0.0 and v == 5.0 for d, v, _ in frames)
