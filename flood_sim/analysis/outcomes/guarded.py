"""What is computed from results fails alone: an outcome, a picture or a curve that meets what it
cannot bear becomes null with the reason, and the others stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from flood_sim.analysis.outcomes.outcome import Outcome, own_kind
from flood_sim.core.errors import FloodSimError

T = TypeVar("T")


def reason_of(error: Exception) -> str:
    """What is said of a fault. Raises it again where it is none of the computation's: files that
    are damaged (their message names the way out), disks, memory.
    """
    if isinstance(error, (FloodSimError, OSError, MemoryError)) or "NetCDF: " in str(error):
        raise error
    first = str(error).splitlines()[0] if str(error) else ""
    return f"it could not be computed: {type(error).__name__}{': ' if first else ''}{first}"


def outcomes_or_reason(
    names: Iterable[str], source: str, make: Callable[[], Outcome | Sequence[Outcome]]
) -> list[Outcome]:
    """make() as a list, values finite; where it fails: each of `names` without a value, and the
    reason.
    """
    try:
        made = make()
        found = [made] if isinstance(made, Outcome) else list(made)
        return [_finite(outcome) for outcome in found]
    except Exception as error:  # a fault of one outcome is none of the others
        why = reason_of(error)
        return [Outcome(name, None, _unit(name), why, source) for name in names]


def or_reason(make: Callable[[], T]) -> tuple[T | None, str]:
    """make() and "", or None and the reason."""
    try:
        return make(), ""
    except Exception as error:
        return None, reason_of(error)


def _finite(outcome: Outcome) -> Outcome:
    """An outcome is never NaN."""
    value: Any = outcome.value
    if value is None or math.isfinite(value):
        return outcome
    return replace(outcome, value=None, note=f"it could not be computed: {value}")


def _unit(name: str) -> str:
    kind = own_kind(name)
    return "" if kind is None else kind.unit
