"""The main job against its purpose (CITY 11): 7.20 stops the streets, the sewers' own storm does
not; the books close.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from console import flood_sim
from flood_sim import open_results
from flood_sim.city import CityParameters, reference_city
from flood_sim.city.land_use import LANE
from flood_sim.city.parameters import ORIGIN_M

OWN_STORM = """
schema = 1
name = "own_storm"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T17:40:00+08:00
[city]
kind = "reference_city"
inlet_open_share = 1.0
silted_share = 0.0
half_full_share = 0.0
river_stage_h_m = [[0.0, -2.0]]
[rainfall]
kind = "design_storm"
return_period_y = 1
duration_min = 120
"""


def run(scenario, out):
    done = flood_sim("run", scenario, "--out", out, "--quiet")
    assert done.returncode == 0, done.stderr
    return json.loads((out / "summary.json").read_text()), open_results(out)


def streets():
    """Arterial cells outside the underpass, lane cells."""
    city = reference_city(CityParameters())
    grid, u = city.ground.grid, city.plan.underpass
    x, y = grid.x_m - ORIGIN_M[0], grid.y_m - ORIGIN_M[1]
    sunken = (np.abs(x - u.centre) < u.reach)[None, :] & (np.abs(y - u.street.at) < u.street.half)[
        :, None
    ]
    return city.ground.arterials & ~sunken, city.ground.land_use == LANE


@pytest.mark.slow
def test_quickstart(tmp_path):
    summary, results = run("quickstart", tmp_path / "out")
    arterial, _ = streets()
    ledger, exchange = summary["ledger"], summary["exchange"]
    assert ledger["relative_error"] <= 1e-6
    assert exchange["relative_difference"] <= 1e-12
    net = exchange["to_sewer_street"] - exchange["to_street_street"]
    assert abs(ledger["network_residual"]) <= 1e-3 * net  # measured 0.06 %
    assert summary["network"]["largest_sign_flips"] <= 10
    assert summary["rainfall"]["depth_mm"] == pytest.approx(302.0, abs=0.05)
    assert (results.max_depth.values[arterial] > 0.15).mean() > 1 / 3  # measured 0.85
    assert (results.fields["duration_0p15"].values[arterial] > 3600.0).mean() > 1 / 3
    assert max(results.gauges["underpass"]["depth_m"]) > 2.0  # measured 5.4 m
    pictures = {
        "max_depth.png",
        "hydrographs.png",
        "ledger.png",
        "node_flooding.png",
        "hazard.png",
        "wet_floors.png",
    }
    assert {p.name for p in (tmp_path / "out" / "report").iterdir()} == pictures


@pytest.mark.slow
def test_the_sewers_own_storm_does_not_stop_the_streets(tmp_path):
    (tmp_path / "own.toml").write_text(OWN_STORM)
    summary, results = run(tmp_path / "own.toml", tmp_path / "out")
    arterial, lanes = streets()
    ponding = results.fields["duration_0p15"].values
    assert (ponding[arterial] > 1800.0).mean() == 0.0
    assert (ponding[lanes] > 1800.0).mean() < 0.01
    assert summary["ledger"]["relative_error"] <= 1e-6


def test_pictures_and_pages_have_every_glyph():
    """Chinese texts render: no character of the package's sources and templates is missing from the
    shipped font.
    """
    from fontTools.ttLib import TTFont

    import flood_sim
    from flood_sim.analysis.pictures.style import FONT

    have = {chr(c) for c in TTFont(FONT).getBestCmap()}
    folder = Path(flood_sim.__file__).parent
    used = {
        c
        for kind in ("*.py", "*.j2")
        for p in folder.rglob(kind)
        for c in p.read_text(encoding="utf-8")
        if "\u4e00" <= c <= "\u9fff"
    }
    assert len(used) > 300 and used <= have, "".join(sorted(used - have))
