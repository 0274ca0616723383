"""What is not known is null with the reason, and what fails fails alone: a run never loses its
results to what is computed after it.
"""

import json

import numpy as np
import pytest
import rasterio

from analysis.test_consequences import toy
from console import flood_sim
from flood_sim.analysis import report
from flood_sim.analysis.compare import Comparison
from flood_sim.analysis.html.runs import _findings, _unknown
from flood_sim.analysis.outcomes import consequences as module
from flood_sim.analysis.outcomes.access import _homes
from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.pictures import site_plots
from flood_sim.analysis.report import not_drawn
from flood_sim.core.errors import InputError
from flood_sim.output import maps
from flood_sim.output.link_use import LinkUse
from flood_sim.results import open_results
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.study.child import read_outcomes, write_outcomes
from scenario.test_loader import GOOD

ONE_HOUSE = {"use": [0], "building": np.array([[0, 1, 0]]), "area_m2": [80.0]}
RUN = GOOD.replace("T15:", "T16:") + "[output]\n"


def by_name(consequences):
    return {o.name: o for o in consequences.outcomes()}


def test_people_that_nobody_gave_are_null_with_the_reason(tmp_path):
    c = toy(tmp_path / "a", depth=[[0.5, 0.0, 0.5]], exposure=ONE_HOUSE | {"people": [np.nan]})
    found = by_name(c)
    for name in ("people_exposed", "people_outdoors", "access_loss_car", "access_loss_fire_engine"):
        assert found[name].value is None, name
        assert "`people`" in found[name].note
    assert found["ground_floors_wet"].value == 1.0
    given = toy(tmp_path / "b", depth=[[0.5, 0.0, 0.5]], exposure=ONE_HOUSE | {"people": [0.0]})
    assert by_name(given)["people_exposed"].value == 0.0  # a 0 that is given stays a 0


def test_layers_that_are_not_there_are_null_and_not_nothing(tmp_path):
    roads = {"road_share": np.array([[1.0, 0.0, 0.0]])}
    found = by_name(toy(tmp_path / "a", depth=[[0.5, 0.0, 0.5]], exposure=roads))
    for name in ("ground_floors_wet", "ground_floor_area_wet", "people_exposed"):
        assert found[name].value is None and "no buildings" in found[name].note
    assert found["damage"].value > 0.0 and found["damage"].note.startswith("roads, ")
    found = by_name(toy(tmp_path / "b", depth=[[0.5, 0.0, 0.5]], exposure=ONE_HOUSE))
    assert found["road_area_hours"].value is None and "no roads" in found["road_area_hours"].note
    assert found["damage"].note.startswith("buildings, ")
    found = by_name(toy(tmp_path / "c", depth=[[0.5]]))
    assert found["damage"].value is None and "no exposure" in found["damage"].note


def test_a_house_without_a_cell_of_its_own_takes_the_water_around_its_middle(tmp_path):
    """Two houses own no cell: one stands in the cell with 0.5 m beside it, one outside the grid."""
    table = {
        "use": [0, 0],
        "area_m2": [9.0, 9.0],
        "people": [3.0, 4.0],
        "ground_floor_m": [0.15, 0.15],
        "cell": [1, -1],
    }
    c = toy(tmp_path / "a", depth=[[0.5, 0.1, 0.0, 0.7]], exposure=table)
    assert c.ring_depth.tolist() == pytest.approx([0.5, 0.0])
    homes, people = _homes(c.exposure)  # who can be reached stands on the grid
    assert homes.tolist() == [[0.0, 1.0]] and people.tolist() == [3.0]
    found = by_name(c)
    assert found["people_exposed"].value == 3.0 and found["ground_floors_wet"].value == 1.0


