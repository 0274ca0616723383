"""Consequences on toy result folders: each outcome against a hand calculation (DECISIONS 1, FACTS
4), its pitfalls, and never NaN.
"""

import json
import math

import netCDF4
import numpy as np
import pytest

from flood_sim.analysis.limits.files import LIMITS, read_limits
from flood_sim.analysis.outcomes.access import driving_of
from flood_sim.analysis.outcomes.buildings import ring_maximum
from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.outcomes.evacuation import leaving_s, limit_head, specific_force_m2
from flood_sim.analysis.outcomes.hazard import hazard_rating, vehicle_unstable
from flood_sim.analysis.outcomes.services import service_curve
from flood_sim.analysis.pictures.animation import animate
from flood_sim.analysis.pictures.site_plots import access_maps
from flood_sim.core.errors import InputError
from flood_sim.ground.roads import RoadGraph
from flood_sim.results import open_results

START = "2021-07-20T15:00:00+08:00"
HOUR = 3600.0


def toy(
    folder,
    *,
    depth,
    hours=None,
    hazard=None,
    dug=None,
    exposure=None,
    sites=None,
    frames=None,
    speed=None,
    actions=None,
    openings="",
    states="",
    cell_m=10.0,
    simulated_s=4 * HOUR,
):
    """A result folder by hand: maximum depth (rows, columns) m, hours above 0.15 m, exposure
    arrays, sites of the summary, frames of depth.
    """
    folder.mkdir(exist_ok=True)
    depth = np.asarray(depth, float)
    with netCDF4.Dataset(folder / "fields.nc", "w") as f:
        for name, size in (("y", depth.shape[0]), ("x", depth.shape[1]), ("time", None)):
            f.createDimension(name, size)
        f.createVariable("x", "f8", ("x",))[:] = cell_m * (np.arange(depth.shape[1]) + 0.5)
        f.createVariable("y", "f8", ("y",))[:] = cell_m * (np.arange(depth.shape[0])[::-1] + 0.5)
        for name, field in (
            ("max_depth", depth),
            ("bed_elevation", 0.0 * depth),
            *((("dug_depth", np.asarray(dug)),) if dug is not None else ()),
            *((("max_hazard", np.asarray(hazard)),) if hazard is not None else ()),
            ("duration_0p15", HOUR * np.asarray(depth * 0 if hours is None else hours)),
        ):
            f.createVariable(name, "f4", ("y", "x"))[:] = field
        if frames is not None:
            time = f.createVariable("time", "f8", ("time",))
            time.units = "seconds since 2021-07-20 07:00:00"
            time[:] = [t for t, _ in frames]
            f.createVariable("depth", "f4", ("time", "y", "x"))[:] = np.array(
                [d for _, d in frames]
            )
            for name in ("velocity_x", "velocity_y") if speed is not None else ():
                f.createVariable(name, "f4", ("time", "y", "x"))[:] = (
                    speed if name == "velocity_x" else 0.0
                )
    if exposure is not None:
        count = len(exposure.get("use", []))
        table = {
            "use": np.zeros(count),
            "floors": np.ones(count),
            "ground_floor_m": np.full(count, 0.15),
            "area_m2": np.zeros(count),
            "people": np.zeros(count),
        }
        ragged = {
            k: np.asarray(v) for k, v in exposure.items() if k.startswith(("street_", "dyke_"))
        }
        table |= {
            k: np.asarray(v, float)
            for k, v in exposure.items()
            if k not in ("road_share", "building", *ragged)
        }
        with netCDF4.Dataset(folder / "exposure.nc", "w") as f:
            for name, size in (("y", depth.shape[0]), ("x", depth.shape[1]), ("buildings", count)):
                f.createDimension(name, size)
            for name in ("road_share", "building"):
                f.createVariable(name, "f8" if name == "road_share" else "i4", ("y", "x"))[:] = (
                    exposure.get(name, np.zeros(depth.shape))
                )
            for name, values in table.items():
                f.createVariable(name, "f8", ("buildings",))[:] = values
            for name, values in ragged.items():
                f.createDimension(f"of_{name}", len(values))
                f.createVariable(
                    name, str if values.dtype.kind == "U" else values.dtype, (f"of_{name}",)
                )[:] = values.astype(object if values.dtype.kind == "U" else values.dtype)
    summary = {
        "status": "complete",
        "start": START,
        "simulated_s": simulated_s,
        "flood": {"area_hours_m2_h": {"0.15": 20_000.0}},
        "sites": sites or {},
        "exchange": {"to_street_network": 123.0},
        "actions": actions or {},
    }
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "openings.csv").write_text(
        "time,site,opening,head_m,unit_discharge_m2_s,crest_m,board\n" + openings
    )
    (folder / "sites.csv").write_text("time,site,stage_m,volume_m3,inflow_m3_s,state\n" + states)
    return Consequences(open_results(folder))


