"""Rain against what rain can do: the records of the world, the span of the run."""

from __future__ import annotations

import math

import numpy as np

from flood_sim.core.errors import Finding, input_error
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.ground.rain_fields import RainField
from flood_sim.ground.rainfall import Rainfall
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.tables import ODD_RAIN_MM_H

# over five minutes and more; over one (Unionville 1956: 31 mm)
LARGEST_RAIN_MM_H, LARGEST_MINUTE_MM_H = 500.0, 1900.0
# of D hours: 425 D^0.47 (Jennings 1950, WMO 1994)
WORLD_RECORD_MM, WORLD_RECORD_POWER = 425.0, 0.47
RECORD_HOURS = (0.25, 0.5, 1.0, 3.0, 6.0, 12.0, 24.0, 48.0, 72.0)


def largest_rate_mm_h(interval_s: float) -> float:
    """Most that is taken as rain over an interval: a power law through 500 mm/h in 5 min and 1,900
    in 1 min, near the records of the world.
    """
    power = math.log(LARGEST_MINUTE_MM_H / LARGEST_RAIN_MM_H) / math.log(5.0)
    return LARGEST_RAIN_MM_H * max(1.0, min(300.0 / interval_s, 5.0)) ** power


def check_rate(
    place: str, depth_mm: np.ndarray, interval_s: float, findings: list[Finding]
) -> None:
    """Depths (n,) or (rows, columns) mm of intervals against what rain can do. Raises InputError
    above the records; above 300 mm/h it is a doubt.
    """
    peak = float(np.max(depth_mm, initial=0.0)) / interval_s * SECONDS_PER_HOUR
    most = largest_rate_mm_h(interval_s)
    if peak > most:
        raise input_error(
            "E501",
            place,
            f"{peak:.0f} mm/h at the peak",
            allowed=f"up to {most:.0f} mm/h over {interval_s:g} s (7.20: 201.9 in an hour)",
            do="check the unit and interval_s: rate_mm_h, depth_mm",
        )
    odd = Finding(
        "W220",
        place,
        "rain that heavy is rare: another unit, or another interval_s?",
        given=f"{peak:.0f} mm/h",
        allowed=f"usually up to {ODD_RAIN_MM_H:g} mm/h",
    )
    if peak > ODD_RAIN_MM_H and not any(
        f.code == "W220" and f.problem == odd.problem for f in findings
    ):
        findings.append(odd)


def check_records(scenario: Scenario, rain: Rainfall, findings: list[Finding]) -> None:
    """The most rain of each span against the records of the world: the worst span is told."""
    start, stop = float(rain.time_s[0]), float(rain.time_s[-1])
    worst = (0.0, 0.0, 0.0)
    for hours in RECORD_HOURS:
        span = min(hours * SECONDS_PER_HOUR, max(stop - start, 1.0))
        ends = np.unique(np.concatenate([rain.time_s, np.minimum(rain.time_s + span, stop)]))
        fallen = np.interp(ends, rain.time_s, rain.cumulative_m) - np.interp(
            ends - span, rain.time_s, rain.cumulative_m
        )
        deepest, record = (
            1000.0 * float(fallen.max()),
            WORLD_RECORD_MM * (span / SECONDS_PER_HOUR) ** WORLD_RECORD_POWER,
        )
        worst = max(worst, (deepest / record, span / SECONDS_PER_HOUR, deepest))
    ratio, hours, deepest = worst
    if ratio > 1.0:
        text = f"{deepest:.0f} mm fall within {hours:.3g} h: more than was ever measured on Earth"
        allowed = f"{deepest / ratio:.0f} mm (425 mm times hours to the power of 0.47)"
        findings.append(
            Finding(
                "W311",
                f"{scenario.path.name}, [rainfall]",
                text,
                allowed=allowed,
                do="check unit and interval_s",
            )
        )


def check_falls(scenario: Scenario, rain: Rainfall, findings: list[Finding]) -> None:
    """Whether rain falls within the run; of a storm with a date, whether it falls to its end
    (W305).
    """
    place, stop = f"{scenario.path.name}, [rainfall]", scenario.spec.duration_s
    if rain.depth_between(0.0, stop) <= 0.0:
        dry = "no rain falls between start and stop"
        do = "check dates and offsets"
        findings.append(Finding("W305", place, dry, given=repr(rain), do=do))
    elif scenario.spec.rainfall.kind == "storm" and rain.time_s[-1] < stop:
        early_h = (stop - rain.time_s[-1]) / SECONDS_PER_HOUR
        ended = f"the rain ends {early_h:.2f} h before the run; 0 after it"
        way = "end the run with it, unless the dry hours are meant"
        findings.append(Finding("W305", place, ended, do=way))


def check_span(scenario: Scenario, field: RainField, findings: list[Finding]) -> None:
    """Whether the cells of a storm pass within the run (W305)."""
    begin, end, stop = float(field.edges_s[0]), float(field.edges_s[-1]), scenario.spec.duration_s
    if end <= 0.0 or begin >= stop:
        findings.append(
            Finding(
                "W305",
                f"{scenario.path.name}, [rainfall]",
                "no rain falls between start and stop",
                given=repr(field),
                do="check dates and offsets",
            )
        )
