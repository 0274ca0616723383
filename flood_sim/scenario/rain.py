"""[rainfall] to a Rainfall or a RainField: storms, series, gauges, stacks of grids, moving
cells.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import Faults, Finding, input_error
from flood_sim.core.files.checked_tables import read_rows
from flood_sim.core.files.netcdf import check_netcdf, collector_held
from flood_sim.core.grid import Grid
from flood_sim.core.units import SECONDS_PER_HOUR, mm_h_to_m_s, mm_to_m
from flood_sim.ground.daily_storms import alternating_block, shaped_like_720, with_peaked_hour
from flood_sim.ground.rain_fields import (
    RainField,
    RainGauge,
    StormCell,
    gauge_field,
    moving_field,
    sloped_field,
)
from flood_sim.ground.rainfall import (
    FORMULAS,
    NO_RAIN,
    STORMS,
    Rainfall,
    StormFormula,
    chicago_storm,
    rainfall_from_intervals,
    scaled,
    shifted,
)
from flood_sim.scenario.doors import files
from flood_sim.scenario.doors.tables import read_timed
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.tables import ODD_RAIN_MM_H, GaugeRow, RainRow, RasterRow
from flood_sim.scenario.spec.water import Placed

LARGEST_RAIN_MM_H, LARGEST_MINUTE_MM_H = (
    500.0,
    1900.0,
)  # over five minutes and more; over one (Unionville 1956: 31 mm)
CELLS_LOOKED_AT = (
    20_000_000  # of a stack of grids before a run; later layers are looked at when they fall
)
WORLD_RECORD_MM, WORLD_RECORD_POWER = (
    425.0,
    0.47,
)  # of D hours: 425 D^0.47 (Jennings 1950, WMO 1994)
RECORD_HOURS = (0.25, 0.5, 1.0, 3.0, 6.0, 12.0, 24.0, 48.0, 72.0)


def build_rainfall(scenario: Scenario, grid: Grid, findings: list[Finding]) -> Rainfall | RainField:
    """The rain of a scenario on the run's clock, with what is doubtful about it."""
    spec: Any = scenario.spec.rainfall
    start = scenario.spec.time.start
    if spec.kind == "none":
        return NO_RAIN
    if spec.kind in FIELDS:
        field = FIELDS[spec.kind](scenario, spec, grid, findings)
        _check_span(scenario, field, findings)
        return field
    if spec.kind == "storm":
        rain = STORMS[spec.storm](start)
        rain = with_peaked_hour(rain) if spec.peak_hour == "peaked" else rain
        rain = rain if spec.scale == 1.0 else scaled(rain, spec.scale)
    elif spec.kind == "design_storm":
        rain = shifted(
            chicago_storm(
                _formula(spec),
                spec.return_period_y,
                spec.duration_min,
                spec.peak_ratio,
                spec.step_min,
            ),
            spec.begin_s,
        )
    elif spec.kind == "daily_storm":
        rain = shifted(_day(scenario, spec), spec.begin_s)
    else:
        rain = series_rain(scenario, spec, spec.file, "[rainfall] file", findings)
    if isinstance(spec, Placed) and spec.areal_reduction != 1.0:
        rain = scaled(rain, spec.areal_reduction)
    _check_records(scenario, rain, findings)
    if rain.depth_between(0.0, scenario.spec.duration_s) <= 0.0:
        findings.append(
            Finding(
                "W305",
                f"{scenario.path.name}, [rainfall]",
                "no rain falls between start and stop",
                given=repr(rain),
                do="check dates and offsets",
            )
        )
    elif rain.time_s[-1] < scenario.spec.duration_s:
        findings.append(
            Finding(
                "W305",
                f"{scenario.path.name}, [rainfall]",
                "the rain ends"
                f" {(scenario.spec.duration_s - rain.time_s[-1]) / SECONDS_PER_HOUR:.2f} h before"
                " the run; 0 after it",
            )
        )
    if isinstance(spec, Placed) and spec.gradient is not None:
        return sloped_field(rain, grid, spec.gradient.per_km / 1000.0, spec.gradient.towards_deg)
    return rain


def largest_rate_mm_h(interval_s: float) -> float:
    """Most that is taken as rain over an interval: a power law through 500 mm/h in 5 min and 1,900
    in 1 min, near the records of the world.
    """
    power = math.log(LARGEST_MINUTE_MM_H / LARGEST_RAIN_MM_H) / math.log(5.0)
    return LARGEST_RAIN_MM_H * max(1.0, min(300.0 / interval_s, 5.0)) ** power


