"""[rainfall] to a Rainfall or a RainField: storms, series, gauges, stacks of grids, moving cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.daily_storms import alternating_block, shaped_like_720, with_peaked_hour
from flood_sim.errors import Finding, input_error
from flood_sim.grid import Grid
from flood_sim.netcdf import check_netcdf
from flood_sim.rain_fields import RainField, RainGauge, StormCell, gauge_field, moving_field, sloped_field
from flood_sim.rainfall import FORMULAS, NO_RAIN, STORMS, Rainfall, StormFormula, chicago_storm, rainfall_from_intervals, scaled, shifted
from flood_sim.scenario import files
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.water_specs import Placed
from flood_sim.units import SECONDS_PER_HOUR, mm_h_to_m_s, mm_to_m

LARGEST_RAIN_MM_H = 500.0


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
        rain = shifted(chicago_storm(_formula(spec), spec.return_period_y, spec.duration_min, spec.peak_ratio, spec.step_min), spec.begin_s)
    elif spec.kind == "daily_storm":
        rain = shifted(_day(scenario, spec), spec.begin_s)
    else:
        rain = series_rain(scenario, spec, spec.file, "[rainfall] file", findings)
    if isinstance(spec, Placed) and spec.areal_reduction != 1.0:
        rain = scaled(rain, spec.areal_reduction)
    if rain.depth_between(0.0, scenario.spec.duration_s) <= 0.0:
        findings.append(
            Finding(
                "W305", f"{scenario.path.name}, [rainfall]", "no rain falls between start and stop", given=repr(rain), do="check dates and offsets"
            )
        )
    elif rain.time_s[-1] < scenario.spec.duration_s:
        findings.append(
            Finding(
                "W305",
                f"{scenario.path.name}, [rainfall]",
                f"the rain ends {(scenario.spec.duration_s - rain.time_s[-1]) / SECONDS_PER_HOUR:.2f} h before the run; 0 after it",
            )
        )
    if isinstance(spec, Placed) and spec.gradient is not None:
        return sloped_field(rain, grid, spec.gradient.per_km / 1000.0, spec.gradient.towards_deg)
    return rain


def _formula(spec: Any) -> str | StormFormula:
    f = spec.formula
    return f if isinstance(f, str) else StormFormula(f.a, f.c, f.p0, f.b, f.n, f.source)


def _day(scenario: Scenario, spec: Any) -> Rainfall:
    if spec.shape == "zhengzhou-720":
        return shaped_like_720(spec.depth_mm)
    law = _formula(spec)
    try:
        return alternating_block(FORMULAS[law] if isinstance(law, str) else law, spec.return_period_y, spec.depth_mm, spec.peak_ratio)
    except ValueError as error:
        raise input_error(
            "E104",
            f"{scenario.path.name}, [rainfall] depth_mm",
            str(error),
            given=f"{spec.depth_mm:g}",
            do="a shorter return period, or a deeper day",
        ) from error


def series_rain(scenario: Scenario, spec: Any, name: str, place: str, findings: list[Finding]) -> Rainfall:
    """A series file of depths or rates; spec gives label and interval_s."""
    path = scenario.file(name, place)
    rows = files.read_csv(path)
    rate = bool(rows) and "rate_mm_h" in rows[0]
    if rows and not rate and "depth_mm" not in rows[0]:
        raise input_error(
            "E104",
            path.name,
            "a rain series has a column of depths or of rates",
            given=", ".join(rows[0]),
            allowed="time or time_s; depth_mm or rate_mm_h",
        )
    series = files.read_series(path, "rate_mm_h" if rate else "depth_mm", scenario.spec.time.start)
    depth: np.ndarray = series.value * (spec.interval_s / SECONDS_PER_HOUR if rate else 1.0)
    if (depth < 0.0).any():
        raise input_error("E501", path.name, f"row {int(np.argmin(depth)) + 2}: rain below zero", given=f"{np.min(depth):g}", allowed=">= 0")
    peak = float(np.max(depth)) / spec.interval_s * SECONDS_PER_HOUR
    if peak > LARGEST_RAIN_MM_H:
        raise input_error(
            "E501",
            path.name,
            f"{peak:.0f} mm/h at the peak",
            allowed=f"up to {LARGEST_RAIN_MM_H:g} mm/h (7.20: 201.9)",
            do="check the unit: rate_mm_h, depth_mm",
        )
    steps = np.diff(series.time_s)
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
        findings.append(Finding("W304", path.name, f"{gaps} gaps longer than interval_s; no rain in them"))
    if depth.size > 3 and (np.diff(depth) >= 0.0).all() and depth[-1] > 10.0 * max(depth[0], 0.1):
        findings.append(Finding("W306", path.name, "the rain never decreases: a cumulative series?", do="give depths of intervals"))
    begin = series.time_s - (spec.interval_s if spec.label == "right" else 0.0)
    edges = np.column_stack([begin, begin + spec.interval_s]).ravel()
    keep = np.concatenate([[True], np.diff(edges) > 1e-6])
    amounts = np.zeros(edges.size - 1)
    amounts[::2] = depth
    return rainfall_from_intervals(path.stem, edges[keep], amounts[keep[1:]], str(path))


def _check_span(scenario: Scenario, field: RainField, findings: list[Finding]) -> None:
    begin, end, stop = float(field.edges_s[0]), float(field.edges_s[-1]), scenario.spec.duration_s
    place = f"{scenario.path.name}, [rainfall]"
    if end <= 0.0 or begin >= stop:
        findings.append(Finding("W305", place, "no rain falls between start and stop", given=repr(field), do="check dates and offsets"))
    elif end < stop or begin > 0.0:
        findings.append(Finding("W305", place, f"the rain covers {max(begin, 0.0):g} to {min(end, stop):g} s of {stop:g} s; 0 outside"))


def _gauges(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    path = scenario.file(spec.gauges, "[rainfall] gauges")
    rows = files.read_csv(path)
    missing = [c for c in ("gauge", "x_m", "y_m", "file") if not rows or c not in rows[0]]
    if missing:
        raise input_error("E104", path.name, f"columns are missing: {', '.join(missing)}", allowed="gauge, x_m, y_m, file")
    gauges = []
    for number, row in enumerate(rows, start=2):
        x, y = (files.number(path, number, row, key) for key in ("x_m", "y_m"))
        rain = series_rain(scenario, spec, row["file"], f"{path.name}, row {number}, `file`", findings)
        gauges.append(RainGauge(row["gauge"], x, y, rain))
    west, south, east, north = grid.bounds
    reach = max(east - west, north - south)
    far = [g.name for g in gauges if not (west - reach <= g.x_m <= east + reach and south - reach <= g.y_m <= north + reach)]
    if far:
        findings.append(
            Finding("W204", path.name, f"gauges lie more than a grid's width away: {', '.join(far[:6])}", do="check the coordinate system")
        )
    return gauge_field(path.stem, gauges, grid, spec.method, f"{len(gauges)} gauges, {spec.method}")


def _moving(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    cells = [StormCell(mm_h_to_m_s(c.peak_mm_h), c.radius_m, c.begin_s, c.end_s, c.from_m, c.to_m) for c in spec.cells]
    return moving_field("moving cells", cells, grid, spec.interval_s)


def _grid(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    path = scenario.file(spec.file, "[rainfall] file")
    netcdf = path.suffix.lower() in (".nc", ".nc4")
    time_s, layer = (_netcdf_layers if netcdf else _raster_layers)(scenario, spec, path, grid)
    steps = np.diff(time_s)
    if (steps < spec.interval_s - 1e-3).any():
        raise input_error(
            "E303", path.name, "layers stand closer than interval_s, or run backwards", given=f"{steps.min():g} s", allowed=f"{spec.interval_s:g} s"
        )
    gaps = int((steps > spec.interval_s + 1e-3).sum())
    if gaps:
        findings.append(Finding("W304", path.name, f"{gaps} gaps longer than interval_s; no rain in them"))
    begin = time_s - (spec.interval_s if spec.label == "right" else 0.0)
    edges = np.unique(np.round(np.concatenate([begin, begin + spec.interval_s]), 3))
    which = np.searchsorted(begin + 1e-3, edges[:-1] + 2e-3) - 1
    inside = edges[:-1] < begin[which] + spec.interval_s - 1e-3
    unit = mm_to_m(1.0) * (spec.interval_s / SECONDS_PER_HOUR if spec.quantity == "rate_mm_h" else 1.0)

    def depth(k: int) -> np.ndarray:
        if not inside[k]:
            return np.zeros(grid.shape)
        values = layer(int(which[k]))
        if (values < 0.0).any():
            raise input_error("E501", path.name, f"layer {int(which[k]) + 1}: rain below zero", given=f"{values.min():g}", allowed=">= 0, NaN is dry")
        rate = float(values.max(initial=0.0)) * unit / spec.interval_s
        if rate > mm_h_to_m_s(LARGEST_RAIN_MM_H):
            raise input_error("E501", path.name, f"layer {int(which[k]) + 1}: more than {LARGEST_RAIN_MM_H:g} mm/h", do="check quantity and unit")
        return unit * values

    depth(0)
    return RainField(path.stem, edges, depth, str(path))


def _netcdf_layers(scenario: Scenario, spec: Any, path: Path, grid: Grid) -> tuple[np.ndarray, Any]:
    """Times (s since the start) of a CF file and a function that gives layer k on the grid, NaN as 0."""
    import xarray as xr

    try:
        data = xr.open_dataset(check_netcdf(path), engine="netcdf4")
    except (OSError, ValueError) as error:
        raise input_error("E110", path.name, "the NetCDF file cannot be read", given=str(error)[:120]) from error
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
    offset = scenario.spec.time.start.utcoffset()
    assert offset is not None
    start = np.datetime64((scenario.spec.time.start - offset).replace(tzinfo=None), "ns")  # CF times are UTC
    time_s = (rain["time"].values.astype("datetime64[ns]") - start) / np.timedelta64(1, "s")
    x, y = np.asarray(rain["x"].values, float), np.asarray(rain["y"].values, float)
    take = _resampler(path, x, y, grid, spec.method)
    return np.asarray(time_s, float), lambda k: take(np.nan_to_num(np.asarray(rain[k].values, float)))


def _resampler(path: Path, x: np.ndarray, y: np.ndarray, grid: Grid, method: str) -> Any:
    """A function from the rain's grid (its cell centres x, y) to the model's; a cell outside takes the nearest rain within one of its cells."""
    from scipy.interpolate import RegularGridInterpolator

    if x.size < 2 or y.size < 2:
        raise input_error("E205", path.name, "the rain's grid needs at least 2 x 2 cells", given=f"{y.size} x {x.size}")
    flip_x, flip_y = x[1] < x[0], y[1] < y[0]
    xs, ys = (x[::-1] if flip_x else x), (y[::-1] if flip_y else y)
    margin = max(abs(x[1] - x[0]), abs(y[1] - y[0]))
    west, south, east, north = grid.bounds
    if xs[0] - margin > west or xs[-1] + margin < east or ys[0] - margin > south or ys[-1] + margin < north:
        raise input_error(
            "E204", path.name, "the rain does not cover the grid", given=f"x {xs[0]:g}..{xs[-1]:g}, y {ys[0]:g}..{ys[-1]:g}", allowed=repr(grid),
            do="reproject it to the grid's system",
        )  # fmt: skip
    gx, gy = np.meshgrid(np.clip(grid.x_m, xs[0], xs[-1]), np.clip(grid.y_m, ys[0], ys[-1]))

    def take(values: np.ndarray) -> np.ndarray:
        turned = values[:: -1 if flip_y else 1, :: -1 if flip_x else 1]
        return np.asarray(RegularGridInterpolator((ys, xs), turned, method="nearest" if method == "nearest" else "linear")((gy, gx)))

    return take


def _raster_layers(scenario: Scenario, spec: Any, path: Path, grid: Grid) -> tuple[np.ndarray, Any]:
    """A CSV of rasters: time or time_s, and the file."""
    rows = files.read_csv(path)
    if not rows or "raster" not in rows[0]:
        raise input_error("E104", path.name, "the column `raster` is missing", allowed="time or time_s, raster")
    time_s = np.array([files.seconds(path, number, row, scenario.spec.time.start) for number, row in enumerate(rows, start=2)])
    rasters = [scenario.file(row["raster"], f"{path.name}, row {number}, `raster`") for number, row in enumerate(rows, start=2)]
    return time_s, lambda k: np.nan_to_num(files.read_layer(rasters[k], grid, [], mean=spec.method != "nearest"))


FIELDS = {"gauges": _gauges, "grid": _grid, "moving_cells": _moving}