def value(consequences, name):
    found = {o.name: o for o in consequences.outcomes()}
    assert all(
        o.value is None or (math.isfinite(o.value) and o.value >= 0.0) for o in found.values()
    )  # never NaN, always a loss
    assert all(o.note for o in found.values())
    return found[name].value


def test_road_area_hours(tmp_path):
    """10 m cells, road share 1, 0.5, 0.2 with 2, 1, 5 h above 0.15 m: 0.01 ha x (2 + 0.5 + 1) =
    0.035 ha h.
    """
    c = toy(
        tmp_path / "r",
        depth=[[1, 1, 1]],
        hours=[[2, 1, 5]],
        exposure={"road_share": np.array([[1.0, 0.5, 0.2]])},
    )
    assert value(c, "road_area_hours") == pytest.approx(0.035)
    assert value(c, "flooded_area_hours_0.15") == pytest.approx(2.0)
    assert value(c, "volume_out_of_sewer") == 123.0


def test_damage_of_a_house(tmp_path):
    """100 m2 of 600 CNY/m2, floor 0.15 m, water 1.15 m deep beside it: 60,000 x 0.4941 = 29,646."""
    limits = read_limits()
    limits["damage"] = {
        **limits["damage"],
        "value_m2": {
            "residential": 600.0,
            "commercial": 0.0,
            "industrial": 0.0,
            "roads": 0.0,
            "price_year": 2010,
        },
    }
    house = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    depth = np.array([[0.2, 0.3, 0.1], [0.0, np.nan, 1.15], [0.2, 0.2, 0.2]])
    c = toy(
        tmp_path / "r",
        depth=depth,
        exposure={
            "building": house,
            "use": [0],
            "area_m2": [100.0],
            "people": [12.0],
            "floors": [3.0],
        },
    )
    c.limits = limits
    assert value(c, "damage") == pytest.approx(29_646.0, rel=1e-6)
    assert value(c, "ground_floors_wet") == 1.0 and value(c, "ground_floor_area_wet") == 100.0
    assert value(c, "people_exposed") == pytest.approx(
        4.0
    )  # a third of the twelve live on the ground floor


def test_a_court_that_was_dug_is_no_deeper_flood(tmp_path):
    """0.5 m of water in a court cut 0.3 m deeper stands 0.2 m over the old ground, 0.05 m over a
    floor of 0.15 m.
    """
    house = np.array([[1, 0]])
    exposure = {"building": house, "use": [0], "area_m2": [10.0]}
    wet = toy(tmp_path / "wet", depth=[[np.nan, 0.5]], exposure=exposure)
    dug = toy(tmp_path / "dug", depth=[[np.nan, 0.5]], dug=[[0.0, 0.3]], exposure=exposure)
    assert wet.ring_depth == pytest.approx(0.5) and dug.ring_depth == pytest.approx(0.2)
    assert value(dug, "damage") == pytest.approx(10.0 * 5480.0 * 0.05 / 0.5 * 0.3266, rel=1e-5)


