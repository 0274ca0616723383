"""`study check`: what can't be built is known before the first run; many refusals of one rule are
one message; a measure that builds nothing says why.
"""

import json

import pytest

from console import flood_sim
from flood_sim.core.errors import Finding
from flood_sim.measures.base import Targets
from flood_sim.measures.describe import bill_lines
from flood_sim.measures.edits import Plan
from flood_sim.measures.projects.pipe_network import TrunkUpsizing
from flood_sim.measures.refusals import together, why_nothing
from study.test_study import SCENARIO, written

WALLS = """
[measure.wall_a]
kind = "sunken_green"
targets = { layer = "parks" }
share = 0.9
[measure.wall_b]
kind = "bioretention"
targets = { layer = "parks" }
share = 0.9
"""


def test_a_good_study_says_how_much_was_looked_at(tmp_path):
    told = flood_sim("study", "check", written(tmp_path), "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found == {"study": "tiny", "runs": 4, "sets": 4, "sets_asked": 4}
    assert not (tmp_path / "out").exists()


def test_sets_that_cannot_be_built_are_named_before_any_run(tmp_path):
    """The conflict is in one project alone: neither the run without projects nor another shows it.
    Named portfolios of which the largest is sound: the corners alone would not see it.
    """
    extra = "portfolios = { small = ['two'], large = ['one', 'green'] }\n[projects]\n"
    extra += "one = ['clean']\ngreen = ['green', 'green_more']\ntwo = ['wall_a', 'wall_b']\n"
    path = written(tmp_path, extra, SCENARIO + WALLS)
    for words in (("study", "check", path), ("check", path), ("study", "run", path, "--out", "x")):
        told = flood_sim(*words)
        assert told.returncode == 2, told.stdout
        assert told.stderr.count("cover 180% of a cell") == 1
        assert "(run small, as_given, none)" in told.stderr


@pytest.mark.parametrize("key", ["schema", "name", "scenario"])
def test_a_key_that_lacks_is_one_message(tmp_path, key):
    path = written(tmp_path)
    lines = [t for t in path.read_text().splitlines() if not t.startswith(key)]
    path.write_text("\n".join(lines))
    told = flood_sim("study", "check", path)
    assert told.returncode == 2
    assert told.stderr.count("E104") == 1
    assert f"study.toml, `{key}`: this key is missing" in told.stderr


def refusals(names):
    plan = Plan(targets=list(names))
    for name in names:
        plan.refuse("up", "targets", f"{name} is no circular pipe", given="RECT", do="choose pipes")
    return plan


def test_one_rule_that_meets_many_boxes_is_one_message():
    plan = refusals([f"C{k}" for k in range(65)])
    plan.refuse("up", "diameter_m", "C1 has 0.8 m: smaller than it is", allowed="0.8 m or more")
    many, other = together(plan.refusals, set(plan.targets))
    assert many.code == "E520" and many.do == "choose pipes"
    assert many.problem == (
        "65 objects are refused for one reason: C0 is no circular pipe (RECT); C1 is no circular"
        " pipe (RECT); C2 is no circular pipe (RECT); and 62 more"
    )
    assert other == plan.refusals[-1]


def test_findings_of_different_kinds_stay_apart():
    found = [Finding("E520", "a", "x is 3 m"), Finding("E520", "a", "y is 4 m")]
    assert len(together(found, {"x", "y"})) == 1
    assert together(found, {"x"}) == found
    assert together([found[0], Finding("E520", "b", "x is 3 m")], {"x"})[1].place == "b"


def test_nothing_to_build_says_why():
    measure = TrunkUpsizing(
        kind="trunk_upsizing",
        targets={"layer": "pipes", "where": ["return_period_y < 1"], "allow_empty": True},
        diameter_m=1.0,
    )
    assert why_nothing(measure, Plan()) == (
        "no object meets layer = pipes, where = ('return_period_y < 1',)"
    )
    assert why_nothing(measure, Plan(targets=["a", "b"])).startswith("2 targets, each already")
    built = Plan(targets=["a"])
    built.count("sewer_dn1000", 1.0)
    assert why_nothing(measure, built) == ""
    assert isinstance(measure.targets, Targets)
    cost = {"low": 0.0, "middle": 0.0, "high": 0.0}
    row = {"name": "up", "kind": "trunk_upsizing", "targets": [], "quantities": [], "yearly": 0}
    row |= {
        "currency": "EUR",
        "price_year": 2021,
        "capital": cost,
        "cost_stated_by_user": False,
        "why_nothing": "no object meets x",
    }
    assert "nothing to build: no object meets x; " in bill_lines((row,))[0]
