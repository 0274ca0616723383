"""Rain as a stack of grids: a CF NetCDF file, or a CSV that names a raster for each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import Finding, input_error
from flood_sim.core.files.netcdf import open_netcdf
from flood_sim.core.grid import Grid
from flood_sim.core.units import SECONDS_PER_HOUR, mm_to_m
from flood_sim.ground.rain_fields import RainField
from flood_sim.scenario.checks.rain import check_cumulative, check_rate
from flood_sim.scenario.doors.map_source import ReadLog
from flood_sim.scenario.doors.rasters import read_layer
from flood_sim.scenario.doors.resampled import How
from flood_sim.scenario.doors.tables import read_timed
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.tables import RasterRow

# of a stack of grids before a run; later layers are looked at when they fall
CELLS_LOOKED_AT = 20_000_000
DEPTH_UNITS = ("mm", "millimeter", "millimetre", "kgm-2", "kg/m2")
RATE_UNITS = ("mmh-1", "mm/h", "kgm-2h-1")
OTHER_UNITS = (
    "m", "cm", "in", "inch", "inches", "m/s", "ms-1", "mm/s", "mms-1", "kgm-2s-1", "kg/m2/s",
    "mm/day", "mmday-1", "mmd-1", "mm/d", "inh-1",
)  # fmt: skip
SPELLINGS = ((" ", ""), ("**", ""), ("^", ""), ("hour", "h"), ("hr", "h"), ("/h", "h-1"))
Layer = Callable[[int], np.ndarray]


def grid_rain(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    """The layers of [rainfall] file on the model's grid. Raises InputError for layers that stand
    too close, contradict `quantity`, or do not cover the grid.
    """
    path = scenario.file(spec.file, "[rainfall] file")
    netcdf = path.suffix.lower() in (".nc", ".nc4")
    time_s, layer = (_netcdf_layers if netcdf else _raster_layers)(scenario, spec, path, grid)
    _check_steps(path, np.diff(time_s), spec.interval_s, findings)
    begin = time_s - (spec.interval_s if spec.label == "right" else 0.0)
    edges = np.unique(np.round(np.concatenate([begin, begin + spec.interval_s]), 3))
    which = np.searchsorted(begin + 1e-3, edges[:-1] + 2e-3) - 1
    inside = edges[:-1] < begin[which] + spec.interval_s - 1e-3
    amount = _amounts(path, spec, layer, findings)

    def depth(k: int) -> np.ndarray:
        return amount(int(which[k])) if inside[k] else np.zeros(grid.shape)

    looked = len(which) if len(which) * grid.rows * grid.columns <= CELLS_LOOKED_AT else 1
    means = np.array([1000.0 * float(depth(k).mean()) for k in range(looked)])
    check_cumulative(path, means, findings)
    return RainField(path.stem, edges, depth, str(path))


def _check_steps(path: Path, steps: np.ndarray, interval_s: float, findings: list[Finding]) -> None:
    if (steps < interval_s - 1e-3).any():
        raise input_error(
            "E303",
            path.name,
            "layers stand closer than interval_s, or run backwards",
            given=f"{steps.min():g} s",
            allowed=f"{interval_s:g} s",
        )
    gaps = int((steps > interval_s + 1e-3).sum())
    if gaps:
        text = f"{gaps} gaps longer than interval_s; no rain in them"
        findings.append(Finding("W304", path.name, text))


def _amounts(path: Path, spec: Any, layer: Layer, findings: list[Finding]) -> Layer:
    """A function that gives the depth (rows, columns) m of layer k, checked as it is read."""
    rate = spec.quantity == "rate_mm_h"
    unit = mm_to_m(1.0) * (spec.interval_s / SECONDS_PER_HOUR if rate else 1.0)

    def amount(k: int) -> np.ndarray:
        values = layer(k)
        if (values < 0.0).any():
            raise input_error(
                "E501",
                path.name,
                f"layer {k + 1}: rain below zero",
                given=f"{values.min():g}",
                allowed=">= 0, NaN is dry",
            )
        place = f"{path.name}, layer {k + 1}"
        check_rate(place, 1000.0 * unit * values, spec.interval_s, findings)
        return unit * values

    return amount


def _netcdf_layers(
    scenario: Scenario, spec: Any, path: Path, grid: Grid
) -> tuple[np.ndarray, Layer]:
    """Times (s since the start) of a CF file and a function that gives layer k on the grid, NaN as
    0.
    """
    rain = _rain_variable(path, spec)
    _check_units(path, str(rain.name), str(rain.attrs.get("units", "")), spec.quantity)
    offset = scenario.spec.time.start.utcoffset()
    assert offset is not None
    utc = (scenario.spec.time.start - offset).replace(tzinfo=None)  # CF times are UTC
    times = rain["time"].values.astype("datetime64[ns]")
    time_s = (times - np.datetime64(utc, "ns")) / np.timedelta64(1, "s")
    x, y = np.asarray(rain["x"].values, float), np.asarray(rain["y"].values, float)
    take = _resampler(path, x, y, grid, spec.method)
    return np.asarray(time_s, float), lambda k: take(
        np.nan_to_num(np.asarray(rain[k].values, float))
    )


def _rain_variable(path: Path, spec: Any) -> Any:
    """The variable of a CF file that holds the rain, as (time, y, x)."""
    try:
        data = open_netcdf(path)
    except (OSError, ValueError) as error:
        raise input_error(
            "E110", path.name, "the NetCDF file cannot be read", given=str(error)[:120]
        ) from error
    names = [n for n in data.data_vars if {"time", "y", "x"} <= set(map(str, data[n].dims))]
    name = spec.variable or (names[0] if len(names) == 1 else None)
    if name not in names:
        raise input_error(
            "E104",
            path.name,
            "which variable is the rain?",
            given=str(spec.variable),
            allowed=", ".join(map(str, names)) or "one with time, y, x",
            do="set variable",
        )
    return data[name].transpose("time", "y", "x")


def _check_units(path: Path, variable: str, units: str, quantity: str) -> None:
    """The file's own word for its unit against `quantity`. Raises InputError where they contradict;
    a unit that is not known says nothing.
    """
    word = units.lower()
    for spelling, ours in SPELLINGS:
        word = word.replace(spelling, ours)
    if (
        word in OTHER_UNITS
        or (word in DEPTH_UNITS and quantity == "rate_mm_h")
        or (word in RATE_UNITS and quantity == "depth_mm")
    ):
        raise input_error(
            "E501",
            f"{path.name}, {variable}",
            "the file's unit is not that of `quantity`",
            given=f'units = "{units}", quantity = "{quantity}"',
            allowed="mm for depth_mm, mm/h for rate_mm_h",
            do="convert the numbers, or set quantity",
        )


def _resampler(
    path: Path, x: np.ndarray, y: np.ndarray, grid: Grid, method: str
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from the rain's grid (its cell centres x, y) to the model's; a cell outside takes
    the nearest rain within one of its cells.
    """
    from scipy.interpolate import RegularGridInterpolator

    if x.size < 2 or y.size < 2:
        raise input_error(
            "E205",
            path.name,
            "the rain's grid needs at least 2 x 2 cells",
            given=f"{y.size} x {x.size}",
        )
    flip_x, flip_y = x[1] < x[0], y[1] < y[0]
    xs, ys = (x[::-1] if flip_x else x), (y[::-1] if flip_y else y)
    margin = max(abs(x[1] - x[0]), abs(y[1] - y[0]))
    west, south, east, north = grid.bounds
    if (
        xs[0] - margin > west
        or xs[-1] + margin < east
        or ys[0] - margin > south
        or ys[-1] + margin < north
    ):
        raise input_error(
            "E204",
            path.name,
            "the rain does not cover the grid",
            given=f"x {xs[0]:g}..{xs[-1]:g}, y {ys[0]:g}..{ys[-1]:g}",
            allowed=repr(grid),
            do="reproject it to the grid's system",
        )
    gx, gy = np.meshgrid(np.clip(grid.x_m, xs[0], xs[-1]), np.clip(grid.y_m, ys[0], ys[-1]))

    def take(values: np.ndarray) -> np.ndarray:
        turned = values[:: -1 if flip_y else 1, :: -1 if flip_x else 1]
        return np.asarray(
            RegularGridInterpolator(
                (ys, xs), turned, method="nearest" if method == "nearest" else "linear"
            )((gy, gx))
        )

    return take


def _raster_layers(
    scenario: Scenario, spec: Any, path: Path, grid: Grid
) -> tuple[np.ndarray, Layer]:
    """A CSV of rasters: time or time_s, and the file."""
    table = read_timed(scenario, path, RasterRow, [])
    rasters = [
        scenario.map(str(name), table.place(number, "raster"))
        for number, name in enumerate(table.columns["raster"])
    ]
    quiet = ReadLog(findings=scenario.log.findings)  # the first line stands for all layers
    rasters[1:] = [replace(source, log=quiet) for source in rasters[1:]]
    how = How.NEAREST if spec.method == "nearest" else How.MEAN
    return table.columns["time_s"], lambda k: np.nan_to_num(read_layer(rasters[k], grid, how))
