"""Rain as series: one file for the whole model, or one a gauge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import Faults, Finding, input_error
from flood_sim.core.files.checked_tables import Table, read_rows
from flood_sim.core.grid import Grid
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.ground.rain_fields import RainField, RainGauge, gauge_field
from flood_sim.ground.rainfall import Rainfall, rainfall_from_intervals
from flood_sim.scenario.checks.rain import check_rate
from flood_sim.scenario.doors.series import hours
from flood_sim.scenario.doors.tables import read_timed
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.rain_cover import (
    Cumulative,
    Intervals,
    Span,
    check_steps,
    edges_of,
    refuse_summed,
    told_summed,
)
from flood_sim.scenario.spec.tables import GaugeRow, RainRow


def series_rain(
    scenario: Scenario, spec: Any, name: str, place: str, findings: list[Finding]
) -> Rainfall:
    """A series file of depths or rates; spec gives label, interval_s and what counts outside.
    Raises InputError for empty cells, rows that stand too close or apart from the run, sums that
    nobody calls so, rain above the records.
    """
    return _series(scenario, spec, name, place, findings)[0]


def _series(
    scenario: Scenario, spec: Any, name: str, place: str, findings: list[Finding]
) -> tuple[Rainfall, list[Span]]:
    """The rain of a file, and the parts of the run that it leaves to other gauges."""
    path = scenario.file(name, place)
    table = read_timed(scenario, path, RainRow, findings)
    begin, end, depth = _amounts(table, spec, findings)
    length = end - begin
    worst = int(np.argmax(depth / length))
    check_rate(table.place(worst), depth[[worst]], float(length[worst]), findings)
    intervals = Intervals(path.name, begin, end, scenario.spec.duration_s, spec)
    intervals.refuse_apart()
    edges, rains = edges_of(intervals.pieces(findings))
    amounts = np.array([0.0 if r is None else depth[r.row] * r.share for r in rains])
    source = f"{path.name}: {len(depth)} intervals, {hours(begin[0], end[-1])}"
    ways = intervals.cover.keys
    spans = [span for span in intervals.missing() if ways[span[0]] == "others"]
    return rainfall_from_intervals(path.stem, edges, amounts, source), spans


def _amounts(
    table: Table, spec: Any, findings: list[Finding]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Begin and end (s) of each interval and what fell in it (mm), each (rows,)."""
    column = "rate_mm_h" if "rate_mm_h" in table else "depth_mm"
    given, time_s = table.columns[column], table.columns["time_s"]
    _refuse_empty(table, column)
    place = table.raw.path.name
    end = time_s + (spec.interval_s if spec.label == "left" else 0.0)
    if spec.cumulative:
        if column == "rate_mm_h":
            raise input_error(
                "E104",
                f"{place}, rate_mm_h",
                "a sum since the start is a depth, no rate",
                given="cumulative = true",
                do="rename the column depth_mm, or remove cumulative",
            )
        findings += told_summed(place, given)
        before = np.concatenate([[Cumulative.begins_at(given)], given[:-1]])
        begin = np.concatenate([[end[0] - spec.interval_s], end[:-1]])
        return begin, end, Cumulative.amount(given, before)
    check_steps(place, time_s, spec)
    begin = end - spec.interval_s
    if column == "rate_mm_h":
        return begin, end, given * (spec.interval_s / SECONDS_PER_HOUR)
    if spec.cumulative is None:
        refuse_summed(place, given, findings)
    return begin, end, given


def _refuse_empty(table: Table, column: str) -> None:
    empty = np.flatnonzero(np.isnan(table.columns[column]))
    if empty.size:
        raise input_error(
            "E104",
            table.place(int(empty[0]), column),
            "this is no number: the cell is empty",
            do="fill the gap or remove the row",
        )


def gauge_rain(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    """A table of gauges, each with its own series. Raises InputError with the faults of all."""
    path = scenario.file(spec.gauges, "[rainfall] gauges")
    table, faults = read_rows(path, GaugeRow, findings), Faults()
    gauges = []
    for number, row in enumerate(table.rows()):
        found = faults.of(
            _series, scenario, spec, row["file"], table.place(number, "file"), findings
        )
        if found is not None:
            away = tuple((begin, end) for _, begin, end in found[1])
            place = float(row["x_m"]), float(row["y_m"])
            gauges.append(RainGauge(row["gauge"], *place, found[0], away))
    faults.refuse()
    _tell_far(path, gauges, grid, findings)
    _tell_away(path, gauges, scenario.spec.duration_s, findings)
    return gauge_field(path.stem, gauges, grid, spec.method, f"{len(gauges)} gauges, {spec.method}")


def _tell_far(path: Path, gauges: list[RainGauge], grid: Grid, findings: list[Finding]) -> None:
    west, south, east, north = grid.bounds
    reach = max(east - west, north - south)
    far = [
        g.name
        for g in gauges
        if not (west - reach <= g.x_m <= east + reach and south - reach <= g.y_m <= north + reach)
    ]
    if far and all(abs(g.x_m) <= 180.0 and abs(g.y_m) <= 90.0 for g in gauges):
        raise input_error(
            "E204",
            path.name,
            "the gauges stand in degrees, it seems: none is near the grid",
            given=f"x_m {gauges[0].x_m:g}, y_m {gauges[0].y_m:g}",
            allowed=repr(grid),
            do="give their places in the terrain's system",
        )
    if far:
        findings.append(
            Finding(
                "W204",
                path.name,
                f"gauges lie more than a grid's width away: {', '.join(far[:6])}",
                do="check the coordinate system",
            )
        )


def _tell_away(path: Path, gauges: list[RainGauge], stop_s: float, findings: list[Finding]) -> None:
    """W323: gauges that others stand in for;  W305: time without any gauge."""
    away = [g for g in gauges if g.away_s]
    if not away:
        return
    told = [
        f"{g.name} {sum(b - a for a, b in g.away_s) / SECONDS_PER_HOUR:.6g} h" for g in away[:3]
    ]
    edges = np.unique([0.0, stop_s, *(t for g in gauges for span in g.away_s for t in span)])
    middle = 0.5 * (edges[1:] + edges[:-1])
    alone = np.all([g.is_away(middle) for g in gauges], axis=0)
    dry = float(np.diff(edges)[alone].sum())
    do = 'fill the rows; a gauge that lists wet intervals only: gaps = "zero", after = "zero"'
    if len(gauges) > 1 and any(g.is_away(middle)[~alone].any() for g in away):
        findings.append(
            Finding(
                "W323",
                path.name,
                f"{len(away)} of {len(gauges)} gauges have no rows for a part of the run: the"
                " others stand in",
                given=", ".join(told) + (" ..." if len(away) > 3 else ""),
                do=do,
            )
        )
    if dry > 0.0:
        text = f"no gauge has a row for {dry / SECONDS_PER_HOUR:.6g} h of the run: 0 there"
        findings.append(Finding("W305", path.name, text, given=", ".join(told), do=do))
