"""Reading what a scenario points to: rasters, polygons and lines, CSV series and tables. Every fault names file, place and way out."""

from __future__ import annotations

import csv
import math
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.boundaries import Series
from flood_sim.errors import Finding, InputError, input_error
from flood_sim.grid import Grid
from flood_sim.scenario.map_files import check_crs, check_sidecars, checked_vector
from flood_sim.units import GIBIBYTE, SECONDS_PER_HOUR

DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid"}
UNDECLARED_NODATA = (-9999.0, -32768.0, 32767.0, 9999.0)


def open_raster(path: Path) -> Any:
    """A rasterio dataset by extension: no virtual or remote drivers, sidecar files ignored. Raises InputError where it is none."""
    import rasterio

    driver = DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise input_error("E107", path.name, "this raster format is not read", allowed=", ".join(DRIVERS), do="convert it to GeoTIFF")
    check_sidecars(path)
    try:
        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"), warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            data = rasterio.open(path, driver=driver)
    except rasterio.errors.RasterioIOError as error:
        raise input_error(
            "E108", path.name, f"this is no readable {driver} raster", given=str(error)[:120], do="re-copy or convert the file"
        ) from error
    if data.crs is not None and data.crs.to_wkt():
        check_crs(data.crs.to_wkt(), path.name)
    return data


def read_grid(path: Path, crs: str | None, findings: list[Finding]) -> tuple[Grid, Any]:
    """Grid of a raster, from its header alone, and the open dataset. Refuses what is no square, north-up, projected raster in metres."""
    data = open_raster(path)
    t = data.transform
    if data.width * data.height * 8 > 64 * GIBIBYTE:
        raise input_error(
            "E601", path.name, f"{data.height} x {data.width} cells cannot be read on this machine", do="clip the raster, or use larger cells"
        )
    if abs(t.b) > 1e-9 or abs(t.d) > 1e-9 or abs(abs(t.a) - abs(t.e)) > 1e-6 * abs(t.a):
        raise input_error(
            "E205", path.name, "cells must be square and north-up", given=f"{t.a:g} x {abs(t.e):g}, rotation {t.b:g}", do="resample the raster"
        )
    if t.e > 0:
        raise input_error("E206", path.name, "rows run from south to north", do="flip the raster (gdalwarp writes north-up)")
    system = _crs(path, data.crs, crs, findings)
    return Grid(data.height, data.width, float(t.a), float(t.c), float(t.f), system), data


def _crs(path: Path, own: Any, stated: str | None, findings: list[Finding]) -> str:
    from rasterio.crs import CRS

    if stated not in (None, "local"):
        check_crs(str(stated), "[grid] crs")
    if own is None or not own.to_wkt():
        if stated is None:
            raise input_error(
                "E201",
                path.name,
                "the raster has no coordinate system",
                do='set [grid] crs = "EPSG:4547" (or the right one; "local" for laboratory cases)',
            )
        if stated == "local":
            return "local"
        own = CRS.from_user_input(stated)
    elif stated not in (None, "local") and CRS.from_user_input(stated) != own:
        findings.append(
            Finding("W203", path.name, "[grid] crs differs from the raster's own, which is used", given=str(stated), allowed=own.to_string()[:60])
        )
    if own.is_geographic:
        raise input_error(
            "E202", path.name, "the raster is in degrees", given=own.to_string(), do="reproject to metres, e.g. EPSG:4547 for Zhengzhou"
        )
    code = own.to_epsg()
    return f"EPSG:{code}" if code else str(own.to_wkt())


