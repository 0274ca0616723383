"""What a portfolio costs and brings: frontier, order under budgets, regret; expected annual damage,
present values. What each figure means: docs/studies.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def frontier(cost: np.ndarray, gain: np.ndarray) -> list[int]:
    """Indices of the portfolios that no other beats in both cost and gain, cheapest first.

    cost : (portfolios,) money;  gain : (portfolios,) in the unit of the outcome
    """
    best, found = -np.inf, []
    for k in sorted(range(len(cost)), key=lambda k: (cost[k], -gain[k], k)):
        if gain[k] > best + 1e-12 * max(abs(best), 1.0) if np.isfinite(best) else True:
            found.append(k)
            best = gain[k]
    return found


def hull(cost: np.ndarray, gain: np.ndarray) -> list[int]:
    """Of the frontier, those on its convex hull: the best next yuan, slopes falling.

    cost : (portfolios,) money;  gain : (portfolios,) in the unit of the outcome
    """
    chain: list[int] = []
    for k in frontier(cost, gain):
        while len(chain) > 1 and _slope(cost, gain, chain[-1], k) >= _slope(
            cost, gain, chain[-2], chain[-1]
        ):
            chain.pop()
        chain.append(k)
    return chain


def _slope(cost: np.ndarray, gain: np.ndarray, a: int, b: int) -> float:
    return float((gain[b] - gain[a]) / (cost[b] - cost[a])) if cost[b] > cost[a] else np.inf


def best_order(
    gain: np.ndarray,
    cost: Sequence[float],
    budgets: Sequence[float],
    discount: float = 1.0,
    allowed: Callable[[int], bool] = lambda mask: True,
) -> tuple[list[int], float]:
    """Sets built by the end of each year and the summed gain of the years after (gain of a set
    counts from the year after it is built).

    gain (2^n,) a year; budgets: money of each year, what is left carries over; exact by dynamic
    programming over (year, set).
    """
    n, years = len(cost), len(budgets)
    price = np.array([sum(cost[i] for i in range(n) if s >> i & 1) for s in range(2**n)])
    money = np.cumsum(budgets)
    value, came = np.full(2**n, -np.inf), np.zeros((years, 2**n), np.int64)
    value[0] = 0.0
    for year in range(years):
        new = np.full(2**n, -np.inf)
        for s in range(2**n):
            if price[s] > money[year] + 1e-9 or not allowed(s):
                continue
            sub = s
            while True:  # every subset of s
                if value[sub] > new[s]:
                    new[s], came[year, s] = value[sub], sub
                if sub == 0:
                    break
                sub = (sub - 1) & s
            if year < years - 1:  # serves in the years that follow
                new[s] += discount ** (year + 1) * gain[s]
        value = new
    s = int(np.argmax(value))
    total, path = float(value[s]), []
    for year in range(years - 1, -1, -1):
        path.append(s)
        s = int(came[year, s])
    return path[::-1], total


def greedy_order(
    gain: np.ndarray, cost: Sequence[float], budgets: Sequence[float], discount: float = 1.0
) -> tuple[list[int], float]:
    """The same, buying each year whatever brings most a yuan next: what a ranking by
    cost-effectiveness would do.

    gain : (2^n,) by set of projects;  cost : of each project;  budgets : of each year
    """
    n, mask, left, total = len(cost), 0, 0.0, 0.0
    path = []
    for year, budget in enumerate(budgets):
        left += budget
        while True:
            can = [i for i in range(n) if not mask >> i & 1 and cost[i] <= left + 1e-9]
            if not can:
                break
            best = max(
                can, key=lambda i: ((gain[mask | 1 << i] - gain[mask]) / max(cost[i], 1e-12), -i)
            )
            mask |= 1 << best
            left -= cost[best]
        path.append(mask)
        if year < len(budgets) - 1:
            total += discount ** (year + 1) * float(gain[mask])
    return path, total


def regret(loss: np.ndarray) -> np.ndarray:
    """(portfolios,) largest regret over storms; loss (portfolios, storms)."""
    return np.asarray((loss - loss.min(axis=0)).max(axis=1))


def expected_annual_damage(
    return_period_y: Sequence[float], damage: Sequence[float]
) -> tuple[float, float, float]:
    """EAD by log-linear segments, its tail beyond the last period, and the trapezoid in p with a
    constant tail.

    Between runs D = a + b ln T; the tail goes on at the last slope: p_n (D_n + b).
    """
    t, d = np.asarray(return_period_y, float), np.asarray(damage, float)
    p = 1.0 / t
    inner, b = 0.0, 0.0
    for k in range(len(t) - 1):
        b = (d[k + 1] - d[k]) / np.log(t[k + 1] / t[k])
        a = d[k] + b * np.log(p[k])  # D = a - b ln p
        inner += a * (p[k] - p[k + 1]) - b * (
            (p[k] * np.log(p[k]) - p[k]) - (p[k + 1] * np.log(p[k + 1]) - p[k + 1])
        )
    tail = p[-1] * (d[-1] + b)
    trapezoid = float(np.sum(0.5 * (d[1:] + d[:-1]) * (p[:-1] - p[1:])) + p[-1] * d[-1])
    return float(inner + tail), float(tail), trapezoid


def annuity(rate: float, years: int) -> float:
    """(1 - (1 + r)^-n) / r."""
    return float(years) if rate == 0.0 else (1.0 - (1.0 + rate) ** -years) / rate


def net_present_value(
    capital: float,
    yearly_cost: float,
    yearly_benefit: float,
    rate: float,
    years: int,
    growth: float = 0.0,
) -> tuple[float, float]:
    """NPV and benefit-cost ratio; growth of the exposed value acts on benefits alone."""
    real = (1.0 + rate) / (1.0 + growth) - 1.0
    benefit, cost = (
        yearly_benefit * annuity(real, years),
        capital + yearly_cost * annuity(rate, years),
    )
    return benefit - cost, benefit / cost if cost > 0.0 else np.inf


def internal_rate(
    capital: float, yearly_cost: float, yearly_benefit: float, years: int
) -> float | None:
    """The rate at which NPV is 0; None where benefits never pay the capital."""
    from scipy.optimize import brentq

    def npv(rate: float) -> float:
        return net_present_value(capital, yearly_cost, yearly_benefit, rate, years)[0]

    if npv(0.0) <= 0.0 or capital <= 0.0:
        return None
    return float(brentq(npv, 0.0, 10.0)) if npv(10.0) < 0.0 else None
