"""Kinds, costs, outcomes and schemes that a module of others brings are used by runs and studies as
ours are; a wrong plugin is one message.
"""

import json
import os
import re
import subprocess
import sys

import pytest
import xarray

PLUGIN = """
from typing import ClassVar, Literal
import dataclasses
from pydantic import Field
from flood_sim.analysis.outcomes.consequences import Outcome
from flood_sim.measures.base import MAKE, Measure, Targets
from flood_sim.measures.costs import UnitCost
from flood_sim.measures.edits import Plan
from flood_sim.measures.targets import cells_of
from flood_sim.surface.schemes import OWN

class Planter(Measure):
    PROJECT: ClassVar = "source_and_storage"
    STAGE: ClassVar = MAKE
    READS: ClassVar = frozenset({"bed_elevation"})
    WRITES: ClassVar = frozenset({"bed_elevation"})
    SUMMARY: ClassVar = "streets lowered by planters"
    CHINESE: ClassVar = "树池"
    kind: Literal["street_planter"]
    targets: Targets = Targets()
    depth_m: float = Field(0.1, ge=0.0, le=0.5)

    def plan(self, name, view):
        plan, cells = Plan(), cells_of(name, self.targets, view)
        plan.cells("bed_elevation", "lower_to", cells, view.bed_elevation[tuple(cells.T)] - self.depth_m)
        plan.count("planter", len(cells) * view.grid.cell_area_m2)
        return plan

def deepest(consequences):
    return Outcome("deepest_water", float(consequences.results.max_depth.max()), "m", "anywhere", "fields.nc max_depth")

def wet(consequences):
    cells = float((consequences.results.max_depth > 0.01).sum())
    return Outcome("wet_cells", cells, "cells", "anywhere", "fields.nc max_depth", english="cells that got wet", chinese="淹没单元")

half = dataclasses.replace(OWN["local_inertial"], name="half_steps", courant=0.3)
MEASURES, COSTS, OUTCOMES, SCHEMES = (Planter,), ({"planter": UnitCost("m2", 100, 200, 300, 0.05, 20, "assumed in a test")},), (deepest, wet), (half,)
"""
SCENARIO = """
schema = 1
name = "with_a_plugin"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:05:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 20, cell_size_m = 5.0, level_m = 10.0 }
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
label = "right"
[surface]
scheme = "half_steps"
[measure.trees]
kind = "street_planter"
targets = { polygon_m = [[20.0, 20.0], [60.0, 20.0], [60.0, 60.0], [20.0, 60.0]] }
[portfolio.green]
measures = ["trees"]
"""


def flood_sim(folder, *words, plugin="planters"):
    environment = os.environ | {
        "FLOOD_SIM_PLUGINS": plugin,
        "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
    }
    return subprocess.run(
        [sys.executable, "-m", "flood_sim.cli", *words],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        check=False,
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "planters.py").write_text(PLUGIN)
    (tmp_path / "s.toml").write_text(SCENARIO)
    return tmp_path


def test_a_plugin_brings_a_measure_a_cost_an_outcome_and_a_scheme(folder):
    done = flood_sim(folder, "run", "s.toml", "--portfolio", "green", "--out", "out")
    assert done.returncode == 0, done.stderr
    measures = json.loads((folder / "out" / "measures.json").read_text())
    assert measures[0]["kind"] == "street_planter" and measures[0]["capital"][
        "middle"
    ] == pytest.approx(200 * 40 * 40)
    summary = json.loads((folder / "out" / "summary.json").read_text())
    outcomes = {
        o["name"]: o["value"]
        for o in json.loads((folder / "out" / "consequences.json").read_text())["outcomes"]
    }
    with xarray.open_dataset(folder / "out" / "fields.nc") as fields:
        assert (
            outcomes["deepest_water"] == float(fields["max_depth"].max())
            and summary["scheme"] == "half_steps"
        )
    (folder / "plain.toml").write_text(SCENARIO.replace("half_steps", "local_inertial"))
    assert (
        flood_sim(folder, "run", "plain.toml", "--portfolio", "green", "--out", "plain").returncode
        == 0
    )
    plain = json.loads((folder / "plain" / "summary.json").read_text())
    assert (
        summary["steps"] > 1.4 * plain["steps"]
    )  # 0.65 / 0.3 = 2.2; windows of 4 s cut the longer steps
    assert "street_planter" in flood_sim(folder, "measures").stdout


def test_a_plugins_outcomes_reach_the_page_and_the_console(folder):
    """In the page of a study and of a run: under their labels, else their names, with their units."""
    (folder / "study.toml").write_text(
        'schema = 1\nname = "planted"\nscenario = "s.toml"\n'
        '[projects]\ntrees = ["trees"]\n[storms.a]\n'
    )
    done = flood_sim(folder, "study", "run", "study.toml", "--out", "study")
    assert done.returncode == 0, done.stderr
    assert "deepest_water, a:" in done.stderr and "wet_cells, a:" in done.stderr
    document = json.loads((folder / "study" / "attribution.json").read_text())
    lost = {e["name"]: e["loss_none"] for e in document["outcomes"]}
    run = next((folder / "study" / "runs").iterdir())
    for words in (("study",), (run,)):
        done = flood_sim(folder, "report", *map(str, words))
        assert done.returncode == 0, done.stderr
    pages = [folder / "study" / "report.html", run / "report" / "report.html"]
    for page in (p.read_text(encoding="utf-8") for p in pages):
        cards = re.findall(r'<div class="pair">(.*?)</div>', page, re.S)
        for english, chinese, unit in (
            ("deepest_water", "deepest_water", "m"),
            ("cells that got wet", "淹没单元", "cells"),
        ):
            both = f'<span class="en">{english}</span><span class="zh">{chinese}</span>'
            shown = english if english == chinese else both
            card = next(c for c in cards if f'<span class="name">{shown}</span>' in c)
            assert card.rstrip().endswith(f"</b> {unit}")
    study = pages[0].read_text(encoding="utf-8")
    assert "cells that got wet, a" in study and "淹没单元，a" in study and lost["wet_cells"] > 0.0
    assert f'catalogue.parquet:outcome_wet_cells" data-value="{lost["wet_cells"]}"' in study


def test_keys_of_runs_hold_the_plugin(folder):
    code = (
        "from flood_sim.study.keys import all_sources, model_sources; print(all_sources(),"
        " model_sources())"
    )
    environment = os.environ | {
        "FLOOD_SIM_PLUGINS": "planters",
        "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
    }

    def run():
        return subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        ).stdout.split()

    before = run()
    (folder / "planters.py").write_text(PLUGIN + "# another\n")
    assert all(a != b for a, b in zip(before, run(), strict=True))


@pytest.mark.parametrize(
    ("plugin", "text", "message"),
    [
        ("nowhere", "", "cannot be imported"),
        ("empty", "x = 1\n", "brings nothing"),
        (
            "taken",
            "from flood_sim.surface.schemes import OWN\nSCHEMES = tuple(OWN.values())\n",
            "is there already",
        ),
    ],
)
def test_a_wrong_plugin_is_one_message(folder, plugin, text, message):
    if text:
        (folder / f"{plugin}.py").write_text(text)
    done = flood_sim(folder, "run", "s.toml", "--out", "out", plugin=plugin)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


def test_without_its_plugin_a_scenario_says_what_is_missing(folder):
    done = flood_sim(folder, "check", "s.toml", plugin="")
    assert (
        done.returncode == 2
        and ("half_steps" in done.stderr or "street_planter" in done.stderr)
        and "Traceback" not in done.stderr
    )