def read_values(data: Any, path: Path, grid: Grid, findings: list[Finding], mean: bool = True) -> np.ndarray:
    """First band on the grid (rows, columns) float64, NaN where there is no data; another cell size is resampled area-weighted."""
    import rasterio
    from rasterio.warp import Resampling, reproject

    try:
        values = data.read(1, masked=True).astype(float).filled(np.nan)
    except rasterio.errors.RasterioIOError as error:
        raise input_error("E110", path.name, "the raster is damaged", given=str(error)[:120], do="re-copy the file") from error
    for sign in UNDECLARED_NODATA:
        count = int((values == sign).sum())
        if data.nodata is None and count > 10:
            raise input_error(
                "E208", path.name, f"{count} cells hold {sign:g} and no NoData value is declared", do=f"declare nodata = {sign:g} in the raster"
            )
    own = Grid(data.height, data.width, float(data.transform.a), float(data.transform.c), float(data.transform.f), grid.crs)
    if own == grid:
        return np.asarray(values)
    target = np.full(grid.shape, np.nan)
    method = Resampling.nearest if not mean else Resampling.average if grid.cell_size_m >= own.cell_size_m else Resampling.bilinear
    local = "EPSG:3857" if grid.crs == "local" else grid.crs
    reproject(
        values,
        target,
        src_transform=data.transform,
        src_crs=local,
        src_nodata=np.nan,
        dst_transform=grid.transform,
        dst_crs=local,
        dst_nodata=np.nan,
        resampling=method,
    )
    if not np.isfinite(target).any():
        raise input_error(
            "E204", path.name, "this raster does not overlap the grid", given=repr(own), allowed=repr(grid), do="check the coordinate systems"
        )
    return target


def read_layer(path: Path, grid: Grid, findings: list[Finding], mean: bool = True) -> np.ndarray:
    """A raster other than the terrain, on the grid; its own coordinate system must be the grid's."""
    data = open_raster(path)
    if data.crs is not None and grid.crs != "local":
        from rasterio.crs import CRS

        if CRS.from_user_input(grid.crs) != data.crs:
            raise input_error(
                "E203",
                path.name,
                "the coordinate system differs from the terrain's",
                given=data.crs.to_string()[:60],
                allowed=grid.crs[:60],
                do="reproject the file",
            )
    return read_values(data, path, grid, findings, mean)


def read_geometries(path: Path, grid: Grid) -> list[Any]:
    """Shapely geometries of a GeoJSON or GeoPackage. GeoJSON coordinates are taken in the grid's system unless the file says otherwise."""
    return read_features(path, grid)[0]


def open_vector(path: Path, columns: tuple[str, ...] | None = None) -> tuple[Any, Any, Any]:
    """Description, geometries (WKB) and columns of the first layer; columns : those wanted, where the file has them, None for all."""
    import pyogrio

    source, options = checked_vector(path)
    try:
        present = None if columns is None else [c for c in columns if c in pyogrio.read_info(source, **options)["fields"]]
        meta, _, geometry, values = pyogrio.raw.read(source, columns=present, **options)
    except Exception as error:
        raise input_error("E110", path.name, "the vector file cannot be read", given=str(error)[:120]) from error
    return meta, geometry, values


