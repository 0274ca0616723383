"""A result beside what was observed: flood marks, or series at gauges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import AwareDatetime, Field

from flood_sim.core.errors import Finding, InputError, input_error, nearest
from flood_sim.core.files.checked_tables import Table, check_rows
from flood_sim.core.files.csv_files import read_raw
from flood_sim.core.files.table_rows import FARTHEST_M, HIGHEST_M, LOWEST_M, Row, usual
from flood_sim.core.units import SECONDS_PER_DAY
from flood_sim.results import Results

ROUNDING_S = 1.0  # of times in a result
ODD_GAP_M = 5.0  # of observed and computed: another datum or unit


@dataclass(frozen=True)
class Observed:
    """Observed against computed; rows: name, x_m, y_m, observed, computed (m), error = computed
    less observed.
    """

    rows: list[dict[str, Any]]
    kind: str  # "marks" or "series"
    findings: tuple[Finding, ...] = ()  # what is odd about them

    @property
    def errors(self) -> np.ndarray:
        """(rows,) m: computed less observed."""
        return np.array([r["error"] for r in self.rows])

    def figures(self) -> dict[str, float | None]:
        """Bias, mean absolute error, root mean square, NSE over the marks; of series the means over
        gauges. NSE is None where all observations are alike: it compares with their spread.
        """
        e, seen = self.errors, np.array([r["observed"] for r in self.rows])
        figures: dict[str, float | None] = {
            "count": float(e.size),
            "bias_m": float(e.mean()),
            "mae_m": float(np.abs(e).mean()),
            "rmse_m": float(np.sqrt((e**2).mean())),
        }
        if self.kind == "series":
            known = [r["nse"] for r in self.rows if r["nse"] is not None]
            return figures | {
                "nse": float(np.mean(known)) if known else None,
                "peak_late_min": float(np.mean([r["peak_late_min"] for r in self.rows])),
            }
        return figures | {"nse": _nse(e, seen)}


def _nse(error: np.ndarray, seen: np.ndarray) -> float | None:
    """Nash and Sutcliffe's efficiency; None where nothing varies."""
    spread = float(((seen - seen.mean()) ** 2).sum())
    return 1.0 - float((error**2).sum()) / spread if spread > 0.0 else None


class MarkRow(Row):
    """`compare --observed`: flood marks."""

    KEY: ClassVar[tuple[str, ...]] = ("name", "x_m", "y_m", "time")
    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (("depth_m", "level_m"),)
    x_m: float = Field(ge=-FARTHEST_M, le=FARTHEST_M, description="map coordinate")
    y_m: float = Field(ge=-FARTHEST_M, le=FARTHEST_M, description="map coordinate")
    depth_m: float | None = Field(
        None,
        ge=0.0,
        le=30.0,
        description="highest depth over the ground, not cm",
        json_schema_extra=usual(None, 8.0),
    )
    level_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="highest level, on the datum of the ground"
    )
    name: str | None = Field(None, description="absent: the row")
    time: AwareDatetime | None = Field(None, description="when it was seen: within the run")


class ObservedRow(Row):
    """`compare --observed`: series at gauges."""

    KEY: ClassVar[tuple[str, ...]] = ("gauge", "time")
    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (("depth_m", "stage_m"),)
    time: AwareDatetime = Field(description="date and time with offset")
    gauge: str = Field(description="name of a gauge of the result")
    depth_m: float | None = Field(
        None,
        ge=0.0,
        le=200.0,
        description="depth over the ground",
        json_schema_extra=usual(None, 20.0),
    )
    stage_m: float | None = Field(
        None, ge=LOWEST_M, le=HIGHEST_M, description="level, on the datum of the ground"
    )


