"""A result beside what was observed: flood marks, or series at gauges."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.errors import input_error, nearest
from flood_sim.results import Results


@dataclass(frozen=True)
class Observed:
    """Observed against computed; rows: name, x_m, y_m, observed, computed (m), error = computed less observed."""

    rows: list[dict[str, Any]]
    kind: str  # "marks" or "series"

    @property
    def errors(self) -> np.ndarray:
        return np.array([r["error"] for r in self.rows])

    def figures(self) -> dict[str, float]:
        """Bias, mean absolute error, root mean square, NSE over the marks; of series the means over gauges."""
        e, seen = self.errors, np.array([r["observed"] for r in self.rows])
        figures = {"count": float(e.size), "bias_m": float(e.mean()), "mae_m": float(np.abs(e).mean()), "rmse_m": float(np.sqrt((e**2).mean()))}
        if self.kind == "series":
            return figures | {
                "nse": float(np.mean([r["nse"] for r in self.rows])),
                "peak_late_min": float(np.mean([r["peak_late_min"] for r in self.rows])),
            }
        spread = float(((seen - seen.mean()) ** 2).sum())
        return figures | {"nse": 1.0 - float((e**2).sum()) / spread if spread > 0.0 else 0.0}


def observed_marks(results: Results, file: Path) -> Observed:
    """Marks of a CSV (x_m, y_m, and depth_m or level_m; name) against maxima; or series (time, gauge, depth_m or stage_m) against gauges.

    A mark takes the cell it lies in, or the deepest beside it where that one is a building. Raises InputError with the row that is wrong.
    """
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    columns = set(rows[0]) if rows else set()
    if {"time", "gauge"} <= columns:
        return _series(results, file, rows)
    quantity = next((c for c in ("depth_m", "level_m") if c in columns), None)
    if quantity is None or not {"x_m", "y_m"} <= columns:
        raise input_error(
            "E104",
            file.name,
            "columns are missing",
            given=", ".join(sorted(columns)),
            allowed="x_m, y_m, depth_m or level_m; or time, gauge, depth_m or stage_m",
        )
    x, y = results.fields["x"].values, results.fields["y"].values
    cell, depth, bed = x[1] - x[0], np.nan_to_num(results.max_depth.values), results.fields["bed_elevation"].values
    found = []
    for number, row in enumerate(rows, start=2):
        try:
            px, py, seen = (float(row[c]) for c in ("x_m", "y_m", quantity))
        except ValueError as error:
            raise input_error("E104", f"{file.name}, row {number}", "this is no number", given=str(row)) from error
        column, line = int((px - x[0]) / cell + 0.5), int((y[0] - py) / cell + 0.5)
        if not (0 <= line < depth.shape[0] and 0 <= column < depth.shape[1]):
            raise input_error("E204", f"{file.name}, row {number}", "the mark lies off the grid", given=f"{px}, {py}")
        if np.isnan(bed[line, column]):
            around = [
                (a, b)
                for a in range(max(line - 1, 0), min(line + 2, depth.shape[0]))
                for b in range(max(column - 1, 0), min(column + 2, depth.shape[1]))
            ]
            line, column = max(around, key=lambda c: depth[c])
        computed = float(depth[line, column]) + (float(bed[line, column]) if quantity == "level_m" else 0.0)
        found.append(
            {"name": row.get("name") or f"row {number}", "x_m": px, "y_m": py, "observed": seen, "computed": computed, "error": computed - seen}
        )
    return Observed(found, "marks")


def _series(results: Results, file: Path, rows: list[dict[str, str]]) -> Observed:
    key = "stage_m" if "stage_m" in rows[0] else "depth_m"
    by_gauge: dict[str, list[tuple[datetime, float]]] = {}
    for row in rows:
        by_gauge.setdefault(row["gauge"], []).append((datetime.fromisoformat(row["time"]), float(row[key])))
    found = []
    for name, points in by_gauge.items():
        if name not in results.gauges:
            raise input_error(
                "E104", file.name, f"the result has no such gauge{nearest(name, results.gauges)}", given=name, allowed=", ".join(results.gauges)
            )
        own = results.gauges[name]
        at = np.array([t.timestamp() for t in own["time"]])
        times, seen = np.array([t.timestamp() for t, _ in points]), np.array([v for _, v in points])
        computed = np.interp(times, at, own[key])
        error, spread = computed - seen, float(((seen - seen.mean()) ** 2).sum())
        found.append({
            "name": name, "observed": float(seen.max()), "computed": float(computed.max()), "error": float(error.mean()),
            "nse": 1.0 - float((error**2).sum()) / spread if spread > 0.0 else 0.0,
            "peak_late_min": float(times[computed.argmax()] - times[seen.argmax()]) / 60.0,
        })  # fmt: skip
    return Observed(found, "series")


def residual_picture(results: Results, observed: Observed) -> Any:
    """Marks on the map, coloured by computed less observed."""
    from matplotlib.colors import TwoSlopeNorm

    from flood_sim.analysis.plots import draw_ground
    from flood_sim.analysis.style import pyplot

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
    figure.colorbar(points, ax=axes, label="computed less observed (m)")
    axes.set_title(", ".join(f"{k} {v:.3g}" for k, v in observed.figures().items()))
    return figure
