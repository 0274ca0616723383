"""The shipped scenario of the day: it builds, its measures fit, and their sizes are those of a
first stage, not of a miracle (MEASURES 12).
"""

import pytest

from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.scenario.build import chosen_portfolio


@pytest.fixture(scope="module")
def built():
    return build_inputs(load_scenario("zhengzhou_720"), "six_projects")


def test_the_day_has_its_rain(built):
    assert 1000.0 * built.rainfall.depth_between(0.0, 86_400.0) == pytest.approx(624.1, abs=0.05)


def test_every_measure_of_the_six_projects_is_built_and_priced(built):
    rows = {m["name"]: m for m in built.measures}
    assert len(rows) == 42 and all(m["quantities"] for m in rows.values())
    by_project = {}
    for m in rows.values():
        by_project[m["project"]] = by_project.get(m["project"], 0.0) + m["capital"]["middle"] / 1e6
    assert set(by_project) == {
        "conveyance",
        "pipe_network",
        "pump_stations",
        "critical_infrastructure",
        "underground_space",
        "source_and_storage",
    }
    assert (
        20.0 < by_project["conveyance"] < 130.0 and 100.0 < by_project["pipe_network"] < 420.0
    )  # M CNY; the library's whole stage: 129, 414, 221, 653
    assert (
        100.0 < by_project["pump_stations"] < 225.0
        and 500.0 < by_project["source_and_storage"] < 900.0
    )
    assert (
        280.0 < by_project["critical_infrastructure"] < 600.0
        and 20.0 < by_project["underground_space"] < 130.0
    )  # 284 and 120 there


def test_two_stories_of_the_day(built):
    scenario = load_scenario("zhengzhou_720")
    planned = {a.name: a for a in built.actions}
    assert set(planned) == {"warning", "metro_boards", "garage_boards", "doors"}
    assert (
        len(planned["metro_boards"].tasks) == 40
        and len(planned["garage_boards"].tasks) == 300
        and len(planned["doors"].tasks) == 9
    )
    assert (
        6.5 * 3600.0 < planned["warning"].at_s < 7.0 * 3600.0
    )  # 60 mm within three hours: shortly before 15:00
    assert chosen_portfolio(scenario, "baseline").actions == "as_happened"
    assert chosen_portfolio(scenario, "underground_space").actions == "as_planned"


def test_the_city_has_what_drowned_in_2021(built):
    spaces, critical = built.sites.spaces, built.sites.critical
    assert (
        len([s for s in spaces.spaces if s.kind == "metro"]) == 10
        and sum(len(s.openings) for s in spaces.spaces if s.kind == "metro") == 40
    )
    assert len([s for s in spaces.spaces if s.kind == "garage"]) == 300
    assert {c.kind for c in critical} >= {
        "substation",
        "hospital",
        "water_works",
        "telecom",
        "distribution_room",
        "pump_station",
        "metro",
        "generator",
    }


def test_storage_is_a_twentieth_of_the_storm(built):
    """Layers, basins and tanks hold some 35 to 60 mm over 25 km2; the day brings 624 mm: within the
    standard they carry it, on 7.20 they cannot.
    """
    area = built.terrain.grid.cell_area_m2
    layers = sum(
        float((f.share * area).sum())
        * (f.store_depth * f.voids + f.soil_depth * max(f.porosity - f.field_capacity, 0.0))
        for f in built.storage.facilities
    )
    dug = sum(
        float(t.split(" cells, ")[1].split(" m3")[0])
        for m in built.measures
        if m["name"] in ("parks", "ponds")
        for t in m["targets"]
    )
    tanks = 6 * 10_000.0
    millimetres = (layers + dug + tanks) / 25e6 * 1000.0
    assert 30.0 < millimetres < 65.0
    assert 0.04 < millimetres / 624.1 < 0.11


def test_the_city_carries_its_history(built):
    plain = build_inputs(load_scenario("zhengzhou_720"))
    inp = plain.drainage.network
    assert len(inp.rows("DWF")) == 300
    gates = [r.tokens[-1] for r in inp.rows("OUTFALLS") if r.tokens[2] == "TIMESERIES"]
    assert 30 <= gates.count("NO") <= 55
    assert [s.name for s in plain.structures] == [f"bottleneck_{k}" for k in range(1, 5)]
    assert all(
        r.tokens[-1] == "YES"
        for r in built.drainage.network.rows("OUTFALLS")
        if r.tokens[2] == "TIMESERIES"
    )
    assert not built.structures and not built.drainage.network.rows("DWF")


def test_what_works_by_the_clock_is_built_on_the_six():
    """Pump trucks, early pumps, a warning: three measures more, their orders among the actions,
    four trucks.
    """
    operated = build_inputs(load_scenario("zhengzhou_720"), "six_projects_operated")
    kinds = {m["kind"] for m in operated.measures}
    assert {"flood_warning", "smart_control", "mobile_pumps"} <= kinds and len(
        operated.measures
    ) == 45
    assert operated.trucks == 4 and {"metro_warning", "trucks"} <= {
        a.name for a in operated.actions
    }


def test_phases_make_portfolios():
    scenario = load_scenario("zhengzhou_720")
    names = {
        phase: [n for n, m in scenario.spec.measure.items() if m.phase == phase]
        for phase in ("near", "mid", "far")
    }
    assert all(names.values()) and sum(len(v) for v in names.values()) == len(scenario.spec.measure)
    assert set(chosen_portfolio(scenario, "henan@2023").measures) == set(names["near"])
    assert set(chosen_portfolio(scenario, "henan@2025").measures) == {*names["near"], *names["mid"]}
    assert set(chosen_portfolio(scenario, "henan@2035").measures) == set(
        scenario.spec.portfolio["six_projects_operated"].measures
    )
