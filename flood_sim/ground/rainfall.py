"""Rain as cumulative depth over time, so that every step's rain is a difference and the sum is
exact. Uniform in space so far.

The storm `zhengzhou-720` and the Chicago design storms of Zhengzhou's two formulas live here; the
rest of the storm library is not built yet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import numpy as np

from flood_sim.core.units import hours_to_s, minutes_to_s, mm_to_m

BEIJING = timezone(timedelta(hours=8))

# Hourly rain (mm) of Zhengzhou station, hours ending 19 July 2021 21:00 to 21 July 08:00 (Beijing
# time). Only the hour ending 20 July 17:00 (201.9 mm) is published; the other 35 are filled so that
# every published sum closes: 24 h to 20d20 552.5, 20d08-21d08 624.1, 19d17-20d17 457.5 (China
# Meteorological Administration and Xinhua reports; State Council team's Q&A); 6 h maximum 382 is
# recalled. The shape between the anchors is this project's choice.
ZHENGZHOU_720_START = datetime(2021, 7, 19, 20, tzinfo=BEIJING)
ZHENGZHOU_720_MM: tuple[float, ...] = (
    *(2.0, 2.0, 2.5, 3.0, 3.5, 4.5, 6.0, 8.0, 10.0, 12.0, 14.0, 15.8),  # ends 19d21 .. 20d08
    *(13.0, 13.0, 13.0, 14.0, 16.0, 18.2, 30.0, 55.1, 201.9, 45.0, 28.0, 22.0),  # 20d09 .. 20d20
    *(24.0, 22.0, 20.0, 17.0, 15.0, 13.0, 11.0, 9.0, 8.0, 6.5, 5.2, 4.2),  # 20d21 .. 21d08
)


@dataclass(frozen=True)
class Rainfall:
    """Rain over the whole grid. time_s (n,) s since the start of the run, ascending; cumulative_m
    (n,) m, never falling.

    Constant before the first and after the last point: no rain outside the series.
    """

    name: str
    time_s: np.ndarray = field(default_factory=lambda: np.zeros(1))
    cumulative_m: np.ndarray = field(default_factory=lambda: np.zeros(1))
    source: str = ""

    def depth_until(self, time_s: float) -> float:
        """Rain (m) that fell from the series' beginning to `time_s`."""
        return float(np.interp(time_s, self.time_s, self.cumulative_m))

    def depth_between(self, start_s: float, stop_s: float) -> float:
        """Rain (m) that falls from start_s to stop_s."""
        return self.depth_until(stop_s) - self.depth_until(start_s)

    def largest(self, duration_s: float) -> float:
        """Largest rain (m) in any interval of this length."""
        starts = np.concatenate([self.time_s, self.time_s - duration_s])
        return max(self.depth_between(start, start + duration_s) for start in starts)

    def __repr__(self) -> str:
        total = self.cumulative_m[-1] - self.cumulative_m[0]
        return (
            f"Rainfall {self.name}: {1000 * total:.1f} mm, largest hour"
            f" {1000 * self.largest(hours_to_s(1)):.1f} mm, {self.time_s.size - 1} intervals"
        )


NO_RAIN = Rainfall("none")


def rainfall_from_intervals(
    name: str, edges_s: np.ndarray, depths_mm: np.ndarray, source: str = ""
) -> Rainfall:
    """Rain from depths (n,) mm that fell between edges (n + 1,) s."""
    cumulative = np.concatenate([[0.0], np.cumsum(np.asarray(depths_mm, float) * mm_to_m(1.0))])
    return Rainfall(name, np.asarray(edges_s, float), cumulative, source)


def zhengzhou_720(start: datetime) -> Rainfall:
    """The storm of 20 July 2021, hourly, on the clock of a run that starts at `start`."""
    offset = (ZHENGZHOU_720_START - start).total_seconds()
    edges = offset + hours_to_s(1.0) * np.arange(len(ZHENGZHOU_720_MM) + 1)
    source = (
        "Zhengzhou station WMO 57083; hour ending 20 July 17:00 published, the others filled to the"
        " published sums"
    )
    return rainfall_from_intervals("zhengzhou-720", edges, np.array(ZHENGZHOU_720_MM), source)


