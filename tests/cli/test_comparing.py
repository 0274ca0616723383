"""Portfolios run, are priced and compared; results are held against observations; storms and
measures are listed.
"""

import doctest
import json
from importlib import import_module

import numpy as np
import pytest

import flood_sim as fs
from console import flood_sim
from flood_sim.analysis.compare import compare
from flood_sim.analysis.observed import observed_marks
from flood_sim.core.errors import InputError

SCENARIO = """
schema = 1
name = "valley"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:20:00+08:00
[terrain]
bed_elevation = { columns = 40, rows = 20, cell_size_m = 5.0, slope_x = -0.002, level_m = 10.0 }
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
[output]
interval_s = 120
gauges = { low = [197.5, 52.5] }
[measure.green]
kind = "sunken_green"
targets = { polygon_m = [[0, 0], [100, 0], [100, 100], [0, 100]] }
depth_m = 0.05
[measure.pond]
kind = "pond_restoration"
targets = { polygon_m = [[150, 20], [190, 20], [190, 80], [150, 80]] }
depth_m = 1.0
cost = 1.0e6
[portfolio.both]
measures = ["green", "pond"]
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("valley")
    (folder / "s.toml").write_text(SCENARIO)
    for portfolio in ("baseline", "both"):
        done = flood_sim(
            "run",
            folder / "s.toml",
            "--portfolio",
            portfolio,
            "--out",
            folder / portfolio,
            "--quiet",
            "--no-report",
            "--threads",
            1,
        )
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", ["flood_sim.results", "flood_sim.analysis.compare"])
def test_examples_in_docstrings_run(runs, monkeypatch, name):
    monkeypatch.chdir(runs)
    found = doctest.testmod(import_module(name))
    assert found.failed == 0 and found.attempted >= 4


def test_what_was_built_lies_beside_the_results(runs):
    rows = json.loads((runs / "both" / "measures.json").read_text())
    assert [r["name"] for r in rows] == ["green", "pond"]
    green, pond = rows
    assert (
        green["quantities"][0]["amount"] == 10_000.0
        and green["capital"]["middle"] == 450_000.0
        and not green["cost_stated_by_user"]
    )
    assert (
        pond["capital"]["middle"] == 1.0e6
        and pond["cost_stated_by_user"]
        and pond["edits"][0]["cells"] == 96
    )
    features = json.loads((runs / "both" / "measures.geojson").read_text())["features"]
    assert {f["properties"]["measure"] for f in features} == {"green", "pond"}
    assert json.loads((runs / "baseline" / "measures.json").read_text()) == []


def test_two_results_side_by_side(runs):
    both = compare(fs.open_results(runs / "baseline"), fs.open_results(runs / "both"))
    table = both.to_dataframe()
    assert table.loc[("ledger", "rain"), "difference"] == 0.0
    assert table.loc[("ledger", "layers_stored_end"), "after"] == pytest.approx(
        500.0, rel=0.02
    )  # 10,000 m2 x 0.05 m, filled by 67 mm
    assert table.loc[("gauge", "low"), "difference"] < -0.1
    assert table.loc[("cost", "capital, middle"), "after"] == pytest.approx(1.45)
    assert (
        both.depth_difference.max() < 0.01
    )  # the pond's own water is no deeper flood: it stands under the old ground
    flood = [
        json.loads((runs / p / "summary.json").read_text())["flood"] for p in ("baseline", "both")
    ]
    assert (
        float(fs.open_results(runs / "both").max_depth.max()) > 0.15
    )  # it holds water, and the figures of the flood do not count it
    assert all(
        flood[1][key][limit] <= flood[0][key][limit]
        for key in ("flooded_area_m2", "area_hours_m2_h")
        for limit in ("0.05", "0.15", "0.3")
    )
    assert flood[1]["max_depth_m"] < flood[0]["max_depth_m"]
    assert "built after only: pond (pond_restoration)" in both.changed_inputs
    shown = both._repr_html_()
    assert "<table" in shown and "layers_stored_end" in shown and "capital, middle" in shown
    done = flood_sim("compare", runs / "baseline", runs / "both")
    assert (
        done.returncode == 0
        and "lower by more than 5 cm" in done.stdout
        and (runs / "both" / "report" / "compare.png").stat().st_size > 10_000
    )
    seen = abs(both.depth_difference[abs(both.depth_difference) > 0.02])
    (shown,) = [i for i in both.picture().axes[0].images if i.norm.vmin == -i.norm.vmax]
    assert (
        np.quantile(seen, 0.99) <= shown.norm.vmax <= 5.0 * np.quantile(seen, 0.99)
    )  # a difference of 5 cm is no pale yellow
    said = json.loads(flood_sim("compare", runs / "baseline", runs / "both", "--json").stdout)
    assert {"group", "name", "unit", "before", "after", "difference"} == set(said["rows"][0])


def test_results_of_other_grids_are_refused(runs, tmp_path):
    (tmp_path / "s.toml").write_text(SCENARIO.replace("columns = 40", "columns = 41"))
    assert (
        flood_sim(
            "run",
            tmp_path / "s.toml",
            "--out",
            tmp_path / "o",
            "--quiet",
            "--no-report",
            "--threads",
            1,
        ).returncode
        == 0
    )
    done = flood_sim("compare", runs / "baseline", tmp_path / "o")
    assert (
        done.returncode == 2 and "different grids" in done.stderr and "Traceback" not in done.stderr
    )


def test_marks_and_series_against_a_result(runs, tmp_path):
    """Marks 0.10 m over what was computed: bias -0.10 m, nothing else; a series moved by 4 min: the
    peak comes 4 min early.
    """
    results = fs.open_results(runs / "baseline")
    x, y, depth = results.fields["x"].values, results.fields["y"].values, results.max_depth.values
    rng = np.random.default_rng(720)
    cells = [
        (int(r), int(c))
        for r, c in zip(rng.integers(0, 20, 12), rng.integers(10, 40, 12), strict=True)
    ]
    lines = "\n".join(f"{x[c]},{y[r]},{depth[r, c] + 0.1:.5f}" for r, c in cells)
    (tmp_path / "marks.csv").write_text(f"x_m,y_m,depth_m\n{lines}\n")
    found = observed_marks(results, tmp_path / "marks.csv")
    figures = found.figures()
    assert figures["bias_m"] == pytest.approx(-0.1, abs=1e-3) and figures[
        "rmse_m"
    ] == pytest.approx(0.1, abs=1e-3)
    own = results.gauges["low"]
    lines = "\n".join(
        f"{t.isoformat()},low,{v}"
        for t, v in zip(own["time"][2:], own["depth_m"][:-2], strict=True)
    )
    (tmp_path / "series.csv").write_text(f"time,gauge,depth_m\n{lines}\n")
    series = observed_marks(results, tmp_path / "series.csv").figures()
    assert series["bias_m"] > 0.0 and series["nse"] < 1.0
    done = flood_sim("compare", runs / "baseline", "--observed", tmp_path / "marks.csv")
    assert (
        done.returncode == 0
        and "bias_m -0.1" in done.stdout
        and (runs / "baseline" / "report" / "residuals.png").is_file()
    )
    (tmp_path / "bad.csv").write_text("x,y\n1,2\n")
    with pytest.raises(InputError, match="columns are missing"):
        observed_marks(results, tmp_path / "bad.csv")


def test_lists_of_storms_and_measures(tmp_path):
    rows = json.loads(flood_sim("measures", "--json").stdout)
    assert len(rows) >= 28 and {"project", "kind", "summary"} <= set(rows[0])
    assert "min_cover_m" in flood_sim("measures", "trunk_upsizing").stdout
    assert "Sponge City Guide 2014, recalled" in flood_sim("measures", "--costs").stdout
    done = flood_sim("measures", "trunk_upsizin")
    assert done.returncode == 2 and "did you mean `trunk_upsizing`" in done.stderr
    storms = json.loads(flood_sim("storms", "--json").stdout)
    assert sum(i["depth_mm"] for i in storms[0]["intervals"]) == pytest.approx(707.4)
    done = flood_sim("storms", "zhengzhou-p50-24h", "--picture", tmp_path / "s.png")
    assert done.returncode == 0 and (tmp_path / "s.png").stat().st_size > 10_000


def test_check_prints_the_bill(runs):
    done = flood_sim("check", runs / "s.toml", "--portfolio", "both")
    assert done.returncode == 0
    assert "green (sunken_green): 10,000 m2 sunken_green; 0.45 M CNY (0.40 to 0.50)" in done.stdout
    assert "measures: 2, 1.45 M CNY" in done.stdout and "recalled or assumed" in done.stdout


def test_a_measure_that_cannot_be_is_one_message(tmp_path):
    (tmp_path / "s.toml").write_text(
        SCENARIO.replace("[[150, 20]", "[[1150, 20]").replace(
            "[190, 20], [190, 80], [150, 80]", "[1190, 20], [1190, 80], [1150, 80]"
        )
    )
    done = flood_sim(
        "run", tmp_path / "s.toml", "--portfolio", "both", "--out", tmp_path / "o", "--quiet"
    )
    assert (
        done.returncode == 2
        and "measure.pond.targets: no open cell lies there" in done.stderr
        and "Traceback" not in done.stderr
    )
    assert not (tmp_path / "o").exists()
    (tmp_path / "s.toml").write_text(SCENARIO.replace("depth_m = 1.0", "depth_m = 99.0"))
    done = flood_sim("check", tmp_path / "s.toml", "--portfolio", "both")
    assert (
        done.returncode == 2
        and "[measure.pond], `depth_m`" in done.stderr
        and "<= 6.0" in done.stderr
    )


def test_the_lead_time_that_a_step_gains_stands_in_the_comparison(tmp_path):
    """The street rises 0.3 m an hour: 0.30 m over a sill of 0.1 m after 80 min, over one of 0.2 m
    after 100: twenty minutes more to leave.
    """
    from flood_sim.analysis.outcomes.consequences import Consequences
    from flood_sim.results import open_results
    from flood_sim.runs.runner import run_scenario
    from flood_sim.scenario import load_scenario
    from sites.test_actions import ENTRANCE
    from sites.test_underground import lake

    folders = []
    for sill in ("0.1", "0.2"):
        folder = tmp_path / f"s{sill}"
        folder.mkdir()
        (folder / "rain.csv").write_text("time_s,rate_mm_h\n0,300\n")
        people = ENTRANCE.replace("board_leak", "people = 100\nboard_leak").replace(
            "sill_height_m = 0.3", f"sill_height_m = {sill}"
        )
        (folder / "s.toml").write_text(
            lake(stop="17:00", rate_mm_h=300.0)
            + people.replace("[output]", "[output]\ninterval_s = 60")
        )
        run_scenario(load_scenario(folder / "s.toml"), tmp_path / sill)
        Consequences(open_results(tmp_path / sill)).write()
        folders.append(open_results(tmp_path / sill))
    rows = {r["name"]: r for r in compare(*folders).rows if r["group"] == "lead time"}
    (row,) = rows.values()
    assert row["before"] == pytest.approx(80.0, abs=1.0) and row["difference"] == pytest.approx(
        20.0, abs=1.0
    )
