"""Coordinate systems of maps: their flat part, their unit, and the way from one to another."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from flood_sim.core.errors import InputError, input_error
from flood_sim.core.grid import Grid
from flood_sim.scenario.doors.map_files import check_crs

LON_LAT = "EPSG:4326"
EARTH_RADIUS_M = 6378137.0  # of ellipsoids around the Earth's centre
MODERN_M = 2.0  # how far systems around the Earth's centre may lie apart
ODD_SCALE, LARGEST_SCALE = 0.02, 0.1  # of lengths on the map against the ground


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """PROJ warns of grids that it has not got; how good the way is we say ourselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def system_of(text: str, place: str) -> Any:
    """A pyproj CRS, its horizontal part alone. Raises InputError where it names no system on the
    ground.
    """
    from pyproj import CRS, network
    from pyproj.exceptions import CRSError

    network.set_network_enabled(active=False)  # PROJ fetches nothing
    check_crs(text, place)
    with quiet():
        try:
            return flat_part(CRS.from_user_input(text))
        except CRSError as error:
            raise input_error(
                "E116",
                place,
                "this coordinate system is not known",
                given=text[:100],
                do="give the code of the system",
            ) from error


def on_earth(text: str, place: str) -> bool:
    """Whether a system has a place on the Earth: a local one of an engineer has none."""
    return not system_of(text, place).is_engineering


def flat_part(crs: Any) -> Any:
    """Without heights and without a stated way to WGS 84."""
    if crs.is_bound:
        return flat_part(crs.source_crs)
    if crs.is_compound:
        return flat_part(crs.sub_crs_list[0])
    return crs.to_2d() if len(crs.axis_info) == 3 else crs


def height_unit(text: str) -> tuple[str, float] | None:
    """Name and metres of the unit of heights, where a compound system states it."""
    from pyproj import CRS

    with quiet():
        crs = CRS.from_user_input(text)
    for part in crs.sub_crs_list if crs.is_compound else [crs]:
        if part.is_vertical:
            axis = part.axis_info[0]
            return str(axis.unit_name), float(axis.unit_conversion_factor)
    return None


def named(crs: Any) -> str:
    """A code where it has one, else its WKT: what a grid carries."""
    with quiet():
        code = crs.to_epsg()
        return f"EPSG:{code}" if code else str(crs.to_wkt("WKT1_GDAL"))


def short(crs: Any) -> str:
    """For people."""
    with quiet():
        code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.name)[:60]


def map_unit(crs: Any) -> tuple[str, float]:
    """Name and metres of the unit of its axes; degrees have no metres (nan)."""
    axis = crs.axis_info[0]
    metres = float("nan") if crs.is_geographic else float(axis.unit_conversion_factor)
    return str(axis.unit_name), metres


def in_metres(crs: Any) -> Any:
    """The same projection with axes in metres."""
    from pyproj import CRS

    data = crs.to_json_dict()
    for axis in data["coordinate_system"]["axis"]:
        axis["unit"] = "metre"
    data.pop("id", None)
    data["name"] = f"{data['name']} in metres"
    with quiet():
        twin = CRS.from_json_dict(data)
        code = twin.to_epsg(60)
        return CRS.from_epsg(code) if code else twin


def same_system(a: Any, b: Any) -> bool:
    """Whether two maps lie in one system, however it is written."""
    with quiet():
        if a.equals(b, ignore_axis_order=True):
            return True
        one, other = a.to_epsg(60), b.to_epsg(60)
        return one is not None and one == other


class Way(NamedTuple):
    """From one system to another: x, y (n,) to x, y (n,); accuracy_m : of places, 0 where exact."""

    transformer: Any
    accuracy_m: float

    def points(self, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        there = self.transformer.transform(np.asarray(x, float), np.asarray(y, float))
        return np.asarray(there[0], float), np.asarray(there[1], float)

    def back(self, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """The other way round."""
        there = self.transformer.transform(
            np.asarray(x, float), np.asarray(y, float), direction="INVERSE"
        )
        return np.asarray(there[0], float), np.asarray(there[1], float)

    @property
    def said(self) -> str:
        return f", good to {self.accuracy_m:g} m" if self.accuracy_m > 0.0 else ""


def same_place() -> Way:
    """From a system to itself."""
    import pyproj

    return Way(pyproj.Transformer.from_pipeline("+proj=noop"), 0.0)


def way_to_grid(own: Any, grid: Grid, name: str, command: str) -> Way:
    """From a file's system to the grid's. Raises InputError (E203) where PROJ knows no way between
    their datums; command : the way out.
    """
    from pyproj.transformer import TransformerGroup

    target = system_of(grid.crs, name)
    area = _area(target, grid)
    with quiet():
        group = TransformerGroup(
            own, target, always_xy=True, area_of_interest=area, allow_ballpark=False
        )
        if group.transformers:
            best = group.transformers[0]
            return Way(best, max(float(best.accuracy), 0.0))
        if _around_the_centre(own) and _around_the_centre(target):
            return Way(_ballpark(own, target, area), MODERN_M)
    raise _no_way(own, target, name, command)


def _no_way(own: Any, target: Any, name: str, command: str) -> InputError:
    return input_error(
        "E203",
        name,
        "its coordinate system rests on another datum than the terrain's, and no way between them"
        " is known here",
        given=short(own),
        allowed=short(target),
        do="reproject the file with your survey office's parameters (as a pipeline of PROJ behind"
        f" -ct): {command}",
    )


def _ballpark(own: Any, target: Any, area: Any) -> Any:
    from pyproj import Transformer

    return Transformer.from_crs(own, target, always_xy=True, area_of_interest=area)


def _around_the_centre(crs: Any) -> bool:
    """Systems of satellites: they agree within MODERN_M."""
    return bool(abs(crs.ellipsoid.semi_major_metre - EARTH_RADIUS_M) < 0.5)


def _area(target: Any, grid: Grid) -> Any:
    """Where the grid lies, in degrees; None where that cannot be told."""
    from pyproj.aoi import AreaOfInterest

    west, south, east, north = degrees_of(target, grid.bounds)
    if not np.isfinite([west, south, east, north]).all():
        return None
    return AreaOfInterest(west, south, east, north)


def degrees_of(
    crs: Any, bounds: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """West, south, east, north of a box of the map, on the system's own globe."""
    from pyproj import Transformer

    w, s, e, n = bounds
    with quiet():
        way = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
        lon, lat = way.transform([w, e, e, w], [s, s, n, n])
    return min(lon), min(lat), max(lon), max(lat)


def utm_of(crs: Any, bounds: tuple[float, float, float, float]) -> str:
    """The UTM zone of the middle of a box of the map: a system in metres that suits it."""
    west, south, east, north = bounds if crs.is_geographic else degrees_of(crs, bounds)
    lon, lat = 0.5 * (west + east), 0.5 * (south + north)
    zone = int(np.clip((lon + 180.0) // 6.0 + 1.0, 1, 60))
    return f"EPSG:{(32600 if lat >= 0.0 else 32700) + zone}"


def length_scale(crs: Any, bounds: tuple[float, float, float, float]) -> float:
    """Lengths on the map over those on the ground, in the middle of a box; nan where the place is
    none of this system.
    """
    from pyproj import Proj

    west, south, east, north = degrees_of(crs, bounds)
    with quiet():
        try:
            factors = Proj(crs).get_factors(0.5 * (west + east), 0.5 * (south + north))
        except Exception:  # PROJ's own error: no place of this projection
            return float("nan")
    return float(abs(factors.areal_scale)) ** 0.5
