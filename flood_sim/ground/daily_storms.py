"""Storms of a day, and the library that `flood-sim storms` lists: what is reported of each, what is
filled in, and where it comes from.

Formulas for two or three hours say nothing about a day: the day's depth is given, its pattern is
this project's choice (assumed).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from flood_sim.core.schema_texts import UnfitError
from flood_sim.core.units import hours_to_s, minutes_to_s
from flood_sim.ground.rainfall import (
    FORMULAS,
    ZHENGZHOU_720_MM,
    ZHENGZHOU_720_START,
    Rainfall,
    StormFormula,
    chicago_storm,
    rainfall_from_intervals,
    zhengzhou_720,
)

REPORTED_HOURS = frozenset({20})  # index of the hour that ends 20 July 17:00
DAY_MIN, FORMULA_MIN = 1440.0, 180.0
DAY_DEPTH_MM = {50.0: 199.0}  # of Zhengzhou by return period (years); recalled
# Shares of the peak hour in 5-minute steps, %: a sensitivity variant (assumed); no minute series
# was found.
PEAKED_HOUR = np.array([5.0, 6.0, 7.0, 8.0, 9.5, 11.0, 12.0, 11.0, 9.5, 8.0, 7.0, 6.0]) / 100.0


def with_peaked_hour(rain: Rainfall, hour: int = 20) -> Rainfall:
    """An hourly series whose hour number `hour` rises and falls within itself; its sums stay."""
    inner = rain.time_s[hour] + minutes_to_s(5.0) * np.arange(1, 12)
    depth = rain.cumulative_m[hour + 1] - rain.cumulative_m[hour]
    cumulative = rain.cumulative_m[hour] + depth * np.cumsum(PEAKED_HOUR)[:-1] / PEAKED_HOUR.sum()
    times = np.concatenate([rain.time_s[: hour + 1], inner, rain.time_s[hour + 1 :]])
    return Rainfall(
        f"{rain.name}, peaked hour",
        times,
        np.concatenate([rain.cumulative_m[: hour + 1], cumulative, rain.cumulative_m[hour + 1 :]]),
        rain.source,
    )


def nested_depth_mm(
    law: StormFormula, return_period_y: float, day_mm: float, minutes: np.ndarray
) -> np.ndarray:
    """Depth (mm) of each duration, minutes and result (n,): the formula up to FORMULA_MIN; then a
    logarithm that goes on with the formula's slope and ends at the day's depth, so that no outer
    block is larger than an inner one. Raises UnfitError where the day's depth allows no such curve.
    """
    core = law.depth_mm(FORMULA_MIN, return_period_y)
    slope = (core - law.depth_mm(FORMULA_MIN - 1.0, return_period_y)) / 1.0  # mm/min
    left, span = day_mm - core, DAY_MIN - FORMULA_MIN
    if not 0.0 < left < slope * span:
        most = f"{core:.1f} to {core + slope * span:.1f} mm"
        raise UnfitError(
            f"a day of {day_mm:g} mm does not go with the formula's {core:.1f} mm in three hours:"
            f" {most} would",
            do="a shorter return period, or a deeper day",
        )
    low, high = 1e-6, 1e9  # b of left = slope b ln(1 + span / b), which grows with b
    for _ in range(200):
        b = math.sqrt(low * high)
        low, high = (b, high) if slope * b * math.log1p(span / b) < left else (low, b)
    short = np.array([law.depth_mm(min(m, FORMULA_MIN), return_period_y) for m in minutes])
    return np.where(
        minutes <= FORMULA_MIN,
        short,
        core + slope * b * np.log1p(np.maximum(minutes - FORMULA_MIN, 0.0) / b),
    )


def alternating_block(
    law: StormFormula,
    return_period_y: float,
    day_mm: float,
    peak_ratio: float = 0.5,
    step_min: float = 5.0,
) -> Rainfall:
    """A day in which the largest rain of every duration is the formula's: blocks set by turns after
    and before the peak (nested maxima).
    """
    count = round(DAY_MIN / step_min)
    blocks = np.diff(
        nested_depth_mm(law, return_period_y, day_mm, step_min * np.arange(count + 1)), prepend=0.0
    )[1:]
    order = np.sort(blocks)[::-1]
    depth, low, high = (
        np.zeros(count),
        int(peak_ratio * (count - 1)),
        int(peak_ratio * (count - 1)) + 1,
    )
    for k, block in enumerate(order):
        before = low >= 0 and (k % 2 == 0 or high >= count)
        depth[low if before else high] = block
        low, high = (low - 1, high) if before else (low, high + 1)
    edges = minutes_to_s(step_min) * np.arange(count + 1)
    return rainfall_from_intervals(
        f"alternating block, {day_mm:g} mm",
        edges,
        depth,
        f"{law.source}; day's depth given; nested maxima",
    )


def shaped_like_720(day_mm: float) -> Rainfall:
    """A day with the shape of 20 July 2021, 08:00 to 08:00, scaled to a depth."""
    shape = np.array(ZHENGZHOU_720_MM[12:36])
    return rainfall_from_intervals(
        f"shape of 7.20, {day_mm:g} mm",
        hours_to_s(1.0) * np.arange(25),
        day_mm * shape / shape.sum(),
        "shape of zhengzhou-720, assumed",
    )


@dataclass(frozen=True)
class LibraryStorm:
    """A storm of the library, on its own clock; reported (n,) bool: intervals that are published,
    the others are filled or computed.
    """

    name: str
    rain: Rainfall
    reported: np.ndarray
    note: str


def library() -> dict[str, LibraryStorm]:
    """All storms by name."""
    storm = zhengzhou_720(ZHENGZHOU_720_START)
    hours = np.array([k in REPORTED_HOURS for k in range(len(ZHENGZHOU_720_MM))])
    found = {
        "zhengzhou-720": LibraryStorm(
            "zhengzhou-720",
            storm,
            hours,
            "19 July 20:00 to 21 July 08:00, hours by their end; one hour is published, 35 are"
            " filled so that every published sum closes",
        )
    }
    for formula in FORMULAS:
        for period in (2.0, 5.0, 50.0):
            rain = chicago_storm(formula, period, 120.0)
            found[f"{formula}-p{period:g}-2h"] = LibraryStorm(
                f"{formula}-p{period:g}-2h",
                rain,
                np.zeros(rain.time_s.size - 1, bool),
                "Chicago (Keifer-Chu), r = 0.4",
            )
    rain = alternating_block(FORMULAS["zhengzhou-measures"], 50.0, DAY_DEPTH_MM[50.0])
    found["zhengzhou-p50-24h"] = LibraryStorm(
        "zhengzhou-p50-24h",
        rain,
        np.zeros(rain.time_s.size - 1, bool),
        "24 h depth of 50 years recalled (199 mm); nested alternating blocks",
    )
    return found


def storm_lines(storm: LibraryStorm) -> list[str]:
    """What the list says of a storm. A return period is never claimed for 7.20: its ratio to the
    design depths is given.
    """
    rain, total = storm.rain, 1000.0 * (storm.rain.cumulative_m[-1] - storm.rain.cumulative_m[0])
    hour = 1000.0 * rain.largest(hours_to_s(1.0))
    lines = [
        f"{storm.name:<28}{total:7.1f} mm in {(rain.time_s[-1] - rain.time_s[0]) / 3600.0:g} h,"
        f" largest hour {hour:.1f} mm; {storm.note}"
    ]
    if storm.name == "zhengzhou-720":
        ratios = [
            f"{hour / law.depth_mm(60.0, 50.0):.2f} times the 50-year hour of {name}"
            for name, law in FORMULAS.items()
        ]
        lines.append(f"{'':28}its largest hour is {' and '.join(ratios)} (both formulas recalled)")
    return lines


def storm_rows(storm: LibraryStorm) -> list[dict[str, object]]:
    """Intervals of a storm: end, depth, and whether it is reported."""
    depth = 1000.0 * np.diff(storm.rain.cumulative_m)
    if storm.name == "zhengzhou-720":
        ends = [
            (ZHENGZHOU_720_START + timedelta(seconds=float(t))).isoformat()
            for t in storm.rain.time_s[1:]
        ]
    else:
        ends = [f"{t:g} s" for t in storm.rain.time_s[1:]]
    return [
        {"end": e, "depth_mm": round(float(d), 3), "reported": bool(r)}
        for e, d, r in zip(ends, depth, storm.reported, strict=True)
    ]
