"""Lead time from outcomes by moment, by hand; the words of its answer."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.core.errors import InputError
from flood_sim.study import lead_time
from flood_sim.study.lead_time import Search, Wanted, lead_time_lines

START = datetime.fromisoformat("2021-07-20T15:00:00+08:00")
OUTCOME = "underground_entry_metro"


def results_of(loss, triggered=None, done=None):
    """A run that lets in so much, m3, evenly over two hours in steps of 10 min."""
    times = [START + timedelta(minutes=10 * k) for k in range(13)]
    volume = np.linspace(0.0, loss, 13)
    record = []
    for what, at in (("triggered", triggered), ("done a", done), ("done b", done)):
        if at is not None:
            record.append({"action": "board", "what": what, "time": at.isoformat()})
    record.append({"action": "other", "what": "triggered", "time": START.isoformat()})
    summary = {
        "actions": {"record": record},
        "sites": {
            "m": {"kind": "underground", "type": "metro"},
            "g": {"kind": "underground", "type": "garage"},
        },
    }
    sites = {
        "m": {"time": times, "volume_m3": volume},
        "g": {"time": times, "volume_m3": 9 * volume},
    }
    return SimpleNamespace(summary=summary, sites=sites)


class Runs:
    """Stands for Search: the loss by the minute at which the action is ordered."""

    def __init__(self, loss_at_min):
        self.loss_at_min, self.runs = loss_at_min, 0
        time = SimpleNamespace(start=START, stop=START + timedelta(minutes=120))
        spec = SimpleNamespace(time=time, duration_s=7200.0)
        self.scenario = SimpleNamespace(spec=spec)

    def at(self, moment):
        return {"at": moment}

    def results(self, changes):
        self.runs += 1
        moment = changes.get("at", START + timedelta(minutes=70))
        minutes = (moment - START).total_seconds() / 60.0
        loss = self.loss_at_min(minutes)
        outcomes = {
            OUTCOME: {"value": loss, "unit": "m3"},
            "damage": {"value": None, "unit": "CNY"},
        }
        return results_of(loss, moment, moment + timedelta(minutes=15)), outcomes


def searched(loss_at_min, limit=30.0, step_min=10.0, outcome=OUTCOME):
    wanted = Wanted("p", "board", outcome, limit, step_min)
    runs = Runs(loss_at_min)
    last = lead_time._last_step(runs.scenario, wanted)
    return lead_time._searched(runs, wanted, last, lambda line: None)


def test_the_latest_order_and_its_margins():
    """A loss of a m3 for each minute of delay, 30 allowed: ordered at 30 min; the scenario's 70 min
    are 40 too late. Without it 120 m3 come evenly in 120 min: over 30 m3 first at 40 min.
    """
    found = searched(lambda minutes: minutes)
    assert (found.latest, found.ordered) == (
        "2021-07-20T15:30:00+08:00",
        "2021-07-20T16:10:00+08:00",
    )
    assert found.done == "2021-07-20T15:45:00+08:00"
    assert found.passes == "2021-07-20T15:40:00+08:00"
    assert (found.needed_min, found.slack_min) == (10.0, -40.0)
    assert (found.loss_without, found.loss_as_ordered) == (120.0, 70.0)
    assert (found.loss_at_once, found.loss_at_latest, found.loss_after) == (0.0, 30.0, 40.0)
    assert found.runs <= 2 + 2 + 4
    text = "\n".join(lead_time_lines(found))
    assert (
        "TOO LATE" in text
        and "needed lead     10 min" in text
        and "slack           -40 min" in text
    )
    assert "latest order    20 Jul 15:30 (done 20 Jul 15:45): 30 m3; 10 min later 40" in text


def test_no_moment_is_early_enough_or_any_is():
    found = searched(lambda minutes: 31.0 + minutes)
    assert found.latest is found.done is found.needed_min is found.slack_min is None
    assert found.loss_at_once == 31.0 and found.loss_after is None
    assert "no moment is early enough" in "\n".join(lead_time_lines(found))
    found = searched(lambda minutes: 5.0)
    assert found.latest == "2021-07-20T17:00:00+08:00" and found.passes is None
    assert found.slack_min == 50.0 and found.loss_after is None
    text = "\n".join(lead_time_lines(found))
    assert "TOO LATE" not in text and "over the limit" not in text


def test_only_outcomes_with_a_value_are_searched():
    for outcome in ("damage", "underground_entry_metr"):
        with pytest.raises(InputError, match="no such outcome"):
            searched(lambda minutes: minutes, outcome=outcome)
    assert lead_time._passes(results_of(60.0), "damage", 5.0) is None
    assert lead_time._passes(results_of(60.0), "underground_entry_mall", 5.0) is None
    passed = lead_time._passes(results_of(60.0), "underground_entry_garage", 90.0)
    assert passed == START + timedelta(minutes=30)  # 45 m3 a step; 90 is not over 90


@pytest.mark.parametrize(
    ("limit", "step_min", "words"),
    [
        (-1.0, 10.0, "a limit is a number"),
        (np.inf, 10.0, "a limit is a number"),
        (1.0, 0.0, "the steps do not fit"),
        (1.0, np.inf, "the steps do not fit"),
        (1.0, 121.0, "the steps do not fit"),
        (1.0, 120.0 / 1025.0, "the steps do not fit"),
    ],
)
def test_what_cannot_be_searched_is_refused(limit, step_min, words):
    with pytest.raises(InputError, match=words):
        searched(lambda minutes: minutes, limit, step_min)


def test_steps_are_counted_to_the_end_of_the_run():
    scenario = Runs(None).scenario
    for step_min, last in ((120.0, 1), (50.0, 2), (120.0 / 1024.0, 1024)):
        assert lead_time._last_step(scenario, Wanted("p", "a", "o", 0.0, step_min)) == last


def search_of(action, actions):
    """A Search without a scenario file: two actions of lists, one measure with an order."""
    rows = [SimpleNamespace(name=n, list=of) for n, of in (("a", None), ("b", "x"), ("c", "y"))]
    orders = {"order": {"rain_mm": 60.0, "decision_min": 5.0}}
    measures = {"pump": SimpleNamespace(order=orders["order"]), "pond": SimpleNamespace(order=None)}
    raw = {
        "measure": {"pump": orders},
        "actions": [
            {"name": r.name, "trigger": {"after": "z"}} | ({"list": r.list} if r.list else {})
            for r in rows
        ],
    }
    spec = SimpleNamespace(actions=rows, measure=measures, as_toml=lambda: raw)
    search = object.__new__(Search)
    search.scenario = SimpleNamespace(spec=spec)
    search.chosen = SimpleNamespace(actions=actions, measures=("pump", "pond"))
    search.action, search._measure = action, action == "pump"
    return search


def test_an_action_is_ordered_by_the_clock_alone():
    at = {"at": START.isoformat()}
    rows = search_of("b", "x").at(START)["actions"]
    assert [r["trigger"] for r in rows] == [{"after": "z"}, at, {"after": "z"}]
    rows = search_of("b", None).at(START)["actions"]  # of a list that is not this portfolio's
    assert [r["trigger"] for r in rows] == [{"after": "z"}] * 3
    order = search_of("pump", None).at(START)["measure"]["pump"]["order"]
    assert order["at"] == START.isoformat() and order["decision_min"] == 5.0
    assert order["rain_mm"] is None and order["lead_min"] == 0.0 and order["gauge"] is None


def test_the_action_must_be_one_that_the_portfolio_takes(monkeypatch, tmp_path):
    """Actions of no list and of the portfolio's own; measures of the portfolio that have an order."""
    from_raw = search_of("b", "x")
    chosen = SimpleNamespace(actions="x", measures=("pump", "pond"))
    monkeypatch.setattr(lead_time, "chosen_portfolio", lambda scenario, name: chosen)
    scenario = SimpleNamespace(spec=from_raw.scenario.spec, path=tmp_path / "s.toml")
    for action, of_measure in (("a", False), ("b", False), ("pump", True)):
        assert Search(scenario, "p", action, tmp_path)._measure is of_measure
    for action in ("c", "pond", "z"):
        with pytest.raises(InputError, match="takes no such action") as told:
            Search(scenario, "p", action, tmp_path)
        assert "a, b, pump" in str(told.value)


def test_a_run_is_read_from_its_folder_and_counted(monkeypatch, tmp_path):
    search = search_of("b", "x")
    search.portfolio, search.threads, search.runs = "p", 3, 0
    search.store = SimpleNamespace(runs=tmp_path, folder=tmp_path.parent)
    monkeypatch.setattr(lead_time, "request", lambda *words: words)
    monkeypatch.setattr(lead_time, "completed", lambda wanted, store, label: f"key of {label}")
    monkeypatch.setattr(lead_time, "open_results", lambda folder: folder)
    monkeypatch.setattr(lead_time, "read_outcomes", lambda folder: {"outcomes": {"x": 1.0}})
    results, outcomes = search.results({})
    assert results == tmp_path / "key of p, b" and outcomes == {"x": 1.0} and search.runs == 1