def read_features(path: Path, grid: Grid, columns: tuple[str, ...] = ()) -> tuple[list[Any], dict[str, np.ndarray]]:
    """Geometries and those of the columns that the file has, as arrays."""
    import shapely

    meta, geometry, values = open_vector(path, columns)
    if geometry is None or len(geometry) == 0:
        raise input_error("E204", path.name, "the file holds no geometry")
    shapes = list(shapely.from_wkb(geometry))
    west, south, east, north = shapely.total_bounds(np.array(shapes))
    gw, gs, ge, gn = grid.bounds
    if west > ge or east < gw or south > gn or north < gs:
        raise input_error(
            "E204",
            path.name,
            "these shapes do not overlap the grid",
            given=f"x {west:.1f}..{east:.1f}, y {south:.1f}..{north:.1f}, {meta.get('crs')}",
            allowed=repr(grid),
            do="reproject the file to the grid's system; check the axis order",
        )
    return [shapely.make_valid(shape) for shape in shapes], dict(zip(meta["fields"], values, strict=True))


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV with a header; lines that start with # are comments. Raises InputError where the file is neither UTF-8 nor GBK."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError as error:
            given = f"byte {raw[error.start]:#04x} at offset {error.start}"
            raise input_error("E105", path.name, "this is no text in UTF-8 or GBK", given=given, do="save the table as CSV, UTF-8") from error
    if "\0" in text:
        raise input_error("E105", path.name, "this is no text: it holds zero bytes", do="save the table as CSV, UTF-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [{(k or "").strip(): (v or "").strip() for k, v in row.items()} for row in csv.DictReader(lines)]


def read_series(path: Path, value_key: str, start: datetime) -> Series:
    """A CSV with `time` (ISO with offset), `time_s` or `time_h` (from the start of the run), and one value column."""
    rows = read_csv(path)
    if not rows or value_key not in rows[0]:
        raise input_error(
            "E104",
            path.name,
            f"the column `{value_key}` is missing",
            given=", ".join(rows[0]) if rows else "an empty file",
            allowed=f"time or time_s, {value_key}",
        )
    times = np.array([seconds(path, line, row, start) for line, row in enumerate(rows, start=2)])
    values = np.array([number(path, line, row, value_key) for line, row in enumerate(rows, start=2)])
    bad = np.flatnonzero(np.diff(times) <= 0.0)
    if bad.size:
        raise input_error("E303", f"{path.name}, row {bad[0] + 3}", "times do not increase", do="sort the rows; remove duplicates")
    return Series(times, values)


def read_table(path: Path, columns: tuple[str, ...]) -> np.ndarray:
    """(rows, columns) numbers of a CSV. Raises InputError where a column is missing or a value is no number."""
    rows = read_csv(path)
    for key in columns:
        if not rows or key not in rows[0]:
            raise input_error("E104", path.name, f"the column `{key}` is missing", given=", ".join(rows[0]) if rows else "an empty file")
    return np.array([[number(path, line, row, key) for key in columns] for line, row in enumerate(rows, start=2)])


def seconds(path: Path, line: int, row: dict[str, str], start: datetime) -> float:
    """Seconds from the start of the run to a row's `time`, `time_s` or `time_h`."""
    if "time_s" in row:
        return number(path, line, row, "time_s")
    if "time_h" in row:
        return number(path, line, row, "time_h") * SECONDS_PER_HOUR
    try:
        moment = datetime.fromisoformat(row.get("time", ""))
    except ValueError as error:
        raise input_error(
            "E302", f"{path.name}, row {line}", "no time", given=str(row.get("time")), allowed="2021-07-20T15:00:00+08:00 in `time`, or `time_s`"
        ) from error
    if moment.tzinfo is None:
        raise input_error("E302", f"{path.name}, row {line}", "the time has no offset", given=row["time"], do="write 2021-07-20T15:00:00+08:00")
    return (moment - start).total_seconds()


def number(path: Path, line: int, row: dict[str, str], key: str) -> float:
    """A finite number of a row."""
    try:
        value = float(row[key])
    except (KeyError, ValueError) as error:
        raise input_error("E104", f"{path.name}, row {line}, `{key}`", "this is no number", given=repr(row.get(key))) from error
    if not math.isfinite(value):
        raise input_error(
            "E104", f"{path.name}, row {line}, `{key}`", "this is no finite number", given=row[key], do="fill the gap or remove the row"
        )
    return value


def read_class_table(path: Path, columns: tuple[str, ...]) -> dict[int, dict[str, float]]:
    """Land-cover table: class to its values; every wanted column must be there."""
    rows = read_csv(path)
    missing = [c for c in ("class", *columns) if not rows or c not in rows[0]]
    if missing:
        raise input_error("E104", path.name, f"columns are missing: {', '.join(missing)}", given=", ".join(rows[0]) if rows else "an empty file")
    return {int(number(path, n, row, "class")): {c: number(path, n, row, c) for c in columns} for n, row in enumerate(rows, start=2)}


def by_class(raster: Path, table: Path, columns: tuple[str, ...], grid: Grid, active: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of a land-cover table spread over the grid. Raises InputError for classes without a row."""
    classes = read_layer(raster, grid, [], mean=False)
    values = read_class_table(table, columns)
    present = np.unique(classes[active & np.isfinite(classes)]).astype(int)
    gone = []
    for c in present:
        if c not in values:
            there = classes == c
            given, where = f"{there.mean():.1%} of the raster", grid.centres(there & active)
            gone.append(Finding("E213", table.name, f"class {c} of {raster.name} has no row", given=given, do="add the row", at=where))
    holes = active & ~np.isfinite(classes)
    if holes.any():
        gone.append(Finding("E207", raster.name, f"{int(holes.sum())} active cells have no class", do="fill the raster", at=grid.centres(holes)))
    if gone:
        raise InputError(gone)
    fields = {}
    for column in columns:
        fields[column] = np.zeros(grid.shape)
        for c in present:
            fields[column][classes == c] = values[int(c)][column]
    return fields
