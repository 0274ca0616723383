"""Reading what a scenario points to: rasters, polygons and lines. Every fault names file, place and
way out. Tables: tables.py.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import Finding, input_error
from flood_sim.core.grid import Grid
from flood_sim.core.units import GIBIBYTE
from flood_sim.scenario.doors.map_files import check_crs, check_sidecars, checked_vector

DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid"}
UNDECLARED_NODATA = (-9999.0, -32768.0, 32767.0, 9999.0)


def open_raster(path: Path) -> Any:
    """A rasterio dataset by extension: no virtual or remote drivers, sidecar files ignored. Raises
    InputError where it is none.
    """
    import rasterio

    driver = DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise input_error(
            "E107",
            path.name,
            "this raster format is not read",
            allowed=", ".join(DRIVERS),
            do="convert it to GeoTIFF",
        )
    check_sidecars(path)
    try:
        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"), warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            data = rasterio.open(path, driver=driver)
    except rasterio.errors.RasterioIOError as error:
        raise input_error(
            "E108",
            path.name,
            f"this is no readable {driver} raster",
            given=str(error)[:120],
            do="re-copy or convert the file",
        ) from error
    if data.crs is not None and data.crs.to_wkt():
        check_crs(data.crs.to_wkt(), path.name)
    return data


def read_grid(path: Path, crs: str | None, findings: list[Finding]) -> tuple[Grid, Any]:
    """Grid of a raster, from its header alone, and the open dataset. Refuses what is no square,
    north-up, projected raster in metres.
    """
    data = open_raster(path)
    t = data.transform
    if data.width * data.height * 8 > 64 * GIBIBYTE:
        raise input_error(
            "E601",
            path.name,
            f"{data.height} x {data.width} cells cannot be read on this machine",
            do="clip the raster, or use larger cells",
        )
    if abs(t.b) > 1e-9 or abs(t.d) > 1e-9 or abs(abs(t.a) - abs(t.e)) > 1e-6 * abs(t.a):
        raise input_error(
            "E205",
            path.name,
            "cells must be square and north-up",
            given=f"{t.a:g} x {abs(t.e):g}, rotation {t.b:g}",
            do="resample the raster",
        )
    if t.e > 0:
        raise input_error(
            "E206",
            path.name,
            "rows run from south to north",
            do="flip the raster (gdalwarp writes north-up)",
        )
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
            Finding(
                "W203",
                path.name,
                "[grid] crs differs from the raster's own, which is used",
                given=str(stated),
                allowed=own.to_string()[:60],
            )
        )
    if own.is_geographic:
        raise input_error(
            "E202",
            path.name,
            "the raster is in degrees",
            given=own.to_string(),
            do="reproject to metres, e.g. EPSG:4547 for Zhengzhou",
        )
    code = own.to_epsg()
    return f"EPSG:{code}" if code else str(own.to_wkt())


def read_values(
    data: Any, path: Path, grid: Grid, findings: list[Finding], mean: bool = True
) -> np.ndarray:
    """First band on the grid (rows, columns) float64, NaN where there is no data; another cell size
    is resampled: area-weighted, or to the nearest where not mean. Raises InputError for a damaged
    file, NoData that is not declared, a raster beside the grid.
    """
    values = _first_band(data, path)
    t = data.transform
    own = Grid(data.height, data.width, float(t.a), float(t.c), float(t.f), grid.crs)
    if own == grid:
        return values
    target = _resampled(values, own, data.transform, grid, mean)
    if not np.isfinite(target).any():
        raise input_error(
            "E204",
            path.name,
            "this raster does not overlap the grid",
            given=repr(own),
            allowed=repr(grid),
            do="check the coordinate systems",
        )
    return target


def _first_band(data: Any, path: Path) -> np.ndarray:
    import rasterio

    try:
        values = data.read(1, masked=True).astype(float).filled(np.nan)
    except rasterio.errors.RasterioIOError as error:
        raise input_error(
            "E110",
            path.name,
            "the raster is damaged",
            given=str(error)[:120],
            do="re-copy the file",
        ) from error
    for sign in UNDECLARED_NODATA:
        count = int((values == sign).sum())
        if data.nodata is None and count > 10:
            raise input_error(
                "E208",
                path.name,
                f"{count} cells hold {sign:g} and no NoData value is declared",
                do=f"declare nodata = {sign:g} in the raster",
            )
    return np.asarray(values)


def _resampled(values: np.ndarray, own: Grid, transform: Any, grid: Grid, mean: bool) -> np.ndarray:
    from rasterio.warp import Resampling, reproject

    coarser = grid.cell_size_m >= own.cell_size_m
    method = Resampling.average if coarser else Resampling.bilinear
    local = "EPSG:3857" if grid.crs == "local" else grid.crs
    target = np.full(grid.shape, np.nan)
    reproject(
        values,
        target,
        src_transform=transform,
        src_crs=local,
        src_nodata=np.nan,
        dst_transform=grid.transform,
        dst_crs=local,
        dst_nodata=np.nan,
        resampling=method if mean else Resampling.nearest,
    )
    return target


def read_layer(path: Path, grid: Grid, findings: list[Finding], mean: bool = True) -> np.ndarray:
    """A raster other than the terrain on the grid, (rows, columns) float64 in its own unit, NaN
    where there is no data. Raises InputError where its coordinate system is not the grid's.
    """
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
    """Shapely geometries of a GeoJSON or GeoPackage. GeoJSON coordinates are taken in the grid's
    system unless the file says otherwise.
    """
    return read_features(path, grid)[0]


def open_vector(path: Path, columns: tuple[str, ...] | None = None) -> tuple[Any, Any, Any]:
    """Description, geometries (WKB) and columns of the first layer; columns : those wanted, where
    the file has them, None for all.
    """
    import pyogrio

    source, options = checked_vector(path)
    try:
        present = (
            None
            if columns is None
            else [c for c in columns if c in pyogrio.read_info(source, **options)["fields"]]
        )
        meta, _, geometry, values = pyogrio.raw.read(source, columns=present, **options)
    except Exception as error:
        raise input_error(
            "E110", path.name, "the vector file cannot be read", given=str(error)[:120]
        ) from error
    return meta, geometry, values


def read_features(
    path: Path, grid: Grid, columns: tuple[str, ...] = ()
) -> tuple[list[Any], dict[str, np.ndarray]]:
    """Geometries, and of the columns those that the file has, each (geometries,). Raises
    InputError where the file holds none, or none on the grid.
    """
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
    return [shapely.make_valid(shape) for shape in shapes], dict(
        zip(meta["fields"], values, strict=True)
    )
