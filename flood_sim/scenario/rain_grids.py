"""Rain as a stack of grids: a CF NetCDF file, or a CSV that names a raster for each time. All
layers are read before the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import Faults, Finding, InputError, input_error
from flood_sim.core.grid import Grid
from flood_sim.core.units import SECONDS_PER_HOUR, mm_to_m
from flood_sim.ground.rain_fields import RainField
from flood_sim.scenario.checks.rain import check_rate
from flood_sim.scenario.doors.gridded import Stack, netcdf_stack
from flood_sim.scenario.doors.map_source import ReadLog
from flood_sim.scenario.doors.rasters import read_layer
from flood_sim.scenario.doors.resampled import How
from flood_sim.scenario.doors.tables import read_timed
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.rain_cover import (
    Cumulative,
    Intervals,
    check_steps,
    edges_of,
    refuse_summed,
    told_summed,
)
from flood_sim.scenario.spec.tables import RasterRow

LEAST_UNKNOWN = 1e-6  # share of cells


@dataclass
class Scan:
    """What all layers hold, each (n,): means, least and most of the known cells, and the share of
    those that are not known.
    """

    mean: np.ndarray
    least: np.ndarray
    most: np.ndarray
    unknown: np.ndarray


def grid_rain(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    """The layers of [rainfall] file on the model's grid. Raises InputError for layers that stand
    too close, contradict the scenario, do not meet the run, or do not cover the grid.
    """
    path = scenario.file(spec.file, "[rainfall] file")
    netcdf = path.suffix.lower() in (".nc", ".nc4")
    stack = (netcdf_stack if netcdf else _raster_stack)(scenario, spec, path, grid, findings)
    if not spec.cumulative:
        check_steps(path.name, stack.time_s, spec, "layers")
    stack, scan = _known_layers(path, stack, spec, findings)
    begin, end = _ends(stack.time_s, spec)
    depth = _depths(stack, scan, spec, end - begin)
    _check_values(path, scan, spec, end - begin, findings)
    intervals = Intervals(path.name, begin, end, scenario.spec.duration_s, spec)
    intervals.refuse_apart()
    edges, rains = edges_of(intervals.pieces(findings))
    dry = np.zeros(grid.shape)

    def fallen(k: int) -> np.ndarray:
        piece = rains[k]
        return (
            dry if piece is None else stack.on_grid(mm_to_m(1.0) * piece.share * depth(piece.row))
        )

    return RainField(path.stem, edges, fallen, stack.source)


def _ends(time_s: np.ndarray, spec: Any) -> tuple[np.ndarray, np.ndarray]:
    """Begin and end (s) of each layer's interval; of sums since a start it reaches back to the
    layer before.
    """
    end = time_s + (spec.interval_s if spec.label == "left" else 0.0)
    begin = end - spec.interval_s
    return (np.concatenate([begin[:1], end[:-1]]) if spec.cumulative else begin), end


def _known_layers(
    path: Path, stack: Stack, spec: Any, findings: list[Finding]
) -> tuple[Stack, Scan]:
    """The layers that hold a value, and what is in them. A layer without any is a gap; cells
    without one are dry, and told (W321).
    """
    rows = [_looked_at(stack.values(k)) for k in range(len(stack.time_s))]
    scan = Scan(*(np.array(column) for column in zip(*rows, strict=True)))
    kept = np.flatnonzero(scan.unknown < 1.0)
    if not kept.size:
        raise input_error(
            "E313", path.name, "no layer holds a value at the model", do="give the right cut"
        )
    part = (scan.unknown[kept] > LEAST_UNKNOWN).sum()
    if part and spec.cumulative:
        raise input_error(
            "E320",
            path.name,
            f"{part} layers have cells without a value: sums cannot be told apart there",
            do="fill them, or give amounts",
        )
    if part:
        findings.append(
            Finding(
                "W321",
                path.name,
                f"{part} of {len(rows)} layers have cells without a value: they are dry there",
                given=f"{scan.unknown[kept].mean():.2%} of all cells around the model",
                do="fill them, or use them for dry cells only",
            )
        )
    values = stack.values
    known = replace(stack, time_s=stack.time_s[kept], values=lambda k: values(int(kept[k])))
    return known, Scan(scan.mean[kept], scan.least[kept], scan.most[kept], scan.unknown[kept])


def _looked_at(values: np.ndarray) -> tuple[float, float, float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 0.0, 0.0, 1.0
    share = 1.0 - known.size / values.size
    return float(known.sum()) / values.size, float(known.min()), float(known.max()), share


def _depths(
    stack: Stack, scan: Scan, spec: Any, length_s: np.ndarray
) -> Callable[[int], np.ndarray]:
    """k -> what fell in layer k's interval (mm) on the file's own cells."""
    if not spec.cumulative:
        share = spec.interval_s / SECONDS_PER_HOUR if spec.quantity == "rate_mm_h" else 1.0
        return lambda k: share * np.nan_to_num(stack.values(k))
    counted_before = Cumulative.begins_at(scan.mean) > 0.0

    def fallen(k: int) -> np.ndarray:
        now = stack.values(k)
        if k == 0:
            return np.zeros_like(now) if counted_before else now
        return np.asarray(Cumulative.amount(now, stack.values(k - 1)))

    scan.most = np.array([float(fallen(k).max()) for k in range(len(length_s))])
    return fallen


def _check_values(
    path: Path, scan: Scan, spec: Any, length_s: np.ndarray, findings: list[Finding]
) -> None:
    """All layers against what rain can do; sums that nobody calls so. Raises InputError with what
    is wrong in all of them.
    """
    faults = Faults()
    below = np.flatnonzero(scan.least < 0.0)
    if below.size:
        faults.findings.append(
            Finding(
                "E501",
                f"{path.name}, layer {below[0] + 1}",
                f"rain below zero in {below.size} layers",
                given=f"{scan.least.min():g}",
                allowed=">= 0, NaN is dry",
                do="mend the file: is that a value for missing cells that it does not declare?",
            )
        )
    rate = spec.quantity == "rate_mm_h"
    most = scan.most * (spec.interval_s / SECONDS_PER_HOUR if rate else 1.0)
    worst = int(np.argmax(most / length_s))
    place = f"{path.name}, layer {worst + 1}"
    faults.of(check_rate, place, most[[worst]], float(length_s[worst]), findings)
    faults.refuse()
    if spec.cumulative and rate:
        raise InputError(
            Finding(
                "E104",
                f"{path.name}, cumulative",
                "a sum since the start is a depth, no rate",
                given='quantity = "rate_mm_h"',
                do='set quantity = "depth_mm", or remove cumulative',
            )
        )
    if spec.cumulative:
        findings += told_summed(path.name, scan.mean)
    elif spec.cumulative is None and not rate:
        refuse_summed(path.name, scan.mean, findings)


def _raster_stack(
    scenario: Scenario, spec: Any, path: Path, grid: Grid, findings: list[Finding]
) -> Stack:
    """A CSV of rasters: time or time_s, and the file."""
    table = read_timed(scenario, path, RasterRow, findings)
    faults = Faults()
    rasters = [
        faults.of(scenario.map, str(name), table.place(number, "raster"))
        for number, name in enumerate(table.columns["raster"])
    ]
    faults.refuse()
    quiet = ReadLog(findings=scenario.log.findings)  # the first line stands for all layers
    rasters[1:] = [replace(source, log=quiet) for source in rasters[1:]]
    how = How.NEAREST if spec.method == "nearest" else How.MEAN
    time_s = table.columns["time_s"]
    told = f"{path.name}: {len(rasters)} rasters"

    def values(k: int) -> np.ndarray:
        return read_layer(rasters[k], grid, how)

    return Stack(time_s, values, lambda layer: layer, told)
