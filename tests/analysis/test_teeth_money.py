"""Money by hand: growth, orders under budgets, rates; each bound once."""

import numpy as np
import pytest

from flood_sim.analysis.games import money
from flood_sim.analysis.games.uncertainty import best_ratio, bootstrap_mean, two_fidelities


def test_growth_acts_on_benefits_alone():
    """Benefits of 100 a year that grow by 2 %, costs of 10 that don't, at 6 % over 3 years."""
    benefit = sum(100.0 * (1.02 / 1.06) ** k for k in (1, 2, 3))
    cost = 50.0 + sum(10.0 / 1.06**k for k in (1, 2, 3))
    npv, ratio = money.net_present_value(50.0, 10.0, 100.0, 0.06, 3, growth=0.02)
    assert npv == pytest.approx(benefit - cost, rel=1e-12)
    assert ratio == pytest.approx(benefit / cost, rel=1e-12)
    assert benefit == pytest.approx(277.9, abs=0.05) and cost == pytest.approx(76.73, abs=0.005)
    # as fast as the rate: each year counts whole
    npv, _ = money.net_present_value(50.0, 0.0, 100.0, 0.06, 3, growth=0.06)
    assert npv == pytest.approx(250.0)
    assert money.net_present_value(0.0, 0.0, 100.0, 0.06, 3)[1] == np.inf


def test_the_rate_at_which_it_is_worth_nothing():
    """100 now for 110 next year: 10 %; for 100: no rate pays."""
    assert money.internal_rate(100.0, 0.0, 110.0, 1) == pytest.approx(0.10)
    assert money.internal_rate(100.0, 5.0, 115.0, 1) == pytest.approx(0.10)
    assert money.internal_rate(100.0, 0.0, 100.0, 1) is None
    assert money.internal_rate(0.0, 0.0, 100.0, 1) is None
    assert money.internal_rate(1.0, 0.0, 100.0, 1) is None  # above 1,000 %: no figure
    assert money.annuity(0.0, 7) == 7.0
    assert money.annuity(0.05, 2) == pytest.approx(1.0 / 1.05 + 1.0 / 1.05**2)


def test_damage_a_year_by_its_segments():
    """D = 100 ln T between 1 and 10 years; p_n (D_n + b) beyond (numbers by quadrature)."""
    periods = [2.0, 5.0, 10.0]
    total, tail, trapezoid = money.expected_annual_damage(
        periods, [100.0 * np.log(t) for t in periods]
    )
    p = np.linspace(0.1, 0.5, 200_001)
    inner = np.trapezoid(-100.0 * np.log(p), p)
    assert total - tail == pytest.approx(inner, rel=1e-8)
    assert tail == pytest.approx(0.1 * (100.0 * np.log(10.0) + 100.0), rel=1e-12)
    d = [100.0 * np.log(t) for t in periods]
    by_hand = 0.3 * 0.5 * (d[0] + d[1]) + 0.1 * 0.5 * (d[1] + d[2]) + 0.1 * d[2]
    assert trapezoid == pytest.approx(by_hand, rel=1e-12)


def test_orders_count_the_years_after_and_carry_money_over():
    """Two projects of 10 and 20, 15 a year; gains of 1 and 5 a year, 8 together. By hand: the
    first in year 1 gives 1 in year 2; both from year 2 give 8 in year 3.
    """
    gain, cost = np.array([0.0, 1.0, 5.0, 8.0]), [10.0, 20.0]
    path, total = money.best_order(gain, cost, [15.0, 15.0, 15.0])
    assert path == [1, 3, 3] and total == pytest.approx(9.0)
    path, total = money.best_order(gain, cost, [15.0, 15.0, 15.0], discount=0.5)
    assert path == [1, 3, 3] and total == pytest.approx(0.5 * 1.0 + 0.25 * 8.0)
    path, total = money.best_order(gain, cost, [15.0, 15.0, 15.0], allowed=lambda s: s != 1)
    assert path[1] == 3 and total == pytest.approx(8.0)
    assert money.best_order(gain, cost, [9.0, 0.5])[0] == [0, 0]
    path, total = money.greedy_order(gain, cost, [15.0, 15.0, 15.0], discount=0.5)
    assert path == [1, 3, 3] and total == pytest.approx(2.5)
    # most a yuan next: 5 for 20 before 1 for 10, where both can be paid
    assert money.greedy_order(gain, cost, [20.0, 0.0])[0] == [2, 2]
    assert money.greedy_order(gain, cost, [30.0, 0.0]) == ([3, 3], 8.0)