def test_people_on_the_street(tmp_path):
    """100 people, 2 % on two carriageway cells and a half; H3 on one of them: 0.02 x 100 / 2.5."""
    c = toy(
        tmp_path / "r",
        depth=[[1.0, 1.0, 0.0, 1.0]],
        hazard=[[3.0, 2.0, 0.0, 5.0]],
        exposure={
            "road_share": np.array([[1.0, 1.0, 0.5, 0.0]]),
            "building": np.array([[0, 0, 0, 1]]),
            "use": [0],
            "people": [100.0],
            "area_m2": [1.0],
        },
    )
    assert value(c, "people_outdoors") == pytest.approx(0.02 * 100.0 / 2.5)


def test_water_below_the_floor_or_over_the_roof_of_the_curve(tmp_path):
    house = np.array([[0, 1]])
    for depth, share in ((0.15, 0.0), (0.10, 0.0), (50.0, 1.0)):
        c = toy(
            tmp_path / str(depth),
            depth=[[depth, np.nan]],
            exposure={
                "building": house,
                "use": [1],
                "area_m2": [10.0],
                "road_share": np.zeros((1, 2)),
            },
        )
        assert value(c, "damage") == pytest.approx(
            10.0 * 6070.0 * share, abs=0.01
        )  # depths are float32


def test_the_ring_looks_at_neighbours_that_are_open():
    building = np.array([[1, 1, 0, 2], [0, 0, 0, 2]])
    depth = np.array([[9.0, 9.0, 0.4, 9.0], [0.1, 0.2, 0.3, 9.0]])
    opened = np.array([[True, True, True, True], [True, True, False, True]])
    assert ring_maximum(depth, building, opened).tolist() == [
        0.4,
        0.4,
    ]  # 0.3 lies in a closed cell, the 9 m inside the buildings
    assert ring_maximum(depth, np.zeros((2, 4), int), opened).tolist() == []
    assert ring_maximum(np.ones((1, 2)), np.array([[1, 1]]), np.ones((1, 2), bool)).tolist() == [
        0.0
    ]  # nothing open beside it


def critical(out_h, weight, censored=False, drowned=False, kind="hospital", cell=None):
    return {
        "kind": "critical",
        "type": kind,
        "out_h": out_h,
        "weight": weight,
        "censored": censored,
        "drowned": drowned,
        "repair_h": 24.0,
        "cell": cell,
    }


def test_weighted_service_loss_and_what_is_censored(tmp_path):
    sites = {"a": critical(2.0, 3.0), "b": critical(4.0, 1.0, censored=True, drowned=True)}
    c = toy(tmp_path / "r", depth=[[0.0]], sites=sites)
    assert value(c, "service_loss") == pytest.approx((3 * 2 + 4) / 4)
    assert value(c, "service_loss_with_repair") == pytest.approx((3 * 2 + 4 + 24) / 4)
    assert "1 of 2 sites" in next(o.note for o in c.outcomes() if o.name == "service_loss")
    states = "".join(
        f"2021-07-20T1{5 + 4 * k}:00:00+08:00,{n},1,0,0,{s}\n"
        for k, both in enumerate((("works", "works"), ("out", "degraded")))
        for n, s in zip("ab", both, strict=True)
    )
    curve = service_curve(toy(tmp_path / "c", depth=[[0.0]], sites=sites, states=states))
    assert curve[1].tolist() == [1.0, 0.25]  # degraded still serves


def test_nothing_there_is_none_with_a_reason(tmp_path):
    c = toy(tmp_path / "r", depth=[[0.5, 0.1]])
    for name in (
        "road_area_hours",
        "damage",
        "service_loss",
        "underground_entry",
        "evacuation_shortfall",
        "access_loss_car",
    ):
        assert value(c, name) is None
    assert json.loads(c.write().read_text())["outcomes"]


def test_underground_entry_is_gross_and_by_type(tmp_path):
    def space(kind, entered):
        return {
            "kind": "underground",
            "type": kind,
            "entered_m3": entered,
            "pumped_m3": entered,
            "people": 0.0,
            "openings": [],
            "first_entry": None,
        }

    c = toy(
        tmp_path / "r",
        depth=[[0.0]],
        sites={"m": space("metro", 100.0), "g": space("garage", 30.0), "h": space("garage", 12.0)},
    )
    assert (
        value(c, "underground_entry_metro") == 100.0
        and value(c, "underground_entry_garage") == 42.0
    )


