"""How deep the links make the nodes: SWMM takes no junction for less deep than the top of its
highest pipe, whatever its MaxDepth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flood_sim.drainage.names import LINKS

if TYPE_CHECKING:
    from flood_sim.drainage.inp import InpFile, Row

LISTED = {"HORIZ_ELLIPSE", "VERT_ELLIPSE", "ARCH"}  # without a width: the number of a standard size
OFFSETS = {"CONDUITS": (5, 6), "ORIFICES": (4,), "WEIRS": (4,), "OUTLETS": (3,)}


def crown_depths(inp: InpFile) -> dict[str, float]:
    """Node to the height of the highest crown of its links over its invert (m): both ends of
    conduits, the upper end of orifices, weirs and outlets. Storages stay as they are given.
    """
    metre, by_level = inp.metres_per_unit, inp.option("LINK_OFFSETS") == "ELEVATION"
    sections = ("JUNCTIONS", "DIVIDERS")
    inverts = {row.tokens[0]: _value(row, 1) for name in sections for row in inp.rows(name)}
    heights, crowns = section_depths(inp), dict.fromkeys(inverts, 0.0)
    for section in LINKS:
        for row in inp.rows(section):
            for place, end in zip(OFFSETS.get(section, ()), row.tokens[1:3], strict=False):
                if end in inverts:
                    offset = _value(row, place)
                    if by_level:
                        offset = max(offset - inverts[end], 0.0) if _given(row, place) else 0.0
                    top = offset + heights.get(row.tokens[0], 0.0)
                    crowns[end] = max(crowns[end], top * metre)
    return crowns


def section_depths(inp: InpFile) -> dict[str, float]:
    """Link to the full depth of its section, in the file's unit; 0 where it has none."""
    transects, streets = _transects(inp), {row.tokens[0]: _kerb(row) for row in inp.rows("STREETS")}
    tables = {"IRREGULAR": transects, "STREET": streets}
    return {
        row.tokens[0]: tables[row.tokens[1].upper()].get(row.tokens[2], 0.0)
        if row.tokens[1].upper() in tables
        else _height(row)
        for row in inp.rows("XSECTIONS")
        if len(row.tokens) > 2
    }


def _height(row: Row) -> float:
    """A height that the row gives itself; 0 where it gives none, or a number of a list of sizes."""
    shape = row.tokens[1].upper()
    listed = shape in LISTED and _value(row, 3) == 0.0
    return 0.0 if shape == "DUMMY" or listed else _value(row, 2)


def _transects(inp: InpFile) -> dict[str, float]:
    """Transect to its highest point over its lowest."""
    points: dict[str, list[float]] = {}
    name = ""
    for row in inp.rows("TRANSECTS"):
        if row.tokens[0].upper() == "X1" and len(row.tokens) > 1:
            name = row.tokens[1]
        elif row.tokens[0].upper() == "GR":
            points.setdefault(name, []).extend(_value(row, k) for k in range(1, len(row.tokens), 2))
    return {name: max(levels) - min(levels) for name, levels in points.items() if levels}


def _kerb(row: Row) -> float:
    """Full depth of a street: to the top of its backing behind the kerb."""
    width, kerb, slope = (_value(row, k) for k in (1, 2, 3))
    back_width, back_slope = _value(row, 8), _value(row, 9)
    return kerb + max(width * slope / 100.0 - kerb, back_width * back_slope / 100.0, 0.0)


def _given(row: Row, place: int) -> bool:
    return place < len(row.tokens) and row.tokens[place] != "*"


def _value(row: Row, place: int) -> float:
    try:
        return float(row.tokens[place]) if place < len(row.tokens) else 0.0
    except ValueError:
        return 0.0
