"""Who brought the gain: games of projects by their set functions v (2^n,), bit i = project i; v[0]
= 0 where nothing is built.

Shapley values add up to v of all; main effects of a factorial design are Banzhaf values and do not.
Exact from 2^n values by the Moebius transform, sampled beyond that. Formulas: Shapley 1953; Owen
1972, 1977; Grabisch 1997; Castro, Gomez, Tejada 2009.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from math import factorial

import numpy as np


def players_of(v: np.ndarray) -> int:
    """n of v (2^n,), a value for each set. Raises ValueError for another length, or a value that
    is no number.
    """
    n = int(np.log2(len(v))) if len(v) else 0
    if len(v) != 2**n:
        raise ValueError(f"a game has 2^n values, not {len(v)}")
    if not np.isfinite(v).all():
        raise ValueError("a value of the game is missing")
    return n


def moebius(v: np.ndarray) -> np.ndarray:
    """(2^n,) m(S) = sum over T in S of (-1)^(|S| - |T|) v(T): what S brings beyond all of its
    parts.
    """
    m = np.array(v, float)
    for i in range(players_of(v)):
        pairs = m.reshape(-1, 2, 2**i)
        pairs[:, 1] -= pairs[:, 0]
    return m


def _sizes(n: int) -> np.ndarray:
    return np.array([int(s).bit_count() for s in range(2**n)])


def _holding(n: int, *players: int) -> np.ndarray:
    sets = np.arange(2**n)
    return np.logical_and.reduce([(sets >> i) & 1 == 1 for i in players])


def shapley(v: np.ndarray) -> np.ndarray:
    """(n,) each project's mean gain over all orders of building; the sum is v of all less v of
    none.
    """
    n, m = players_of(v), moebius(v)
    share = m / np.maximum(_sizes(n), 1)
    return np.array([share[_holding(n, i)].sum() for i in range(n)])


def banzhaf(v: np.ndarray) -> np.ndarray:
    """(n,) each project's mean gain over all sets of the others: the main effects of a factorial
    design.
    """
    n, m = players_of(v), moebius(v)
    share = m / 2.0 ** np.maximum(_sizes(n) - 1, 0)
    return np.array([share[_holding(n, i)].sum() for i in range(n)])


def interactions(v: np.ndarray) -> np.ndarray:
    """(n, n) Shapley interaction of pairs: above 0 they need each other, below 0 they replace each
    other; diagonal 0.
    """
    n, m = players_of(v), moebius(v)
    share = m / np.maximum(_sizes(n) - 1, 1)
    table = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            table[i, j] = table[j, i] = share[_holding(n, i, j)].sum()
    return table


def first_in(v: np.ndarray) -> np.ndarray:
    """(n,) gain of each project alone."""
    return np.array([v[1 << i] - v[0] for i in range(players_of(v))])


def last_in(v: np.ndarray) -> np.ndarray:
    """(n,) loss of gain where each project is left out of all."""
    full = len(v) - 1
    return np.array([v[full] - v[full ^ (1 << i)] for i in range(players_of(v))])


def owen(v: np.ndarray, unions: Sequence[Sequence[int]]) -> np.ndarray:
    """(n,) values of players who stand together in unions: a union's players add up to its Shapley
    value in the game of unions.
    """
    n, value = players_of(v), np.zeros(players_of(v))
    masks = [sum(1 << i for i in u) for u in unions]
    if sorted(i for u in unions for i in u) != list(range(n)):
        raise ValueError("each player stands in one union")
    count = len(unions)
    for u, members in enumerate(unions):
        others = [m for k, m in enumerate(masks) if k != u]
        for chosen in range(2 ** len(others)):
            before = sum(m for k, m in enumerate(others) if chosen >> k & 1)
            h = int(chosen).bit_count()
            outer = factorial(h) * factorial(count - h - 1) / factorial(count)
            for i in members:
                mates = [j for j in members if j != i]
                for inside in range(2 ** len(mates)):
                    t, mask = (
                        int(inside).bit_count(),
                        before | sum(1 << j for k, j in enumerate(mates) if inside >> k & 1),
                    )
                    inner = factorial(t) * factorial(len(members) - t - 1) / factorial(len(members))
                    value[i] += outer * inner * (v[mask | 1 << i] - v[mask])
    return value


def marginals(order: Sequence[int], value: Callable[[int], float]) -> np.ndarray:
    """(n,) what each player adds where they come in this order; value(set as bits)."""
    found, mask, before = np.zeros(len(order)), 0, value(0)
    for i in order:
        mask |= 1 << i
        now = value(mask)
        found[i], before = now - before, now
    return found


def sampled_shapley(
    n: int, value: Callable[[int], float], pairs: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) mean and standard error over `pairs` random orders, each with its reverse (antithetic);
    the means add up to v of all exactly.
    """
    rng = np.random.default_rng(seed)
    known: dict[int, float] = {}

    def once(mask: int) -> float:
        if mask not in known:
            known[mask] = value(mask)
        return known[mask]

    means = []
    for _ in range(pairs):
        order = rng.permutation(n).tolist()
        means.append(0.5 * (marginals(order, once) + marginals(order[::-1], once)))
    table = np.array(means)
    error = table.std(axis=0, ddof=1) / np.sqrt(pairs) if pairs > 1 else np.full(n, np.nan)
    return table.mean(axis=0), error


def all_marginals(v: np.ndarray) -> np.ndarray:
    """(n!, n) marginals of every order.

    v : (2^n,) value of each set of players, by its bits
    """
    return np.array(
        [
            marginals(order, lambda mask: float(v[mask]))
            for order in permutations(range(players_of(v)))
        ]
    )


def fractional_design() -> np.ndarray:
    """(16,) sets of six projects, 2^(6-2) of resolution IV (E = ABC, F = BCD): main effects clear
    of pairs, pairs aliased with pairs.
    """
    sets = []
    for base in range(16):
        a, b, c, d = ((base >> k & 1) for k in range(4))
        e, f = a ^ b ^ c, b ^ c ^ d
        sets.append(base | e << 4 | f << 5)
    return np.array(sets)


def main_effects(sets: np.ndarray, v: np.ndarray, n: int = 6) -> np.ndarray:
    """(n,) mean of v with a project less mean without it, over the runs of a design."""
    return np.array([v[sets >> i & 1 == 1].mean() - v[sets >> i & 1 == 0].mean() for i in range(n)])


def two_additive(n: int, value: Callable[[int], float]) -> tuple[np.ndarray, float]:
    """(n,) values from none, all, singles and pairs alone (equal share of the rest), and the
    residual that the leave-one-out runs show.
    """
    full, zero = 2**n - 1, value(0)
    single = np.array([value(1 << i) - zero for i in range(n)])
    pair = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            pair[i, j] = pair[j, i] = value(1 << i | 1 << j) - zero - single[i] - single[j]
    total = value(full) - zero
    phi = single + 0.5 * pair.sum(axis=1)
    rest = total - float(phi.sum())
    left_out = np.array([total - (value(full ^ 1 << i) - zero) for i in range(n)])
    expected = single + pair.sum(axis=1)
    return phi + rest / n, float(np.abs(left_out - expected).max())
