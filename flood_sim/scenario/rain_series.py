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
from flood_sim.scenario.checks.rain import check_cumulative, check_rate
from flood_sim.scenario.doors.tables import read_timed
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.tables import GaugeRow, RainRow


def series_rain(
    scenario: Scenario, spec: Any, name: str, place: str, findings: list[Finding]
) -> Rainfall:
    """A series file of depths or rates; spec gives label and interval_s. Raises InputError for
    empty cells, rows that stand too close, rain above the records.
    """
    path = scenario.file(name, place)
    table = read_timed(scenario, path, RainRow, findings)
    column = "rate_mm_h" if "rate_mm_h" in table else "depth_mm"
    given, time_s = table.columns[column], table.columns["time_s"]
    _refuse_gaps(table, column)
    depth: np.ndarray = given * (
        spec.interval_s / SECONDS_PER_HOUR if column == "rate_mm_h" else 1.0
    )
    check_rate(table.place(int(np.argmax(depth))), depth, spec.interval_s, findings)
    _check_steps(path, np.diff(time_s), spec.interval_s, findings)
    check_cumulative(path, depth, findings)
    begin = time_s - (spec.interval_s if spec.label == "right" else 0.0)
    edges = np.column_stack([begin, begin + spec.interval_s]).ravel()
    keep = np.concatenate([[True], np.diff(edges) > 1e-6])
    amounts = np.zeros(edges.size - 1)
    amounts[::2] = depth
    return rainfall_from_intervals(path.stem, edges[keep], amounts[keep[1:]], str(path))


def _refuse_gaps(table: Table, column: str) -> None:
    empty = np.flatnonzero(np.isnan(table.columns[column]))
    if empty.size:
        raise input_error(
            "E104",
            table.place(int(empty[0]), column),
            "this is no number: the cell is empty",
            do="fill the gap or remove the row",
        )


def _check_steps(path: Path, steps: np.ndarray, interval_s: float, findings: list[Finding]) -> None:
    if (steps < interval_s - 1e-6).any():
        raise input_error(
            "E303",
            path.name,
            "rows stand closer than interval_s",
            given=f"{steps.min():g} s",
            allowed=f"{interval_s:g} s",
            do="set interval_s to the series' step",
        )
    gaps = int((steps > interval_s + 1e-6).sum())
    if gaps:
        text = f"{gaps} gaps longer than interval_s; no rain in them"
        findings.append(Finding("W304", path.name, text))


def gauge_rain(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    """A table of gauges, each with its own series. Raises InputError with the faults of all."""
    path = scenario.file(spec.gauges, "[rainfall] gauges")
    table, faults = read_rows(path, GaugeRow, findings), Faults()
    gauges = []
    for number, row in enumerate(table.rows()):
        rain = faults.of(
            series_rain, scenario, spec, row["file"], table.place(number, "file"), findings
        )
        gauges.append(RainGauge(row["gauge"], float(row["x_m"]), float(row["y_m"]), rain))
    faults.refuse()
    west, south, east, north = grid.bounds
    reach = max(east - west, north - south)
    far = [
        g.name
        for g in gauges
        if not (west - reach <= g.x_m <= east + reach and south - reach <= g.y_m <= north + reach)
    ]
    if far:
        findings.append(
            Finding(
                "W204",
                path.name,
                f"gauges lie more than a grid's width away: {', '.join(far[:6])}",
                do="check the coordinate system",
            )
        )
    return gauge_field(path.stem, gauges, grid, spec.method, f"{len(gauges)} gauges, {spec.method}")