def test_limits_of_leaving():
    """Door 0.35 m, stairs 0.30 m, M0 0.100 m2 at critical flow (1.5 h_c^2, h_c = 2/3 h): the stairs
    rule. N 1000, two stairs, 1 person/s: 500 s.
    """
    limits = read_limits()["evacuation"]
    assert limit_head(limits) == 0.30
    assert limit_head({**limits, "stair_head_m": 9.0, "door_head_m": 9.0}) == pytest.approx(
        1.5 * math.sqrt(0.1 / 1.5)
    )
    critical_depth = 0.2
    assert specific_force_m2(
        math.sqrt(9.80665 * critical_depth**3), critical_depth
    ) == pytest.approx(1.5 * critical_depth**2)
    everyone = [(0.0, 1000.0)]
    assert leaving_s(everyone, [1e9, 1e9], 1.0) == 500.0
    assert (
        leaving_s(everyone, [100.0, 1e9], 1.0) == 100.0 + 800.0
    )  # 200 are out when the first exit is lost
    assert (
        leaving_s(everyone, [-5.0, 100.0], 1.0) == 100.0 + 450.0
    )  # none is left for 900: what two would have needed
    assert (
        leaving_s([(0.0, 800.0), (1000.0, 200.0)], [1e9, 1e9], 1.0) == 1100.0
    )  # 800 are out after 400 s, the rest comes late
    assert (
        leaving_s([(0.0, 800.0), (300.0, 200.0)], [1e9, 1e9], 1.0) == 500.0
    )  # they queue behind the first
    assert leaving_s([(0.0, 800.0), (1000.0, 200.0)], [1e9, 1050.0], 1.0) == 1050.0 + 100.0


def test_evacuation_shortfall(tmp_path):
    """600 people, two exits, one lost after 10 min; water enters after 4 min, reaction 5 min:
    needed 5 + 5.x min, had 6.
    """
    space = {
        "kind": "underground",
        "type": "metro",
        "entered_m3": 1.0,
        "people": 600.0,
        "openings": ["a", "b"],
        "first_entry": "2021-07-20T15:04:00+08:00",
    }
    rows = (
        "2021-07-20T15:09:00+08:00,m,a,0.29,0.2,1,0\n2021-07-20T15:10:00+08:00,m,a,0.31,0.3,1,0\n"
    )
    c = toy(tmp_path / "r", depth=[[0.0]], sites={"m": space}, openings=rows)
    # from 9 min on both exits take 2 persons/s for a minute (120 out), then one takes 480 more: 1 +
    # 8 min
    needed, had = 5.0 + 1.0 + 480.0 / 60.0, 6.0
    assert value(c, "evacuation_shortfall") == pytest.approx(600.0 * (needed - had))
    warned = {"site": "m", "time": "2021-07-20T15:00:00+08:00", "share": 1.0}
    early = toy(
        tmp_path / "w",
        depth=[[0.0]],
        sites={"m": space},
        openings=rows,
        actions={"warned": [warned]},
    )
    assert value(early, "evacuation_shortfall") == pytest.approx(0.0)  # 10 min had, 5 + 5 needed
    deaf = toy(
        tmp_path / "x",
        depth=[[0.0]],
        sites={"m": space},
        openings=rows,
        actions={"warned": [{**warned, "share": 0.2}]},
    )
    # 120 leave from 5 min on and are out at 6; 480 come at 9 min: 120 until 10, 360 through one
    # exit: out at 16 min, had 10
    assert value(deaf, "evacuation_shortfall") == pytest.approx(600.0 * (16.0 - 10.0))
    dry = toy(tmp_path / "d", depth=[[0.0]], sites={"m": {**space, "first_entry": None}})
    assert value(dry, "evacuation_shortfall") == 0.0


def test_speeds_over_water():
    driving = driving_of(read_limits()["access"])

    def km_h(depth, high=False):
        return float(driving.speed_m_s(np.array(depth), high)) * 3.6

    assert km_h(0.0) == pytest.approx(40.0)  # the free speed rules in the dry (the curve says 86.9)
    assert km_h(0.2) == pytest.approx(0.0009 * 200**2 - 0.5529 * 200 + 86.9448)
    assert km_h(0.2999) == pytest.approx(2.07, abs=0.01)
    assert km_h(0.3) == 0.0
    assert km_h(0.4, high=True) == pytest.approx(5.0) and km_h(0.5, high=True) == 0.0


