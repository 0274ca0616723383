"""Places of gridded rain: which axes run where, in which system, and how its cells lie on the
model's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from flood_sim.core.errors import input_error
from flood_sim.core.grid import Grid
from flood_sim.scenario.doors.map_files import check_crs

NAMES = {
    "time": ("time", "valid_time", "t"),
    "y": ("y", "lat", "latitude", "northing", "rlat"),
    "x": ("x", "lon", "longitude", "easting", "rlon"),
}
MEANT = {
    "time": ("time",),
    "y": ("latitude", "projection_y_coordinate", "grid_latitude"),
    "x": ("longitude", "projection_x_coordinate", "grid_longitude"),
}
METRES = {"m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "km": 1000.0}


class Axes(NamedTuple):
    """Names of dimensions."""

    time: str
    y: str
    x: str


@dataclass(frozen=True)
class Places:
    """Rows and columns of the file around the model;  on_grid : (those) to (rows, columns) of the
    model;  system : for the reader.
    """

    rows: slice
    columns: slice
    on_grid: Callable[[np.ndarray], np.ndarray]
    system: str


def axes_of(variable: Any) -> Axes | None:
    """The dimensions of rain by their standard names, else by their own; None where one is
    missing, or another one is longer than 1.
    """
    found = {}
    for axis in NAMES:
        meant = [d for d in variable.dims if _means(variable, d, axis)]
        named = [d for d in variable.dims if str(d).lower() in NAMES[axis]]
        if not (meant or named):
            return None
        found[axis] = str((meant or named)[0])
    axes = Axes(**found)
    others = [d for d in variable.dims if d not in axes and variable.sizes[d] > 1]
    return axes if len(set(axes)) == 3 and not others else None


def _means(variable: Any, dim: Any, axis: str) -> bool:
    return dim in variable.coords and variable[dim].attrs.get("standard_name") in MEANT[axis]


def places_on(path: Path, data: Any, rain: Any, axes: Axes, grid: Grid, method: str) -> Places:
    """How the rain lies on the model: a cell outside takes the nearest rain within one of its
    cells. Raises InputError where the systems cannot be compared or the grid is not covered.
    """
    x, y = (_coordinate(path, rain, name) for name in (axes.x, axes.y))
    system = _system(path, data, rain, axes)
    px, py = np.meshgrid(grid.x_m, grid.y_m)
    if system is not None:
        px, py = _in_system(path, grid, system, px, py)
        x, y = (_in_units(rain[name], v, system) for name, v in ((axes.x, x), (axes.y, y)))
        if system.is_geographic:
            middle = 0.5 * (x.min() + x.max())  # longitudes of -180 to 180, or of 0 to 360
            px = middle + (px - middle + 180.0) % 360.0 - 180.0
    _refuse_apart(path, x, y, px, py, grid)
    columns, rows = _weights(x, px, method), _weights(y, py, method)
    take = _resampler(rows, columns, method)
    return Places(rows.window, columns.window, take, _named(system))


def _named(system: Any) -> str:
    if system is None:
        return "no system named: the terrain's"
    code = system.to_epsg()
    return f"EPSG:{code}" if code else str(system.name)


def _coordinate(path: Path, rain: Any, name: str) -> np.ndarray:
    """Centres (n,) of cells, which run one way."""
    place = f"{path.name}, {name}"
    if name not in rain.coords:
        raise input_error("E104", place, "the axis has no coordinates", do="write them")
    values = np.asarray(rain[name].values, float)
    if values.size < 2:
        raise input_error(
            "E205",
            place,
            "the rain's grid needs at least 2 x 2 cells",
            given=f"{values.size}",
            do="give a larger cut of the rain",
        )
    steps = np.diff(values)
    if not ((steps > 0.0).all() or (steps < 0.0).all()):
        raise input_error(
            "E205", place, "the coordinates of the rain do not run one way", do="sort the file"
        )
    return values


def _system(path: Path, data: Any, rain: Any, axes: Axes) -> Any:
    """The rain's coordinate system as it names it (pyproj), of degrees WGS 84, else None. Raises
    InputError for one that cannot be read.
    """
    import pyproj

    pyproj.network.set_network_enabled(active=False)  # PROJ fetches nothing
    named = str(rain.attrs.get("grid_mapping", rain.encoding.get("grid_mapping", "")))
    name = named.split(":")[0].strip() or _only_mapping(data)
    degrees = "degree" in str(rain[axes.x].attrs.get("units", "")).lower()
    if not name:
        by_name = axes.x.lower() in ("lon", "longitude")
        return pyproj.CRS.from_epsg(4326) if degrees or by_name else None
    place = f"{path.name}, {rain.name}, grid_mapping"
    if name not in data.variables:
        raise input_error(
            "E324",
            place,
            "the file has no such variable",
            given=named,
            do="write the variable of the coordinate system, or remove the attribute",
        )
    attrs = dict(data[name].attrs)
    text = next((str(attrs[k]) for k in ("crs_wkt", "spatial_ref", "epsg_code") if k in attrs), "")
    try:
        if text:
            return pyproj.CRS.from_user_input(check_crs(text, place))
        found = pyproj.CRS.from_cf(attrs)
        check_crs(found.to_wkt(), place)
    except (pyproj.exceptions.CRSError, KeyError, TypeError, ValueError) as error:
        raise input_error(
            "E324",
            place,
            "the coordinate system cannot be read",
            given=str(error)[:100],
            allowed="crs_wkt, or the parameters of a CF grid mapping",
            do="write the attribute crs_wkt",
        ) from error
    return found


def _only_mapping(data: Any) -> str:
    """The one variable of a file that describes a system, though no other refers to it."""
    keys = {"grid_mapping_name", "crs_wkt", "spatial_ref"}
    found = [str(name) for name in data.variables if keys & set(data[name].attrs)]
    return found[0] if len(found) == 1 else ""


def _in_system(
    path: Path, grid: Grid, system: Any, px: np.ndarray, py: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points of the model in the rain's system."""
    import pyproj

    if grid.crs == "local":
        raise input_error(
            "E324",
            path.name,
            "the rain has a coordinate system, the terrain has none",
            given=_named(system),
            do="set [grid] crs to the terrain's system",
        )
    own = pyproj.CRS.from_user_input(grid.crs)
    if system.is_compound:
        system = system.sub_crs_list[0]
    if own.equals(system, ignore_axis_order=True):
        return px, py
    turned = pyproj.Transformer.from_crs(own, system, always_xy=True).transform(px, py)
    points = np.asarray(turned[0], float), np.asarray(turned[1], float)
    if not (np.isfinite(points[0]).all() and np.isfinite(points[1]).all()):
        raise input_error(
            "E324",
            path.name,
            "the grid lies outside the rain's system",
            given=_named(system),
            do="mend the system that the file names, or give the rain of this place",
        )
    return points