def check_rate(
    place: str, depth_mm: np.ndarray, interval_s: float, findings: list[Finding]
) -> None:
    """Depths of an interval against what rain can do. Raises InputError above the records; above
    300 mm/h it is a doubt.
    """
    peak, most = (
        float(np.max(depth_mm, initial=0.0)) / interval_s * SECONDS_PER_HOUR,
        largest_rate_mm_h(interval_s),
    )
    if peak > most:
        allowed, do = (
            f"up to {most:.0f} mm/h over {interval_s:g} s (7.20: 201.9 in an hour)",
            "check the unit and interval_s: rate_mm_h, depth_mm",
        )
        raise input_error("E501", place, f"{peak:.0f} mm/h at the peak", allowed=allowed, do=do)
    odd = Finding(
        "W220",
        place,
        "rain that heavy is rare: another unit, or another interval_s?",
        given=f"{peak:.0f} mm/h",
        allowed=f"usually up to {ODD_RAIN_MM_H:g} mm/h",
    )
    if peak > ODD_RAIN_MM_H and not any(
        f.code == "W220" and f.problem == odd.problem for f in findings
    ):
        findings.append(odd)


def _check_cumulative(path: Path, depth: np.ndarray, findings: list[Finding]) -> None:
    """Rain that never falls off over more than three intervals is summed up already, most
    likely.
    """
    if depth.size > 3 and (np.diff(depth) >= -1e-9).all() and depth[-1] > 1.2 * depth[0]:
        given = ", ".join(f"{v:g}" for v in depth[:2]) + f" to {depth[-1]:g} mm"
        findings.append(
            Finding(
                "W306",
                path.name,
                "the rain never decreases: a cumulative series?",
                given=given,
                do="give depths of intervals",
            )
        )


def _check_records(scenario: Scenario, rain: Rainfall, findings: list[Finding]) -> None:
    """The most rain of each span against the records of the world: the worst span is told."""
    start, stop = float(rain.time_s[0]), float(rain.time_s[-1])
    worst = (0.0, 0.0, 0.0)
    for hours in RECORD_HOURS:
        span = min(hours * SECONDS_PER_HOUR, max(stop - start, 1.0))
        ends = np.unique(np.concatenate([rain.time_s, np.minimum(rain.time_s + span, stop)]))
        fallen = np.interp(ends, rain.time_s, rain.cumulative_m) - np.interp(
            ends - span, rain.time_s, rain.cumulative_m
        )
        deepest, record = (
            1000.0 * float(fallen.max()),
            WORLD_RECORD_MM * (span / SECONDS_PER_HOUR) ** WORLD_RECORD_POWER,
        )
        worst = max(worst, (deepest / record, span / SECONDS_PER_HOUR, deepest))
    ratio, hours, deepest = worst
    if ratio > 1.0:
        text = f"{deepest:.0f} mm fall within {hours:.3g} h: more than was ever measured on Earth"
        allowed = f"{deepest / ratio:.0f} mm (425 mm times hours to the power of 0.47)"
        findings.append(
            Finding(
                "W311",
                f"{scenario.path.name}, [rainfall]",
                text,
                allowed=allowed,
                do="check unit and interval_s",
            )
        )


def _formula(spec: Any) -> str | StormFormula:
    f = spec.formula
    return f if isinstance(f, str) else StormFormula(f.a, f.c, f.p0, f.b, f.n, f.source)


def _day(scenario: Scenario, spec: Any) -> Rainfall:
    if spec.shape == "zhengzhou-720":
        return shaped_like_720(spec.depth_mm)
    law = _formula(spec)
    try:
        return alternating_block(
            FORMULAS[law] if isinstance(law, str) else law,
            spec.return_period_y,
            spec.depth_mm,
            spec.peak_ratio,
        )
    except ValueError as error:
        raise input_error(
            "E104",
            f"{scenario.path.name}, [rainfall] depth_mm",
            str(error),
            given=f"{spec.depth_mm:g}",
            do="a shorter return period, or a deeper day",
        ) from error