def observed_marks(results: Results, file: Path) -> Observed:
    """Marks of a CSV (x_m, y_m, and depth_m or level_m; name) against maxima; or series (time,
    gauge, depth_m or stage_m) against gauges.

    A mark takes the cell it lies in, or the deepest beside it where that one is a building. Raises
    InputError with all rows that are wrong.
    """
    raw, said = read_raw(file), list[Finding]()
    start = results.start
    if "gauge" in raw.columns:
        return _series(results, check_rows(raw, ObservedRow, said, start), start, said)
    table = check_rows(raw, MarkRow, said, start)
    said = [f for f in said if f.code != "W221"]  # marks come with sources, dates, notes
    if "time_s" in table:
        _refuse_other_times(table, results, start)
    quantity = "depth_m" if "depth_m" in table else "level_m"
    _refuse_empty(table, quantity)
    found = _mark_rows(results, table, quantity)
    twice = len(found) - len({(r["x_m"], r["y_m"], r["observed"]) for r in found})
    if twice:
        problem = f"{twice} marks are given twice: each of them counts"
        said.append(Finding("W312", file.name, problem, do="remove them"))
    return Observed(found, "marks", tuple(said + _far_off(file.name, found, quantity)))


def _mark_rows(results: Results, table: Table, quantity: str) -> list[dict[str, Any]]:
    """A row a mark. Raises InputError with all marks that lie off the grid."""
    x, y = results.fields["x"].values, results.fields["y"].values
    cell, columns = x[1] - x[0], table.columns
    depth = np.nan_to_num(results.max_depth.values)
    bed = results.fields["bed_elevation"].values
    found, faults = [], []
    marks = (columns[name].tolist() for name in ("x_m", "y_m", quantity))
    for number, (px, py, seen) in enumerate(zip(*marks, strict=True)):
        column, line = math.floor((px - x[0]) / cell + 0.5), math.floor((y[0] - py) / cell + 0.5)
        if not (0 <= line < depth.shape[0] and 0 <= column < depth.shape[1]):
            place, extent = table.place(number), _extent(x, y, cell)
            problem = "the mark lies off the grid"
            faults.append(Finding("E204", place, problem, given=f"{px}, {py}", allowed=extent))
            continue
        line, column = _open_cell(line, column, depth, bed)
        ground = float(bed[line, column]) if quantity == "level_m" else 0.0
        computed = float(depth[line, column]) + ground
        name = str(columns["name"][number]) if "name" in table else ""
        found.append(
            {
                "name": name or f"row {table.raw.lines[number]}",
                "x_m": px,
                "y_m": py,
                "observed": seen,
                "computed": computed,
                "error": computed - seen,
            }
        )
    if faults:
        raise InputError(faults)
    return found


def _open_cell(line: int, column: int, depth: np.ndarray, bed: np.ndarray) -> tuple[int, int]:
    """The cell itself, or the deepest beside it where it is a building (bed is NaN).

    depth, bed : (rows, columns) m
    """
    if not np.isnan(bed[line, column]):
        return line, column
    around = [
        (a, b)
        for a in range(max(line - 1, 0), min(line + 2, depth.shape[0]))
        for b in range(max(column - 1, 0), min(column + 2, depth.shape[1]))
    ]
    return max(around, key=lambda c: depth[c])


def _extent(x: np.ndarray, y: np.ndarray, cell: float) -> str:
    h = 0.5 * cell
    return f"x {x[0] - h:.1f} to {x[-1] + h:.1f}, y {y[-1] - h:.1f} to {y[0] + h:.1f}"


def _refuse_empty(table: Table, quantity: str) -> None:
    empty = np.flatnonzero(np.isnan(table.columns[quantity]))
    if empty.size:
        raise InputError(
            Finding(
                "E104",
                table.place(int(empty[0]), quantity),
                "this is no number: the cell is empty",
                do="fill or remove the row",
            )
        )


def _far_off(file: str, found: list[dict[str, Any]], quantity: str) -> list[Finding]:
    """Observed levels that are all far from the computed ones are of another datum or unit."""
    gap = float(np.median([r["observed"] - r["computed"] for r in found]))
    if abs(gap) <= ODD_GAP_M:
        return []
    text = (
        f"half of the marks differ from the result by more than {abs(gap):.1f} m (observed less"
        f" computed {gap:+.1f} m)"
    )
    return [
        Finding(
            "W312",
            f"{file}, `{quantity}`",
            text,
            do="give them in metres, on the datum of the ground, of this event",
        )
    ]


