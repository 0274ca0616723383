"""Ranges of the numbers of a SWMM network: SWMM runs with most of what is impossible here. One
finding a kind of number, lines named.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from flood_sim.core.errors import Finding, InputError
from flood_sim.core.units import SWMM_FLOW_UNITS
from flood_sim.drainage.inp import InpFile, Row

NAMED = 4  # of what is listed
HARD_SPACE = "\u00a0"
UNITS = {"flow": "m3/s"}  # of a rule's unit, where the user reads another word
UNSIZED_SHAPES = {"DUMMY", "IRREGULAR", "CUSTOM", "STREET"}  # their first number is none, or a name


class Range(NamedTuple):
    """A number of a section: its place in the row, least and most (SI), what is odd beyond; unit :
    m, m2, flow or nothing.
    """

    section: str
    place: int
    what: str
    least: float
    most: float
    odd: float = math.inf
    unit: str = ""


RANGES = (
    *(
        Range(section, 1, "an invert", -2000.0, 12_000.0, 9000.0, "m")
        for section in ("JUNCTIONS", "OUTFALLS", "STORAGE", "DIVIDERS")
    ),
    Range("JUNCTIONS", 2, "a depth", 0.0, 400.0, 40.0, "m"),
    Range("JUNCTIONS", 3, "an initial depth", 0.0, 400.0, 40.0, "m"),
    Range("JUNCTIONS", 4, "a surcharge depth", 0.0, 1e4, unit="m"),
    Range("JUNCTIONS", 5, "a ponded area", 0.0, 1e7, unit="m2"),
    Range("STORAGE", 2, "a depth", 0.0, 300.0, 60.0, "m"),
    Range("STORAGE", 3, "an initial depth", 0.0, 300.0, 60.0, "m"),
    Range("CONDUITS", 3, "a length", 0.01, 100_000.0, 20_000.0, "m"),
    Range("CONDUITS", 4, "a Manning's n", 0.001, 1.0),
    Range("XSECTIONS", 2, "a depth of a section", 1e-9, 100.0, 30.0, "m"),
    Range("XSECTIONS", 3, "a width of a section", 0.0, 2000.0, 500.0, "m"),
    Range("XSECTIONS", 6, "a number of barrels", 1.0, 100.0, 20.0),
    Range("PUMPS", 5, "a start depth", 0.0, 300.0, 60.0, "m"),
    Range("PUMPS", 6, "a stop depth", 0.0, 300.0, 60.0, "m"),
    Range("ORIFICES", 5, "a discharge coefficient", 0.0, 2.0),
    Range("WEIRS", 5, "a discharge coefficient", 0.0, 10.0),
    Range("INFLOWS", 6, "a constant inflow", -math.inf, 5000.0, 200.0, "flow"),
    Range("DWF", 2, "a dry-weather flow", -math.inf, 500.0, 20.0, "flow"),
)


def check_ranges(inp: InpFile) -> list[Finding]:
    """What is odd among the numbers of a network. Raises InputError with all that is out of
    range.
    """
    faults: list[Finding] = []
    odd: list[Finding] = []
    shapes = {
        row.tokens[0]: row.tokens[1].upper() for row in inp.rows("XSECTIONS") if len(row.tokens) > 1
    }
    for rule in RANGES:
        scale = _scale(inp, rule.unit)
        rows = [
            (row, value * scale)
            for row in inp.rows(rule.section)
            if (value := _value(inp, row, rule, shapes)) is not None
        ]
        wrong = [(row, v) for row, v in rows if not rule.least <= v <= rule.most]
        large = [(row, v) for row, v in rows if rule.odd < v <= rule.most]
        place, allowed = f"{inp.path.name}, [{rule.section}]", _allowed(rule)
        do = f"check the unit: FLOW_UNITS is {inp.flow_units or 'not set'}"
        if wrong:
            text = f"{rule.what} out of range: {_named(rule, wrong)}"
            faults.append(Finding("E222", place, text, allowed=allowed, do=do))
        if large:
            text = f"{rule.what} that is possible but odd: another unit? {_named(rule, large)}"
            odd.append(Finding("W220", place, text, allowed=allowed, do=do))
    faults += _no_area(inp, odd)
    if faults:
        raise InputError(faults)
    return odd


def _scale(inp: InpFile, unit: str) -> float:
    metre = inp.metres_per_unit
    return {"m": metre, "m2": metre**2, "flow": SWMM_FLOW_UNITS.get(inp.flow_units, 1.0)}.get(
        unit, 1.0
    )


def _value(inp: InpFile, row: Row, rule: Range, shapes: dict[str, str]) -> float | None:
    """The number of a row; None where it is left out, or stands for something else."""
    if len(row.tokens) <= rule.place or (
        rule.section == "XSECTIONS" and row.tokens[1].upper() in UNSIZED_SHAPES
    ):
        return None
    if rule.what == "a Manning's n" and shapes.get(row.tokens[0]) in UNSIZED_SHAPES:
        return None  # it stands with the transect
    if HARD_SPACE in inp.lines[row.line - 1]:
        return None  # a name with a space in it: where its numbers stand is not known
    if rule.section == "PUMPS" and row.tokens[rule.place].upper() in ("ON", "OFF"):
        return None
    try:
        return float(row.tokens[rule.place])
    except ValueError:
        return None  # what is no number SWMM refuses itself


def _named(rule: Range, rows: list[tuple[Row, float]]) -> str:
    """The first rows with their numbers (SI)."""
    unit = UNITS.get(rule.unit, rule.unit)
    named = ", ".join(
        f"{row.tokens[0]} {value:.6g} {unit}".rstrip() + f" (line {row.line})"
        for row, value in rows[:NAMED]
    )
    return named + (f" and {len(rows) - NAMED} more" if len(rows) > NAMED else "")


def _allowed(rule: Range) -> str:
    unit = UNITS.get(rule.unit, rule.unit)
    least = f"{rule.least:g} to " if math.isfinite(rule.least) else "up to "
    return f"{least}{rule.most:g} {unit}".rstrip() + (
        f", usually up to {rule.odd:g}" if math.isfinite(rule.odd) else ""
    )


def _no_area(inp: InpFile, odd: list[Finding]) -> list[Finding]:
    """Storages whose area is below zero at some depth; those that have none hold only SWMM's least
    surface, which is odd.
    """
    curves: dict[str, list[float]] = {}
    for row in inp.rows("CURVES"):
        values = [v for v in map(_number, row.tokens[1:]) if v is not None]
        curves.setdefault(row.tokens[0], []).extend(values[1::2])
    found, empty = [], []
    for row in inp.rows("STORAGE"):
        shape = row.tokens[4].upper() if len(row.tokens) > 4 else ""
        given = [v for v in map(_number, row.tokens[5:8]) if v is not None]
        tabled = curves.get(row.tokens[5], []) if shape == "TABULAR" and len(row.tokens) > 5 else []
        areas = [given[0], given[2]] if shape == "FUNCTIONAL" and len(given) == 3 else tabled
        if areas and min(areas) < 0.0:
            found.append(f"{row.tokens[0]} (line {row.line})")
        elif areas and max(areas) <= 0.0:
            empty.append(f"{row.tokens[0]} (line {row.line})")
    place, do = f"{inp.path.name}, [STORAGE]", "give the area, or make them junctions"
    if empty:
        odd.append(
            Finding(
                "W220",
                place,
                f"storages have no area: {_first(empty)}; they hold next to nothing",
                allowed="above 0 m2",
                do=do,
            )
        )
    return (
        [
            Finding(
                "E222",
                place,
                f"storages have an area below zero: {_first(found)}",
                allowed="above 0 m2",
                do=do,
            )
        ]
        if found
        else []
    )


def _first(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (
        f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
