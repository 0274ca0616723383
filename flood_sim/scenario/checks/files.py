"""What `check --out DIR` leaves: the findings as a table and a map layer, and the model as it was
read, so that one can look at it before a run.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import Finding, OutputError, input_error
from flood_sim.core.files.durable import write_bytes
from flood_sim.core.files.writing import write_csv, writing
from flood_sim.ground.rain_fields import mean_rainfall
from flood_sim.output.maps import write_geotiff
from flood_sim.scenario.spec.names import FORMULA
from flood_sim.simulation.inputs import ModelInputs

MESSAGES, MESSAGE_LAYER = "messages.csv", "messages.gpkg"
Rows = list[tuple[Any, dict[str, Any]]]  # shapely geometry, its fields


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def prepare(folder: Path) -> None:
    """Raises InputError where the folder holds anything or cannot be made."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise input_error("E111", str(folder), "this folder is not empty", do="give a new --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise input_error(
            "E111",
            str(folder),
            f"the folder cannot be made: {error.strerror}",
            do="give another --out",
        ) from error


@contextlib.contextmanager
def kept_whole(folder: Path) -> Iterator[None]:
    """The folder of a check, empty before: where something cannot be written, nothing stays. Raises
    OutputError.
    """
    try:
        with writing(folder, "give a new --out"):
            yield
    except OutputError:
        with contextlib.suppress(OSError):  # the disk may not even let it go
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
        raise


def write_messages(folder: Path, findings: Iterable[Finding]) -> Path:
    """messages.csv: one row a finding."""
    path = folder / MESSAGES
    rows = [["code", "severity", "place", "problem", "given", "allowed", "do", "x_m", "y_m"]]
    for f in findings:
        place = ("" if v is None else f"{v:.2f}" for v in (f.x_m, f.y_m))
        rows.append(
            [
                f.code,
                f.severity,
                *(safe_cell(t) for t in (f.place, f.problem, f.given, f.allowed, f.do)),
                *place,
            ]
        )
    return write_csv(path, rows, "give a new --out")


def write_model(folder: Path, inputs: ModelInputs) -> list[Path]:
    """Rasters, layers and rain of a model as it was read; returns their paths."""
    terrain, grid = inputs.terrain, inputs.terrain.grid
    depth = np.broadcast_to(np.asarray(inputs.initial_depth, float), grid.shape)
    rasters = {
        "bed_elevation": terrain.bed_elevation,
        "manning_n": terrain.manning_n,
        "initial_depth": depth,
    }
    for name, field in rasters.items():
        write_geotiff(
            folder / f"{name}.tif",
            np.where(terrain.active, field, np.nan).astype(np.float32),
            grid,
            np.nan,
        )
    write_geotiff(folder / "active.tif", terrain.active.astype(np.uint8), grid, None)
    _write_rain(folder / "rain.csv", inputs)
    write_message_layer(folder, inputs.findings, grid.crs)
    layers = {
        "links": _links(inputs),
        "boundaries": _boundaries(inputs),
        "structures": _structures(inputs),
    }
    for name, rows in layers.items():
        if rows:
            _write_layer(folder / f"{name}.gpkg", rows, grid.crs)
    return sorted(folder.iterdir())


def _write_rain(path: Path, inputs: ModelInputs) -> None:
    """Mean over the grid: depth fallen by each minute."""
    rain = mean_rainfall(inputs.rainfall)
    minutes = np.unique(
        np.arange(0.0, inputs.clock.duration_s + 60.0, 60.0).clip(max=inputs.clock.duration_s)
    )
    fallen = 1000.0 * (
        np.interp(minutes, rain.time_s, rain.cumulative_m)
        - np.interp(0.0, rain.time_s, rain.cumulative_m)
    )
    rows = [
        [inputs.clock.at(t).isoformat(), f"{t:g}", f"{mm:.4f}"]
        for t, mm in zip(minutes.tolist(), fallen.tolist(), strict=True)
    ]
    write_csv(path, [["time", "time_s", "fallen_mm"], *rows], "give a new --out")