def series_rain(
    scenario: Scenario, spec: Any, name: str, place: str, findings: list[Finding]
) -> Rainfall:
    """A series file of depths or rates; spec gives label and interval_s."""
    path = scenario.file(name, place)
    table = read_timed(scenario, path, RainRow, findings)
    rate, time_s = "rate_mm_h" in table, table.columns["time_s"]
    given = table.columns["rate_mm_h" if rate else "depth_mm"]
    if np.isnan(given).any():
        column = "rate_mm_h" if rate else "depth_mm"
        row = int(np.flatnonzero(np.isnan(given))[0])
        raise input_error(
            "E104",
            table.place(row, column),
            "this is no number: the cell is empty",
            do="fill the gap or remove the row",
        )
    depth: np.ndarray = given * (spec.interval_s / SECONDS_PER_HOUR if rate else 1.0)
    check_rate(table.place(int(np.argmax(depth))), depth, spec.interval_s, findings)
    steps = np.diff(time_s)
    if (steps < spec.interval_s - 1e-6).any():
        raise input_error(
            "E303",
            path.name,
            "rows stand closer than interval_s",
            given=f"{steps.min():g} s",
            allowed=f"{spec.interval_s:g} s",
            do="set interval_s to the series' step",
        )
    gaps = int((steps > spec.interval_s + 1e-6).sum())
    if gaps:
        findings.append(
            Finding("W304", path.name, f"{gaps} gaps longer than interval_s; no rain in them")
        )
    _check_cumulative(path, depth, findings)
    begin = time_s - (spec.interval_s if spec.label == "right" else 0.0)
    edges = np.column_stack([begin, begin + spec.interval_s]).ravel()
    keep = np.concatenate([[True], np.diff(edges) > 1e-6])
    amounts = np.zeros(edges.size - 1)
    amounts[::2] = depth
    return rainfall_from_intervals(path.stem, edges[keep], amounts[keep[1:]], str(path))


def _check_span(scenario: Scenario, field: RainField, findings: list[Finding]) -> None:
    begin, end, stop = float(field.edges_s[0]), float(field.edges_s[-1]), scenario.spec.duration_s
    place = f"{scenario.path.name}, [rainfall]"
    if end <= 0.0 or begin >= stop:
        findings.append(
            Finding(
                "W305",
                place,
                "no rain falls between start and stop",
                given=repr(field),
                do="check dates and offsets",
            )
        )
    elif end < stop or begin > 0.0:
        findings.append(
            Finding(
                "W305",
                place,
                f"the rain covers {max(begin, 0.0):g} to {min(end, stop):g} s of {stop:g} s; 0"
                " outside",
            )
        )


