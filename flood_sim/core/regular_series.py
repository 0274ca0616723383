"""Rows of a regular series between which others are missing."""

from __future__ import annotations

import numpy as np

REGULAR, LONGER = 0.75, 1.5  # share of equal steps of a regular series; steps that are a gap
FEWEST_REGULAR = 5  # rows


def holes(time_s: np.ndarray) -> list[tuple[float, float]]:
    """Begin and end (s) of each gap; time_s : (n,) s, ascending. [] where the rows are too few, or
    not regular.
    """
    if len(time_s) < FEWEST_REGULAR:
        return []
    steps = np.diff(time_s)
    usual = float(np.median(steps))
    if np.mean(np.abs(steps - usual) <= 0.01 * usual) < REGULAR:
        return []
    begins = np.flatnonzero(steps > LONGER * usual)
    return [(float(time_s[k]), float(time_s[k + 1])) for k in begins]