def _refuse_other_times(table: Table, results: Results, start: datetime) -> None:
    """Marks and series of another year say nothing about this run. Raises InputError."""
    time_s = table.columns["time_s"]
    stop = float(results.summary.get("simulated_s", results.summary.get("duration_s", math.inf)))
    outside = np.flatnonzero((time_s < -SECONDS_PER_DAY) | (time_s > stop + SECONDS_PER_DAY))
    if outside.size:
        k = int(outside[0])
        text = f"{outside.size} of {time_s.size} observations lie outside the run"
        given, allowed = (
            str(table.raw.columns["time"][k]),
            f"from {start.isoformat()} on"
            + (f", {stop / 3600.0:g} h" if math.isfinite(stop) else ""),
        )
        raise InputError(
            Finding(
                "E312",
                table.place(k, "time"),
                text,
                given=given,
                allowed=allowed,
                do="give those of this event",
            )
        )


def _series(results: Results, table: Table, start: datetime, said: list[Finding]) -> Observed:
    _refuse_other_times(table, results, start)
    key, columns = "stage_m" if "stage_m" in table else "depth_m", table.columns
    _refuse_empty(table, key)
    found = []
    for name in dict.fromkeys(columns["gauge"].tolist()):
        if name not in results.gauges:
            raise input_error(
                "E104",
                table.raw.path.name,
                f"the result has no such gauge{nearest(name, results.gauges)}",
                given=name,
                allowed=", ".join(results.gauges),
            )
        mine = columns["gauge"] == name
        own = results.gauges[name]
        at = np.array([(t - start).total_seconds() for t in own["time"]])
        order = np.argsort(columns["time_s"][mine], kind="stable")
        times, seen = columns["time_s"][mine][order], columns[key][mine][order]
        inside = (times >= at[0] - ROUNDING_S) & (times <= at[-1] + ROUNDING_S)
        said += _left_out(table, name, int(inside.sum()), inside.size)
        times, seen = times[inside], seen[inside]
        computed = np.interp(times, at, own[key])
        error = computed - seen
        found.append(
            {
                "name": name,
                "observed": float(seen.max()),
                "computed": float(computed.max()),
                "error": float(error.mean()),
                "nse": _nse(error, seen),
                "peak_late_min": float(times[computed.argmax()] - times[seen.argmax()]) / 60.0,
            }
        )
    return Observed(found, "series", tuple(said + _far_off(table.raw.path.name, found, key)))


def _left_out(table: Table, name: str, inside: int, count: int) -> list[Finding]:
    """W325: observations of a gauge outside of what was computed; they are not compared. Raises
    InputError where that are all of them.
    """
    place = f"{table.raw.path.name}, gauge {name}"
    if inside == 0:
        raise input_error(
            "E312",
            place,
            "no observation lies within the run",
            given=f"{count} rows",
            do="give those of this event; check date and offset",
        )
    if inside == count:
        return []
    text = f"{count - inside} of {count} observations lie outside the run: they are not compared"
    return [Finding("W325", place, text, do="remove them, or run longer")]


def residual_picture(results: Results, observed: Observed) -> Any:
    """Marks on the map, coloured by computed less observed."""
    from matplotlib.colors import TwoSlopeNorm

    from flood_sim.analysis.pictures.plots import draw_ground
    from flood_sim.analysis.pictures.style import pyplot

    plt = pyplot()
    figure, axes = plt.subplots(figsize=(8.4, 7.2), layout="constrained")
    draw_ground(results, axes)
    size = max(float(np.abs(observed.errors).max()), 0.05)
    points = axes.scatter(
        [r["x_m"] for r in observed.rows],
        [r["y_m"] for r in observed.rows],
        c=observed.errors,
        cmap="RdBu_r",
        norm=TwoSlopeNorm(0.0, -size, size),
        edgecolor="k",
    )
    figure.colorbar(points, ax=axes, label="computed less observed 计算减实测 (m)")
    axes.set_title(", ".join(f"{k} {v:.3g}" for k, v in observed.figures().items()))
    return figure