def test_an_outcome_that_fails_leaves_the_others(tmp_path, monkeypatch):
    def broken(consequences):
        raise ValueError("'x' must be finite")

    monkeypatch.setattr(module, "access_loss", broken)
    monkeypatch.setattr(module, "brought", lambda part: [broken])
    c = toy(tmp_path / "a", depth=[[0.5, 0.0, 0.5]], exposure=ONE_HOUSE | {"people": [2.0]})
    found = by_name(c)
    for name in ("access_loss_car", "broken"):
        assert found[name].value is None and "ValueError: 'x' must be finite" in found[name].note
    assert found["people_exposed"].value == 2.0
    c.write()
    rows = json.loads((tmp_path / "a" / "consequences.json").read_text())["outcomes"]
    assert {r["name"]: r["value"] for r in rows}["access_loss_car"] is None


def test_a_nan_is_no_outcome(tmp_path):
    c = toy(tmp_path / "a", depth=[[0.5]])
    c.results.summary["exchange"]["to_street_network"] = float("nan")
    assert by_name(c)["volume_out_of_sewer"].value is None


def test_a_damaged_file_is_still_told_as_that(tmp_path):
    c = toy(tmp_path / "a", depth=[[0.5, 0.0, 0.5]], exposure=ONE_HOUSE)
    (tmp_path / "a" / "exposure.nc").write_bytes(b"\x89HDF")
    with pytest.raises(InputError, match=r"E110.*exposure\.nc"):
        Consequences(c.results).outcomes()


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    """Rain on 10 x 20 cells of 5 m with four houses: 8 m of 15 x 10 m; two of 1 m in one cell; one
    outside. Nobody says how many people live there.
    """
    folder = tmp_path_factory.mktemp("small")
    boxes = ((20.0, 20.0, 15.0, 10.0), (51.0, 11.0, 1.0, 1.0), (53.6, 13.6, 1.0, 1.0))
    boxes += ((500.0, 20.0, 10.0, 10.0),)
    features = [
        {
            "type": "Feature",
            "properties": {"floors": None if k == 1 else 2},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[x, y], [x + a, y], [x + a, y + b], [x, y + b], [x, y]],
                ],
            },
        }
        for k, (x, y, a, b) in enumerate(boxes)
    ]
    (folder / "houses.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    text = RUN + 'interval_s = 300\n[exposure]\nbuildings = "houses.geojson"\n'
    (folder / "s.toml").write_text(text, encoding="utf-8")
    return folder / "s.toml"


def test_check_counts_houses_without_a_cell(scenario):
    inputs = build_inputs(load_scenario(scenario))
    told = {f.code: f for f in inputs.findings}
    assert told["W541"].problem.startswith("2 of 4 buildings are smaller than a cell")
    assert told["W542"].problem.startswith("1 of 4 buildings lie outside the terrain")
    assert told["W540"].problem == "1 of 4 buildings give no floors: 1 is taken"
    assert inputs.exposure.cell.tolist()[1:] == [7 * 20 + 10, 7 * 20 + 10, -1]
    assert np.isnan(inputs.exposure.people).all()


@pytest.fixture(scope="module")
def done(scenario):
    out = scenario.parent / "out"
    run_scenario(load_scenario(scenario), out, threads=1)
    return out


def test_a_run_with_such_houses_ends_with_all_it_can_say(done):
    write_outcomes(done)
    outcomes = read_outcomes(done)["outcomes"]
    assert outcomes["people_exposed"]["value"] is None
    assert outcomes["ground_floors_wet"]["value"] is not None
    both = Comparison(open_results(done), open_results(done))
    row = next(r for r in both.rows if r["name"] == "people_exposed")
    assert row["before"] is None and "`people`" in row["why"]
    assert any("people_exposed" in line and "`people`" in line for line in both.lines())
    unknown = {u["name"].en: u["why"] for u in _unknown([open_results(done)])}
    assert "`people`" in unknown["people in wet ground floors"].en
    assert unknown["people in wet ground floors"].zh == "没有人口数据"


def test_findings_of_runs_stand_once_on_a_page(done):
    runs = [("a", open_results(done)), ("b", open_results(done))]
    found = _findings(runs)
    codes = [f["code"] for f in found]
    assert codes.count("W541") == 1 and all(f["runs"] is None for f in found)


def test_a_picture_that_fails_leaves_the_others(done, monkeypatch):
    def broken(results):
        raise IndexError("no such thing")

    def two(results, consequences):
        return {
            "max_depth": lambda: broken(results),
            "hazard": lambda: site_plots.hazard_map(results),
        }

    monkeypatch.setattr(report, "_pictures", two)
    monkeypatch.setattr("flood_sim.study.report.write_report", lambda *folders: folders[0])
    told = flood_sim("report", done)
    assert told.returncode == 0, told.stderr
    assert "not drawn: max_depth: it could not be computed: IndexError" in told.stderr
    assert list(not_drawn(done)) == ["max_depth"]
    assert (done / "report" / "hazard.png").is_file()
    assert not (done / "report" / "max_depth.png").exists()


def test_a_map_that_fails_costs_no_results(scenario, tmp_path, monkeypatch):
    real = maps.map_field

    def broken(name, simulation):
        if name == "max_velocity.tif":
            raise ValueError("no such field")
        return real(name, simulation)

    monkeypatch.setattr(maps, "map_field", broken)
    summary = run_scenario(load_scenario(scenario), tmp_path / "out", threads=1).summary
    assert summary["status"] == "complete"
    assert summary["not_written"] == {"max_velocity.tif": "ValueError: no such field"}
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == json.loads(
        json.dumps(summary)
    )
    assert (tmp_path / "out" / "arrival_time.tif").is_file()


def test_maps_for_gis_say_what_they_hold(done):
    fields = open_results(done).fields
    deepest, bed = fields["max_depth"].values, fields["bed_elevation"].values
    wet = deepest >= maps.LEAST_DEPTH_M
    assert wet.any()
    for name, expected, unit in (
        ("max_level.tif", np.where(wet, deepest + bed, np.nan), "m"),
        ("max_velocity.tif", fields["max_velocity"].values, "m s-1"),
        ("arrival_time.tif", fields["arrival_time"].values, "s"),
    ):
        with rasterio.open(done / name) as data:
            np.testing.assert_allclose(data.read(1), expected, atol=1e-5)
            assert data.units == (unit,) and data.descriptions[0] and np.isnan(data.nodata)


def test_conduits_by_heads_and_discharge():
    """DN 1000, inverts 10.0 and 9.5 m. Heads 10.5 and 10.0: half full, 0.3927 m2, so 0.5 m3/s flow
    with 1.273 m/s; heads over the crowns: full, 0.7854 m2. A box of 2 m2 grows with its depth.
    """
    use = LinkUse(
        np.array([0, 0, -1]),
        np.array([1, 1, -1]),
        np.array([10.0, 10.0, np.nan]),
        np.array([9.5, 9.5, np.nan]),
        np.array([1.0, 1.0, np.nan]),
        np.array([np.pi / 4.0, 2.0, np.nan]),
        np.array([True, False, False]),
        ("DN 1000", "RECT_CLOSED 1 m, 2.00 m2", ""),
    )
    head, flow = np.array([10.5, 10.0]), np.array([-0.5, 0.5, 0.5])
    assert use.fullness(head)[:2].tolist() == [0.5, 0.5] and np.isnan(use.fullness(head)[2])
    assert use.speed(head, flow)[:2] == pytest.approx([0.5 / (np.pi / 8.0), 0.5])
    assert use.fullness(np.array([12.0, 10.0]))[0] == pytest.approx(0.75)
    assert use.speed(np.array([12.0, 12.0]), flow)[0] == pytest.approx(0.5 / (np.pi / 4.0))
    assert use.speed(np.array([10.0, 9.5]), flow)[:2].tolist() == [0.0, 0.0]
