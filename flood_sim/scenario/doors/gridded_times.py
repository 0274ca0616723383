"""Times of gridded rain: calendar, unit, bounds of intervals."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np

from flood_sim.core.errors import input_error

REAL = ("", "standard", "gregorian", "proleptic_gregorian")
OTHERS_DATES = ("noleap", "365_day", "all_leap", "366_day", "360_day")  # dates, not days, are meant
TOLERANCE_S = 1.0
# UDUNITS takes a year for 365.242198781 days and a month for a twelfth of it; who writes them means
# others. In a calendar of 360 days a month has one length, and is read.
MONTHS = re.compile(r"(common_)?(month|year|yr|decade|centur)\w*\s+since\b", re.IGNORECASE)


def refuse_months(file: str, data: Any) -> None:
    """Raises InputError (E327) where a variable of a file, opened without its times being read,
    counts months or years since a date.
    """
    for name in data.variables:
        units = str(data[name].attrs.get("units", "")).strip()
        found = MONTHS.match(units)
        if found:
            raise input_error(
                "E327",
                f"{file}, {name}",
                "times are counted in months or years: their length is not said",
                given=f'units = "{units}"',
                allowed="seconds, minutes, hours or days since a date; months in 360_day",
                do=f'write its numbers in days: units = "days since{units[found.end() :]}"',
            )


def times_of(
    place: str, data: Any, time: Any, start: datetime, spec: Any
) -> tuple[np.ndarray, str]:
    """(n,) s from start, and the name of an unusual calendar. Raises InputError for times that are
    no dates, days that do not exist, bounds that contradict label or interval_s.
    """
    calendar = str(time.encoding.get("calendar", "")).lower()
    stamps = _stamps(f"{place}, {time.name}", np.asarray(time.values), calendar)
    offset = start.utcoffset()
    assert offset is not None
    begin = np.datetime64((start - offset).replace(tzinfo=None), "ns")  # CF times are UTC
    time_s = _seconds(stamps, begin)
    _check_bounds(place, data, time, stamps, spec)
    return time_s, "" if calendar in REAL else f"calendar {calendar} by its dates"


def _seconds(stamps: np.ndarray, begin: np.datetime64) -> np.ndarray:
    return np.asarray((stamps - begin) / np.timedelta64(1, "s"), float)


def _stamps(place: str, values: np.ndarray, calendar: str) -> np.ndarray:
    """Dates (n,) as datetime64[ns]."""
    if values.dtype.kind == "M":
        if np.isnat(values).any():
            raise input_error("E302", place, "a layer has no time", do="fill the variable")
        return values.astype("datetime64[ns]")
    if values.dtype.kind != "O" or not hasattr(values[0], "isoformat"):
        raise input_error(
            "E302",
            place,
            "the times are numbers without a date",
            given=f"{values[:1]}",
            allowed='units = "hours since 2021-07-20 00:00:00"',
            do="write the attribute `units` with its date",
        )
    try:
        if calendar not in (*REAL, *OTHERS_DATES):
            raise ValueError(calendar)
        return np.array([np.datetime64(moment.isoformat(), "ns") for moment in values])
    except ValueError as error:
        raise input_error(
            "E325",
            place,
            "days of this calendar are not those of the run",
            given=f'calendar = "{calendar}": {str(error)[:60]}',
            allowed="standard, proleptic_gregorian; noleap, 360_day where all dates exist",
            do="convert the times to the standard calendar",
        ) from error


def _check_bounds(place: str, data: Any, time: Any, stamps: np.ndarray, spec: Any) -> None:
    """The file's own intervals against interval_s and label. Raises InputError (E322)."""
    name = time.attrs.get("bounds", time.encoding.get("bounds"))
    if name is None or name not in data.variables or data[name].shape != (len(stamps), 2):
        return
    try:
        edges = _stamps(place, np.asarray(data[name].values).ravel(), "").reshape(-1, 2)
    except Exception:
        return
    begin, end = _seconds(edges[:, 0], stamps[0]), _seconds(edges[:, 1], stamps[0])
    at, length = _seconds(stamps, stamps[0]), float(np.median(end - begin))
    if length <= 0.0 or spec.cumulative:  # bounds of sums begin all at the start
        return
    label = {
        side: bool((np.abs(at - edge) <= TOLERANCE_S).all())
        for side, edge in (("left", begin), ("right", end))
    }
    if abs(length - spec.interval_s) <= TOLERANCE_S and label[spec.label]:
        return
    own = next((side for side, fits in label.items() if fits), "in the middle")
    raise input_error(
        "E322",
        f"{place}, {name}",
        "the file's own intervals are not those of label and interval_s",
        given=f'label = "{spec.label}", interval_s = {spec.interval_s:g}',
        allowed=f"stamps {own}, intervals of {length:g} s",
        do=f'set label = "{own}", interval_s = {length:g}'
        if own in label
        else "write the begin or the end of each interval as its time",
    )
