"""Values of a game by their definitions: what the package's faster ways are held against."""

from collections.abc import Sequence
from itertools import permutations
from math import factorial

import numpy as np

from flood_sim.analysis.games.attribution import marginals, players_of


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


def all_marginals(v: np.ndarray) -> np.ndarray:
    """(n!, n) marginals of every order."""
    return np.array(
        [
            marginals(order, lambda mask: float(v[mask]))
            for order in permutations(range(players_of(v)))
        ]
    )
