"""Attribution, money and sureness against worked examples: games with known values, budgets where
greed fails, EAD of a known law.
"""

import math

import numpy as np
import pytest

from flood_sim.analysis.games.attribution import (
    banzhaf,
    first_in,
    fractional_design,
    interactions,
    last_in,
    main_effects,
    marginals,
    moebius,
    shapley,
)
from flood_sim.analysis.games.money import (
    annuity,
    best_order,
    expected_annual_damage,
    frontier,
    greedy_order,
    hull,
    internal_rate,
    net_present_value,
)
from flood_sim.analysis.games.uncertainty import (
    best_ratio,
    bootstrap_mean,
    first_in_draws,
    rank_probabilities,
    two_fidelities,
)
from games import all_marginals, owen

A = np.array([0.0, 40.0, 30.0, 60.0, 10.0, 45.0, 42.0, 75.0])  # none, A, B, AB, C, AC, BC, ABC


def test_the_worked_game():
    assert moebius(A) == pytest.approx([0, 40, 30, -10, 10, -5, 2, 8])
    assert shapley(A) == pytest.approx([35.16667, 28.66667, 11.16667], abs=1e-5)
    assert banzhaf(A) == pytest.approx([34.5, 28.0, 10.5])
    table = interactions(A)
    assert (table[0, 1], table[0, 2], table[1, 2]) == pytest.approx((-6.0, -1.0, 6.0))
    assert first_in(A) == pytest.approx([40, 30, 10]) and last_in(A) == pytest.approx([33, 30, 15])


def test_axioms():
    """Sum, symmetry, dummy, additivity; gloves: 2/3, 1/6, 1/6; and against every order by hand."""
    rng = np.random.default_rng(3)
    v = np.concatenate([[0.0], rng.normal(size=63)])
    assert shapley(v).sum() == pytest.approx(v[-1], rel=1e-9)
    assert shapley(v) == pytest.approx(all_marginals(v).mean(axis=0), rel=1e-12)
    gloves = np.array([float(bool(s & 1) and bool(s & 6)) for s in range(8)])
    assert shapley(gloves) == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    worth = rng.normal(size=6)
    additive = np.array([sum(worth[i] for i in range(6) if s >> i & 1) for s in range(64)])
    assert (
        shapley(additive) == pytest.approx(worth) and np.abs(interactions(additive)).max() < 1e-12
    )
    dummy = np.array([v[s & 31] for s in range(64)])
    assert shapley(dummy)[5] == pytest.approx(0.0, abs=1e-12)
    for wrong in (v[:63], np.where(np.arange(64) == 5, np.nan, v)):
        with pytest.raises(ValueError, match=r"2\^n|missing"):
            shapley(wrong)


def test_owen_values_of_measures_add_up_to_their_project():
    assert owen(A, [[0, 1], [2]]) == pytest.approx([34.5, 28.0, 12.5])
    assert owen(A, [[0], [1, 2]]) == pytest.approx([36.5, 28.0, 10.5])
    assert owen(A, [[0], [1], [2]]) == pytest.approx(shapley(A)) and owen(
        A, [[0, 1, 2]]
    ) == pytest.approx(shapley(A))
    with pytest.raises(ValueError, match="one union"):
        owen(A, [[0, 1]])


def test_marginals_of_orders():
    assert marginals([0, 1, 2], lambda s: float(A[s])) == pytest.approx([40, 20, 15])
    ones = all_marginals(A)[:, 0]
    assert ones.std(ddof=1) == pytest.approx(
        3.716 * math.sqrt(6 / 5), rel=0.11
    )  # 40 40 30 33 35 33


def test_the_fraction_sees_main_effects_clear_of_pairs():
    """16 of 64 runs; in a game of singles and pairs alone main effects equal the whole
    factorial's.
    """
    rng = np.random.default_rng(7)
    single, pair = rng.normal(size=6), np.triu(rng.normal(size=(6, 6)), 1)
    v = np.array(
        [
            sum(single[i] for i in range(6) if s >> i & 1)
            + sum(pair[i, j] for i in range(6) for j in range(6) if s >> i & s >> j & 1)
            for s in range(64)
        ]
    )
    sets = fractional_design()
    assert len(set(sets.tolist())) == 16
    assert main_effects(sets, v[sets]) == pytest.approx(
        main_effects(np.arange(64), v)
    ) and main_effects(np.arange(64), v) == pytest.approx(banzhaf(v))


def test_frontier_and_hull():
    cost = np.array(
        [sum(c for i, c in enumerate((20.0, 10.0, 6.0)) if s >> i & 1) for s in range(8)]
    )
    assert frontier(cost, A) == [
        0,
        4,
        2,
        6,
        5,
        3,
        7,
    ]  # none, C, B, BC, AC, AB, ABC; A is beaten by BC
    assert hull(cost, A) == [0, 2, 6, 7]
    assert shapley(A) / np.array([20.0, 10.0, 6.0]) == pytest.approx(
        [1.758, 2.867, 1.861], abs=1e-3
    )


