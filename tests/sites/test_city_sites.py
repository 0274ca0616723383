"""The reference city's sites: what is built, its defects as parameters, a cascade under 7.20, the
same from plain files.
"""

import numpy as np
import pytest

from flood_sim.city import reference_city
from flood_sim.city.parameters import CityParameters
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import build_inputs, load_scenario

CITY = """
schema = 1
name = "sites"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T17:00:00+08:00
[city]
kind = "reference_city"
sites = "full"
cell_size_m = 10.0
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
label = "right"
"""


@pytest.fixture(scope="module")
def large():
    """25 km2 at 10 m, tables only."""
    return reference_city(
        CityParameters(side_m=5000.0, cell_size_m=10.0, sites="full")
    ).site_tables()


def test_a_city_of_25_km2_has_what_was_asked(large):
    sites = large["sites"]
    kinds = {
        kind: [s for s in sites if s.get("type") == kind] for kind in {s["type"] for s in sites}
    }
    stations = [s for s in kinds["metro"] if s["kind"] == "underground"]
    openings = [o for s in stations for o in s["openings"]]
    assert len(stations) == 10 and len(openings) == 40 and len(large["passages"]) == 9
    assert sum(o["sill_height_m"] == 0.15 for o in openings) == 8  # one step: 8 of 40
    assert (
        len(kinds["garage"]) == 300
        and len(kinds["substation"]) == 6
        and len(kinds["distribution_room"]) == 200
    )
    basements = sum("inside" in s for s in kinds["distribution_room"])
    assert basements == pytest.approx(120, abs=15)  # drawn room by room
    assert len(kinds["pump_station"]) == 9  # eight storm stations and the underpass
    feeds = [n for s in sites for n in s.get("needs", [])]
    assert feeds and all(len(n["any_of"]) == 1 for n in feeds)  # single feeds
    assert len({s["name"] for s in sites}) == len(sites)


def test_defects_can_be_set_to_nothing():
    city = reference_city(
        CityParameters(
            cell_size_m=10.0,
            sites="full",
            low_entrance_share=0.0,
            basement_room_share=0.0,
            motor_height_m=1.0,
        )
    )
    sites = city.site_tables()["sites"]
    assert {o["sill_height_m"] for s in sites for o in s.get("openings", [])} == {0.45}
    assert not [s for s in sites if s.get("type") == "distribution_room" and "inside" in s]
    assert {s["failure_depth_m"] for s in sites if s.get("type") == "pump_station"} == {1.0}
    assert reference_city(CityParameters(cell_size_m=10.0)).site_tables() == {
        "sites": [],
        "passages": [],
    }


def test_a_city_drowns_and_its_books_close(tmp_path):
    (tmp_path / "s.toml").write_text(CITY)
    outcome = run_scenario(load_scenario(tmp_path / "s.toml"), tmp_path / "out")
    summary = outcome.summary
    assert outcome.exit_code == 0 and summary["ledger"]["relative_error"] <= 1e-6
    spaces = [s for s in summary["sites"].values() if s["kind"] == "underground"]
    stored = sum(s["stored_m3"] for s in spaces)
    assert stored > 1000.0 and summary["ledger"]["sites_stored_end"] == pytest.approx(
        stored, rel=1e-3
    )  # and what is on its way to the street
    assert any(
        c["cause"].startswith("without substation") for c in summary["site_changes"]
    )  # a cascade, not only wet feet
    from flood_sim.analysis.report import draw_report
    from flood_sim.results import open_results

    report = draw_report(open_results(tmp_path / "out"))
    assert {
        "services.png",
        "underground.png",
        "hazard.png",
        "wet_floors.png",
        "access.png",
        "ledger.png",
    } <= {p.name for p in report.iterdir()}
    stopped = [
        s for s in summary["sites"].values() if s.get("type") == "pump_station" and s["out_h"] > 0.0
    ]
    assert stopped


def test_the_same_city_from_files_has_the_same_sites(tmp_path):
    from flood_sim.cli.scenarios import write_city_files

    (tmp_path / "s.toml").write_text(CITY)
    files = build_inputs(load_scenario(write_city_files(tmp_path / "s.toml"))).sites
    own = build_inputs(load_scenario(tmp_path / "s.toml")).sites
    assert [s.name for s in files.spaces.spaces] == [s.name for s in own.spaces.spaces]
    assert files.critical == own.critical or [c.name for c in files.critical] == [
        c.name for c in own.critical
    ]
    sills = [
        np.array([o.sill_m for s in sites.spaces.spaces for o in s.openings])
        for sites in (files, own)
    ]
    assert sills[0] == pytest.approx(sills[1], abs=1e-4)  # the terrain raster is float32
    assert [(p.first, p.second) for p in files.spaces.passages] == [
        (p.first, p.second) for p in own.spaces.passages
    ]
