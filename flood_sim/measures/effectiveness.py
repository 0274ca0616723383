"""What works of a measure when the storm comes: as designed, as expected, or drawn. Ranges
are assumed but where their source is said.

Draws hang on the seed, the measure's name and the quantity alone: another measure more leaves them
as they were (common random numbers).
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from flood_sim.city.parameters import draw
from flood_sim.measures.base import Measure

Mode = Literal["design", "expected", "drawn"]


class Uncertain(NamedTuple):
    """A field of a kind and the triangular distribution of its factor."""

    field: str
    low: float
    mode: float
    high: float
    source: str


UNCERTAIN: dict[str, tuple[Uncertain, ...]] = {
    "permeable_paving": (
        Uncertain(
            "entry_mm_h",
            0.02,
            0.2,
            0.8,
            "K after years over new: 55 pavements of 1 to 12 years, range assumed",
        ),
    ),
    "bioretention": (
        Uncertain("entry_mm_h", 0.1, 0.4, 0.8, "K aged over new, recalled"),
        Uncertain("percolation_mm_h", 0.1, 0.4, 0.8, "K aged over new, recalled"),
    ),
    "inlet_addition": (
        Uncertain("open_share", 0.3, 0.6, 0.9, "what a storm's debris leaves open, assumed"),
    ),
    "inlet_cleaning": (
        Uncertain("open_share", 0.3, 0.6, 0.9, "what a storm's debris leaves open, assumed"),
    ),
    "new_pump_station": (
        Uncertain("capacity_m3_s", 0.85, 0.95, 0.99, "units that start on demand, assumed"),
    ),
    "mobile_pumps": (
        Uncertain(
            "capacity_m3_h",
            0.05,
            0.3,
            0.8,
            "mean over an event over the nameplate; low end published, rest assumed",
        ),
    ),
    "pump_capacity": (
        Uncertain("add_m3_s", 0.85, 0.95, 0.99, "units that start on demand, assumed"),
    ),
}
# Fields that take the value itself, not a factor.
ABSOLUTE: dict[str, Uncertain] = {
    "flood_barrier": Uncertain(
        "fail_share", 0.02, 0.1, 0.3, "stop-logs that fail on demand, assumed"
    ),
    "automatic_gate": Uncertain("fail_share", 0.01, 0.03, 0.1, "gates that fail, assumed"),
    "flood_warning": Uncertain(
        "compliance", 0.4, 0.7, 0.95, "people who act on a warning, assumed"
    ),
}
DREDGING_YEARS, DREDGING_DECAY_Y = (
    5.0,
    5.0,
)  # cleared every five years; the gain fades as exp(-t / 5), assumed


def as_it_works(name: str, measure: Measure, mode: Mode, seed: int) -> Measure:
    """The measure with what works of it; the same object where all does."""
    kind = str(getattr(measure, "kind", ""))
    if mode == "design":
        return measure
    if kind == "channel_clearance":
        return measure.model_copy(update={"kept_share": _kept(name, mode, seed)})
    changes = {
        u.field: getattr(measure, u.field) * _factor(u, name, mode, seed)
        for u in UNCERTAIN.get(kind, ())
    }
    absolute = ABSOLUTE.get(kind)
    if absolute is not None:
        changes[absolute.field] = _factor(absolute, name, mode, seed)
        if absolute.field == "fail_share":
            changes["fail_seed"] = seed
    return measure.model_copy(update=changes) if changes else measure


def triangular(u: float, low: float, mode: float, high: float) -> float:
    """Inverse distribution function of the triangular distribution."""
    cut = (mode - low) / (high - low)
    if u < cut:
        return low + math.sqrt(u * (high - low) * (mode - low))
    return high - math.sqrt((1.0 - u) * (high - low) * (high - mode))


def _factor(u: Uncertain, name: str, mode: Mode, seed: int) -> float:
    if mode == "expected":
        return (u.low + u.mode + u.high) / 3.0
    return triangular(draw(seed, name, u.source), u.low, u.mode, u.high)


def _kept(name: str, mode: Mode, seed: int) -> float:
    """Share of a clearing's gain that is left t years after it, t even over the cycle."""
    if mode == "expected":
        return (
            (1.0 - math.exp(-DREDGING_YEARS / DREDGING_DECAY_Y)) * DREDGING_DECAY_Y / DREDGING_YEARS
        )
    return math.exp(-DREDGING_YEARS * draw(seed, name, "years since clearing") / DREDGING_DECAY_Y)