def _in_units(axis: Any, values: np.ndarray, system: Any) -> np.ndarray:
    """Coordinates in the unit of the system, where the axis names another one."""
    size = METRES.get(str(axis.attrs.get("units", "")).lower())
    if size is None or system.is_geographic:
        return values
    return values * size / float(system.axis_info[0].unit_conversion_factor or 1.0)


def _refuse_apart(
    path: Path, x: np.ndarray, y: np.ndarray, px: np.ndarray, py: np.ndarray, grid: Grid
) -> None:
    outside = False
    for centres, points in ((x, px), (y, py)):
        margin = float(np.abs(np.diff(centres)).max())
        low, high = centres.min() - margin, centres.max() + margin
        outside |= bool(points.min() < low or points.max() > high)
    if outside:
        raise input_error(
            "E204",
            path.name,
            "the rain does not cover the grid",
            given=f"x {x.min():g}..{x.max():g}, y {y.min():g}..{y.max():g}",
            allowed=f"x {px.min():.6g}..{px.max():.6g}, y {py.min():.6g}..{py.max():.6g}"
            f" in the rain's system; {grid!r}",
            do="give a larger cut of the rain, or name its system",
        )


@dataclass(frozen=True)
class _Weights:
    """Of points between the cells of one axis: the cell below each and the one above it, by the
    number in the window, and the share of the upper one.
    """

    window: slice
    below: np.ndarray
    above: np.ndarray
    share: np.ndarray


def _weights(centres: np.ndarray, points: np.ndarray, method: str) -> _Weights:
    """centres (n,) run one way;  points of any shape, clipped to them."""
    turned = centres[1] < centres[0]
    up = centres[::-1] if turned else centres
    at = np.clip(points, up[0], up[-1])
    below = np.clip(np.searchsorted(up, at) - 1, 0, len(up) - 2)
    share = (at - up[below]) / (up[below + 1] - up[below])
    if method == "nearest":
        below, share = below + (share > 0.5), np.zeros(1)
        above = below
    else:
        above = below + 1
    if turned:
        below, above = len(up) - 1 - below, len(up) - 1 - above
    first = int(min(below.min(), above.min()))
    last = int(max(below.max(), above.max()))
    return _Weights(slice(first, last + 1), below - first, above - first, share)


def _resampler(
    rows: _Weights, columns: _Weights, method: str
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from the window of the rain's cells to the points."""
    r, c = rows, columns

    def nearest(values: np.ndarray) -> np.ndarray:
        return np.asarray(values[r.below, c.below], float)

    def linear(values: np.ndarray) -> np.ndarray:
        low, high = (
            values[k, c.below] * (1.0 - c.share) + values[k, c.above] * c.share
            for k in (r.below, r.above)
        )
        return np.asarray(low * (1.0 - r.share) + high * r.share)

    return nearest if method == "nearest" else linear