STORMS = {"zhengzhou-720": zhengzhou_720}


@dataclass(frozen=True)
class StormFormula:
    """Chinese storm intensity formula q = 167 A1 (1 + C lg(P + p0)) / (t + b)^n; q L/(s ha), t min,
    P years (GB 50014).
    """

    a: float
    c: float
    p0: float
    b: float
    n: float
    source: str

    def intensity_l_s_ha(self, minutes: float, return_period_y: float) -> float:
        """Mean intensity of a duration, L/(s ha)."""
        return (
            self.a
            * (1.0 + self.c * math.log10(return_period_y + self.p0))
            / (minutes + self.b) ** self.n
        )

    def depth_mm(self, minutes: float, return_period_y: float) -> float:
        """Depth of a duration, mm: H = 0.006 q t."""
        if minutes <= 0.0:
            return 0.0  # with b = 0 the intensity has no bound
        return 0.006 * self.intensity_l_s_ha(minutes, return_period_y) * minutes


FORMULAS = {
    "zhengzhou-measures": StormFormula(
        3073.0,
        0.892,
        0.0,
        15.1,
        0.824,
        "4th machinery institute, 26 years; recalled from Chinese drainage manuals",
    ),
    "zhengzhou-2002": StormFormula(
        7650.0,
        1.15,
        0.143,
        37.3,
        0.99,
        "North China institute, 30 years; recalled, named in the city's planning rules of 2013 and"
        " 2018",
    ),
}


@dataclass(frozen=True)
class DesignLaw:
    """The rain law by which a scenario's pipes are judged and sized. own : the scenario names it;
    else it is taken for want of one.
    """

    name: str
    law: StormFormula
    own: bool = True

    def __str__(self) -> str:
        hour = self.law.depth_mm(60.0, 10.0)
        return f"{self.name} (10 years, 1 h: {hour:.1f} mm)"


TAKEN_LAW = DesignLaw("zhengzhou-2002", FORMULAS["zhengzhou-2002"], own=False)


def chicago_storm(
    formula: str | StormFormula,
    return_period_y: float,
    duration_min: float,
    peak_ratio: float = 0.4,
    step_min: float = 5.0,
) -> Rainfall:
    """Keifer-Chu (Chicago) hyetograph from differences of the cumulative depth, so that its sum is
    the formula's depth exactly.

    peak_ratio : time to peak over duration, 0 to 1. Time runs from 0 at the storm's start. P(x) = r
    [H(T) - H((rT - x)/r)] to the peak, r H(T) + (1 - r) H((x - rT)/(1 - r)) after it (Keifer and
    Chu 1957).
    """
    law = FORMULAS[formula] if isinstance(formula, str) else formula
    total, peak = law.depth_mm(duration_min, return_period_y), peak_ratio * duration_min
    minutes = np.minimum(np.arange(0.0, duration_min + step_min - 1e-9, step_min), duration_min)

    def cumulative(x: float) -> float:
        if x <= peak:
            return peak_ratio * (total - law.depth_mm((peak - x) / peak_ratio, return_period_y))
        return peak_ratio * total + (1.0 - peak_ratio) * law.depth_mm(
            (x - peak) / (1.0 - peak_ratio), return_period_y
        )

    depth = np.array([mm_to_m(cumulative(float(x))) for x in minutes])
    name = formula if isinstance(formula, str) else "formula"
    return Rainfall(
        f"{name}-p{return_period_y:g}-{duration_min:g}min",
        minutes * minutes_to_s(1.0),
        depth,
        law.source,
    )


def shifted(rainfall: Rainfall, offset_s: float) -> Rainfall:
    """The same rain later by `offset_s`."""
    return Rainfall(
        rainfall.name, rainfall.time_s + offset_s, rainfall.cumulative_m, rainfall.source
    )


def scaled(rainfall: Rainfall, factor: float) -> Rainfall:
    """The same rain times a factor."""
    return Rainfall(
        f"{rainfall.name} x {factor:g}",
        rainfall.time_s,
        rainfall.cumulative_m * factor,
        rainfall.source,
    )
