"""Statistics of a run window by window, and the lines of its sites, on numbers instead of models."""

from types import SimpleNamespace

import numpy as np
import pytest

from cases import START
from flood_sim.core.clock import Clock, Window
from flood_sim.ground.rainfall import rainfall_from_intervals
from flood_sim.operations.actions import Action, Actions, Task
from flood_sim.output.sites import action_lines, site_lines
from flood_sim.output.statistics import FloodedAreas, GaugeMaxima, NetworkMaxima
from flood_sim.output.summary import _finite, _hyetograph
from flood_sim.simulation.inputs import Gauge
from flood_sim.sites.critical import CriticalSite, CriticalSites
from flood_sim.sites.underground import Spaces
from flood_sim.sites.underground_inputs import Opening, Space, SpaceInputs


class Street:
    """Cells of 25 m2 in one row."""

    grid = SimpleNamespace(cell_area_m2=25.0)

    def __init__(self, depth):
        self.depth = np.array([depth], float)
        fields = {
            "depth": self.depth,
            "velocity": self.depth * 2.0,
            "ponding_time": self.depth * 0.0,
        }
        self.maxima = SimpleNamespace(**fields)

    def cells_deeper(self, limits, mask):
        return (self.depth[mask][:, None] > limits).sum(axis=0)


def run(depth, **more):
    inputs = SimpleNamespace(dug_m=None, gauges=(), drainage=None)
    parts = {"surface": Street(depth), "inputs": inputs, "clock": Clock(START, 600.0, 4.0, 60.0)}
    return SimpleNamespace(**(parts | {"time_s": 0.0} | more))


def test_areas_and_their_hours():
    """Windows of 4 s, counted after 12 s: two of 0.2 m for the first 12, one of 0.4 m after it; the
    river (wet at the start) is no flood.
    """
    s = run([0.5, 0.0, 0.0, 0.0])
    areas = FloodedAreas(s)
    for k, depth in enumerate([[0.9, 0.2, 0.2, 0.05]] * 3 + [[0.9, 0.4, 0.0, 0.0]] * 3):
        s.surface = Street(depth)
        areas.watch(s, Window(4.0 * k, 4.0 * k + 4.0))
    assert areas.hours[0.15] == pytest.approx(75.0 * 12.0 / 3600.0)
    assert areas.hours[0.3] == pytest.approx(25.0 * 12.0 / 3600.0)
    assert areas.largest == {0.05: 50.0, 0.15: 50.0, 0.3: 25.0, 0.5: 0.0, 1.0: 0.0}
    areas.watch(s, Window(24.0, 28.0))
    assert areas.hours[0.3] == pytest.approx(25.0 * 12.0 / 3600.0)  # 4 s are not yet counted
    areas.watch(s, Window(56.0, 60.0))  # an output time: what is left is counted
    assert areas.hours[0.3] == pytest.approx(25.0 * 20.0 / 3600.0)


def test_water_in_what_was_dug_is_no_flood():
    """Dug by 1 m: 1.2 m of water are 0.2 m over the ground before."""
    s = run([0.0, 0.0, 0.3])
    s.inputs.dug_m = np.array([[1.0, 0.0, 0.5]])
    areas = FloodedAreas(s)
    s.surface = Street([1.2, 0.1, 0.8])
    s.surface.maxima.ponding_time = np.array([[1900.0, 1801.0, 1900.0]])
    areas.watch(s, Window(50.0, 60.0))
    assert areas.largest == {0.05: 50.0, 0.15: 25.0, 0.3: 0.0, 0.5: 0.0, 1.0: 0.0}
    lines = areas.lines(s)
    assert lines["max_depth_m"] == pytest.approx(0.2)
    assert lines["max_velocity_m_s"] == pytest.approx(2.4)
    assert lines["ponded_0p15_over_30_min_m2"] == 25.0
    assert lines["flooded_area_m2"]["0.15"] == 25.0
    s.surface.maxima.ponding_time = np.array([[0.0, 1800.0, 0.0]])
    assert areas.lines(s)["ponded_0p15_over_30_min_m2"] == 0.0  # half an hour is not over it
    shallow = run([0.0])
    shallow.inputs.dug_m = np.array([[1.0]])
    areas = FloodedAreas(shallow)
    shallow.surface = Street([0.4])
    assert areas.lines(shallow)["max_depth_m"] == 0.0
    assert areas.lines(shallow)["max_velocity_m_s"] == pytest.approx(0.8)


