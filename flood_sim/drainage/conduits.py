"""Conduits of a network as the .inp has them, SI."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flood_sim.drainage.inp import InpFile, Row
from flood_sim.drainage.sections import full_section


@dataclass(frozen=True)
class Conduit:
    """A pipe or channel, SI. capacity_m3_s : full flow by Manning, 0 on level or adverse ones, NaN
    where the section is a table.
    """

    name: str
    upper: str
    lower: str
    length_m: float
    roughness: float
    inlet_m: float  # invert at its upper end, above the datum
    outlet_m: float
    shape: str
    depth_m: float
    area_m2: float
    capacity_m3_s: float
    line: int

    @property
    def slope(self) -> float:
        return (self.inlet_m - self.outlet_m) / self.length_m


def node_inverts(inp: InpFile) -> dict[str, float]:
    """Node to invert level, m."""
    metre = inp.metres_per_unit
    return {
        row.tokens[0]: inp.number(row, 1) * metre
        for name in ("JUNCTIONS", "OUTFALLS", "STORAGE", "DIVIDERS")
        for row in inp.rows(name)
    }


def read_conduits(inp: InpFile) -> list[Conduit]:
    """Every conduit whose two nodes and section the file has."""
    inverts, sections = node_inverts(inp), {row.tokens[0]: row for row in inp.rows("XSECTIONS")}
    whole = [
        row
        for row in inp.rows("CONDUITS")
        if len(row.tokens) >= 5
        and row.tokens[0] in sections
        and row.tokens[1] in inverts
        and row.tokens[2] in inverts
    ]
    read = (_conduit(inp, row, sections[row.tokens[0]], inverts) for row in whole)
    return [c for c in read if c is not None]


def _conduit(inp: InpFile, row: Row, section: Row, inverts: dict[str, float]) -> Conduit | None:
    """None for a dummy, which has neither length nor section."""
    name, upper, lower = row.tokens[:3]
    by_level = inp.option("LINK_OFFSETS") == "ELEVATION"
    inlet, outlet = (
        _end_level(inp, row, 5 + k, inverts[end], by_level) for k, end in enumerate((upper, lower))
    )
    shape, depth, area, radius, barrels = full_section(inp, section)
    if shape == "DUMMY":
        return None
    length, n = inp.number(row, 3) * inp.metres_per_unit, inp.number(row, 4)
    fall = max((inlet - outlet) / length, 0.0) if length > 0.0 else 0.0
    area *= barrels
    full = area * radius ** (2.0 / 3.0) * math.sqrt(fall) / n if n > 0.0 else math.nan
    return Conduit(name, upper, lower, length, n, inlet, outlet, shape, depth, area, full, row.line)


def _end_level(inp: InpFile, row: Row, place: int, invert_m: float, by_level: bool) -> float:
    text = row.tokens[place] if place < len(row.tokens) else "0"
    if text == "*":
        return invert_m
    offset = inp.number(row, place) * inp.metres_per_unit if place < len(row.tokens) else 0.0
    return offset if by_level and place < len(row.tokens) else invert_m + offset