def _gauges(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    path = scenario.file(spec.gauges, "[rainfall] gauges")
    table, faults = read_rows(path, GaugeRow, findings), Faults()
    gauges = []
    for number, row in enumerate(table.rows()):
        rain = faults.of(
            series_rain, scenario, spec, row["file"], table.place(number, "file"), findings
        )
        gauges.append(RainGauge(row["gauge"], float(row["x_m"]), float(row["y_m"]), rain))
    faults.refuse()
    west, south, east, north = grid.bounds
    reach = max(east - west, north - south)
    far = [
        g.name
        for g in gauges
        if not (west - reach <= g.x_m <= east + reach and south - reach <= g.y_m <= north + reach)
    ]
    if far:
        findings.append(
            Finding(
                "W204",
                path.name,
                f"gauges lie more than a grid's width away: {', '.join(far[:6])}",
                do="check the coordinate system",
            )
        )
    return gauge_field(path.stem, gauges, grid, spec.method, f"{len(gauges)} gauges, {spec.method}")


def _moving(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    cells = [
        StormCell(mm_h_to_m_s(c.peak_mm_h), c.radius_m, c.begin_s, c.end_s, c.from_m, c.to_m)
        for c in spec.cells
    ]
    return moving_field("moving cells", cells, grid, spec.interval_s)


def _grid(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    path = scenario.file(spec.file, "[rainfall] file")
    netcdf = path.suffix.lower() in (".nc", ".nc4")
    time_s, layer = (_netcdf_layers if netcdf else _raster_layers)(scenario, spec, path, grid)
    steps = np.diff(time_s)
    if (steps < spec.interval_s - 1e-3).any():
        raise input_error(
            "E303",
            path.name,
            "layers stand closer than interval_s, or run backwards",
            given=f"{steps.min():g} s",
            allowed=f"{spec.interval_s:g} s",
        )
    gaps = int((steps > spec.interval_s + 1e-3).sum())
    if gaps:
        findings.append(
            Finding("W304", path.name, f"{gaps} gaps longer than interval_s; no rain in them")
        )
    begin = time_s - (spec.interval_s if spec.label == "right" else 0.0)
    edges = np.unique(np.round(np.concatenate([begin, begin + spec.interval_s]), 3))
    which = np.searchsorted(begin + 1e-3, edges[:-1] + 2e-3) - 1
    inside = edges[:-1] < begin[which] + spec.interval_s - 1e-3
    unit = mm_to_m(1.0) * (
        spec.interval_s / SECONDS_PER_HOUR if spec.quantity == "rate_mm_h" else 1.0
    )

    def depth(k: int) -> np.ndarray:
        if not inside[k]:
            return np.zeros(grid.shape)
        values = layer(int(which[k]))
        if (values < 0.0).any():
            raise input_error(
                "E501",
                path.name,
                f"layer {int(which[k]) + 1}: rain below zero",
                given=f"{values.min():g}",
                allowed=">= 0, NaN is dry",
            )
        check_rate(
            f"{path.name}, layer {int(which[k]) + 1}",
            1000.0 * unit * values,
            spec.interval_s,
            findings,
        )
        return unit * values

    looked = len(which) if len(which) * grid.rows * grid.columns <= CELLS_LOOKED_AT else 1
    _check_cumulative(
        path, np.array([1000.0 * float(depth(k).mean()) for k in range(looked)]), findings
    )
    return RainField(path.stem, edges, depth, str(path))


def _netcdf_layers(scenario: Scenario, spec: Any, path: Path, grid: Grid) -> tuple[np.ndarray, Any]:
    """Times (s since the start) of a CF file and a function that gives layer k on the grid, NaN as
    0.
    """
    import xarray as xr

    try:
        with collector_held():
            data = xr.open_dataset(check_netcdf(path), engine="netcdf4")
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
    rain = data[name].transpose("time", "y", "x")
    _check_units(path, str(name), str(rain.attrs.get("units", "")), spec.quantity)
    offset = scenario.spec.time.start.utcoffset()
    assert offset is not None
    start = np.datetime64(
        (scenario.spec.time.start - offset).replace(tzinfo=None), "ns"
    )  # CF times are UTC
    time_s = (rain["time"].values.astype("datetime64[ns]") - start) / np.timedelta64(1, "s")
    x, y = np.asarray(rain["x"].values, float), np.asarray(rain["y"].values, float)
    take = _resampler(path, x, y, grid, spec.method)
    return np.asarray(time_s, float), lambda k: take(
        np.nan_to_num(np.asarray(rain[k].values, float))
    )


def _check_units(path: Path, variable: str, units: str, quantity: str) -> None:
    """The file's own word for its unit against `quantity`. Raises InputError where they contradict;
    a unit that is not known says nothing.
    """
    word = (
        units.lower()
        .replace(" ", "")
        .replace("**", "")
        .replace("^", "")
        .replace("hour", "h")
        .replace("hr", "h")
        .replace("/h", "h-1")
    )
    is_depth, is_rate = (
        word in ("mm", "millimeter", "millimetre", "kgm-2", "kg/m2"),
        word
        in (
            "mmh-1",
            "mm/h",
            "kgm-2h-1",
        ),
    )
    other = word in (
        "m",
        "cm",
        "in",
        "inch",
        "inches",
        "m/s",
        "ms-1",
        "mm/s",
        "mms-1",
        "kgm-2s-1",
        "kg/m2/s",
        "mm/day",
        "mmday-1",
        "mmd-1",
        "mm/d",
        "inh-1",
    )
    if other or (is_depth and quantity == "rate_mm_h") or (is_rate and quantity == "depth_mm"):
        raise input_error(
            "E501",
            f"{path.name}, {variable}",
            "the file's unit is not that of `quantity`",
            given=f'units = "{units}", quantity = "{quantity}"',
            allowed="mm for depth_mm, mm/h for rate_mm_h",
            do="convert the numbers, or set quantity",
        )


def _resampler(path: Path, x: np.ndarray, y: np.ndarray, grid: Grid, method: str) -> Any:
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


def _raster_layers(scenario: Scenario, spec: Any, path: Path, grid: Grid) -> tuple[np.ndarray, Any]:
    """A CSV of rasters: time or time_s, and the file."""
    table = read_timed(scenario, path, RasterRow, [])
    rasters = [
        scenario.file(name, table.place(number, "raster"))
        for number, name in enumerate(table.columns["raster"])
    ]
    return table.columns["time_s"], lambda k: np.nan_to_num(
        files.read_layer(rasters[k], grid, [], mean=spec.method != "nearest")
    )


FIELDS = {"gauges": _gauges, "grid": _grid, "moving_cells": _moving}