def test_the_networks_maxima():
    """Two nodes with rims at 10 m: the first stands over it for one window of 6 s."""
    network = SimpleNamespace(node_ids=["M", "N"], link_ids=["C"], rim_m=np.array([10.0, 10.0]))
    network.heads = lambda: network.head
    network.flooded_volume = lambda: np.array([3.0, 0.005])
    network.discharges = lambda: np.array([network.flow])
    network.continuity = lambda: {"flow": 0.1}
    network.unsettled_steps = lambda: (40, 3)
    network.unsettled_nodes = lambda: np.array([1, 3])
    s = run([0.0], network=network)
    s.surface.at_nodes = SimpleNamespace(captured=np.array([1.0, 2.0]))
    s.exchange = SimpleNamespace(sign_flips=np.array([1, 7]), lids_lifted=2, uncoupled_flooding=4.0)
    maxima = NetworkMaxima(s)
    for stop, heads, flow in (
        (30.0, (10.2, 10.0), 9.0),
        (36.0, (9.0, 9.5), 8.0),
        (60.0, (9.0, 9.0), -5.0),
    ):
        network.head, network.flow = np.array(heads), flow
        maxima.watch(s, Window(stop - 6.0, stop))
    assert maxima.head.tolist() == [10.2, 10.0]
    assert maxima.surcharge_hours.tolist() == [6.0 / 3600.0, 0.0]
    assert maxima.captured_volume.tolist() == [3.0, 6.0]
    assert maxima.discharge.tolist() == [5.0]  # looked at at the output times, either way
    lines = maxima.lines(s, closed=True)
    assert (lines["flooded_nodes"], lines["largest_sign_flips"], lines["lids_lifted"]) == (1, 7, 2)
    assert lines["flooded_volume_m3"] == 3.005 and lines["continuity"] == {"flow": 0.1}
    assert (lines["routing_steps"], lines["unsettled_steps"]) == (40, 3)
    assert list(lines["unsettled_nodes"].items()) == [("N", 3), ("M", 1)]
    assert maxima.lines(s, closed=False)["continuity"] == {}
    assert lines["surcharge_depth_reached"] and lines["uncoupled_flooding_m3"] == 4.0


def test_a_gauges_maximum_and_when():
    s = run([0.0, 0.0])
    s.inputs.gauges = (Gauge("g", 0, 1, 0.0, 0.0), Gauge("dry", 0, 0, 0.0, 0.0))
    gauges = GaugeMaxima(s)
    for time_s, depth in ((10.0, 0.1), (20.0, 0.3), (30.0, 0.3), (40.0, 0.2)):
        s.surface, s.time_s = Street([0.0, depth]), time_s
        gauges.watch(s)
    assert gauges.lines(s) == {
        "g": {"max_depth_m": 0.3, "time": s.clock.at(20.0).isoformat()},
        "dry": {"max_depth_m": 0.0, "time": None},
    }


def spaces():
    table = np.array([5.0, 8.0]), np.array([0.0, 300.0])
    ways = Opening("a/in", 0, 0, 9.0, 2.0, board_m=0.5), Opening("a/out", 0, 1, 9.5, 2.0)
    return Spaces(SpaceInputs((Space("a", *table, ways, people=7.0),)))


def test_the_summarys_lines_of_sites():
    """150 m3 of 300 at most: 1.5 m over the floor; out for 1.5 h and out at the end."""
    inside = spaces()
    inside.book.max_volume[0], inside.book.first_entry_s[0] = 150.0, 30.0
    critical = CriticalSites([CriticalSite("s", "substation", (0, 0), 10.2, 7200.0, weight=2.0)])
    for k in range(2):
        critical.update(np.array([10.3]), 2700.0 * k, 2700.0)
    sites = SimpleNamespace(spaces=inside, critical=critical)
    lines = site_lines(run([0.0], sites=sites), np.array([0.2, 0.4]))
    a, s = lines["a"], lines["s"]
    assert (a["max_depth_m"], a["max_volume_m3"], a["max_head_m"]) == (1.5, 150.0, 0.4)
    assert a["first_entry"] == "2021-07-20T15:00:30+08:00" and a["openings"] == ["in", "out"]
    assert (s["out_h"], s["repair_h"], s["max_level_m"]) == (1.5, 2.0, 10.3)
    assert s["censored"] and s["drowned"] and s["first_out"] == "2021-07-20T15:00:00+08:00"


def test_how_long_boards_and_closures_stood_before_the_water():
    """Placed at 100 s, water at 400 s: 5 min before it. Closed at 50 s, water at 20 s: too late."""
    tasks = (
        Task("board", "a/in", 100.0),
        Task("closure", "street", 50.0, cells=((0, 1), (3, 3))),
        Task("notice", "a", 10.0, share=0.6),
    )
    actions = Actions(
        [Action("x", tasks, at_s=0.0), Action("y", (Task("board", "a/out"),))], crews=9
    )
    town = SimpleNamespace(place_board=lambda opening: None)
    for k in range(12):
        actions.apply(town, 10.0 * k)
    inside = spaces()
    inside.reached_s[:] = (400.0, 20.0)
    s = run([0.0], actions=actions, sites=SimpleNamespace(spaces=inside))
    lines = action_lines(s)
    assert [(b["opening"], b["margin_min"]) for b in lines["boards"]] == [
        ("a/in", 5.0),
        ("a/out", None),
    ]
    assert lines["closures"][0]["margin_min"] == -0.5
    assert lines["closures"][0]["cells"] == [[0, 1], [3, 3]]
    assert lines["warned"] == [{"site": "a", "time": s.clock.at(10.0).isoformat(), "share": 0.6}]
    assert lines["never_triggered"] == ["y"]
    inside.reached_s[1] = np.nan
    assert action_lines(s)["closures"][0]["margin_min"] is None


def test_the_hyetograph_is_the_rain():
    """48 mm in 48 min and 48 dry: 96 intervals of a minute at 60 and 0 mm/h."""
    rain = rainfall_from_intervals("r", np.array([0.0, 2880.0]), np.array([48.0]))
    found = _hyetograph(rain, 5760.0)
    assert found["step_h"] == pytest.approx(1.0 / 60.0)
    assert found["mm_h"] == [60.0] * 48 + [0.0] * 48
    assert _finite({"a": (np.inf, 1.0, np.int64(2)), "b": np.float32(0.5)}) == {
        "a": [None, 1.0, 2],
        "b": 0.5,
    }