def test_a_flooded_street_is_a_way_round():
    """Ring of 3 x 3 cells of 100 m with a closed middle; from one corner to the other 400 m along
    the sides; one side blocked: the other.
    """
    road = np.ones((3, 3), bool)
    road[1, 1] = False
    graph = RoadGraph(road, 100.0)
    start, far = graph.nearest(np.array([[0, 0], [2, 2]]))
    ten = np.full(len(graph.cells), 10.0)
    straight = (2 * 100.0 + 100.0 * math.sqrt(2.0)) / 10.0  # two sides with the corner cut
    assert graph.seconds_from(np.array([start]), ten)[far] == pytest.approx(straight)
    blocked = ten.copy()
    blocked[graph.nearest(np.array([[0, 1]]))] = 0.0
    assert graph.seconds_from(np.array([start]), blocked)[far] == pytest.approx(straight)
    blocked[graph.nearest(np.array([[1, 0]]))] = 0.0
    assert np.isinf(graph.seconds_from(np.array([start]), blocked)[far])


def test_access_loss(tmp_path):
    """A road of ten cells with a fire station at its west end and a house at each end; the middle
    is 0.6 m deep from 1 to 3 h: the eastern 20 of 50 people are cut off for two hours, with half an
    hour's frames read as straight lines: 20 x 2.5 h; a car never set out: there is no hospital.
    """
    building = np.zeros((3, 10), int)
    building[0, 0], building[0, 9] = 1, 2
    roads = np.zeros((3, 10))
    roads[1] = 1.0
    wet = np.zeros((3, 10))
    wet[1, 5] = 0.6
    frames = [(t * HOUR, wet if 1 <= t <= 3 else 0 * wet) for t in np.arange(0.0, 4.01, 0.5)]
    states = "".join(
        f"2021-07-20T{15 + int(t)}:{30 * int(t % 1 > 0):02d}:00+08:00,f,0,0,0,works\n"
        for t in np.arange(0.0, 4.01, 0.5)
    )
    exposure = {
        "building": building,
        "road_share": roads,
        "use": [0, 0],
        "people": [30.0, 20.0],
        "area_m2": [1.0, 1.0],
    }
    sites = {"f": critical(0.0, 1.0, kind="fire_station", cell=[1, 0])}
    c = toy(tmp_path / "r", depth=wet, exposure=exposure, sites=sites, frames=frames, states=states)
    assert value(c, "access_loss_fire_engine") == pytest.approx(20.0 * 2.5)
    assert value(c, "access_loss_car") is None
    titles = [title for axes in access_maps(c).axes if (title := axes.get_title())]
    assert (
        "100% of the roads within 10 min" in titles[0] and "50% of the roads" in titles[-1]
    )  # the first frame, and the worst: five of ten cells
    closing = {"what": "way", "time": "2021-07-20T15:30:00+08:00", "cells": [[1, 5]]}
    closed = toy(
        tmp_path / "closed",
        depth=wet,
        exposure=exposure,
        sites=sites,
        frames=[(t, 0 * d) for t, d in frames],
        states=states,
        actions={"closures": [closing]},
    )
    assert value(closed, "access_loss_fire_engine") == pytest.approx(
        20.0 * 3.75
    )  # dry, but shut from 0.5 h on: frames at 0 and 0.5 h
    dead = toy(
        tmp_path / "dead",
        depth=wet,
        exposure=exposure,
        sites=sites,
        frames=frames,
        states=states.replace("works", "out"),
    )
    assert value(dead, "access_loss_fire_engine") == pytest.approx(
        50.0 * 4.0
    )  # a station without power sends nobody


