"""Keys, columns and values in units that are not ours: each name ends in its unit, and what
somebody writes in feet, inches or minutes gets its converted line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flood_sim.core.errors import Said
from flood_sim.core.units import (
    FOOT_M,
    INCH_M,
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_MINUTE,
    SWMM_FLOW_UNITS,
)

YARD_M, MILE_M = 3.0 * FOOT_M, 5280.0 * FOOT_M
GALLON_M3 = 231.0 * INCH_M**3
RATE, DAILY = 1.0 / SECONDS_PER_HOUR, 1.0 / SECONDS_PER_DAY
# unit as a key's name ends in it, or as people write it: what it measures, and its size in SI
SIZES: dict[str, tuple[str, float]] = {
    "m": ("length", 1.0), "mm": ("length", 1e-3), "cm": ("length", 1e-2), "km": ("length", 1e3),
    "dm": ("length", 0.1), "ft": ("length", FOOT_M), "feet": ("length", FOOT_M),
    "foot": ("length", FOOT_M), "in": ("length", INCH_M), "inch": ("length", INCH_M),
    "inches": ("length", INCH_M), "yd": ("length", YARD_M), "mi": ("length", MILE_M),
    "miles": ("length", MILE_M), "metres": ("length", 1.0), "meters": ("length", 1.0),
    "m2": ("area", 1.0), "ft2": ("area", FOOT_M**2), "sqft": ("area", FOOT_M**2),
    "ha": ("area", 1e4), "km2": ("area", 1e6), "acres": ("area", 43_560.0 * FOOT_M**2),
    "m3": ("volume", 1.0), "ft3": ("volume", FOOT_M**3), "l": ("volume", 1e-3),
    "gal": ("volume", GALLON_M3), "m3_s": ("flow", 1.0), "cms": ("flow", 1.0),
    "l_s": ("flow", 1e-3), "lps": ("flow", 1e-3), "ft3_s": ("flow", FOOT_M**3),
    "cfs": ("flow", FOOT_M**3), "m3_h": ("flow", RATE), "gpm": ("flow", SWMM_FLOW_UNITS["GPM"]),
    "mgd": ("flow", SWMM_FLOW_UNITS["MGD"]), "mm_h": ("rate", 1e-3 * RATE),
    "mm_d": ("rate", 1e-3 * DAILY), "in_h": ("rate", INCH_M * RATE),
    "in_hr": ("rate", INCH_M * RATE),
    "m_s": ("rate", 1.0), "ft_s": ("rate", FOOT_M), "cm_h": ("rate", 1e-2 * RATE),
    "s": ("time", 1.0), "sec": ("time", 1.0), "min": ("time", SECONDS_PER_MINUTE),
    "minutes": ("time", SECONDS_PER_MINUTE), "h": ("time", SECONDS_PER_HOUR),
    "hours": ("time", SECONDS_PER_HOUR), "d": ("time", SECONDS_PER_DAY),
    "days": ("time", SECONDS_PER_DAY),
}  # fmt: skip
NUMBER_AND_WORD = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)\s*([A-Za-z][\w/ ]*)?\s*")
SYSTEM_KEYS = ("units", "unit", "length_unit", "unit_system", "measurement_units", "system")
NO_SYSTEM = (
    "remove the key and convert the values; maps in feet are converted by their own system,"
    " elevations by [terrain] elevation_unit, a network by its FLOW_UNITS"
)


def way_out(key: str, value: Any, known: Iterable[str]) -> Said | None:
    """What is wrong with an unknown key that speaks of another unit, and the line to write; None
    where it does not. known : keys of its section.
    """
    if key.lower() in SYSTEM_KEYS:
        text = "no key sets the units of a scenario: each key's name ends in its unit"
        return Said("E103", text, do=NO_SYSTEM)
    for name in known:
        theirs, ours = _units(key, name)
        if theirs:
            text = f"unknown unit: this key is in {_said(ours)}"
            return Said("E103", text, do=f"write {_line(name, value, theirs, ours)}")
    return None


def other_unit(name: str, present: Iterable[str]) -> tuple[str, str]:
    """Of the names of a table's columns, the one that says in another unit what `name` says in
    ours, and how to convert it; "" and "" where there is none.
    """
    for theirs in present:
        unit, ours = _units(theirs, name)
        if unit:
            size = SIZES[unit][1] / SIZES[ours][1]
            return theirs, f"add a column {name} = {size:.10g} x {theirs}"
    return "", ""


def _units(key: str, name: str) -> tuple[str, str]:
    """Units of a strange key and of a known name with the same stem, where they measure the same; a
    name without a unit is in metres.
    """
    stem, ours = _split(name)
    stem, ours = (stem, ours) if stem else (name, "m")
    theirs = key.lower().removeprefix(f"{stem}_")
    if theirs == key.lower() or theirs == ours or theirs not in SIZES:
        return "", ""
    return (theirs, ours) if SIZES[theirs][0] == SIZES[ours][0] else ("", "")


def number_way_out(key: str, value: Any) -> Said | None:
    """The same for a text in place of a number: `"30 ft"`, `"2,5"`."""
    found = NUMBER_AND_WORD.fullmatch(value) if isinstance(value, str) else None
    _, unit = _split(key)
    if found is None:
        return None
    word = (found[2] or "").strip().lower().replace("/", "_").replace(" ", "_")
    if re.search(r",\d{3}$", found[1]):  # a thousand, or a decimal comma
        return None
    number = float(found[1].replace(",", "."))
    if not word:
        text = "a number stands without quotation marks, with a point"
        return Said("E104", text, do=f"write {key} = {number:g}")
    if not unit:
        return Said("E104", "a number belongs here, without a word", do="write the number alone")
    text = f"a number without a unit: this key is in {_said(unit)}"
    if word in SIZES and SIZES[word][0] == SIZES[unit][0]:
        return Said("E104", text, do=f"write {_line(key, number, word, unit)}")
    return Said("E104", text, do="write the number alone")


def _split(name: str) -> tuple[str, str]:
    """Stem and unit of a key's name; "" and "" where it ends in none."""
    parts = name.split("_")
    for k in range(1, len(parts)):
        unit = "_".join(parts[k:])
        if unit in SIZES:
            return "_".join(parts[:k]), unit
    return "", ""


def _said(unit: str) -> str:
    return unit.replace("_", "/")


def _line(name: str, value: Any, theirs: str, ours: str) -> str:
    size = SIZES[theirs][1] / SIZES[ours][1]
    how = f"(1 {_said(theirs)} = {size:.10g} {_said(ours)})"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"{name} {how}"
    return f"{name} = {value * size:.10g} {how}"
