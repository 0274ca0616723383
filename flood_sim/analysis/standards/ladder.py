"""What a ladder of return periods says: which rung to run next, what is passed, what fails."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def interpolated_period(
    passed_y: float, margin_passed: float, failed_y: float, margin_failed: float
) -> float:
    """Return period at which the margin is nothing, linear in ln T between the last pass and the
    first fail.
    """
    if margin_passed <= 0.0:
        return passed_y
    share = margin_passed / (margin_passed - margin_failed)
    return math.exp(math.log(passed_y) + share * math.log(failed_y / passed_y))


Tried = Mapping[
    float, tuple[bool, Mapping[str, float]]
]  # rung to passed, and the margin of each criterion in its own unit


def ladder_answer(tried: Tried, ladder: Sequence[float]) -> dict[str, Any]:
    """What a set of tried rungs says: the largest T with all lower tried rungs passed, the first
    fail, the figure between (the lowest of the criteria that fail there).

    monotone: False where a rung passes above one that fails.
    """
    rungs = sorted(tried)
    failed = [t for t in rungs if not tried[t][0]]
    passed = [t for t in rungs if tried[t][0] and not any(f < t for f in failed)]
    monotone = not any(tried[t][0] for t in rungs for f in failed if f < t)
    passes, fails = (passed[-1] if passed else None), (failed[0] if failed else None)
    about = None
    if passes is not None and fails is not None:
        before, after = tried[passes][1], tried[fails][1]
        between = [
            interpolated_period(passes, before[c], fails, after[c])
            for c in after
            if after[c] < 0.0 and c in before
        ]
        about = min(between, default=None)
    return {
        "passes_y": passes,
        "fails_y": fails,
        "about_y": about,
        "monotone": monotone,
        "beyond_ladder": fails is None and passes == max(ladder),
    }


def next_rung(tried: Tried, ladder: Sequence[float], required: float) -> float | None:
    """The rung to run next: the required one first, then by halves between the last pass and the
    first fail; None once they are neighbours.
    """
    if not tried:
        return min(ladder, key=lambda t: (abs(math.log(t / required)), t))
    low = max((t for t in tried if tried[t][0]), default=None)
    high = min((t for t in tried if not tried[t][0]), default=None)
    if low is not None and high is not None and low > high:  # not monotone: the whole ladder
        return next((t for t in ladder if t not in tried), None)
    inside = [
        t
        for t in ladder
        if t not in tried and (low is None or t > low) and (high is None or t < high)
    ]
    return inside[len(inside) // 2] if inside else None
