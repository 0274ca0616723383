"""The door of rasters: what a file says of itself (system and its unit, bands, scale, NoData, unit
of heights) is read here, and said. On the grid: resampled.py.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import Finding, input_error
from flood_sim.core.grid import Grid
from flood_sim.core.units import GIBIBYTE
from flood_sim.scenario.doors import systems
from flood_sim.scenario.doors.bands import chosen_band, refuse_colours
from flood_sim.scenario.doors.map_files import check_crs, check_sidecars
from flood_sim.scenario.doors.map_source import MapSource
from flood_sim.scenario.doors.raster_notes import refuse_other_meaning
from flood_sim.scenario.doors.resampled import How, counted, resampled, sampled

DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid"}
# what programs write where nothing is known: no such number is ever measured
SENTINELS = (-9999.0, -32768.0, -32767.0, -99999.0, -999999.0)
ODD_SENTINELS, MOST_ODD = (32767.0, 9999.0), 10  # may be measured, but not so often
SMALLEST_CELL_M = 0.02  # of a place on a map; degrees are smaller
HUGE = 1e15  # no number of a map: 1e20, 3.4e38 and their roundings


@dataclass(frozen=True)
class Raster:
    """An open raster. transform : of its cells, in metres where the system has a length; system :
    pyproj, None where none is stated; written : as the file has it; unit : of its axes, name and
    metres.
    """

    source: MapSource
    data: Any
    band: int
    transform: Any
    system: Any
    unit: tuple[str, float] = ("metre", 1.0)
    written: Any = None

    @property
    def metric(self) -> bool:
        """Whether its axes had another unit."""
        return self.written is not self.system

    @property
    def said(self) -> str:
        """System and band, for the user."""
        name = "no system stated" if self.system is None else systems.short(self.written)
        turned = ""
        if self.metric:
            turned = f" in {self.unit[0]}, converted to metres ({systems.short(self.system)})"
        return f"{name}{turned}; band {self.band} of {self.data.count}"


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
            do=f"convert it to GeoTIFF: gdal_translate {path.name} {path.stem}.tif",
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
    refuse_other_meaning(path, data)
    return data


def opened(source: MapSource, stated: str | None = None) -> Raster:
    """A raster with its band chosen and its cells in metres; stated : the system that the scenario
    gives where the file has none. Raises InputError where one must be chosen and is not.
    """
    data = open_raster(source.path)
    band, system = chosen_band(source, data), None
    own = data.crs.to_wkt() if data.crs is not None else ""
    if own and systems.on_earth(own, source.name):
        system = systems.system_of(own, source.name)
    elif stated not in (None, "local"):
        system = systems.system_of(str(stated), "[grid] crs")
    raster = Raster(source, data, band, data.transform, system, written=system)
    return raster if system is None or system.is_geographic else _metric(raster)


def _metric(raster: Raster) -> Raster:
    """The same cells with axes in metres."""
    from rasterio import Affine

    unit = systems.map_unit(raster.system)
    if abs(unit[1] - 1.0) < 1e-12:
        return raster
    t = Affine(*(unit[1] * float(v) for v in tuple(raster.transform)[:6]))
    twin = systems.in_metres(raster.system)
    return Raster(raster.source, raster.data, raster.band, t, twin, unit, raster.system)


def read_grid(
    source: MapSource, stated: str | None, findings: list[Finding]
) -> tuple[Grid, Raster]:
    """Grid of a terrain's raster, from its header alone, and the open raster. Refuses what has no
    square, north-up cells on a map with a true scale; feet and kilometres become metres.
    """
    raster = opened(source, stated)
    system = _grid_system(raster, stated, findings)
    t, data = raster.transform, raster.data
    if data.width * data.height * 8 > 64 * GIBIBYTE:
        raise input_error(
            "E601",
            source.name,
            f"{data.height} x {data.width} cells cannot be read on this machine",
            do="clip the raster, or use larger cells",
        )
    _refuse_no_place(raster)
    if abs(t.b) > 1e-9 or abs(t.d) > 1e-9 or abs(abs(t.a) - abs(t.e)) > 1e-6 * abs(t.a):
        size = min(abs(data.transform.a), abs(data.transform.e))
        raise input_error(
            "E205",
            source.name,
            "cells must be square and north-up",
            given=f"{t.a:g} x {abs(t.e):g}, rotation {t.b:g}",
            do=f"resample the raster: {warped(source, f'-tr {size:g} {size:g}')}",
        )
    if t.e > 0:
        raise input_error(
            "E206",
            source.name,
            "rows run from south to north",
            do=f"flip the raster (gdalwarp writes north-up): {warped(source, '')}",
        )
    source.log.map_unit = raster.unit
    grid = Grid(data.height, data.width, float(t.a), float(t.c), float(t.f), system)
    if system != "local":
        _check_scale(raster, grid, findings)
    return grid, raster


def warped(source: MapSource, options: str) -> str:
    """The command of GDAL that makes a raster over, and what is left to do."""
    how = " ".join(f"gdalwarp {options} -r bilinear".split())
    return f"{how} {source.name} {source.path.stem}_new.tif, and name that file"


def _grid_system(raster: Raster, stated: str | None, findings: list[Finding]) -> str:
    source, system = raster.source, raster.system
    if system is None:
        if stated == "local":
            return "local"
        raise input_error(
            "E201",
            source.name,
            "the raster has no coordinate system",
            do='set [grid] crs = "EPSG:4547" (or the right one; "local" for laboratory cases)',
        )
    told = None if stated in (None, "local") else systems.system_of(str(stated), "[grid] crs")
    own = raster.data.crs
    if told is not None and own is not None and own.to_wkt():
        written = systems.system_of(own.to_wkt(), source.name)
        if not systems.same_system(told, written) and not systems.same_system(told, system):
            findings.append(
                Finding(
                    "W203",
                    source.name,
                    "[grid] crs differs from the raster's own, which is used",
                    given=str(stated),
                    allowed=systems.short(written),
                )
            )
    if system.is_geographic or _looks_like_degrees(raster, stated):
        _refuse_degrees(raster)
    return systems.named(system)


def _looks_like_degrees(raster: Raster, stated: str | None) -> bool:
    """Cells of millimetres near the origin of a stated system: its numbers are degrees."""
    t = raster.data.transform
    inside = abs(t.c) <= 180.0 and abs(t.f) <= 90.0
    return stated is not None and inside and abs(t.a) < SMALLEST_CELL_M


def _refuse_degrees(raster: Raster) -> None:
    t, data = raster.data.transform, raster.data
    box = (t.c, t.f + t.e * data.height, t.c + t.a * data.width, t.f)
    whole = systems.system_of(systems.LON_LAT, raster.source.name)
    system = raster.system if raster.system.is_geographic else whole
    do = warped(raster.source, f"-t_srs {systems.utm_of(system, box)}")
    if not raster.system.is_geographic:
        do = do.replace("gdalwarp", f"gdalwarp -s_srs {systems.LON_LAT}")
    raise input_error(
        "E202",
        raster.source.name,
        "the raster is in degrees",
        given=f"{systems.short(raster.system)}, cells of {t.a:g}",
        do=f"reproject to metres: {do}",
    )


def _refuse_no_place(raster: Raster) -> None:
    """Raises InputError for a raster whose cells lie nowhere: GDAL gives such ones cells of 1."""
    if not raster.data.transform.is_identity:
        return
    raise input_error(
        "E241",
        raster.source.name,
        "the raster has no place on the map",
        given="no transform; a world file beside it (.tfw) is not read",
        allowed="a GeoTIFF with its corner and cell size",
        do=f"write them into it: gdal_translate {raster.source.name} placed.tif (reads a .tfw), or"
        " add -a_ullr west north east south; then name that file",
    )


def _check_scale(raster: Raster, grid: Grid, findings: list[Finding]) -> None:
    """Lengths on the map against lengths on the ground: a map of the whole world (Web Mercator) has
    too large cells. Raises InputError from LARGEST_SCALE on.
    """
    scale = systems.length_scale(raster.system, grid.bounds)
    if not np.isfinite(scale) or abs(scale - 1.0) <= systems.ODD_SCALE:
        return
    text = (
        f"lengths on this map are {scale:.3g} times those on the ground, areas and volumes"
        f" {scale**2:.3g} times"
    )
    utm = systems.utm_of(raster.system, grid.bounds)
    given, do = systems.short(raster.system), warped(raster.source, f"-t_srs {utm}")
    if abs(scale - 1.0) > systems.LARGEST_SCALE:
        raise input_error("E242", raster.source.name, text, given=given, do=do)
    findings.append(Finding("W242", raster.source.name, text, given=given, do=do))


def unknown(values: np.ndarray) -> str:
    """How many cells have no value."""
    count = int(np.isnan(values).sum())
    return f"{count} of {values.size} cells without a value" if count else ""


def packed(raster: Raster) -> str:
    """Scale and offset of the band."""
    scale, offset = raster.data.scales[raster.band - 1], raster.data.offsets[raster.band - 1]
    return "" if (scale, offset) == (1.0, 0.0) else f"unpacked: x {scale:g} + {offset:g}"


def read_values(raster: Raster, grid: Grid, how: How) -> np.ndarray:
    """A band on the grid (rows, columns) float64 in its own unit, NaN where there is no data.
    Raises InputError for a damaged file, NoData that is not declared, a raster beside the grid.
    """
    values = _unpacked(raster)
    t = raster.transform
    same = (t.a, t.b, t.c, t.d, -t.e, t.f) == (
        grid.cell_size_m, 0.0, grid.west_m, 0.0, grid.cell_size_m, grid.north_m
    )  # fmt: skip
    if same and values.shape == grid.shape:
        return values
    if how is How.SUM and (t.b or t.d):  # turned cells: no share by rows and columns
        target = sampled(values, t, grid, systems.same_place(), how)
    else:
        target = counted(values, t, grid) if how is How.SUM else resampled(values, t, grid, how)
    _refuse_beside(raster, target, grid)
    return target


def _refuse_beside(raster: Raster, target: np.ndarray, grid: Grid) -> None:
    if not np.isfinite(target).any():
        raise input_error(
            "E204",
            raster.source.name,
            "this raster does not overlap the grid",
            given=f"{raster.data.height} x {raster.data.width} cells from x {raster.transform.c:g},"
            f" y {raster.transform.f:g}, {raster.said.split(';')[0]}",
            allowed=repr(grid),
            do="check the coordinate systems; reproject the file",
        )


def _unpacked(raster: Raster) -> np.ndarray:
    """The band as measured: NoData out, scale and offset applied."""
    import rasterio

    data, band = raster.data, raster.band
    try:
        values = data.read(band, masked=True).astype(float).filled(np.nan)
    except rasterio.errors.RasterioIOError as error:
        raise input_error(
            "E110",
            raster.source.name,
            "the raster is damaged",
            given=str(error)[:120],
            do="re-copy the file",
        ) from error
    nodata = data.nodatavals[band - 1]
    if nodata is not None and abs(nodata) > HUGE:  # declared with other digits than it is written
        values[np.abs(values) > HUGE] = np.nan
    _refuse_sentinels(raster, values, nodata)
    return np.asarray(values * data.scales[band - 1] + data.offsets[band - 1])


def _refuse_sentinels(raster: Raster, values: np.ndarray, nodata: float | None) -> None:
    """Raises InputError where numbers stand that mean "nothing known", and are not declared."""
    signs = [sign for sign in SENTINELS if (values == sign).any()]
    signs += [sign for sign in ODD_SENTINELS if int((values == sign).sum()) > MOST_ODD]
    with np.errstate(invalid="ignore"):
        huge = np.isfinite(values) & (np.abs(values) > HUGE)
    signs += [float(values[huge][0])] if huge.any() else []
    if not signs:
        return
    sign = signs[0]
    count = int(huge.sum()) if abs(sign) > HUGE else int((values == sign).sum())
    declared = "no NoData value is declared" if nodata is None else f"NoData is {nodata:g}"
    name = raster.source.name
    raise input_error(
        "E208",
        name,
        f"{count} cells hold {sign:g} and {declared}",
        given=f"{sign:g}",
        allowed="measured values, and one declared NoData value",
        do=f"declare nodata = {sign:g} in the raster: gdal_edit.py -a_nodata {sign:.17g} {name}",
    )


def read_layer(
    source: MapSource, grid: Grid, how: How = How.MEAN, colours: bool = False
) -> np.ndarray:
    """A raster other than the terrain on the grid, (rows, columns) float64 in its own unit, NaN
    where there is no data; one in another system is reprojected. colours : of classes and masks,
    whose numbers may have a table of colours. Raises InputError where no way to the grid's system
    is known.
    """
    raster = opened(source)
    if not colours:
        refuse_colours(source, raster.data, raster.band)
    target, moved = _on_grid(raster, grid, how)
    words = {How.MEAN: "mean of area", How.NEAREST: "nearest cell", How.SUM: "sum kept"}
    source.tell(raster.said, moved, packed(raster), words[how], unknown(target))
    return target


def _on_grid(raster: Raster, grid: Grid, how: How) -> tuple[np.ndarray, str]:
    if grid.crs == "local" or raster.system is None:
        assumed = raster.system is None and grid.crs != "local"
        return read_values(raster, grid, how), "taken in the terrain's system" if assumed else ""
    target = systems.system_of(grid.crs, raster.source.name)
    if systems.same_system(raster.system, target):
        return read_values(raster, grid, how), ""
    west, south, east, north = grid.bounds
    command = warped(
        raster.source, f"-t_srs {systems.short(target)} -te {west:g} {south:g} {east:g} {north:g}"
    )
    way = systems.way_to_grid(raster.system, grid, raster.source.name, command)
    values = sampled(_unpacked(raster), raster.transform, grid, way, how)
    _refuse_beside(raster, values, grid)
    return values, f"reprojected to {systems.short(target)}{way.said}"


def header_size(source: MapSource) -> tuple[int, int, float]:
    """Rows, columns and cell size (m) of a terrain's raster, from its header alone."""
    data = open_raster(source.path)
    own = data.crs.to_wkt() if data.crs is not None else ""
    unit = systems.map_unit(systems.system_of(own, source.name))[1] if own else 1.0
    return data.height, data.width, abs(data.transform.a) * (unit if np.isfinite(unit) else 1.0)
