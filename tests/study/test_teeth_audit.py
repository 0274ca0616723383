"""An audit's answers from those of its families, what got worse, and the loads by return period."""

import math
from datetime import datetime
from types import SimpleNamespace

import pytest

from flood_sim.analysis.standards.criteria import Verdict
from flood_sim.analysis.standards.files import read_loads
from flood_sim.ground.rainfall import FORMULAS, TAKEN_LAW
from flood_sim.study import audit as audits
from flood_sim.study.audit import (
    Audit,
    _regressions,
    _together,
    audit_lines,
    day_depth_mm,
    river_stage_m,
)

PART = {"chinese": "x", "source": "y"}


def family(passes, fails=None, about=None, monotone=True):
    keys = {"passes_y": passes, "fails_y": fails, "about_y": about, "monotone": monotone}
    return keys | {"fails_first": []}


def test_the_lowest_family_is_the_citys_answer():
    families = {
        "short": family(50.0, 100.0, 70.0),
        "day": family(20.0, 30.0, 25.0, monotone=False),
        "river": family(100.0),
    }
    found = _together(families, 30.0, PART)
    assert (found["passes_y"], found["fails_y"], found["about_y"]) == (20.0, 30.0, 25.0)
    assert found["met"] is False and found["monotone"] is False
    assert _together(families, 20.0, PART)["met"] is True  # what is required is enough
    assert _together({k: families[k] for k in ("short", "river")}, 50.0, PART)["monotone"]
    none = _together({"short": family(5.0), "day": family(None, 1.0)}, 1.0, PART)
    assert none["passes_y"] is None and none["fails_y"] == 1.0 and none["met"] is False
    assert _together({}, 30.0, PART)["met"] is None


def test_what_a_portfolio_passes_less_than_the_first():
    """Lower than the first, none where there was one; not what is equal, higher, or new."""
    first = {"drainage": {"passes_y": 20.0}, "floods": {"passes_y": 5.0}, "river": {}}
    worse = {"drainage": {"passes_y": 10.0}, "floods": {"passes_y": 5.0}, "river": {}}
    worst = {"drainage": {"passes_y": 30.0}, "floods": {"passes_y": None}, "river": {}}
    better = {
        "drainage": {"passes_y": 20.0},
        "floods": {"passes_y": 5.0},
        "river": {"passes_y": 1.0},
    }
    found = _regressions({"today": first, "a": worse, "b": worst, "c": better})
    assert found == [
        {"portfolio": "a", "standard": "drainage", "before_y": 20.0, "after_y": 10.0},
        {"portfolio": "b", "standard": "floods", "before_y": 5.0, "after_y": None},
    ]


def audited(**changes):
    start = datetime.fromisoformat("2021-07-20T00:00:00+08:00")
    time = SimpleNamespace(start=start)
    spec = SimpleNamespace(time=time, city=changes.pop("city", "reference_city"))
    audit = object.__new__(Audit)
    audit.scenario, audit.loads = SimpleNamespace(spec=spec), read_loads() | changes
    audit.law = TAKEN_LAW
    return audit


def test_each_family_makes_its_storm():
    """Hours by hand: the short storm's length and what follows it; a day and 4.5 h; the river's."""
    audit = audited()
    loads = audit.loads
    short = audit.changes("short", 50.0)
    hours = loads["short"]["duration_min"] / 60.0 + loads["short"]["after_h"]
    assert short["rainfall"]["return_period_y"] == 50.0
    assert datetime.fromisoformat(short["time"]["stop"]).timestamp() == pytest.approx(
        audit.scenario.spec.time.start.timestamp() + 3600.0 * hours
    )
    assert audit.changes("day", 50.0)["time"]["stop"] == "2021-07-21T04:30:00+08:00"
    assert audit.changes("day", 50.0)["rainfall"]["depth_mm"] == day_depth_mm(loads, 50.0)
    river = audit.changes("river", 100.0)
    assert river["rainfall"] == {"kind": "none"}
    assert river["city"]["river_stage_h_m"] == [
        [0.0, river_stage_m(loads, 100.0)],
        [loads["river"]["duration_h"], river_stage_m(loads, 100.0)],
    ]
    # a rare storm meets a river of with_rain_y at most, a common one its own
    most = loads["river"]["with_rain_y"]
    for period in (0.5 * most, 2.0 * most):
        stage = audit.changes("short", period)["city"]["river_stage_h_m"][0][1]
        assert stage == river_stage_m(loads, min(period, most))
    elsewhere = audited(city=None)
    assert "city" not in elsewhere.changes("short", 2.0)
    assert elsewhere._has("day") and not elsewhere._has("river")


def test_stages_and_depths_by_return_period():
    """Straight in ln T through bank-full (10 y, 1 m) and crest (1,000 y, 3 m): 2 m at 100 y."""
    river = {"full_y": 10.0, "full_m": 1.0, "crest_y": 1000.0, "crest_m": 3.0}
    for period, stage in ((10.0, 1.0), (100.0, 2.0), (1000.0, 3.0), (1.0, 0.0)):
        assert river_stage_m({"river": river}, period) == pytest.approx(stage)
    day = read_loads()["day"]
    rain = FORMULAS[day["formula"]]
    ratio = rain.intensity_l_s_ha(120.0, 100.0) / rain.intensity_l_s_ha(120.0, day["at_y"])
    assert day_depth_mm({"day": day}, 100.0) == pytest.approx(day["depth_mm"] * ratio)
    assert day_depth_mm({"day": day}, day["at_y"]) == pytest.approx(day["depth_mm"])
    assert math.isfinite(ratio) and ratio > 1.0


