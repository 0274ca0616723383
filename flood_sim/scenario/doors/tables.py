"""Tables that a scenario points to: rows with times, curves, land cover. All of them are read by
their row models (spec/tables.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import Finding, InputError, input_error
from flood_sim.core.files.checked_tables import Table, read_rows
from flood_sim.core.files.table_rows import Row, TimedRow
from flood_sim.core.grid import Grid
from flood_sim.scenario.doors.map_source import MapSource
from flood_sim.scenario.doors.rasters import read_layer
from flood_sim.scenario.doors.resampled import How
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.tables import ClassRow


def read_timed(
    scenario: Scenario, path: Path, model: type[TimedRow], findings: list[Finding]
) -> Table:
    """A table with times on the run's clock."""
    return read_rows(path, model, findings, scenario.spec.time.start)


def read_curve(path: Path, model: type[Row], findings: list[Finding]) -> np.ndarray:
    """(rows of the table, its columns) numbers, columns in the order of the model."""
    table = read_rows(path, model, findings)
    return np.column_stack([table.columns[name] for name in model.model_fields])


def read_classes(
    path: Path, columns: tuple[str, ...], findings: list[Finding]
) -> dict[int, dict[str, float]]:
    """Land-cover table: class to its values; every wanted column must be there and filled."""
    table = read_rows(path, ClassRow, findings)
    missing = [c for c in columns if c not in table]
    if missing:
        raise input_error(
            "E104",
            path.name,
            f"columns are missing: {', '.join(missing)}",
            given=", ".join(table.raw.columns),
            do="add them",
        )
    faults = []
    for name in columns:
        empty = np.flatnonzero(np.isnan(table.columns[name]))
        if empty.size:
            faults.append(
                Finding(
                    "E104",
                    table.place(int(empty[0]), name),
                    "this is no number: the cell is empty",
                    do="fill the gap",
                )
            )
    if {"first_mm_h", "last_mm_h"} <= set(columns):
        rising = np.flatnonzero(table.columns["first_mm_h"] < table.columns["last_mm_h"])
        if rising.size:
            faults.append(
                Finding(
                    "E222",
                    table.place(int(rising[0]), "first_mm_h"),
                    "first_mm_h must not be below last_mm_h",
                    do="swap them",
                )
            )
    if faults:
        raise InputError(faults)
    return {
        int(c): {name: float(table.columns[name][k]) for name in columns}
        for k, c in enumerate(table.columns["class"])
    }


def by_class(
    raster: MapSource,
    table: Path,
    columns: tuple[str, ...],
    grid: Grid,
    active: np.ndarray,
    findings: list[Finding],
) -> dict[str, np.ndarray]:
    """Columns of a land-cover table spread over the grid, each (rows, columns); active : (rows,
    columns) bool. Raises InputError for classes that are no whole numbers, or without a row.
    """
    classes = read_layer(raster, grid, How.NEAREST, colours=True)
    values = read_classes(table, columns, findings)
    known = active & np.isfinite(classes)
    _refuse_broken_classes(raster, classes, known, grid)
    present = np.unique(classes[known]).astype(int)
    gone = [
        Finding(
            "E213",
            table.name,
            f"class {c} of {raster.name} has no row",
            given=f"{(classes == c).mean():.1%} of the raster",
            do="add the row",
            at=grid.centres((classes == c) & active),
        )
        for c in present
        if c not in values
    ]
    holes = active & ~np.isfinite(classes)
    if holes.any():
        text = f"{int(holes.sum())} active cells have no class"
        do = "fill the raster"
        gone.append(Finding("E207", raster.name, text, do=do, at=grid.centres(holes)))
    if gone:
        raise InputError(gone)
    fields: dict[str, Any] = {}
    for column in columns:
        fields[column] = np.zeros(grid.shape)
        for c in present:
            fields[column][classes == c] = values[int(c)][column]
    return fields


def _refuse_broken_classes(
    raster: MapSource, classes: np.ndarray, known: np.ndarray, grid: Grid
) -> None:
    broken = known & (classes != np.rint(classes))
    if broken.any():
        raise input_error(
            "E222",
            raster.name,
            f"{int(broken.sum())} active cells hold no class: a class is a whole number",
            given=f"{classes[broken][0]:g}",
            do="give a raster of classes, resampled to the nearest",
            at=grid.centres(broken),
        )