def test_greed_fails_where_pipes_need_pumps():
    """N 8, P 5, S 10, NP 40, NS 17, PS 14, NPS 48, one a year: greedy S N P 75, best N P S 96."""
    gain = np.array([0.0, 8.0, 5.0, 40.0, 10.0, 17.0, 14.0, 48.0])
    path, total = best_order(gain, [1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0])
    assert total == pytest.approx(96.0) and path[:3] == [1, 3, 7]
    path, total = greedy_order(gain, [1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0])
    assert total == pytest.approx(75.0) and path[:3] == [4, 5, 7]
    _, late = best_order(
        gain, [1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0], allowed=lambda s: not (s & 1) or bool(s & 4)
    )  # N only after S
    assert late == pytest.approx(10.0 + 17.0 + 48.0)
    waits, total = best_order(np.array([0.0, 10.0]), [3.0], [1.0, 1.0, 1.0, 1.0, 0.0])
    assert waits == [0, 0, 1, 1, 1] and total == pytest.approx(
        20.0
    )  # money carries over; it serves in the last two years


def test_expected_annual_damage():
    """D = 100 ln(T / 5) from 5 years on: 20 exactly; the trapezoid without the threshold is 115 %
    too high.
    """
    law = lambda t: 100.0 * math.log(max(t, 5.0) / 5.0)  # noqa: E731
    for periods in ((5, 20, 100), (5, 10, 20, 50, 100), (5, 7, 1000)):
        assert expected_annual_damage(periods, [law(t) for t in periods])[0] == pytest.approx(20.0)
    assert expected_annual_damage((5, 20, 100), [law(t) for t in (5, 20, 100)])[2] == pytest.approx(
        22.16, abs=0.01
    )
    assert expected_annual_damage((2, 20, 100), [law(t) for t in (2, 20, 100)])[2] == pytest.approx(
        42.95, abs=0.01
    )
    t, before, after = (2, 5, 10, 20, 50, 100), (0, 20, 60, 120, 200, 260), (0, 5, 25, 70, 140, 215)
    total, tail, trapezoid = expected_annual_damage(t, before)
    assert (total, tail, trapezoid) == pytest.approx((21.00, 3.47, 21.20), abs=0.01)
    total, tail, trapezoid = expected_annual_damage(t, after)
    assert (total, tail, trapezoid) == pytest.approx((12.22, 3.23, 11.70), abs=0.01)


def test_present_values():
    """C 100, upkeep 1.5 a year, B 9.50, 50 y: the verdict hangs on the rate."""
    assert annuity(0.08, 50) == pytest.approx(12.2335, abs=1e-4)
    assert net_present_value(100.0, 1.5, 9.5, 0.08, 50) == pytest.approx((-2.13, 0.98), abs=0.005)
    assert net_present_value(100.0, 1.5, 9.5, 0.06, 50) == pytest.approx((26.09, 1.21), abs=0.005)
    assert internal_rate(100.0, 1.5, 9.5, 50) == pytest.approx(0.0781, abs=1e-4)
    assert internal_rate(100.0, 9.0, 9.5, 50) is None


def test_probabilities_of_ranks():
    """Difference per draw 6.5 +- 8.0: P_draw 0.792 whatever n."""
    from scipy.stats import norm

    many = 6.5 + 8.0 * norm.ppf((np.arange(2000) + 0.5) / 2000)
    assert first_in_draws(many, np.zeros(2000))[0] == pytest.approx(0.792, abs=1e-3)
    assert first_in_draws(np.ones(16), np.ones(16)) == (0.5, 0.125)
    table = rank_probabilities(np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0]]))
    assert table.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.5, 0.5]]
    low, high = bootstrap_mean(np.tile([[1.0, 2.0]], (9, 1)))
    assert low.tolist() == high.tolist() == [1.0, 2.0]


def test_coarse_twins():
    assert best_ratio(0.95, 8.0) == pytest.approx((8.6, 0.420), abs=0.01)
    assert best_ratio(0.99, 8.0) == pytest.approx((19.8, 0.241), abs=0.06)
    assert best_ratio(0.85, 64.0) == pytest.approx((12.9, 0.401), abs=0.02)
    rng = np.random.default_rng(0)
    truth = rng.normal(10.0, 3.0, 2000)
    coarse = 0.8 * truth + rng.normal(0.0, 0.5, 2000) + 1.0
    found = two_fidelities(truth[:20], coarse, 8.0)
    assert (
        abs(found["mean"] - truth.mean()) < abs(truth[:20].mean() - truth.mean())
        and found["correlation"] > 0.95
    )
    assert found["variance"] < 0.15 * truth[:20].var(ddof=1) / 20
