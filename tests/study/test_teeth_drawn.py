"""Teeth for small parts of a study: which runs are checked, what is swept, what a row costs."""

import socket
from types import SimpleNamespace

from flood_sim.analysis.html.words import money_words
from flood_sim.study.expand import RunSpec
from flood_sim.study.report import _run_row
from flood_sim.study.spec.before import _corners
from flood_sim.study.store import Store


def test_of_each_storm_the_least_and_the_most_measures_are_checked():
    """In this order, whatever the order of the runs."""
    runs = [
        RunSpec("p", 0, measures, storm, "", -1, {}, {})
        for storm in ("small", "large")
        for measures in (("a",), ("a", "b", "c"), (), ("a", "b"))
    ]
    found = [(run.storm, len(run.measures)) for run in _corners(runs)]
    assert found == [("small", 0), ("small", 3), ("large", 0), ("large", 3)]


def test_what_dead_runs_left_is_counted_one_by_one(tmp_path):
    store = Store(tmp_path)
    store.prepare()
    for name in ("a", "b", "c"):
        (store.runs / f"{name}.tmp-{socket.gethostname()}-999999999").mkdir(parents=True)
    (store.runs / "d.tmp-another-host-999999999").mkdir()
    assert store.sweep() == 3
    assert [path.name for path in store.runs.iterdir()] == ["d.tmp-another-host-999999999"]


def test_a_row_says_what_its_portfolio_costs():
    study = SimpleNamespace(projects={"pumps": (), "channels": ()})
    tables = SimpleNamespace(
        study=study, names={"pumps": "pumps", "channels": "channels"}, document={"currency": "CNY"}
    )
    row = {
        "bits": 1,
        "portfolio": "own",
        "storm": "s",
        "key": "k",
        "volume_error_rel": 1e-12,
        "network_residual_m3": 0.0,
        "cost_middle": 2.0e6,
    }
    assert _run_row(row, tables)["cost"] == money_words(2.0e6, "CNY") != money_words(0.0, "CNY")
    assert _run_row(row | {"cost_middle": None}, tables)["cost"] == money_words(0.0, "CNY")