def write_message_layer(folder: Path, findings: Iterable[Finding], crs: str) -> None:
    """messages.gpkg: a point for each place of each finding; no file where none has a place."""
    import shapely

    rows: Rows = [
        (
            shapely.Point(at),
            {
                "code": f.code,
                "severity": f.severity,
                "place": f.place,
                "problem": f.problem,
                "given": f.given,
                "do": f.do,
            },
        )
        for f in findings
        for at in f.at
    ]
    if rows:
        _write_layer(folder / MESSAGE_LAYER, rows, crs)


def _links(inputs: ModelInputs) -> Rows:
    """From each node to the cells of its inlets."""
    import shapely

    if inputs.drainage is None:
        return []
    grid, where = inputs.terrain.grid, inputs.drainage.network.coordinates()
    rows = []
    for inlet in inputs.drainage.inlets:
        cell = float(grid.x_m[inlet.column]), float(grid.y_m[inlet.row])
        fields = {
            "node": inlet.node,
            "row": inlet.row,
            "column": inlet.column,
            "capacity_m3_s": float(min(inlet.capacity_m3_s, 1e9)),
        }
        rows.append((shapely.LineString([where.get(inlet.node, cell), cell]), fields))
    return rows


def _boundaries(inputs: ModelInputs) -> Rows:
    import shapely

    grid = inputs.terrain.grid
    groups = [
        (e.name, "stage" if e.stage is not None else "outflow", e.cells) for e in inputs.edges
    ]
    groups += [(i.name, "discharge", i.cells) for i in inputs.inflows] + [
        (i.name, "discharge", i.cells) for i in inputs.edge_inflows
    ]
    return [
        (shapely.Point(float(grid.x_m[c]), float(grid.y_m[r])), {"name": name, "kind": kind})
        for name, kind, cells in groups
        for r, c in cells
    ]


def _structures(inputs: ModelInputs) -> Rows:
    import shapely

    grid, half = inputs.terrain.grid, 0.5 * inputs.terrain.grid.cell_size_m
    rows: Rows = []
    for s in inputs.structures:
        for is_x, (r, c) in zip(s.is_x.tolist(), s.cells.tolist(), strict=True):
            x, y = float(grid.x_m[c]), float(grid.y_m[r])
            ends = (
                [(x - half, y - half), (x - half, y + half)]
                if is_x
                else [(x - half, y + half), (x + half, y + half)]
            )
            rows.append((shapely.LineString(ends), {"name": s.name, "kind": s.kind}))
    pairs = [(c.name, "culvert", c.from_cell, c.to_cell) for c in inputs.culverts] + [
        (p.name, "pump", p.from_cell, p.to_cell) for p in inputs.pumps
    ]
    for name, kind, *cells in pairs:
        rows.append(
            (
                shapely.LineString([(float(grid.x_m[c]), float(grid.y_m[r])) for r, c in cells]),
                {"name": name, "kind": kind},
            )
        )
    return rows


def _write_layer(path: Path, rows: Rows, crs: str) -> None:
    import shapely
    from pyogrio.raw import write

    content, fields = io.BytesIO(), list(rows[0][1])
    data = [
        np.array([row[f] for _, row in rows], object if isinstance(rows[0][1][f], str) else None)
        for f in fields
    ]
    kind = rows[0][0].geom_type
    shapes = shapely.to_wkb(np.array([g for g, _ in rows]))
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="'crs' was not provided"
        )  # a laboratory case has none
        write(
            content,
            shapes,
            data,
            np.array(fields),
            driver="GPKG",
            geometry_type=kind,
            crs=None if crs == "local" else crs,
        )
    with writing(path, "give a new --out"):
        write_bytes(path, content.getvalue())
