"""The map of a network in another unit."""

from __future__ import annotations

from flood_sim.drainage.inp import InpFile

SECTIONS = ("COORDINATES", "VERTICES", "POLYGONS", "SYMBOLS")


def with_map_scaled(inp: InpFile, metres: float) -> InpFile:
    """A copy whose map coordinates are multiplied; levels and lengths stay."""
    lines = list(inp.lines)
    for section in SECTIONS:
        for row in inp.rows(section):
            if len(row.tokens) >= 3:
                x, y = metres * inp.number(row, 1), metres * inp.number(row, 2)
                lines[row.line - 1] = f"{row.tokens[0]} {x:.9g} {y:.9g}"
    return inp.with_lines(lines)
