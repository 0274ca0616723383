"""The door for gridded rain (NetCDF, CF): what the file says of its variable, unit, system, times
and missing values is compared with the scenario, converted where that is certain, refused else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import Finding, input_error
from flood_sim.core.files.netcdf import open_netcdf
from flood_sim.core.grid import Grid
from flood_sim.core.rain_units import UNITS, rain_unit
from flood_sim.scenario.doors.gridded_places import Axes, axes_of, places_on
from flood_sim.scenario.doors.gridded_times import TOLERANCE_S, refuse_months, times_of
from flood_sim.scenario.loader import Scenario

# of CF: statistics over time that are no amount and no mean, and means over many days or years
OTHER_METHODS = re.compile(
    r"\btime:\s*((maximum|minimum|median|mode|range|mid_range|standard_deviation|variance)\b"
    r"|\w+\s+over\s+(days|years)\b)"
)
EXTREMES = ("max", "min")  # of GRIB's step types, as converters keep them
# of CF 7.3: how far the data that a number was made from stand apart
INTERVAL = re.compile(r"\btime:[^:]*\(\s*interval:\s*(\d+\.?\d*)\s*([a-z]+)")
NOISE_MM = 1e-3  # below zero by packing, as reanalyses have it
RAIN_WORDS = ("precipitation", "rain")


@dataclass(frozen=True)
class Stack:
    """Layers of rain on their own cells around the model.

    time_s : (n,) s from the start, ascending;  values : k -> (rows, columns) mm or mm/h, NaN where
    nothing is known;  on_grid : those to the model's grid;  source : what was read, for the reader.
    """

    time_s: np.ndarray
    values: Callable[[int], np.ndarray]
    on_grid: Callable[[np.ndarray], np.ndarray]
    source: str


def netcdf_stack(
    scenario: Scenario, spec: Any, path: Path, grid: Grid, findings: list[Finding]
) -> Stack:
    """The layers of a CF file. Raises InputError for what is no rain, contradicts the scenario, or
    does not cover the grid.
    """
    try:
        data = open_netcdf(path)
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            refuse_months(path.name, open_netcdf(path, decode_times=False))
        raise input_error(
            "E110", path.name, "the NetCDF file cannot be read", given=str(error)[:120]
        ) from error
    rain, axes = _rain_variable(path, data, spec)
    place = f"{path.name}, {rain.name}"
    methods = str(rain.attrs.get("cell_methods", "")).replace(f"{axes.time}:", "time:")
    _refuse_other_meaning(place, rain, methods, rain[axes.time].attrs)
    _refuse_longer_data(place, methods, spec)
    factor, unit = _to_millimetres(place, rain, spec, findings)
    time_s, calendar = times_of(place, data, rain[axes.time], scenario.spec.time.start, spec)
    places = places_on(path, data, rain, axes, grid, spec.method)
    low, high = _valid(rain)

    def values(k: int) -> np.ndarray:
        layer = np.asarray(rain[k, places.rows, places.columns].values, float)
        known = np.isfinite(layer) & (layer >= low) & (layer <= high)
        told = np.where(known, factor * layer, np.nan)
        return np.where((told < 0.0) & (told > -NOISE_MM), 0.0, told)

    said = [unit, places.system, f"{len(time_s)} layers", calendar]
    source = f"{place}: " + ", ".join(word for word in said if word)
    return Stack(time_s, values, places.on_grid, source)


def _rain_variable(path: Path, data: Any, spec: Any) -> tuple[Any, Axes]:
    """The variable of a CF file that holds the rain, as (time, y, x)."""
    found = {str(name): axes_of(data[name]) for name in data.data_vars}
    names = [name for name, axes in found.items() if axes is not None]
    name = spec.variable or (names[0] if len(names) == 1 else None)
    axes = found.get(str(name))
    if axes is None:
        raise input_error(
            "E104",
            path.name,
            "which variable is the rain?",
            given=str(spec.variable),
            allowed=", ".join(names) or "one with time, y, x (or latitude, longitude)",
            do="set variable",
        )
    rain = data[name]
    flat = {dim: 0 for dim in rain.dims if dim not in axes}
    return rain.isel(flat).transpose(*axes), axes


def _refuse_other_meaning(
    place: str, rain: Any, methods: str, time: Mapping[Hashable, Any]
) -> None:
    """Raises InputError where the file says that its numbers are no rain that fell: an extreme or a
    spread within each interval, a mean of many days or years, snow or another quantity with a
    depth's unit. time : attributes of the axis.
    """
    name = str(rain.attrs.get("standard_name", "")).strip()
    step = str(rain.attrs.get("GRIB_stepType", "")).lower()
    given = ""
    if OTHER_METHODS.search(methods):
        given = f'cell_methods = "{methods}"'
    elif "climatology" in time:
        given = f'climatology = "{time["climatology"]}"'
    elif step in EXTREMES:
        given = f'GRIB_stepType = "{step}"'
    elif name and not any(word in name.lower() for word in RAIN_WORDS):
        given = f'standard_name = "{name}"'
    if given:
        raise input_error(
            "E341",
            place,
            "the file says that this variable is not the rain of each interval",
            given=given,
            allowed="a standard name of precipitation or rainfall; cell_methods of a sum or a mean",
            do="name the variable that holds the rain, or mend its attributes",
        )


def _refuse_longer_data(place: str, methods: str, spec: Any) -> None:
    """Raises InputError (E322) where cell_methods says that each number was made from data that
    stand farther apart than the layers: sums of a day that are given anew each hour.
    """
    found = INTERVAL.search(methods.lower())
    unit = UNITS.get(found[2]) if found else None
    if not found or unit is None or unit[1:] != (0, 1):
        return
    length_s = float(found[1]) * unit[0]
    if length_s <= spec.interval_s + TOLERANCE_S or spec.cumulative:
        return
    raise input_error(
        "E322",
        place,
        f"the file says that its numbers come from data {length_s:g} s apart, and interval_s is"
        " shorter",
        given=f'cell_methods = "{methods}", interval_s = {spec.interval_s:g}',
        allowed=f"interval_s = {length_s:g}, or a shorter interval in cell_methods",
        do="give the sums of each interval_s, or mend the attribute: ncatted -a"
        f' cell_methods,{place.split(", ")[-1]},m,c,"time: sum" {place.split(", ")[0]}',
    )


def _to_millimetres(place: str, rain: Any, spec: Any, findings: list[Finding]) -> tuple[float, str]:
    """Factor to mm or mm/h, and the unit's name. Raises InputError for a unit that is no rain's,
    or of the other quantity.
    """
    units = str(rain.attrs.get("units", "")).strip()
    target = "mm/h" if spec.quantity == "rate_mm_h" else "mm"
    if not units:
        findings.append(
            Finding(
                "W320",
                place,
                f"the variable has no unit: it is taken as {target}",
                given=f'quantity = "{spec.quantity}"',
                do=f'write the attribute units = "{target}" into the file',
            )
        )
        return 1.0, f"taken as {target}"
    unit = rain_unit(units)
    if unit is None:
        raise input_error(
            "E323",
            place,
            "this unit is no unit of rain",
            given=f'units = "{units}"',
            allowed="a depth (mm, m, in, kg m-2) or a rate (mm/h, mm/day, kg m-2 s-1)",
            do="name the variable that holds the rain, or mend its attribute `units`",
        )
    if (unit.kind == "rate") != (spec.quantity == "rate_mm_h"):
        raise input_error(
            "E501",
            place,
            "the file's unit is not that of `quantity`",
            given=f'units = "{units}", quantity = "{spec.quantity}"',
            allowed="a depth (mm, m, kg m-2) for depth_mm, a rate (mm/h, kg m-2 s-1) for rate_mm_h",
            do=f'set quantity = "{"rate_mm_h" if unit.kind == "rate" else "depth_mm"}"',
        )
    same = unit.factor == 1.0
    return unit.factor, units if same else f"{units} (times {unit.factor:g} to {target})"


def _valid(rain: Any) -> tuple[float, float]:
    """What the file itself calls valid, in its unpacked numbers: other values are missing ones."""
    attrs = rain.attrs
    bounds = np.atleast_1d(attrs["valid_range"]) if "valid_range" in attrs else np.array([])
    low, high = (bounds[0], bounds[-1]) if bounds.size == 2 else (-np.inf, np.inf)
    low, high = attrs.get("valid_min", low), attrs.get("valid_max", high)
    scale, offset = rain.encoding.get("scale_factor", 1.0), rain.encoding.get("add_offset", 0.0)
    limits = []
    for limit in (low, high):
        packed = np.asarray(limit).dtype.kind in "iu"  # limits have the type of the packed data
        limits.append(float(limit) * scale + offset if packed else float(limit))
    return min(limits), max(limits)