def test_hazard_rating_of_fd2320():
    """d 0.2 m, v 1: 0.2 x 1.5 = 0.3, low; d 0.6, v 1: 0.9 + 1 = 1.9, danger for most; fast film:
    debris 1.
    """
    limits = read_limits()["hazard_rating"]
    depth, velocity = np.array([0.2, 0.6, 0.1, 0.0]), np.array([1.0, 1.0, 2.5, 0.0])
    assert hazard_rating(depth, velocity, limits) == pytest.approx([0.3, 1.9, 0.3 + 1.0, 0.0])


def test_cars_that_float_or_slide():
    """Small car: 0.30 m2/s, 0.30 m, 3 m/s; a film of 2 cm at 4 m/s moves no car. A large 4WD stands
    in 0.45 m.
    """
    cars = read_limits()["vehicles"]
    depth, velocity = np.array([0.25, 0.25, 0.31, 0.02, 0.06]), np.array([1.0, 1.3, 0.0, 4.0, 3.1])
    assert vehicle_unstable(depth, velocity, cars["small_car"]).tolist() == [
        False,
        True,
        True,
        False,
        True,
    ]
    assert not vehicle_unstable(np.array([0.45]), np.array([1.0]), cars["large_4wd"])[0]


def test_hours_on_which_cars_are_not_safe(tmp_path):
    """One road cell of 10 m, 0.4 m deep in the middle frame of three, an hour apart: the frame
    stands for an hour: 0.01 ha h; 4WDs pass.
    """
    deep = np.array([[0.4, 0.0]])
    frames = [(0.0, 0 * deep), (HOUR, deep), (2 * HOUR, 0 * deep)]
    c = toy(
        tmp_path / "r",
        depth=deep,
        exposure={"road_share": np.ones((1, 2))},
        frames=frames,
        speed=0.0,
    )
    assert value(c, "road_area_hours_small_car") == pytest.approx(0.01)
    assert value(c, "road_area_hours_large_4wd") == 0.0
    assert value(c, "danger_for_most_area") == 0.0  # 0.4 x 0.5 + 1 = 1.2: danger for some
    fast = toy(
        tmp_path / "f",
        depth=deep,
        exposure={"road_share": np.ones((1, 2))},
        frames=frames,
        speed=0.5,
    )
    assert value(fast, "danger_for_most_area") == pytest.approx(0.01)
    assert value(toy(tmp_path / "n", depth=deep), "danger_for_most_area") is None


def test_an_animation_has_its_frames(tmp_path):
    from PIL import Image

    deep = np.full((4, 4), 0.4)
    c = toy(
        tmp_path / "r", depth=deep, frames=[(0.0, 0 * deep), (HOUR, deep), (2 * HOUR, 0.1 * deep)]
    )
    with Image.open(animate(c.results, tmp_path / "r" / "report" / "flood.gif")) as picture:
        assert picture.n_frames == 3
    with pytest.raises(InputError, match="kept no frames"):
        animate(toy(tmp_path / "n", depth=deep).results, tmp_path / "x.gif")


def test_limits_are_data_with_sources(tmp_path):
    limits = read_limits()
    assert all(
        "source" in t or any("source" in k for k in t) or all("source" in v for v in t.values())
        for t in limits.values()
    )
    own = tmp_path / "own.toml"
    own.write_text(
        '[damage]\ncurrency = "EUR"\n'
        "depth_m = [0, 1]\nresidential = [0, 1]\ncommercial = [0, 1]\nindustrial = [0,"
        ' 1]\nroads = [0, 1]\nsource = "mine"\n[damage.value_m2]\nresidential = 1.0\ncommercial'
        ' = 1.0\nindustrial = 1.0\nroads = 1.0\nprice_year = 2020\nsource = "mine"\n'
    )
    assert (
        read_limits(str(own))["damage"]["source"] == "mine"
        and read_limits(str(own))["access"] == limits["access"]
    )
    china = read_limits("china")
    assert china["access"]["car_depth_m"] == 0.27 and china["damage"] == limits["damage"]
    own.write_text("[damag]\n")
    for wanted, message in (("chine", "china"), (str(own), "did you mean `damage`")):
        with pytest.raises(InputError, match=message):
            read_limits(wanted)
    assert LIMITS.is_file()
