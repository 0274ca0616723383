"""The teaching scenario of sites: half an hour of warning against the same boards too late, and
power that stays.
"""

import json

import pytest

from console import flood_sim


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Summaries and outcomes of all portfolios, each run by the command as a user would."""
    folder = tmp_path_factory.mktemp("teaching")

    def run(portfolio):
        words = ["run", "teaching_sites", "--portfolio", portfolio, "--out", folder / portfolio]
        done = flood_sim(*words, "--threads", 1)
        assert done.returncode == 0, done.stderr
        outcomes = json.loads((folder / portfolio / "consequences.json").read_text())["outcomes"]
        return (
            json.loads((folder / portfolio / "summary.json").read_text()),
            {o["name"]: o["value"] for o in outcomes},
            done.stderr,
        )

    return {name: run(name) for name in ("baseline", "as_planned", "too_late", "power")}


def test_rain_is_untouched_and_the_books_close(results):
    rain = {s["ledger"]["rain"] for s, _, _ in results.values()}
    assert len(rain) == 1
    assert all(s["ledger"]["relative_error"] <= 1e-6 for s, _, _ in results.values())


def test_boards_in_time_keep_the_garages_dry_and_late_ones_do_not(results):
    garages = {name: o["underground_entry_garage"] for name, (_, o, _) in results.items()}
    assert (
        garages["as_planned"] < 0.4 * garages["baseline"]
    )  # two beside the river are overtopped all the same
    assert garages["too_late"] > garages["as_planned"] + 0.2 * garages["baseline"]
    margins = {
        name: [b["margin_min"] for b in s["actions"]["boards"] if b["margin_min"] is not None]
        for name, (s, _, _) in results.items()
    }
    assert min(margins["too_late"]) < -10.0 < min(margins["as_planned"])
    assert "of them after the water" in results["too_late"][2]


def test_power_that_stays_is_service_that_stays(results):
    loss = {name: o["service_loss"] for name, (_, o, _) in results.items()}
    assert loss["power"] < loss["baseline"]
    assert (
        loss["as_planned"] > loss["baseline"]
    )  # the water that boards keep out of garages drowns more of what stands in the street
    causes = [c["cause"] for c in results["baseline"][0]["site_changes"]]
    assert any(c.startswith("without substation") for c in causes)
    assert not any(
        c.startswith("without substation")
        for c in (c["cause"] for c in results["power"][0]["site_changes"])
    )


def test_what_is_kept_out_below_stands_in_the_street(results):
    """No free lunch: boards move the water, they do not take it away."""
    area = {name: s["flood"]["area_hours_m2_h"]["0.3"] for name, (s, _, _) in results.items()}
    assert area["as_planned"] > area["baseline"]