def test_frontier_keeps_what_no_other_beats():
    """Of equal costs the better; of equal gains the cheaper."""
    cost = np.array([0.0, 10.0, 10.0, 20.0, 30.0])
    gain = np.array([0.0, 4.0, 5.0, 5.0, 9.0])
    assert money.frontier(cost, gain) == [0, 2, 4]
    # slopes 0.5 and 0.2 fall; with a gain of 20 the last is the better next yuan at once
    assert money.hull(cost, gain) == [0, 2, 4]
    gain[4] = 20.0
    assert money.hull(cost, gain) == [0, 4]
    loss = np.array([[1.0, 9.0], [3.0, 4.0], [2.0, 6.0]])
    assert money.regret(loss).tolist() == [5.0, 2.0, 2.0]


def test_a_coarse_twin_by_its_formulas():
    """Peherstorfer, Willcox, Gunzburger 2016, section 3: r = sqrt(w rho2 / (1 - rho2)), factor
    (sqrt(1 - rho2) + sqrt(rho2 / w))^2 for cost ratio w.
    """
    ratio, factor = best_ratio(0.9, 100.0)
    assert ratio == pytest.approx(np.sqrt(100.0 * 0.81 / 0.19))
    assert factor == pytest.approx((np.sqrt(0.19) + 0.09) ** 2)
    assert best_ratio(0.0, 100.0) == best_ratio(-0.5, 100.0) == (1.0, 1.0)
    fine, coarse = np.array([1.0, 2.0, 4.0, 3.0]), np.array([2.0, 3.0, 9.0, 5.0, 6.0, 8.0])
    found = two_fidelities(fine, coarse, 100.0)
    shared = coarse[:4]
    beta = np.cov(fine, shared)[0, 1] / np.var(shared, ddof=1)
    rho = np.corrcoef(fine, shared)[0, 1]
    assert found["mean"] == pytest.approx(2.5 + beta * (33.0 / 6.0 - 19.0 / 4.0))
    variance = np.var(fine, ddof=1) / 4.0 * (1.0 - (1.0 - 4.0 / 6.0) * rho**2)
    assert found["variance"] == pytest.approx(variance)
    assert found["correlation"] == pytest.approx(rho)
    small = two_fidelities(0.1 * fine, 0.01 * coarse, 100.0)  # the unit changes nothing
    assert small["mean"] == pytest.approx(0.1 * found["mean"])
    assert small["correlation"] == pytest.approx(rho)
    same = two_fidelities(np.ones(4), coarse, 100.0)
    assert same["mean"] == 1.0 and same["correlation"] == 0.0 and same["factor"] == 1.0


def test_a_bootstrap_moves_whole_draws():
    """Means of 400 draws of a spread of 1: 5 and 95 % lie 1.645 / 20 from the mean; the second
    portfolio is the first plus 10 in each resample, so its bounds are too.
    """
    draws = np.random.default_rng(1).normal(0.0, 1.0, 400)
    low, high = bootstrap_mean(np.column_stack([draws, draws + 10.0]))
    assert low[1] - low[0] == pytest.approx(10.0) and high[1] - high[0] == pytest.approx(10.0)
    spread = 1.645 * draws.std() / 20.0
    assert draws.mean() - low[0] == pytest.approx(spread, rel=0.1)
    assert high[0] - draws.mean() == pytest.approx(spread, rel=0.1)