def test_the_table_says_what_is_missed_by_how_much():
    over = {
        "criterion": "lane",
        "worst": 0.27,
        "limit": 0.15,
        "objects": [{"name": "EW1", "value": 0.27}],
    }
    families = {"short": family(20.0, 30.0, 25.4) | {"fails_first": [over] * 3}}
    answer = _together(families, 30.0, PART)
    document = {
        "scenario": "s",
        "city_class": "large",
        "portfolios": {"today": {"drainage": answer}, "b": {"drainage": {"met": None, "why": "w"}}},
        "regressions": [
            {"portfolio": "b", "standard": "drainage", "before_y": 20.0, "after_y": 10.0}
        ],
        "assumptions": [],
    }
    text = "\n".join(audit_lines(document))
    assert "MISSES 30 y: passes 20, fails 30 (about 25)" in text
    assert text.count("short 30 y, lane: 0.27 over 0.15 (EW1 0.27)") == 2  # two of three
    assert "not judged: w" in text and "worse than today: b, drainage: 20.0 -> 10.0 y" in text


def test_a_run_is_made_once_for_all_standards(monkeypatch, tmp_path):
    """Two asked for twice each: two runs; each storm's changes go into its request."""
    asked = []
    chosen = SimpleNamespace(measures=("m",), actions="list")
    monkeypatch.setattr(audits, "chosen_portfolio", lambda scenario, name: chosen)
    monkeypatch.setattr(audits, "request", lambda *words: words)
    monkeypatch.setattr(
        audits, "completed", lambda wanted, store, label: asked.append(wanted) or label
    )
    monkeypatch.setattr(audits, "open_results", lambda folder: folder.name)
    monkeypatch.setattr(audits, "Consequences", lambda results: results)
    audit = audited()
    audit.store, audit._runs = SimpleNamespace(folder=tmp_path, runs=tmp_path), {}
    audit.threads = 2
    for period in (5.0, 10.0, 5.0, 10.0):
        assert audit._run("p", ("short", period)) == f"p, short {period:g} y"
    assert [w[1:4] for w in asked] == [("p", ("m",), "list")] * 2 and asked[0][5] == 2
    assert [w[4]["rainfall"]["return_period_y"] for w in asked] == [5.0, 10.0]


def test_a_portfolio_is_searched_family_by_family(monkeypatch):
    """Streets hold up to 20 y in the short storm and 50 y in the day's; there is no river here.
    The answer is the lower, with what fails first there.
    """
    audit, tried = audited(city=None), []

    def verdicts(name, rung, part):
        family, period = rung
        tried.append(rung)
        least = {"short": 20.0, "day": 50.0}[family]
        deep = 0.1 if period <= least else 0.3
        return [Verdict("lane", deep, 0.15, ()), Verdict("floor", 0.0, 0.15, ())]

    monkeypatch.setattr(audit, "_verdicts", verdicts)
    results = SimpleNamespace(results=SimpleNamespace(folder=SimpleNamespace(name="key")))
    monkeypatch.setattr(audit, "_run", lambda name, rung: results)
    part = {"required_y": {"large": 30.0}, "family": ["short", "day", "river"]} | PART
    audit.standards = {"ladder_y": [1.0, 5.0, 20.0, 30.0, 50.0, 100.0], "drainage": part}
    audit.city_class = "large"
    said = []
    found = audit.portfolio("p", said.append)["drainage"]
    assert (found["passes_y"], found["fails_y"], found["met"]) == (20.0, 30.0, False)
    assert {f for f, _ in tried} == {"short", "day"}
    short, day = found["families"]["short"], found["families"]["day"]
    assert (day["passes_y"], day["fails_y"]) == (50.0, 100.0)
    assert short["tried"] == sorted(t for f, t in tried if f == "short")
    assert [v["criterion"] for v in short["fails_first"]] == ["lane"] and short["run"] == "key"
    assert len(said) == len(tried) and said[0] == "  p: drainage, short 30 y: fails"
    monkeypatch.setattr(audit, "_verdicts", lambda name, rung, part: [])
    assert audit.portfolio("p", said.append)["drainage"]["met"] is None


def test_the_rain_ends_with_its_family(monkeypatch):
    seen = []
    monkeypatch.setattr(
        audits, "judge", lambda c, criterion, ends_h: seen.append(ends_h) or criterion
    )
    audit = audited(short={"duration_min": 90.0})
    monkeypatch.setattr(audit, "_run", lambda name, rung: None)
    part = {"criterion": [None, "kept"]}
    for family in ("short", "day", "river"):
        assert audit._verdicts("p", (family, 5.0), part) == ["kept"]
    assert seen == [1.5, 1.5, 24.0, 24.0, 0.0, 0.0]
