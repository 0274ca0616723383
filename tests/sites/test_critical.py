"""Critical sites: failure, autonomy, repair, cascades, loops; and that a pump without power does
not turn. Figures: hand calculations.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from cases import Silent
from coupling.test_switches import NETWORK as SMALL_WELL
from flood_sim.core.errors import InputError
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation
from flood_sim.sites.critical import CriticalSite, CriticalSites, Need

HOUR = 3600.0


def solve(sites, level_at, hours: float, step_s: float = 60.0) -> CriticalSites:
    """Critical sites under a level that is a function of place and hour."""
    critical = CriticalSites(sites)
    for k in range(round(hours * HOUR / step_s)):
        critical.update(
            np.array([level_at(s.place, k * step_s / HOUR) for s in sites]), k * step_s, step_s
        )
    return critical


def lost(critical: CriticalSites) -> dict[str, float]:
    return {
        s.name: round(float(t) / HOUR, 6)
        for s, t in zip(critical.sites, critical.lost_s, strict=True)
    }


def station(name, place, needs=(), level=0.25, repair=0.0, stops=()):
    return CriticalSite(name, "other", place, level, repair * HOUR, tuple(needs), stops)


def drowned(begin, end):
    return lambda place, hour: 1.0 if place == "S" and begin <= hour < end else -1.0


FED = [
    station("S", "S"),
    station("P", "dry", [Need(("S",))]),
    station("T", "dry", [Need(("S",), 4 * HOUR)]),
    station("H", "dry", [Need(("S",), 8 * HOUR)]),
]


def test_a_drowned_substation_and_what_it_feeds():
    """S drowns 2 to 20 h; P lasts 0 h without, T 4 h, H 8 h: lost 18, 14, 10, with S 60 h; a day's
    generator at H 50 h; a plinth at S 0.
    """
    assert lost(solve(FED, drowned(2, 20), 24)) == {"S": 18.0, "P": 18.0, "T": 14.0, "H": 10.0}
    generator = [*FED[:3], station("H", "dry", [Need(("S",), 24 * HOUR)])]
    assert sum(lost(solve(generator, drowned(2, 20), 24)).values()) == 50.0
    plinth = [station("S", "S", level=1.05), *FED[1:]]
    assert sum(lost(solve(plinth, drowned(2, 20), 24)).values()) == 0.0


def test_a_level_that_rises_and_falls_with_and_without_repair():
    """Street 0 - 1.0 m at 3 h - 0 at 6 h: level 0.25 is out 0.75 to 5.25 h, 0.80 2.4 to 3.6 h, 1.05
    never; repair comes on top.
    """

    def triangle(_, hour):
        return min(hour, 6.0 - hour) / 3.0

    for level, wanted in ((0.25, 4.5), (0.80, 1.2), (1.05, 0.0)):
        assert lost(solve([station("S", "x", level=level)], triangle, 8))["S"] == pytest.approx(
            wanted, abs=0.04
        )  # steps of a minute, two ends
    assert lost(solve([station("S", "x", repair=1.0)], triangle, 8))["S"] == pytest.approx(
        5.5, abs=0.04
    )


def test_a_second_feed_helps_only_from_another_substation():
    tie = [station("S", "S"), station("S2", "dry"), station("P", "dry", [Need(("S", "S2"))])]
    assert lost(solve(tie, drowned(2, 20), 24)) == {"S": 18.0, "S2": 0.0, "P": 0.0}
    same = [
        station("S", "S"),
        station("F1", "dry", [Need(("S",))]),
        station("F2", "dry", [Need(("S",))]),
        station("P", "dry", [Need(("F1", "F2"))]),
    ]
    assert lost(solve(same, drowned(2, 20), 24))["P"] == 18.0


def test_two_that_need_each_other_stand_fall_and_come_back_together():
    loop = [
        station("power", "S", [Need(("water",), 1 * HOUR)]),
        station("water", "dry", [Need(("power",))]),
        station("alone", "dry"),
    ]
    assert (
        sum(lost(solve(loop, lambda p, h: -1.0, 6)).values()) == 0.0
    )  # the largest fixed point: nothing is down without a reason
    result = solve(loop, drowned(2, 3), 6)
    assert lost(result) == {"power": 1.0, "water": 1.0, "alone": 0.0}


def test_a_chain_falls_in_one_window_and_the_record_says_why():
    chain = [
        station("C", "dry", [Need(("B",))]),
        station("B", "dry", [Need(("A",))]),
        station("A", "S"),
    ]
    critical = CriticalSites(chain)
    critical.update(np.array([-1.0, -1.0, 1.0]), 0.0, 4.0)
    assert critical.out.all()
    assert [(c.name, c.cause) for c in critical.record] == [
        ("C", "without B"),
        ("B", "without A"),
        ("A", "water over its level of 0.25 m"),
    ]


# The street of the events' tests, with a wet well that does not fill: SWMM loses water in one that
# spills.
NETWORK = SMALL_WELL.replace("S 6 4 0 FUNCTIONAL 0 0 50 0 0", "S 6 4 0 FUNCTIONAL 0 0 400 0 0")
STREET = """
schema = 1
name = "street"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:30:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 4, cell_size_m = 5.0, level_m = 10.0 }
[drainage]
kind = "swmm"
network = "street.inp"
coupling_step_s = 2
routing_step_s = 1
default_inlet = "open_shaft"
[[boundaries]]
kind = "point_inflow"
location_m = [92.5, 7.5]
discharge_m3_s = 0.3
[surface]
precision = "float64"
[output]
interval_s = 60
"""
SITES = """
[[sites]]
name = "substation"
kind = "critical"
type = "substation"
location_m = [17.5, 7.5]
failure_depth_m = 0.05
[[sites]]
name = "station"
kind = "critical"
type = "pump_station"
location_m = [7.5, 17.5]
failure_depth_m = 3.0
needs = [{ any_of = ["substation"] }]
stops = ["P"]
[[sites]]
name = "garage"
kind = "underground"
location_m = [52.5, 2.5]
sill_height_m = 0.02
floor_area_m2 = 50.0
pumps = [{ capacity_m3_s = 0.02, to_node = "Q", power = "substation" }]
"""


def run(folder: Path, text: str, probe):
    (folder / "street.inp").write_text(NETWORK)
    (folder / "s.toml").write_text(text)
    simulation, recorder = (
        Simulation(build_inputs(load_scenario(folder / "s.toml")), folder),
        Silent(probe),
    )
    try:
        assert simulation.run(recorder) == "complete"
    finally:
        simulation.close()
    assert simulation.exchange.book.relative_difference <= 1e-12
    assert simulation.ledger.relative_error <= 1e-12
    return simulation, dict(recorder.seen)


def test_a_drowned_substation_stops_its_pumps_in_that_window(tmp_path):
    def probe(s):
        return (
            float(s.network.discharges()[s.network.link_ids.index("P")]),
            float(s.surface.depth[2, 3]),
            float(s.sites.spaces.book.pumped[0]),
        )

    simulation, seen = run(tmp_path, STREET + SITES, probe)
    record = simulation.sites.critical.record
    assert [(c.name, c.state) for c in record] == [("substation", "out"), ("station", "out")]
    failed = record[0].time_s
    assert (
        seen[failed][1] > 0.05 >= seen[failed - 2.0][1]
    )  # the window that begins with the water over its level
    pumped = [p for t, (_, _, p) in sorted(seen.items()) if t >= failed]
    # 20 L/s ran for some twenty seconds; not a litre more from that window on
    assert pumped[0] > 0.3 and max(pumped) == pumped[0]
    assert max(flow for t, (flow, _, _) in seen.items() if t >= failed + 2.0) == 0.0
    _, dry = run(
        tmp_path, STREET + SITES.replace("failure_depth_m = 0.05", "failure_depth_m = 2.0"), probe
    )
    assert max(flow for t, (flow, _, _) in dry.items() if t >= failed + 2.0) > 0.05
    assert dry[1800.0][2] > 2.0 * pumped[0]


def test_a_room_in_a_basement_drowns_by_the_water_there(tmp_path):
    room = (
        '[[sites]]\nname = "room"\nkind = "critical"\ntype = "distribution_room"\ninside ='
        ' "garage"\nfailure_depth_m = 0.3\n'
    )
    simulation, seen = run(
        tmp_path,
        STREET + SITES.replace("pumps = [", "#") + room,
        lambda s: float(s.sites.spaces.volume[0]),
    )
    failed = next(c.time_s for c in simulation.sites.critical.record if c.name == "room")
    assert seen[failed] > 15.0 >= seen[failed - 2.0]  # 0.3 m over 50 m2


def test_results_tell_what_failed_and_why(tmp_path):
    (tmp_path / "street.inp").write_text(NETWORK)
    (tmp_path / "s.toml").write_text(STREET + SITES)
    assert run_scenario(load_scenario(tmp_path / "s.toml"), tmp_path / "out").exit_code == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    station, garage = summary["sites"]["station"], summary["sites"]["garage"]
    assert station["state"] == "out" and station["censored"] and 0.0 < station["out_h"] < 0.5
    assert summary["site_changes"][1]["cause"] == "without substation"
    assert garage["entered_m3"] - garage["pumped_m3"] - garage["returned_m3"] == pytest.approx(
        garage["stored_m3"], rel=1e-9
    )
    assert summary["ledger"]["sites_stored_end"] == pytest.approx(garage["stored_m3"], rel=1e-6)
    rows = (tmp_path / "out" / "sites.csv").read_text().splitlines()
    assert rows[0].startswith("time,site,stage_m,volume_m3,inflow_m3_s") and len(rows) == 1 + 3 * 31
    assert rows[-1].startswith("2021-07-20T15:30:00+08:00,station,") and rows[-1].endswith(",out")
    assert len((tmp_path / "out" / "openings.csv").read_text().splitlines()) > 20


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('any_of = ["substation"]|any_of = ["substatoin"]', "no such critical site.*substation"),
        ('stops = ["P"]|stops = ["P9"]', "no such link of the network"),
        (
            "failure_depth_m = 3.0|failure_depth_m = 3.0\nfailure_elevation_m = 12.0",
            "it needs one of failure_depth_m and failure_elevation_m",
        ),
        ('location_m = [7.5, 17.5]|inside = "cellar"', "no such underground site"),
        ('name = "garage"|name = "station"', "two sites have one name"),
        ('type = "pump_station"|type = "casino"', "type"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, change, words):
    old, _, new = change.partition("|")
    (tmp_path / "street.inp").write_text(NETWORK)
    (tmp_path / "s.toml").write_text(STREET + SITES.replace(old, new, 1))
    with pytest.raises(InputError, match=words):
        build_inputs(load_scenario(tmp_path / "s.toml"))
