"""Phases, budgets, present values; what works of a measure when the storm comes."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from flood_sim.city.parameters import draw
from flood_sim.core.errors import InputError
from flood_sim.measures.effectiveness import UNCERTAIN, as_it_works, triangular
from flood_sim.measures.plans import present_value
from flood_sim.measures.projects.underground_space import fails
from flood_sim.scenario import build_inputs, load_scenario
from measure_cases import ADAPTER

SCENARIO = """
schema = 1
name = "plan"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:20:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 10, cell_size_m = 10.0 }
[measure.green]
kind = "sunken_green"
targets = { polygon_m = [[0, 0], [50, 0], [50, 50], [0, 50]] }
phase = "near"
[measure.paving]
kind = "permeable_paving"
targets = { polygon_m = [[60, 0], [100, 0], [100, 50], [60, 50]] }
phase = "far"
[measure.pond]
kind = "pond_restoration"
targets = { polygon_m = [[110, 0], [150, 0], [150, 50], [110, 50]] }
in_service = 2024-05-01
phase = "mid"
[plan.henan]
phases = [{ name = "near", in_service = 2023-06-01 }, { name = "mid", in_service = 2025-12-31 }, { name = "far", in_service = 2035-12-31 }]
budget = { near = 2.0e5, mid = 2.0e6, far = 1.0e6 }
[portfolio.expected]
measures = ["paving"]
effectiveness = "expected"
[portfolio.drawn]
measures = ["paving"]
effectiveness = "drawn"
seed = 3
[portfolio.drawn_with_more]
measures = ["paving", "green", "pond"]
effectiveness = "drawn"
seed = 3
"""


def inputs_of(folder, portfolio, text=SCENARIO):
    (folder / "s.toml").write_text(text)
    return build_inputs(load_scenario(folder / "s.toml"), portfolio)


@pytest.mark.parametrize(
    ("day", "names"),
    [
        ("2022", []),
        ("2023", ["green"]),
        ("2024-04-30", ["green"]),
        ("2024-05-01", ["green", "pond"]),
        ("2035", ["green", "paving", "pond"]),
    ],
)
def test_a_day_of_a_plan_is_a_portfolio(tmp_path, day, names):
    assert [m["name"] for m in inputs_of(tmp_path, f"henan@{day}").measures] == names


def test_a_phase_over_its_budget_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"(?s)\[plan.henan\] mid: 0\.\d M CNY over its budget.*pond"
    ):
        inputs_of(tmp_path, "henan@2030", SCENARIO.replace("mid = 2.0e6", "mid = 5.0e5"))
    with pytest.raises(InputError, match="no such plan; did you mean `henan`"):
        inputs_of(tmp_path, "hennan@2030")
    with pytest.raises(InputError, match="this is no date"):
        inputs_of(tmp_path, "henan@soon")


def test_present_value_by_hand():
    """100 M now and 3 M a year for 30 years at 6 %: 100 + 3 x 13.7648 = 141.29 M."""
    assert present_value(100.0, 3.0, 30.0, 2022, 2022, 0.06, horizon_y=30) == pytest.approx(
        141.29, abs=0.01
    )
    # renewed after 15 years of 20, 5 of its 15 years left at the end: 10 (1 + 1.06^-15 - (10/15)
    # 1.06^-20)
    assert present_value(10.0, 0.0, 15.0, 2022, 2022, 0.06, horizon_y=20) == pytest.approx(
        10.0 * (1 + 1.06**-15 - 10.0 / 15.0 * 1.06**-20)
    )
    assert present_value(10.0, 0.0, 50.0, 2032, 2022, 0.06) == pytest.approx(10.0 * 1.06**-10)


def entry(inputs):
    return next(f.entry for f in inputs.storage.facilities if f.kind == "permeable_paving") * 3.6e6


def test_effectiveness_as_designed_expected_and_drawn(tmp_path):
    """Paving of 250 mm/h: expected (.02 + .2 + .8) / 3 of it = 85; drawn the same whatever else is
    built; cost as designed.
    """
    assert entry(inputs_of(tmp_path, "henan@2035")) == pytest.approx(250.0)
    expected = inputs_of(tmp_path, "expected")
    assert entry(expected) == pytest.approx(250.0 * 1.02 / 3.0)
    one, more = inputs_of(tmp_path, "drawn"), inputs_of(tmp_path, "drawn_with_more")
    assert entry(one) == entry(more) != entry(expected)
    assert 0.02 * 250.0 <= entry(one) <= 0.8 * 250.0
    assert one.measures[0]["capital"] == expected.measures[0]["capital"]


def test_draws_follow_their_distribution():
    u = np.array([draw(k, "m") for k in range(4000)])
    x = np.array([triangular(v, 0.05, 0.3, 0.8) for v in u])
    assert (
        x.mean() == pytest.approx((0.05 + 0.3 + 0.8) / 3.0, abs=0.01)
        and x.min() >= 0.05
        and x.max() <= 0.8
    )
    clearing = ADAPTER.validate_python(
        {"kind": "channel_clearance", "targets": {"layer": "rivers"}, "manning_n": 0.03}
    )
    kept = np.array([as_it_works("r", clearing, "drawn", seed).kept_share for seed in range(2000)])
    assert kept.mean() == pytest.approx(
        1.0 - np.exp(-1.0), abs=0.01
    )  # exp(-t / 5), t even in 0 to 5
    assert as_it_works("r", clearing, "expected", 0).kept_share == pytest.approx(1.0 - np.exp(-1.0))


def test_ranges_are_ranges():
    for kind, uncertain in UNCERTAIN.items():
        for u in uncertain:
            assert 0.0 < u.low < u.mode < u.high <= 1.0, kind


def test_boards_fail_together_as_often_as_they_should():
    """Share 0.2 over 2,000 storms: 0.2 of the boards; both of a pair 0.082 (a normal pair of
    correlation a half), not 0.04; another measure's are others.
    """
    storms = range(2000)
    a, b = (
        np.array([fails(seed, "boards", target, 0.2) for seed in storms])
        for target in ("metro_1/entrance", "metro_2/entrance")
    )
    assert a.mean() == pytest.approx(0.2, abs=0.03) and b.mean() == pytest.approx(
        0.2, abs=0.03
    )  # three standard errors
    both = multivariate_normal.cdf([norm.ppf(0.2)] * 2, cov=[[1.0, 0.5], [0.5, 1.0]])
    assert (a & b).mean() == pytest.approx(both, abs=0.02) and both > 2 * 0.2**2
    assert (a != [fails(seed, "gates", "metro_1/entrance", 0.2) for seed in storms]).any()
    assert not any(fails(seed, "boards", "x", 0.0) for seed in storms) and all(
        fails(seed, "boards", "x", 1.0) for seed in storms
    )


def test_what_people_and_boards_do_is_drawn():
    barrier = ADAPTER.validate_python({"kind": "flood_barrier", "targets": ["garage"]})
    assert as_it_works("b", barrier, "design", 0).fail_share == 0.0
    assert (
        as_it_works("b", barrier, "expected", 3).fail_share == pytest.approx(0.14)
        and as_it_works("b", barrier, "expected", 3).fail_seed == 3
    )
    shares = [as_it_works("b", barrier, "drawn", seed).fail_share for seed in range(500)]
    assert (
        min(shares) >= 0.02
        and max(shares) <= 0.3
        and np.mean(shares) == pytest.approx(0.14, abs=0.01)
    )
    warning = ADAPTER.validate_python(
        {"kind": "flood_warning", "order": {"rain_mm": 60}, "compliance": 0.9}
    )
    assert as_it_works("w", warning, "expected", 0).compliance == pytest.approx(
        (0.4 + 0.7 + 0.95) / 3.0
    )
