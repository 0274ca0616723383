"""Values of random orders: their standard error by hand; who needs whom by a twin."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.study import attribute


def study(*names, of="projects", **spec):
    sampling = SimpleNamespace(of=of)
    return SimpleNamespace(projects=names, spec=SimpleNamespace(sampling=sampling, **spec))


def test_the_error_of_sampled_values_is_that_of_the_mean_over_pairs(monkeypatch):
    """Two projects, three pairs of orders, two draws. The gain of the first is 6 before the second
    and 2 after it; the pairs' means are 4 in each, so it has no error. Broken pairs show one.
    """
    losses = [{0: 10.0, 1: 4.0, 2: 5.0, 3: 3.0}, {0: 10.0, 1: 4.0, 2: 5.0, 3: 3.0}]
    monkeypatch.setattr(attribute, "orders", lambda study: [[0, 1], [1, 0]] * 3)
    entry = attribute._sampled_entry(study("a", "b"), losses, ["a", "b"], 3)
    assert entry["shapley"] == {"a": 4.0, "b": 3.0}
    assert entry["standard_error"] == {"a": 0.0, "b": 0.0}
    assert (entry["draws"], entry["draws_left_out"], entry["orders"]) == (2, 1, 6)
    assert entry["first_in"] == {"a": 6.0, "b": 5.0} and entry["last_in"] == {"a": 2.0, "b": 1.0}
    assert (entry["total_effect"], entry["loss_none"], entry["loss_all"]) == (7.0, 10.0, 3.0)
    # pairs that are none: means 6, 4, 2 of the first project: spread 2 (n - 1), over sqrt(3)
    ways = [[0, 1], [0, 1], [0, 1], [1, 0], [1, 0], [1, 0]]
    monkeypatch.setattr(attribute, "orders", lambda study: ways)
    entry = attribute._sampled_entry(study("a", "b", of="measures"), losses, ["a", "b"], 2)
    assert entry["standard_error"]["a"] == pytest.approx(2.0 / math.sqrt(3.0))
    assert entry["standard_error"]["b"] == pytest.approx(2.0 / math.sqrt(3.0))
    assert entry["unions"]


def test_the_error_is_of_the_mean_over_draws(monkeypatch):
    """Two draws that differ by 100 are no error of the orders: the draws are averaged first."""
    losses = [{0: 10.0, 1: 4.0, 2: 5.0, 3: 3.0}, {0: 110.0, 1: 4.0, 2: 5.0, 3: 3.0}]
    monkeypatch.setattr(attribute, "orders", lambda study: [[0, 1], [1, 0]] * 4)
    entry = attribute._sampled_entry(study("a", "b"), losses, ["a", "b"], 2)
    assert entry["standard_error"]["a"] == pytest.approx(0.0, abs=1e-12)
    assert entry["shapley"] == {"a": 29.0, "b": 28.0} and entry["total_effect"] == 57.0


def test_values_by_draw_their_bounds_and_who_is_first():
    """Eight draws of two projects that only add up: gains 1 to 8, and 4.5 in each."""
    losses = np.array([[20.0, 20.0 - k, 15.5, 15.5 - k] for k in range(1, 9)])
    entry = attribute._entry(losses, ["a", "b"], 9)
    assert entry["shapley"] == pytest.approx({"a": 4.5, "b": 4.5})
    assert entry["banzhaf"] == pytest.approx({"a": 4.5, "b": 4.5})
    assert entry["total_effect"] == pytest.approx(9.0) and entry["draws_left_out"] == 1
    assert np.abs(entry["interactions"]).max() < 1e-12
    assert entry["sure"]["best_stays_first"] == 0.5
    low, high = entry["interval"]["spread"]
    assert low[0] == pytest.approx(1.35) and high[0] == pytest.approx(7.65)
    assert low[1] == high[1] == pytest.approx(4.5)
    assert attribute._entry(losses[:7], ["a", "b"], 7)["interval"] is None
    assert "sure" not in attribute._entry(losses[:1], ["a", "b"], 1)
    assert attribute._entry(losses[:, :2], ["a"], 8)["sure"]["second"] == "a"


def test_buying_against_one_outcome():
    """Costs 1 and 3 million, gains 10 and 12, 30 together."""
    rows = [
        {"bits": s, "cost_middle": c, "cost_low": c, "cost_high": c} | {"cost_yearly": 0.0}
        for s, c in enumerate((0.0, 1e6, 3e6, 4e6))
    ]
    entry = {"name": "damage", "storm": "s", "failure_set": "none", "loss_none": 100.0}
    entry |= {"losses": [100.0, 90.0, 88.0, 70.0], "shapley": {"a": 14.0, "b": 16.0}}
    budget = SimpleNamespace(yearly_budget=(3e6, 1e6, 0.0))
    found = attribute._buying(study("a", "b", money=budget), rows, entry)
    assert found["frontier"] == [0, 1, 2, 3] and found["hull"] == [0, 1, 3]
    assert found["gain_a_million"] == pytest.approx({"a": 14.0, "b": 16.0 / 3.0})
    # the dear one first (12), then both (30); greed takes the cheap one first
    assert found["order"]["years"] == [2, 3, 3] and found["order"]["gain"] == 42.0
    assert found["order"]["greedy_years"] == [1, 3, 3] and found["order"]["greedy_gain"] == 40.0
    assert found["order"]["greedy_loss"] == 2.0
    assert attribute._buying(study("a", "b", money=budget), rows[:3], entry) is None


def test_damage_a_year_by_portfolio_and_what_it_is_worth():
    """Runs without failures alone; a draw without a value takes its portfolio out."""

    def row(bits, storm, damage, draw=0, failure_set="none"):
        keys = {"bits": bits, "storm": storm, "draw": draw, "failure_set": failure_set}
        costs = {f"cost_{level}": 100.0 * bits for level in ("low", "middle", "high")}
        return keys | costs | {"outcome_damage": damage, "cost_yearly": 1.0 * bits}

    storms = {"two": 2.0, "five": 5.0, "ten": 10.0}
    spec = {
        "return_period_y": storms,
        "failure_sets": {"none": {}, "pumps": {}},
        "money": SimpleNamespace(horizon_y=50, rates=(0.06,)),
    }
    rows = [row(0, s, 100.0 * t) for s, t in storms.items()]
    rows += [row(0, s, 300.0 * t, draw=1) for s, t in storms.items()]
    rows += [row(1, s, 50.0 * t, draw=d) for s, t in storms.items() for d in (0, 1)]
    rows += [row(0, s, 9e9, failure_set="pumps") for s in storms]
    rows += [row(2, s, 1.0) for s in storms]  # one of two draws
    none, first = attribute._expected_annual(study("a", "b", **spec), rows)
    assert (none["bits"], first["bits"]) == (0, 1) and "rates" not in none
    assert none["ead"] == pytest.approx(4.0 * first["ead"])  # 200 T beside 50 T
    benefit = none["ead"] - first["ead"]
    assert first["benefit_a_year"] == pytest.approx(benefit)
    worth = sum((benefit - 1.0) / 1.06**k for k in range(1, 51)) - 100.0
    assert first["rates"][0]["npv"] == pytest.approx(worth)
    del storms["ten"]
    assert attribute._expected_annual(study("a", "b", **spec), rows) == []


def test_a_twin_is_said_to_be_worth_its_runs():
    """Nine draws of a game of one project; the twin follows exactly: its mean is that of its own
    draws, the factor that of a perfect twin.
    """
    dear = {d: np.array([10.0, 10.0 - d]) for d in range(9)}
    cheap = {d: np.array([10.0, 10.0 - d]) for d in range(20)}
    found = attribute._by_twin(dear, cheap, ["a"], 100.0)
    assert (found["pairs"], found["draws"], found["enough_pairs"]) == (9, 20, True)
    assert found["projects"]["a"]["mean"] == pytest.approx(9.5)
    assert found["worth_it"] == {"a": True} and "second" not in found
    few = attribute._by_twin({k: dear[k] for k in range(7)}, cheap, ["a"], 1.0)
    assert not few["enough_pairs"] and few["worth_it"] == {"a": False}
    assert attribute._by_twin({0: dear[0]}, cheap, ["a"], 1.0)["why"].startswith("1 draws")


def test_each_storm_and_failure_set_has_its_own_entry():
    """Two storms, two failure sets, two outcomes: each entry of its own rows, the twins apart."""
    spec = {"portfolios": "factorial", "name": "x", "return_period_y": {}}
    spec |= {"storms": {"s": {}, "t": {}}, "failure_sets": {"none": {}, "f": {}}}
    spec |= {"money": SimpleNamespace(yearly_budget=())}
    rows = []
    for n, storm in enumerate("st"):
        for m, failure_set in enumerate(("none", "f")):
            for bits in (0, 1):
                label = {"storm": storm, "failure_set": failure_set, "bits": bits, "draw": -1}
                loss = 10.0 * (n + 1) + m - bits * (1.0 + n)
                rows.append(label | {"twin": False, "outcome_damage": loss, "cost_middle": None})
                rows.append(label | {"twin": True, "outcome_damage": 99.0, "cost_middle": None})
    found = attribute.attribution(study("a", **spec), rows)
    entries = {(e["storm"], e["failure_set"]): e for e in found["outcomes"]}
    assert len(entries) == len(found["outcomes"]) == 4 and found["missing"] == []
    assert {k: (e["loss_none"], e["shapley"]["a"]) for k, e in entries.items()} == {
        ("s", "none"): (10.0, 1.0),
        ("s", "f"): (11.0, 1.0),
        ("t", "none"): (20.0, 2.0),
        ("t", "f"): (21.0, 2.0),
    }
    assert all(e["draws"] == 1 and "twin" not in e for e in entries.values())
    assert found["buying"] == found["expected_annual"] == [] and found["costs"] == {}
