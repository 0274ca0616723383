"""How sure a ranking is: draws, cell sizes, coarse twins. Two probabilities are told apart: of one
draw, and of the mean.
"""

from __future__ import annotations

import numpy as np


def first_in_draws(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """P_draw(A before B): share of the draws in which a > b (ties half), and its binomial standard
    error. It does not shrink with more draws.

    a, b : (draws,) gains in one unit
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    p = float(np.mean((a > b) + 0.5 * (a == b)))
    return p, float(np.sqrt(p * (1.0 - p) / len(a)))


def rank_probabilities(values: np.ndarray) -> np.ndarray:
    """(n, n) share of the draws in which project i has rank j (0 best); values (draws, n). Ties go
    to the earlier project.
    """
    draws, n = values.shape
    ranks = np.argsort(np.argsort(-values, axis=1, kind="stable"), axis=1)
    return np.array([[float((ranks[:, i] == j).sum()) / draws for j in range(n)] for i in range(n)])


def bootstrap_mean(
    values: np.ndarray, resamples: int = 2000, seed: int = 720
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) 5 and 95 % of the mean over draws; whole draws are resampled, so that all portfolios
    move together. values (draws, n).
    """
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(values), (resamples, len(values)))
    means = values[picks].mean(axis=1)
    return np.quantile(means, 0.05, axis=0), np.quantile(means, 0.95, axis=0)


def two_fidelities(fine: np.ndarray, coarse: np.ndarray, cost_ratio: float) -> dict[str, float]:
    """Mean by control variate: fine (n,) and coarse (m,) of the same draws, the first n of them
    shared. Peherstorfer, Willcox, Gunzburger 2016.

    cost_ratio : cost of a fine run over a coarse one. factor: variance times cost against fine runs
    alone; over 0.8 the twin is not worth it.
    """
    n = len(fine)
    shared = coarse[:n]
    rho = (
        float(np.corrcoef(fine, shared)[0, 1])
        if np.std(shared) > 0.0 and np.std(fine) > 0.0
        else 0.0
    )
    beta = (
        float(np.cov(fine, shared)[0, 1] / np.var(shared, ddof=1)) if np.var(shared) > 0.0 else 0.0
    )
    mean = float(fine.mean() + beta * (coarse.mean() - shared.mean()))
    variance = float(fine.var(ddof=1) / n * (1.0 - (1.0 - n / len(coarse)) * rho**2))
    ratio, factor = best_ratio(rho, cost_ratio)
    return {
        "mean": mean,
        "variance": variance,
        "correlation": rho,
        "coarse_runs_a_fine_one": ratio,
        "factor": factor,
    }


def best_ratio(rho: float, cost_ratio: float) -> tuple[float, float]:
    """Coarse runs a fine one, and variance times cost against fine runs alone."""
    if rho <= 0.0:
        return 1.0, 1.0
    rho = min(rho, 1.0 - 1e-9)  # a perfect twin: all but one run in a thousand million by it
    ratio = float(np.sqrt(cost_ratio * rho**2 / (1.0 - rho**2)))
    return ratio, float((np.sqrt(1.0 - rho**2) + np.sqrt(rho**2 / cost_ratio)) ** 2)
