"""Who brought the gain: games of projects by their set functions v (2^n,), bit i = project i; v[0]
= 0 where nothing is built.

Shapley values add up to v of all; main effects of a factorial design are Banzhaf values and do not.
Exact from 2^n values by the Moebius transform, sampled beyond that. Formulas: Shapley 1953; Owen
1972, 1977; Grabisch 1997; Castro, Gomez, Tejada 2009.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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


def marginals(order: Sequence[int], value: Callable[[int], float]) -> np.ndarray:
    """(n,) what each player adds where they come in this order; value(set as bits)."""
    found, mask, before = np.zeros(len(order)), 0, value(0)
    for i in order:
        mask |= 1 << i
        now = value(mask)
        found[i], before = now - before, now
    return found


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
